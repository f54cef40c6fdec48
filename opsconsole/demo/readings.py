"""Load, CPU, memory, swap and pressure as the incident had them, written as the files of /proc (proc(5)).

A sandbox must not thrash its host, so these alone are told and not caused. Counters advance: what is computed from
two looks stays the same, until sessions are put to sleep. Then load, memory and swap ease, within seconds where a real
machine takes minutes, and come back when the sessions are woken.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

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
RELIEVED = ExpectedSystem(
    load1=2.61,
    load5=2.94,
    load15=3.37,
    cores=8,
    cpu_user=28.50,
    cpu_system=9.20,
    cpu_idle=62.30,
    memory_total_bytes=24_222_106 * 1024,
    memory_available_bytes=8 * GIB,
    memory_compressed_bytes=620 * MIB,
    swap_total_bytes=16 * GIB,
    swap_used_bytes=3 * GIB,
    swap_in_per_s=0,
    swap_out_per_s=0,
)
"""The incident's machine once all the sessions that may sleep do. What was swapped out comes back only when used."""
EASES_IN_S = {"load5": 15.0, "load15": 30.0}
EASES_OTHERWISE_IN_S = 4.0
"""Time constants: two thirds of the way are gone after so long."""
_SETTLED = 0.001
"""Nearer than this share of the way, it has arrived."""


class Readings:
    """Keeps the files of one sandbox moving."""

    def __init__(
        self, directory: Path, system: ExpectedSystem, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory = directory
        self._strained = self._system = system
        self._monotonic = monotonic
        self._began = self._moved_at = monotonic()
        self._relief = 0.0
        self._eased = dict.fromkeys(system.__struct_fields__, 0.0)
        """How far each figure has come from what the incident had towards relief, 0 to 1."""
        self._ticks = [0] * 5
        self._swapped_in, self._swapped_out = 8_500_000.0, 11_000_000.0

    def relieve(self, share: float) -> None:
        """Let the figures move towards relief, by this share of the way: 0 is as built, 1 the whole."""
        self._relief = share

    def write_all(self) -> None:
        """The files that have no counters; then those that do."""
        self._put_gauges()
        self.advance()

    def advance(self) -> None:
        """One step: the figures move where they are led, the counters by the clock and what the figures are now."""
        now = self._monotonic()
        passed, self._moved_at = now - self._moved_at, now
        if self._ease(passed):
            self._put_gauges()
        self._put_counters(passed, now - self._began)

    def _ease(self, passed: float) -> bool:
        """Whether a figure moved."""
        if all(eased == self._relief for eased in self._eased.values()):
            return False
        for name, eased in self._eased.items():
            gap = (self._relief - eased) * math.exp(-passed / EASES_IN_S.get(name, EASES_OTHERWISE_IN_S))
            self._eased[name] = self._relief - (gap if abs(gap) > _SETTLED else 0.0)
        self._system = msgspec.structs.replace(
            self._strained, **{name: self._figure(name, eased) for name, eased in self._eased.items()}
        )
        return True

    def _figure(self, name: str, eased: float) -> float | int:
        strained, relieved = getattr(self._strained, name), getattr(RELIEVED, name)
        figure: float = strained + (relieved - strained) * eased
        return round(figure) if name == "cores" or name.endswith("_bytes") else figure

    def _put_gauges(self) -> None:
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
        # What waits for memory waits as the machine swaps.
        strain = system.swap_in_per_s / INCIDENT.swap_in_per_s
        for name, some, full in (("cpu", 41.2, 0.0), ("memory", 34.5, 21.7), ("io", 18.3, 9.1)):
            self._put(f"pressure/{name}", _pressure("some", some * strain) + _pressure("full", full * strain))

    def _put_counters(self, passed: float, uptime: float) -> None:
        system = self._system
        shares = (system.cpu_user, 0.0, system.cpu_system, system.cpu_idle)
        ticks = [round(share * _CPU_UNITS / 100) for share in shares]
        ticks.append(_CPU_UNITS - sum(ticks))
        self._ticks = [before + count for before, count in zip(self._ticks, ticks, strict=True)]
        fields = " ".join(map(str, self._ticks))
        of_a_core = " ".join(str(count // system.cores) for count in self._ticks)
        cores = "".join(f"cpu{core} {of_a_core} 0 0 0 0 0\n" for core in range(system.cores))
        self._put("stat", f"cpu  {fields} 0 0 0 0 0\n{cores}btime {int(time.time() - 1_000_000)}\n")
        self._swapped_in += passed * system.swap_in_per_s / PAGE
        self._swapped_out += passed * system.swap_out_per_s / PAGE
        swapped = f"pswpin {int(self._swapped_in)}\npswpout {int(self._swapped_out)}\n"
        self._put("vmstat", f"nr_free_pages 41000\n{swapped}")
        self._put("uptime", f"{1_000_000 + uptime:.2f} {400_000 + uptime / 16:.2f}\n")

    def _put(self, name: str, text: str) -> None:
        path = self._directory / name
        new = path.with_name(f".{path.name}")
        new.write_text(text)
        new.rename(path)


def _pressure(kind: str, percent: float) -> str:
    return f"{kind} avg10={percent:.2f} avg60={percent * 0.9:.2f} avg300={percent * 0.8:.2f} total=123456789\n"
