"""The process table out of a made-up /proc: what is read when, what is kept, and what is never claimed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.collect import process_entry
from opsconsole.collect.processes import TURNS, ProcessSource
from opsconsole.collect.procfs import TICKS_PER_S
from opsconsole.model.process import Process, ProcessTable, usage
from tests.unit.collect.fake_proc import BOOTED_AT, FakeClock, FakeProc


class Bench:
    """A made-up /proc with a source on it."""

    def __init__(self, folder: Path) -> None:
        self.proc = FakeProc(folder / "proc")
        self.clock = FakeClock()
        self.sources: list[ProcessSource] = []
        self.source = self.make()

    def make(self, budget: int = 100, candidate: str = "") -> ProcessSource:
        self.source = ProcessSource(
            self.proc.root,
            lambda argv, _comm: bool(candidate) and candidate in argv,
            descriptor_budget=budget,
            since_boot=lambda: self.clock.since_boot,
        )
        self.sources.append(self.source)
        return self.source

    def read(self, times: int = 1, every: float = 2.0) -> ProcessTable:
        for _ in range(times):
            self.clock.go(every)
            reading = self.source.read(self.clock)
        assert reading.value is not None, reading.reason
        return reading.value

    def process(self, pid: int, times: int = 1) -> Process:
        process = self.read(times).get(pid)
        assert process is not None
        return process


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for source in bench.sources:
        source.close()


def test_a_process_is_read_with_its_identity_times_and_command(bench: Bench) -> None:
    bench.proc.put(10, ("python3", "w.py", "--daemon"), ticks=500, rss=3, ppid=2)
    process = bench.process(10)
    assert process.id.boot_id == "11111111-2222-3333-4444-555555555555"
    assert (process.id.start_ticks, process.ppid, process.argv) == (500, 2, ("python3", "w.py", "--daemon"))
    assert process.started_at == pytest.approx(BOOTED_AT + 500 / os.sysconf("SC_CLK_TCK"))
    assert process.rss_bytes == 3 * os.sysconf("SC_PAGE_SIZE")
    assert process.uid == os.geteuid()
    assert process.command == "python3 w.py --daemon"


@pytest.mark.parametrize("budget", [0, 1, 100])
def test_cpu_is_unknown_until_seen_twice_then_measured_over_its_own_turns(bench: Bench, budget: int) -> None:
    """The same with kept descriptors, with none, and with too few."""
    bench.make(budget)
    bench.proc.put(9)
    bench.proc.put(10, cpu=1000)
    assert bench.process(10).cpu_percent is None
    bench.proc.put(10, cpu=1100)
    expected = 100 * 100 / os.sysconf("SC_CLK_TCK") / 2.0
    assert bench.process(10).cpu_percent == pytest.approx(expected)
    assert bench.process(10).cpu_percent == 0.0


def test_cpu_of_one_started_since_the_last_read_is_what_it_used_since_then(bench: Bench) -> None:
    bench.proc.put(10)
    bench.read()
    bench.proc.put(11, ppid=10, ticks=round((bench.clock.since_boot + 1.5) * TICKS_PER_S), cpu=TICKS_PER_S // 2)
    assert bench.process(11).cpu_percent == pytest.approx(25.0)
    bench.proc.put(12, ppid=10, ticks=100, cpu=TICKS_PER_S)  # it was there, and could not be seen
    assert bench.process(12).cpu_percent is None


def test_what_an_attended_process_has_just_started_is_read_as_deep(bench: Bench) -> None:
    bench.proc.swap(used_kb=500)
    bench.proc.put(10, swap_kb=3)
    bench.read()
    bench.source.attend([10])
    for pid, parent in ((11, 10), (12, 11), (13, 1)):
        bench.proc.put(pid, ppid=parent, swap_kb=pid)
    table = bench.read()
    assert usage(table.tree(10)).swap_bytes == (3 + 11 + 12) * 1024
    assert table.processes[13].swap_bytes is None


def test_an_unchanged_process_is_the_very_same_object(bench: Bench) -> None:
    bench.proc.put(10)
    second = bench.process(10, times=2)
    assert bench.process(10) is second


def test_one_fifth_of_the_uninteresting_is_read_per_turn_and_all_within_five(bench: Bench) -> None:
    for pid in range(100, 200):
        bench.proc.put(pid)
    bench.read(times=process_entry.STAYS_INTERESTING + 2)
    for pid in range(100, 200):
        bench.proc.put(pid, rss=2000)
    seen = []
    for _ in range(TURNS):
        table = bench.read()
        seen.append(sum(process.rss_bytes == 2000 * os.sysconf("SC_PAGE_SIZE") for process in table))
    assert seen == [20, 40, 60, 80, 100]


def test_busy_ones_are_read_on_every_turn_attended_ones_and_candidates_on_every_other(bench: Bench) -> None:
    bench.make(candidate="wanted.py")
    bench.proc.put(101, ("python3", "wanted.py"))
    bench.proc.put(102)
    bench.proc.put(103)
    bench.proc.put(104)
    bench.source.attend([102])
    bench.read(times=10)
    cpu = 0
    age = {101: 0, 102: 0}
    for round_number in range(2 * TURNS):
        cpu += 50
        rss = 5000 + round_number
        bench.proc.put(101, ("python3", "wanted.py"), rss=rss)
        bench.proc.put(102, rss=rss)
        bench.proc.put(103, rss=rss, cpu=cpu)
        table = bench.read()
        fresh = {process.pid for process in table if process.rss_bytes == rss * os.sysconf("SC_PAGE_SIZE")}
        age = {pid: 0 if pid in fresh else turns + 1 for pid, turns in age.items()}
        assert max(age.values()) <= 1
        if round_number >= TURNS:
            assert 103 in fresh


def test_who_is_attended_from_now_on_is_read_at_once(bench: Bench) -> None:
    for pid in (100, 101):
        bench.proc.put(pid)
    bench.read(times=10)
    for pid in (100, 101):
        bench.proc.put(pid, rss=7000)
    bench.source.attend([100, 101])
    table = bench.read()
    assert {process.rss_bytes for process in table} == {7000 * os.sysconf("SC_PAGE_SIZE")}


def test_children_follow_who_comes_goes_and_is_adopted(bench: Bench) -> None:
    bench.proc.put(1, ppid=0)
    bench.proc.put(10, ppid=1)
    bench.proc.put(11, ppid=10)
    assert dict(bench.read().children)[10] == (11,)
    bench.read(times=10)
    assert dict(bench.read().children)[10] == (11,)
    bench.proc.put(12, ppid=10)
    assert sorted(bench.read().children[10]) == [11, 12]
    bench.proc.end(10)
    bench.proc.put(11, ppid=1)
    bench.proc.put(12, ppid=1)
    for _ in range(TURNS):
        table = bench.read()
    assert 10 not in table.children
    assert sorted(table.children[1]) == [11, 12]


def test_a_process_that_ended_is_gone_at_the_next_read(bench: Bench) -> None:
    bench.proc.put(10)
    bench.proc.put(11)
    bench.read(times=9)
    bench.proc.end(10)
    assert set(bench.read().processes) == {11}


def test_a_reused_pid_is_another_process_with_another_command(bench: Bench) -> None:
    bench.proc.put(10, ("python3", "old.py"), ticks=100)
    old = bench.process(10)
    bench.proc.end(10)
    bench.proc.put(10, ("python3", "new.py"), ticks=90_000)
    bench.make()
    new = bench.process(10)
    assert new.id != old.id
    bench.proc.put(10, ("python3", "newer.py"), ticks=99_000)
    newer = bench.process(10)
    assert (newer.id.start_ticks, newer.argv, newer.cpu_percent) == (99_000, ("python3", "newer.py"), None)


def test_exec_of_another_script_by_the_same_interpreter_is_noticed(bench: Bench) -> None:
    bench.proc.put(10, ("python3", "one.py"), image=7_000)
    assert bench.process(10).argv == ("python3", "one.py")
    bench.proc.put(10, ("python3", "two.py"), image=8_000)
    again = bench.process(10)
    assert again.argv == ("python3", "two.py")
    assert again.image == 8_000


def test_exec_is_noticed_by_a_candidates_argv_where_addresses_are_hidden(bench: Bench) -> None:
    bench.make(candidate="one.py")
    bench.proc.put(10, ("python3", "one.py"), image=0)
    assert bench.process(10).image is None
    bench.proc.put(10, ("python3", "two.py"), image=0, cpu=5)
    assert bench.process(10).argv == ("python3", "two.py")


def test_a_zombie_keeps_what_it_was(bench: Bench) -> None:
    bench.proc.put(10, ("python3", "w.py"))
    bench.read()
    bench.proc.put(10, (), state="Z", image=0)
    process = bench.process(10)
    assert (process.state, process.argv) == ("Z", ("python3", "w.py"))


def test_a_zombie_never_seen_alive_has_unknown_argv_and_a_kernel_thread_none(bench: Bench) -> None:
    bench.proc.put(10, (), state="Z", comm=b"w.py")
    bench.proc.put(11, (), flags=0x200040, comm=b"kworker/0:1")
    table = bench.read()
    assert (table.processes[10].argv, table.processes[10].command) == (None, "[w.py]")
    assert (table.processes[11].argv, table.processes[11].command) == ((), "[kworker/0:1]")


def test_argv_of_a_stuck_process_is_put_off_until_it_moves(bench: Bench) -> None:
    """Reading it could hang; unknown is the truth until then."""
    bench.proc.put(10, ("python3", "w.py"), state="D")
    process = bench.process(10)
    assert (process.argv, process.command) == (None, "[python3]")
    bench.proc.put(10, ("python3", "w.py"), state="D", cpu=3)
    assert bench.process(10).argv == ("python3", "w.py")


def test_swap_is_zero_for_all_while_none_is_used_and_unknown_for_the_unattended_after(bench: Bench) -> None:
    bench.proc.put(10, swap_kb=30)
    bench.proc.put(11, swap_kb=40)
    bench.source.attend([10])
    assert {process.swap_bytes for process in bench.read()} == {0}
    bench.proc.swap(used_kb=70)
    table = bench.read()
    assert table.processes[10].swap_bytes == 30 * 1024
    assert table.processes[11].swap_bytes is None
    bench.proc.swap(used_kb=0)
    assert {process.swap_bytes for process in bench.read(times=6)} == {0}


def test_a_swap_that_cannot_be_told_is_unknown_not_zero(bench: Bench) -> None:
    (bench.proc.root / "meminfo").unlink()
    bench.proc.put(10)
    assert bench.process(10).swap_bytes is None


def test_a_wall_clock_that_is_set_moves_the_start_times_with_it(bench: Bench) -> None:
    bench.proc.put(10, ticks=100)
    before = bench.process(10, times=3)
    bench.clock.booted_at += 7200
    after = bench.process(10)
    assert after.started_at == pytest.approx(before.started_at + 7200)
    assert after.id == before.id


def test_a_root_that_cannot_be_listed_is_unknown_with_the_reason(tmp_path: Path) -> None:
    source = ProcessSource(tmp_path / "nowhere", descriptor_budget=0)
    reading = source.read(FakeClock())
    assert reading.state == "unknown"
    assert "nowhere" in reading.reason
    assert "No such file" in reading.reason


def test_a_root_without_processes_is_unknown_not_an_empty_machine(bench: Bench) -> None:
    assert bench.source.read(bench.clock).state == "unknown"
    bench.proc.put(10)
    bench.read()
    bench.proc.end(10)
    assert bench.source.read(bench.clock).state == "unknown"


def test_processes_without_a_readable_stat_are_counted_in_the_note(bench: Bench) -> None:
    bench.proc.put(1, ppid=0)
    bench.proc.put(10)
    (bench.proc.root / "10/stat").write_bytes(b"nonsense")
    reading = bench.source.read(bench.clock)
    assert reading.value is not None
    assert set(reading.value.processes) == {1}
    assert reading.note == "1 processes may not be read"


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_descriptors_stay_within_the_budget_and_are_given_back(bench: Bench) -> None:
    before = open_descriptors()
    source = bench.make(budget=7)
    for pid in range(100, 130):
        bench.proc.put(pid)
    bench.read(times=3)
    assert open_descriptors() == before + 7
    for pid in range(100, 130, 2):
        bench.proc.end(pid)
    assert len(bench.read(times=2)) == 15
    source.close()
    assert open_descriptors() == before


def test_a_first_and_a_steady_read_grow_no_faster_than_the_processes(bench: Bench) -> None:
    """Ten times the processes may cost twenty times as much, not a hundred times."""

    def cost(count: int) -> tuple[float, float]:
        for pid in range(1, count + 1):
            if not (bench.proc.root / str(pid)).exists():
                bench.proc.put(pid)
        source = bench.make(budget=0)
        began = time.process_time()
        bench.read()
        first = time.process_time() - began
        bench.read(times=8)
        began = time.process_time()
        bench.read(times=5)
        steady = time.process_time() - began
        source.close()
        return first, steady

    few, many = cost(300), cost(3000)
    assert many[0] < 20 * few[0] + 0.05
    assert many[1] < 20 * few[1] + 0.05
