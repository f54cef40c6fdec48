"""The machine itself on Linux: load, CPU split, memory, swap and swap traffic, pressure. See proc(5).

One small read per file on descriptors that stay open. CPU percentages and swap rates are of the time since an
earlier look, and None until there is one at least ``LEAST_S`` ago. A part that cannot be read is None and named in
``missing``.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import msgspec

from opsconsole.collect.source import Source
from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.system import Pressure, System

PROC = Path("/proc")
SYS = Path("/sys")
DEMO_NOTE = "DEMO: load, CPU, memory, swap and pressure are told, not measured; what takes most is real"
LEAST_S = 0.18
"""Between two looks whose difference is a rate: CPU time is counted in hundredths of a second, and of two of them
one is no half of what the machine does."""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_FIRST_LINES = 16 * 1024
"""Enough of any file here but /proc/stat, of which every look needs the first line only."""
_WHOLE_STAT = 1024 * 1024
_RESOURCES = ("cpu", "memory", "io")


class _Counters(msgspec.Struct, frozen=True):
    """What only means something as a difference between two looks."""

    at: float
    """Monotonic seconds."""
    cpu: tuple[int, ...] | None
    """Ticks: user, nice, system, idle, iowait, irq, softirq, steal."""
    swapped: tuple[int, int] | None
    """Pages in and out since boot."""


class _CpuSplit(msgspec.Struct, frozen=True):
    user: float | None = None
    system: float | None = None
    idle: float | None = None
    iowait: float | None = None
    steal: float | None = None


class SystemSource:
    """Reads a directory laid out as /proc. Below the real /proc the descriptors stay open; other files may be
    replaced while we watch, so they are opened anew each time."""

    name = "system"
    every_s = 2.0
    deadline_s = 2.0

    def __init__(self, root: Path = PROC, sys_root: Path = SYS, note: str = "") -> None:
        """``note`` is what a reader must know of everything that is read here."""
        self._root = root
        self._sys_root = sys_root
        self._note = note
        self._keep_open = root == PROC
        self._descriptors: dict[str, int] = {}
        self._cores: int | None = None
        self._zswap_enabled: bool | None = None
        self._memory_limit: int | None = None
        self._looked_once = False
        self._before: _Counters | None = None

    def __del__(self) -> None:
        for descriptor in self._descriptors.values():
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def read(self, clock: Clock) -> Reading[System]:
        """One look; unknown only when nothing at all could be read."""
        missing: list[str] = []
        if not self._looked_once:
            self._look_once()
        load = self._load(missing)
        memory = self._memory(missing)
        counters = _Counters(clock.monotonic(), self._cpu(missing), self._swapped(missing))
        pressure = [self._pressure(resource, missing) for resource in _RESOURCES]
        uptime = self._uptime(missing)
        at = clock.wall()
        if load is None and not memory and counters.cpu is None and counters.swapped is None and uptime is None:
            return unknown(f"nothing of the system can be read: {'; '.join(missing)}", at)
        before = self._before
        if before is not None and counters.at - before.at < LEAST_S:
            before = None  # The earlier one stays: the next look is compared with that.
        else:
            self._before = counters
        split = _cpu_split(before, counters)
        swap_in, swap_out = _swap_rates(before, counters)
        load1, load5, load15 = load or (None, None, None)
        swap_total, swap_free = memory.get("SwapTotal"), memory.get("SwapFree")
        system = System(
            load1=load1,
            load5=load5,
            load15=load15,
            cores=self._cores,
            cpu_user=split.user,
            cpu_system=split.system,
            cpu_idle=split.idle,
            cpu_iowait=split.iowait,
            cpu_steal=split.steal,
            memory_total_bytes=memory.get("MemTotal"),
            memory_available_bytes=memory.get("MemAvailable"),
            memory_compressed_bytes=self._compressed(memory),
            swap_total_bytes=swap_total,
            swap_used_bytes=None if swap_total is None or swap_free is None else swap_total - swap_free,
            swap_in_per_s=swap_in,
            swap_out_per_s=swap_out,
            pressure_cpu=pressure[0],
            pressure_memory=pressure[1],
            pressure_io=pressure[2],
            uptime_s=uptime,
            missing=tuple(missing),
        )
        return ok(system, at, note=self._note or self._limit_note(system))

    def _look_once(self) -> None:
        """What does not change while we watch."""
        self._looked_once = True
        with contextlib.suppress(OSError, ValueError):
            self._memory_limit = int((self._sys_root / "fs/cgroup/memory.max").read_bytes())  # "max": no limit
        with contextlib.suppress(OSError):
            enabled = (self._sys_root / "module/zswap/parameters/enabled").read_bytes()
            self._zswap_enabled = enabled.strip() in (b"Y", b"1")

    def _limit_note(self, system: System) -> str:
        limit, total = self._memory_limit, system.memory_total_bytes
        if limit is None or total is None or limit >= total:
            return ""
        return f"{self._sys_root}/fs/cgroup/memory.max allows {limit} of the machine's {total} bytes of memory"

    def _text(self, name: str, missing: list[str], size: int = _FIRST_LINES) -> bytes | None:
        """The start of a file; None, and said so in ``missing``, when it cannot be read."""
        try:
            if self._keep_open:
                descriptor = self._descriptors.get(name)
                if descriptor is None:
                    descriptor = self._descriptors[name] = self._open(name)
                return os.pread(descriptor, size, 0)
            descriptor = self._open(name)
            try:
                return os.pread(descriptor, size, 0)
            finally:
                os.close(descriptor)
        except OSError as error:
            missing.append(f"{name}: {error.strerror}")
            return None

    def _open(self, name: str) -> int:
        # A FIFO in a directory that only looks like /proc must not hold us up.
        return os.open(f"{self._root}/{name}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)

    def _load(self, missing: list[str]) -> tuple[float, float, float] | None:
        text = self._text("loadavg", missing)
        if text is None:
            return None
        try:
            one, five, fifteen = map(float, text.split()[:3])
        except ValueError:
            _odd("loadavg", "three numbers", missing)
            return None
        return one, five, fifteen

    def _uptime(self, missing: list[str]) -> float | None:
        text = self._text("uptime", missing)
        if text is None:
            return None
        try:
            return float(text.split()[0])
        except (ValueError, IndexError):
            _odd("uptime", "a number", missing)
            return None

    def _memory(self, missing: list[str]) -> dict[str, int]:
        """Bytes by name of /proc/meminfo; empty when it cannot be read."""
        text = self._text("meminfo", missing)
        memory = {} if text is None else parse_meminfo(text)
        if text is not None:
            missing += [
                f"meminfo: no {name}"
                for name in ("MemTotal", "MemAvailable", "SwapTotal", "SwapFree")
                if name not in memory
            ]
        return memory

    def _compressed(self, memory: dict[str, int]) -> int | None:
        """zswap's pool: in meminfo since Linux 5.19, before that in debugfs for root only."""
        pool = memory.get("Zswap")
        if pool is None and self._zswap_enabled:
            with contextlib.suppress(OSError, ValueError):
                pool = int((self._sys_root / "kernel/debug/zswap/pool_total_size").read_bytes())
        return None if not pool and not self._zswap_enabled else pool

    def _cpu(self, missing: list[str]) -> tuple[int, ...] | None:
        text = self._text("stat", missing, _WHOLE_STAT if self._cores is None else 256)
        if text is None:
            return None
        if self._cores is None:
            self._cores = sum(line[:3] == b"cpu" and line[3:4].isdigit() for line in text.split(b"\n")) or None
        label, *numbers = text.partition(b"\n")[0].split()[:9] or [b""]
        if label != b"cpu" or len(numbers) < 4 or not all(number.isdigit() for number in numbers):
            _odd("stat", "a line of cpu times", missing)
            return None
        ticks = [int(number) for number in numbers]
        return tuple(ticks + [0] * (8 - len(ticks)))

    def _swapped(self, missing: list[str]) -> tuple[int, int] | None:
        text = self._text("vmstat", missing)
        if text is None:
            return None
        pages_in, pages_out = _after(text, b"\npswpin "), _after(text, b"\npswpout ")
        if pages_in is None or pages_out is None:
            _odd("vmstat", "pswpin and pswpout", missing)
            return None
        return pages_in, pages_out

    def _pressure(self, resource: str, missing: list[str]) -> Pressure | None:
        name = f"pressure/{resource}"
        text = self._text(name, missing, 512)
        if text is None:
            return None
        pressure = parse_pressure(text)
        if pressure is None:
            _odd(name, "a line of averages", missing)
        return pressure


def _odd(name: str, wanted: str, missing: list[str]) -> None:
    missing.append(f"{name}: does not hold {wanted}")


def parse_meminfo(text: bytes) -> dict[str, int]:
    """Bytes by name; lines that are no such thing are left out."""
    memory: dict[str, int] = {}
    for line in text.split(b"\n"):
        name, _, rest = line.partition(b":")
        number = rest.split()
        if number and number[0].isdigit():
            memory[name.decode("ascii", "replace")] = int(number[0]) * (1024 if number[-1] == b"kB" else 1)
    return memory


def parse_pressure(text: bytes) -> Pressure | None:
    """A file of /proc/pressure: ``some avg10=0.00 avg60=0.00 …`` and, not everywhere, ``full …``."""
    averages: dict[bytes, tuple[float, float]] = {}
    for line in text.split(b"\n"):
        fields = line.split()
        try:
            numbers = dict(field.split(b"=", 1) for field in fields[1:])
            averages[fields[0]] = float(numbers[b"avg10"]), float(numbers[b"avg60"])
        except (IndexError, KeyError, ValueError):
            continue
    if b"some" not in averages:
        return None
    full = averages.get(b"full", (None, None))
    return Pressure(some10=averages[b"some"][0], some60=averages[b"some"][1], full10=full[0], full60=full[1])


def _after(text: bytes, label: bytes) -> int | None:
    start = text.find(label)
    if start < 0:
        return None
    number = text[start + len(label) :].partition(b"\n")[0]
    return int(number) if number.isdigit() else None


def _cpu_split(before: _Counters | None, now: _Counters) -> _CpuSplit:
    if before is None or before.cpu is None or now.cpu is None:
        return _CpuSplit()
    # iowait is known to run backwards now and then (proc(5)); a share of less than nothing is none.
    spent = [max(0, after - earlier) for earlier, after in zip(before.cpu, now.cpu, strict=True)]
    total = sum(spent)
    if not total:
        return _CpuSplit()
    user, nice, system, idle, iowait, irq, softirq, steal = (100.0 * ticks / total for ticks in spent)
    return _CpuSplit(user=user + nice, system=system + irq + softirq, idle=idle, iowait=iowait, steal=steal)


def _swap_rates(before: _Counters | None, now: _Counters) -> tuple[float | None, float | None]:
    if before is None or before.swapped is None or now.swapped is None:
        return None, None
    seconds = now.at - before.at
    pages_in, pages_out = (after - earlier for earlier, after in zip(before.swapped, now.swapped, strict=True))
    if seconds <= 0 or pages_in < 0 or pages_out < 0:
        return None, None
    return pages_in * _PAGE_BYTES / seconds, pages_out * _PAGE_BYTES / seconds


def system_source(demo_root: Path | None = None) -> Source[System]:
    """The source for this machine; with the demo's directory laid out as /proc, one that reads that and says so."""
    if demo_root is not None:
        return SystemSource(demo_root, demo_root / "sys", note=DEMO_NOTE)
    if sys.platform == "darwin":
        from opsconsole.collect.system_macos import MacSystemSource

        return MacSystemSource()
    return SystemSource()
