"""Load, CPU, memory, swap and pressure as the incident had them, written as the files of /proc (proc(5)).

A sandbox must not thrash its host, so these alone are told and not caused. Counters advance: what is computed from
two looks stays the same for ever.
"""

from __future__ import annotations

import time
from pathlib import Path

from opsconsole.demo.expected import ExpectedSystem

GIB = 1024**3
MIB = 1024**2
PAGE = 4096
TICK_S = 0.1
_CPU_UNITS = 10_000

INCIDENT = ExpectedSystem(
    load1=8.13,
    load5=7.77,
    load15=8.60,
    cores=8,
    cpu_user=63.46,
    cpu_system=30.12,
    cpu_idle=6.41,
    memory_total_bytes=24_222_106 * 1024,
    memory_available_bytes=163 * MIB,
    memory_compressed_bytes=4664 * MIB,
    swap_total_bytes=16 * GIB,
    swap_used_bytes=12 * GIB,
    swap_in_per_s=850 * PAGE,
    swap_out_per_s=1100 * PAGE,
)
HEALTHY = ExpectedSystem(
    load1=1.10,
    load5=1.02,
    load15=0.95,
    cores=8,
    cpu_user=14.00,
    cpu_system=5.00,
    cpu_idle=80.90,
    memory_total_bytes=24_222_106 * 1024,
    memory_available_bytes=13 * GIB,
    memory_compressed_bytes=0,
    swap_total_bytes=16 * GIB,
    swap_used_bytes=0,
    swap_in_per_s=0,
    swap_out_per_s=0,
)


class Readings:
    """Keeps the files of one sandbox moving."""

    def __init__(self, directory: Path, system: ExpectedSystem) -> None:
        self._directory = directory
        self._system = system
        self._began = time.monotonic()
        self._steps = 0

    def write_all(self) -> None:
        system = self._system
        (self._directory / "pressure").mkdir(parents=True, exist_ok=True)
        self._put("loadavg", f"{system.load1:.2f} {system.load5:.2f} {system.load15:.2f} 9/412 42315\n")
        kilobytes = {
            "MemTotal": system.memory_total_bytes,
            "MemFree": system.memory_available_bytes * 3 // 4,
            "MemAvailable": system.memory_available_bytes,
            "SwapTotal": system.swap_total_bytes,
            "SwapFree": system.swap_total_bytes - system.swap_used_bytes,
            "Zswap": system.memory_compressed_bytes,
        }
        self._put("meminfo", "".join(f"{name + ':':16}{size // 1024:8} kB\n" for name, size in kilobytes.items()))
        strained = system.swap_in_per_s > 0
        for name, some, full in (("cpu", 41.2, 0.0), ("memory", 34.5, 21.7), ("io", 18.3, 9.1)):
            self._put(f"pressure/{name}", _pressure("some", some, strained) + _pressure("full", full, strained))
        self.advance()

    def advance(self) -> None:
        """One step of the counters: always the same split, and swap traffic by the clock."""
        self._steps += 1
        system = self._system
        passed = time.monotonic() - self._began
        shares = (system.cpu_user, 0.0, system.cpu_system, system.cpu_idle)
        ticks = [round(share * _CPU_UNITS / 100) for share in shares]
        ticks.append(_CPU_UNITS - sum(ticks))
        fields = " ".join(str(count * self._steps) for count in ticks)
        cores = "".join(
            f"cpu{core} {' '.join(str(count * self._steps // system.cores) for count in ticks)} 0 0 0 0 0\n"
            for core in range(system.cores)
        )
        self._put("stat", f"cpu  {fields} 0 0 0 0 0\n{cores}btime {int(time.time() - 1_000_000)}\n")
        swapped_in = 8_500_000 + int(passed * system.swap_in_per_s / PAGE)
        swapped_out = 11_000_000 + int(passed * system.swap_out_per_s / PAGE)
        self._put("vmstat", f"nr_free_pages 41000\npswpin {swapped_in}\npswpout {swapped_out}\n")
        self._put("uptime", f"{1_000_000 + passed:.2f} {400_000 + passed / 16:.2f}\n")

    def _put(self, name: str, text: str) -> None:
        path = self._directory / name
        new = path.with_name(f".{path.name}")
        new.write_text(text)
        new.rename(path)


def _pressure(kind: str, percent: float, strained: bool) -> str:
    value = percent if strained else 0.0
    return f"{kind} avg10={value:.2f} avg60={value * 0.9:.2f} avg300={value * 0.8:.2f} total=123456789\n"
