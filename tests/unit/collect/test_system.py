"""The machine as read from a directory laid out as /proc."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from opsconsole.collect.system import SystemSource, parse_meminfo, parse_pressure, system_source
from opsconsole.model.clock import SystemClock
from opsconsole.model.system import Pressure, System

PROC = Path(__file__).parents[2] / "data" / "proc"
PAGE = os.sysconf("SC_PAGE_SIZE")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def wall(self) -> float:
        return 1_770_571_140.0 + self.now

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    root = tmp_path / "proc"
    shutil.copytree(PROC, root)
    return root


def value(source: SystemSource, clock: Clock) -> System:
    reading = source.read(clock)
    assert reading.value is not None, reading.reason
    return reading.value


def source_of(proc: Path) -> SystemSource:
    return SystemSource(proc, proc.parent / "sys")


def test_every_figure_of_the_incident_is_read_at_the_first_look(proc: Path) -> None:
    """What needs no earlier look is there at once; nothing is missing."""
    system = value(source_of(proc), Clock())
    assert (system.load1, system.load5, system.load15, system.cores) == (8.13, 7.77, 8.60, 8)
    assert system.memory_total_bytes == 24222105 * 1024
    assert system.memory_available_bytes == 512000 * 1024
    assert system.memory_compressed_bytes == 4775936 * 1024
    assert system.swap_total_bytes == 8388604 * 1024
    assert system.swap_used_bytes == (8388604 - 1048576) * 1024
    assert system.uptime_s == 951000.42
    assert system.pressure_memory == Pressure(some10=41.5, some60=38.2, full10=22.75, full60=20.1)
    assert system.missing == ()


def test_what_is_a_difference_is_unknown_at_the_first_look_not_zero(proc: Path) -> None:
    system = value(source_of(proc), Clock())
    assert {system.cpu_user, system.cpu_system, system.cpu_idle, system.cpu_iowait, system.cpu_steal} == {None}
    assert (system.swap_in_per_s, system.swap_out_per_s) == (None, None)


def test_cpu_split_and_swap_rates_are_of_the_time_between_two_looks(proc: Path) -> None:
    """Ticks between the looks: user 40 + nice 10, system 20 + irq 5 + softirq 5, idle 10, iowait 6, steal 4."""
    source, clock = source_of(proc), Clock()
    source.read(clock)
    (proc / "stat").write_text("cpu  634640 10 301220 64110 6 5 5 104 0 0\ncpu0 1 1 1 1\n")
    (proc / "vmstat").write_text("pgpgin 99\npswpin 8500100\npswpout 11000200\n")
    clock.now += 2.0
    system = value(source, clock)
    assert system.cpu_user == pytest.approx(100 * 50 / 100)
    assert system.cpu_system == pytest.approx(30.0)
    assert system.cpu_idle == pytest.approx(10.0)
    assert system.cpu_iowait == pytest.approx(6.0)
    assert system.cpu_steal == pytest.approx(4.0)
    assert system.swap_in_per_s == pytest.approx(100 * PAGE / 2)
    assert system.swap_out_per_s == pytest.approx(200 * PAGE / 2)


def test_counters_that_run_backwards_give_no_rates(proc: Path) -> None:
    """After a reset of the counters a rate would be nonsense; the look after that is right again."""
    source, clock = source_of(proc), Clock()
    source.read(clock)
    (proc / "vmstat").write_text("x 1\npswpin 5\npswpout 5\n")
    clock.now += 2.0
    assert value(source, clock).swap_in_per_s is None
    clock.now += 2.0
    assert value(source, clock).swap_in_per_s == 0.0


def test_no_time_between_two_looks_gives_no_rates(proc: Path) -> None:
    source, clock = source_of(proc), Clock()
    source.read(clock)
    system = value(source, clock)
    assert (system.cpu_idle, system.swap_out_per_s) == (None, None)


def test_a_kernel_without_pressure_files_leaves_the_rest(proc: Path) -> None:
    shutil.rmtree(proc / "pressure")
    system = value(source_of(proc), Clock())
    assert (system.pressure_cpu, system.pressure_memory, system.pressure_io) == (None, None, None)
    assert system.load1 == 8.13
    assert [line.partition(":")[0] for line in system.missing] == ["pressure/cpu", "pressure/memory", "pressure/io"]


@pytest.mark.parametrize(
    ("name", "field"),
    [("loadavg", "load1"), ("uptime", "uptime_s"), ("meminfo", "memory_total_bytes"), ("pressure/io", "pressure_io")],
)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe garbage", b"\n\n\n"])
def test_a_file_that_holds_something_else_is_missing_and_named(
    proc: Path, name: str, field: str, content: bytes
) -> None:
    (proc / name).write_bytes(content)
    system = value(source_of(proc), Clock())
    assert getattr(system, field) is None
    assert any(line.startswith(name) for line in system.missing)


@pytest.mark.parametrize("content", [b"", b"cpu\n", b"cpu a b c d\n", b"cpu 1 2\n"])
def test_a_stat_without_cpu_times_is_missing_and_named(proc: Path, content: bytes) -> None:
    (proc / "stat").write_bytes(content)
    assert value(source_of(proc), Clock()).missing == ("stat: does not hold a line of cpu times",)


def test_only_when_nothing_can_be_read_is_the_whole_unknown(tmp_path: Path) -> None:
    reading = SystemSource(tmp_path / "none", tmp_path).read(Clock())
    assert reading.state == "unknown"
    assert "loadavg" in reading.reason
    assert "meminfo" in reading.reason


def test_a_replaced_file_is_seen(proc: Path) -> None:
    """Whoever injects readings replaces files by renaming: a kept descriptor would show the old one for ever."""
    source, clock = source_of(proc), Clock()
    source.read(clock)
    (proc / "new").write_text("1.00 2.00 3.00 1/2 3\n")
    (proc / "new").replace(proc / "loadavg")
    assert value(source, clock).load1 == 1.0


def test_a_fifo_in_place_of_a_file_does_not_hang(proc: Path) -> None:
    (proc / "uptime").unlink()
    os.mkfifo(proc / "uptime")
    system = value(source_of(proc), Clock())
    assert system.uptime_s is None
    assert system.load1 == 8.13


def test_zswap_switched_off_is_none_to_tell_not_zero(proc: Path) -> None:
    """Kernels tell ``Zswap: 0 kB`` also where there is no zswap in use; where it is in use, 0 is a measurement."""
    meminfo = (proc / "meminfo").read_text().replace("4775936", "0")
    (proc / "meminfo").write_text(meminfo)
    assert value(source_of(proc), Clock()).memory_compressed_bytes is None
    enabled = proc.parent / "sys/module/zswap/parameters/enabled"
    enabled.parent.mkdir(parents=True)
    enabled.write_text("Y\n")
    assert value(source_of(proc), Clock()).memory_compressed_bytes == 0


def test_a_memory_limit_below_the_machines_memory_is_noted(proc: Path) -> None:
    limit = proc.parent / "sys/fs/cgroup/memory.max"
    limit.parent.mkdir(parents=True)
    limit.write_text("536870912\n")
    assert "536870912" in source_of(proc).read(Clock()).note
    limit.write_text("max\n")
    assert source_of(proc).read(Clock()).note == ""


def test_meminfo_counts_without_a_unit_are_no_kilobytes() -> None:
    assert parse_meminfo(b"A: 3 kB\nHugePages_Total: 7\nbroken\n") == {"A": 3072, "HugePages_Total": 7}


def test_pressure_without_a_full_line() -> None:
    """Kernels before 5.13 have no ``full`` for the CPU."""
    pressure = parse_pressure(b"some avg10=1.00 avg60=2.00 avg300=3.00 total=4\n")
    assert pressure == Pressure(some10=1.0, some60=2.0, full10=None, full60=None)


def test_the_demos_directory_is_read_whatever_the_system_and_the_reading_says_so(proc: Path) -> None:
    reading = system_source(proc).read(Clock())
    assert reading.value is not None
    assert reading.value.load1 == 8.13
    assert reading.note.startswith("DEMO: ")


@pytest.mark.skipif(not Path("/proc/loadavg").exists(), reason="no /proc here")
def test_descriptors_of_the_real_proc_are_kept() -> None:
    """The second look opens nothing: the same descriptors serve it, and they are closed with the source."""
    source = SystemSource()
    assert source.read(SystemClock()).ok
    kept = dict(source._descriptors)
    assert source.read(SystemClock()).ok
    assert source._descriptors == kept
    assert "loadavg" in kept
    del source
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(kept["loadavg"])


def test_too_short_a_time_between_two_looks_gives_no_cpu_share_and_spoils_none(proc: Path) -> None:
    """Two ticks are no half of what a machine does; the next look is compared with the one before the short time."""
    source, clock = source_of(proc), Clock()
    source.read(clock)
    (proc / "stat").write_text("cpu  634600 0 301202 64100 0 0 0 100 0 0\ncpu0 1 1 1 1\n")
    clock.now += 0.02
    system = value(source, clock)
    assert (system.cpu_user, system.cpu_system, system.cpu_idle, system.swap_in_per_s) == (None, None, None, None)
    (proc / "stat").write_text("cpu  634640 10 301220 64110 6 5 5 104 0 0\ncpu0 1 1 1 1\n")
    clock.now += 0.28
    assert value(source, clock).cpu_user == pytest.approx(50.0)
