"""The machine of the incident, a Mac with 24 GB, as its own tools print it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.collect.system_macos import (
    MacSystemSource,
    Sysctl,
    Top,
    assemble,
    parse_sysctl,
    parse_top,
    parse_vm_stat,
)

RECORDED = Path(__file__).parents[2] / "data" / "vm_stat"
MIB = 1024 * 1024


def recorded(tool: str) -> str:
    return (RECORDED / f"{tool}.txt").read_text()


def test_vm_stat_tells_free_and_compressed_memory_and_swap_traffic_in_bytes() -> None:
    pages = parse_vm_stat(recorded("vm_stat"))
    assert pages is not None
    assert pages.free_bytes == 163 * MIB
    assert pages.compressed_bytes == 4664 * MIB
    assert pages.available_bytes == (10432 + 486119 + 3210 + 1204) * 16384
    assert pages.swapped_in_bytes == 8_500_000 * 16384
    assert pages.swapped_out_bytes == 11_000_000 * 16384


def test_the_page_size_is_the_one_told() -> None:
    """Intel Macs have pages of 4 KiB."""
    pages = parse_vm_stat(recorded("vm_stat").replace("16384", "4096"))
    assert pages is not None
    assert pages.free_bytes == 10432 * 4096


@pytest.mark.parametrize(
    "text", ["", "vm_stat: command not found", "Mach Virtual Memory Statistics: (page size of 4096 bytes)\n"]
)
def test_what_is_no_vm_stat_is_none(text: str) -> None:
    assert parse_vm_stat(text) is None


def test_sysctl() -> None:
    assert parse_sysctl(recorded("sysctl")) == Sysctl(
        cores=8,
        memory_bytes=24 * 1024 * MIB,
        load=(8.13, 7.77, 8.60),
        swap_total_bytes=9216 * MIB,
        swap_used_bytes=int(8021.75 * MIB),
        booted_at=1769620140.0,
    )


def test_sysctl_in_a_locale_with_decimal_commas() -> None:
    assert parse_sysctl("vm.loadavg: { 8,13 7,77 8,60 }\n").load == (8.13, 7.77, 8.60)


def test_sizes_in_a_locale_with_decimal_commas() -> None:
    assert parse_sysctl("vm.swapusage: total = 1024,50M  used = 0,00M  free = 1024,50M\n").swap_total_bytes == int(
        1024.5 * MIB
    )


def test_absent_names_are_none() -> None:
    assert parse_sysctl("hw.ncpu: 8\n") == Sysctl(cores=8)


def test_top_tells_of_its_last_sample() -> None:
    """The first sample is not of now; the incident's figures are in the second."""
    assert parse_top(recorded("top")) == Top(
        load=(8.13, 7.77, 8.60),
        cpu=(63.46, 30.12, 6.41),
        used_bytes=23 * 1024 * MIB,
        unused_bytes=163 * MIB,
        compressed_bytes=4664 * MIB,
        processes=703,
    )


def test_top_without_a_compressor_figure() -> None:
    """Older systems print no compressor."""
    top = parse_top("Processes: 1 total\nPhysMem: 23G used (3200M wired), 163M unused.\n")
    assert (top.used_bytes, top.compressed_bytes, top.cpu) == (23 * 1024 * MIB, None, None)


def test_the_parts_together() -> None:
    pages, sysctl, top = (
        parse_vm_stat(recorded("vm_stat")),
        parse_sysctl(recorded("sysctl")),
        parse_top(recorded("top")),
    )
    system = assemble(pages, sysctl, top.cpu, (1.0, 2.0), now=1769620140.0 + 3600)
    assert (system.load1, system.cores, system.cpu_idle) == (8.13, 8, 6.41)
    assert system.memory_compressed_bytes == 4664 * MIB
    assert (system.swap_in_per_s, system.swap_out_per_s) == (1.0, 2.0)
    assert system.uptime_s == 3600.0
    assert (system.pressure_cpu, system.cpu_iowait) == (None, None)


class Clock:
    def __init__(self) -> None:
        self.now = 10.0

    def wall(self) -> float:
        return 1769620140.0 + self.now

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The recorded tools as programs on PATH."""
    for tool in ("vm_stat", "sysctl", "top"):
        (tmp_path / f"{tool}.txt").write_text(recorded(tool))
        program = tmp_path / tool
        program.write_text(f'#!/bin/sh\nwhile IFS= read -r line; do echo "$line"; done < {tmp_path}/{tool}.txt\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_the_source_runs_the_tools_and_tells_rates_from_the_second_look_on(tools: Path) -> None:
    source, clock = MacSystemSource(), Clock()
    first = source.read(clock).value
    assert first is not None
    assert (first.load1, first.memory_compressed_bytes, first.swap_out_per_s) == (8.13, 4664 * MIB, None)
    text = recorded("vm_stat").replace("11000000", "11000010")
    (tools / "vm_stat.txt").write_text(text)
    clock.now += 2.0
    second = source.read(clock).value
    assert second is not None
    assert (second.swap_in_per_s, second.swap_out_per_s) == (0.0, 10 * 16384 / 2)


def test_a_missing_tool_is_named_and_leaves_the_rest(tools: Path) -> None:
    (tools / "vm_stat").unlink()
    system = MacSystemSource().read(Clock()).value
    assert system is not None
    assert system.load1 == 8.13
    assert system.memory_available_bytes is None
    assert any(line.startswith("vm_stat: No such file") for line in system.missing)


def test_without_any_tool_the_system_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    reading = MacSystemSource().read(Clock())
    assert reading.state == "unknown"
    assert "vm_stat" in reading.reason
    assert "sysctl" in reading.reason
