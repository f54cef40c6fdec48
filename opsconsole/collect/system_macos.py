"""The machine itself on macOS, from what its own tools print: vm_stat(1), sysctl(8), top(1).
The CPU split comes from psutil, which counts without a process of its own; from top only when psutil cannot.

The parsers are pure and take the tools' output as text. Swap traffic is counted in pages since boot and told as
bytes per second since the previous look. macOS has no iowait, steal or pressure stall figures: these stay None.
"""

from __future__ import annotations

import re

import msgspec

from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.system import System
from opsconsole.model.text import shown

_TOOL_WITHIN_S = 5.0
_SYSCTL = ("sysctl", "vm.swapusage", "hw.ncpu", "hw.memsize", "vm.loadavg", "kern.boottime")
# The first sample of top does not tell of now; the second, a second later, does.
_TOP = ("top", "-l", "2", "-n", "0", "-s", "1")
_UNITS = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = r"(\d+(?:[.,]\d+)?)([BKMGT]?)"


class Pages(msgspec.Struct, frozen=True):
    """What vm_stat tells, in bytes."""

    page_bytes: int
    free_bytes: int
    available_bytes: int
    """Free, inactive, speculative and purgeable: what can be had without swapping."""
    compressed_bytes: int | None
    """What the compressor occupies."""
    swapped_in_bytes: int | None
    """Since boot."""
    swapped_out_bytes: int | None


class Sysctl(msgspec.Struct, frozen=True):
    cores: int | None = None
    memory_bytes: int | None = None
    load: tuple[float, float, float] | None = None
    swap_total_bytes: int | None = None
    swap_used_bytes: int | None = None
    booted_at: float | None = None


class Top(msgspec.Struct, frozen=True):
    """The header of one sample of top, the last one where there are several."""

    load: tuple[float, float, float] | None = None
    cpu: tuple[float, float, float] | None = None
    """Percent user, system, idle."""
    used_bytes: int | None = None
    unused_bytes: int | None = None
    compressed_bytes: int | None = None
    processes: int | None = None


def parse_vm_stat(text: str) -> Pages | None:
    """``vm_stat``; None when this is not its output."""
    heading = re.search(r"page size of (\d+) bytes", text)
    if heading is None:
        return None
    page = int(heading[1])
    lines = re.findall(r"^([^:\n]+):\s+(\d+)\.?$", text, re.MULTILINE)
    counts = {name.strip('"'): int(number) for name, number in lines}
    if "Pages free" not in counts:
        return None

    def in_bytes(name: str) -> int | None:
        return counts[name] * page if name in counts else None

    free = counts["Pages free"]
    reclaimable = sum(counts.get(f"Pages {kind}", 0) for kind in ("inactive", "speculative", "purgeable"))
    return Pages(
        page_bytes=page,
        free_bytes=free * page,
        available_bytes=(free + reclaimable) * page,
        compressed_bytes=in_bytes("Pages occupied by compressor"),
        swapped_in_bytes=in_bytes("Swapins"),
        swapped_out_bytes=in_bytes("Swapouts"),
    )


def parse_sysctl(text: str) -> Sysctl:
    """``sysctl vm.swapusage hw.ncpu hw.memsize vm.loadavg kern.boottime``, in any order; what is absent is None."""
    values = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    usage = re.findall(rf"(total|used) = {_SIZE}", values.get("vm.swapusage", ""))
    swap = {name: _size(number, unit) for name, number, unit in usage}
    boot = re.search(r"sec = (\d+)", values.get("kern.boottime", ""))
    return Sysctl(
        cores=_whole(values.get("hw.ncpu")),
        memory_bytes=_whole(values.get("hw.memsize")),
        load=_three(values.get("vm.loadavg", "")),
        swap_total_bytes=swap.get("total"),
        swap_used_bytes=swap.get("used"),
        booted_at=float(boot[1]) if boot else None,
    )


def parse_top(text: str) -> Top:
    """The header lines of ``top -l``; what is absent is None."""
    sample = text[max(0, text.rfind("Processes:")) :]
    cpu = re.search(r"CPU usage: ([\d.]+)% user, ([\d.]+)% sys, ([\d.]+)% idle", sample)
    load = re.search(r"Load Avg: (.+)", sample)
    memory = re.search(r"PhysMem: (.+)", sample)
    sizes = re.findall(rf"{_SIZE} (used|unused|compressor)", memory[1] if memory else "")
    parts = {what: _size(number, unit) for number, unit, what in sizes}
    processes = re.search(r"Processes: (\d+) total", sample)
    return Top(
        load=_three(load[1]) if load else None,
        cpu=(float(cpu[1]), float(cpu[2]), float(cpu[3])) if cpu else None,
        used_bytes=parts.get("used"),
        unused_bytes=parts.get("unused"),
        compressed_bytes=parts.get("compressor"),
        processes=int(processes[1]) if processes else None,
    )


def assemble(
    pages: Pages | None,
    sysctl: Sysctl,
    cpu: tuple[float, float, float] | None,
    swap_rates: tuple[float | None, float | None],
    now: float,
    missing: tuple[str, ...] = (),
) -> System:
    """The parsed parts as one System; ``cpu`` is percent user, system, idle."""
    load1, load5, load15 = sysctl.load or (None, None, None)
    user, system, idle = cpu or (None, None, None)
    return System(
        load1=load1,
        load5=load5,
        load15=load15,
        cores=sysctl.cores,
        cpu_user=user,
        cpu_system=system,
        cpu_idle=idle,
        cpu_iowait=None,
        cpu_steal=None,
        memory_total_bytes=sysctl.memory_bytes,
        memory_available_bytes=pages.available_bytes if pages else None,
        memory_compressed_bytes=pages.compressed_bytes if pages else None,
        swap_total_bytes=sysctl.swap_total_bytes,
        swap_used_bytes=sysctl.swap_used_bytes,
        swap_in_per_s=swap_rates[0],
        swap_out_per_s=swap_rates[1],
        pressure_cpu=None,
        pressure_memory=None,
        pressure_io=None,
        uptime_s=max(0.0, now - sysctl.booted_at) if sysctl.booted_at is not None else None,
        missing=missing,
    )


class MacSystemSource:
    """Runs the tools on each look; rates and CPU split are of the time since the previous one."""

    name = "system"
    every_s = 2.0
    deadline_s = 4 * _TOOL_WITHIN_S

    def __init__(self) -> None:
        self._before: tuple[float, Pages] | None = None
        self._cpu_before: tuple[float, float, float] | None = None

    def read(self, clock: Clock) -> Reading[System]:
        """One look; unknown only when neither tool told anything."""
        missing: list[str] = []
        pages = parse_vm_stat(_run(("vm_stat",), missing))
        sysctl = parse_sysctl(_run(_SYSCTL, missing))
        if pages is None and sysctl == Sysctl():
            return unknown(f"nothing of the system can be read: {'; '.join(missing)}", clock.wall())
        if pages is None:
            missing.append("vm_stat: does not tell the pages")
        rates = self._swap_rates(pages, clock.monotonic())
        cpu = self._cpu(missing)
        return ok(assemble(pages, sysctl, cpu, rates, clock.wall(), tuple(missing)), clock.wall())

    def _swap_rates(self, pages: Pages | None, at: float) -> tuple[float | None, float | None]:
        before, self._before = self._before, (at, pages) if pages else None
        if before is None or pages is None:
            return None, None
        seconds = at - before[0]
        return (
            _rate(before[1].swapped_in_bytes, pages.swapped_in_bytes, seconds),
            _rate(before[1].swapped_out_bytes, pages.swapped_out_bytes, seconds),
        )

    def _cpu(self, missing: list[str]) -> tuple[float, float, float] | None:
        import psutil  # type: ignore[import-untyped]  # it ships no types

        try:
            times = psutil.cpu_times()
        except (OSError, psutil.Error):
            return parse_top(_run(_TOP, missing)).cpu
        now = (times.user + getattr(times, "nice", 0.0), times.system, times.idle)
        before, self._cpu_before = self._cpu_before, now
        if before is None:
            return None
        user, system, idle = (max(0.0, after - earlier) for earlier, after in zip(before, now, strict=True))
        total = user + system + idle
        return (100 * user / total, 100 * system / total, 100 * idle / total) if total else None


def _rate(before: int | None, now: int | None, seconds: float) -> float | None:
    if before is None or now is None or now < before or seconds <= 0:
        return None
    return (now - before) / seconds


def _run(command: tuple[str, ...], missing: list[str]) -> str:
    """What a tool prints; empty, and said so in ``missing``, when it cannot be run."""
    import subprocess

    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TOOL_WITHIN_S, close_fds=False, check=False
        )
    except subprocess.TimeoutExpired:
        missing.append(f"{command[0]}: no answer within {_TOOL_WITHIN_S:g} s")
        return ""
    except OSError as error:
        missing.append(f"{command[0]}: {error.strerror}")
        return ""
    if done.returncode:
        # sysctl fails when one name is unknown and still prints the others.
        missing.append(shown(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}", 200))
    return done.stdout.decode(errors="replace")


def _size(number: str, unit: str) -> int:
    return int(float(number.replace(",", ".")) * _UNITS[unit])


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdigit() else None


def _three(text: str) -> tuple[float, float, float] | None:
    # In some locales sysctl and top write a comma for the point: "{ 8,13 7,77 8,60 }".
    numbers = re.findall(r"\d+[.,]\d+", text)
    if len(numbers) != 3:
        return None
    one, five, fifteen = (float(number.replace(",", ".")) for number in numbers)
    return one, five, fifteen
