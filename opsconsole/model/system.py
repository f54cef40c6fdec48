"""The machine itself: load, CPU, memory, swap, pressure, disks."""

from __future__ import annotations

import msgspec


class Pressure(msgspec.Struct, frozen=True):
    """Linux pressure stall information, percent of time (proc(5) pressure), averaged over 10 s and 60 s."""

    some10: float
    some60: float
    full10: float | None
    full60: float | None


class System(msgspec.Struct, frozen=True):
    """One look at the machine. Every number is None where this system does not tell it."""

    load1: float | None
    load5: float | None
    load15: float | None
    cores: int | None
    cpu_user: float | None
    """Percent of all cores since the previous look, nice included."""
    cpu_system: float | None
    """irq and softirq included."""
    cpu_idle: float | None
    cpu_iowait: float | None
    cpu_steal: float | None
    memory_total_bytes: int | None
    memory_available_bytes: int | None
    memory_compressed_bytes: int | None
    """What the compressor holds (macOS), or zswap's pool (Linux); None where there is none to tell."""
    swap_total_bytes: int | None
    swap_used_bytes: int | None
    swap_in_per_s: float | None
    """Bytes per second since the previous look."""
    swap_out_per_s: float | None
    pressure_cpu: Pressure | None
    pressure_memory: Pressure | None
    pressure_io: Pressure | None
    uptime_s: float | None
    processes: int | None = None
    missing: tuple[str, ...] = ()
    """What could not be read, each ``name: reason``."""


class Disk(msgspec.Struct, frozen=True):
    mount: str
    device: str
    total_bytes: int
    used_bytes: int
    available_bytes: int
    """To an unprivileged user."""
    inodes_free_percent: float | None
    read_only: bool

    @property
    def used_percent(self) -> float:
        """As df(1): used / (used + available)."""
        usable = self.used_bytes + self.available_bytes
        return 100.0 * self.used_bytes / usable if usable else 0.0


class Consumers(msgspec.Struct, frozen=True):
    """What one kind of process costs together: the report's "top consumers by type"."""

    kind: str
    count: int
    """Sessions, instances or services of this kind; processes where it has none of these."""
    cpu_percent: float | None
    """None while one of its processes is not measured yet."""
    rss_bytes: int | None
    swap_bytes: int | None
    processes: int
    """How many processes the sums are over."""
    cpu_measured_percent: float | None = None
    """Of those that are measured; None when none of them is."""
