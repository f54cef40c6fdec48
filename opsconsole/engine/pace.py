"""How often the cycle runs: as the config says, and more seldom while the machine lacks what everybody needs.

The console is a guest on a machine in trouble: it slows itself down first, and says so. Judged is what the kernel
tells of this very machine, never a reading that the demo injects. Back to the old pace only after some calm looks, so
that it does not go to and fro.
"""

from __future__ import annotations

from typing import NamedTuple

from opsconsole.model.system import System

LONGEST_S = 8.0
"""Slower than this it would not be a console; whoever configured less gets that."""
CALM_LOOKS = 3
RELIEF = 0.75
"""The share of a limit that a reading must fall under to count as calm."""


class _Strain(NamedTuple):
    what: str
    value: float
    twice: float
    """From here on half as often."""
    fourfold: float
    form: str

    def factor(self, share: float = 1.0) -> int:
        if self.value >= self.fourfold * share:
            return 4
        return 2 if self.value >= self.twice * share else 1


def _strains(system: System) -> list[_Strain]:
    found = []
    cpu, memory = system.pressure_cpu, system.pressure_memory
    if cpu is not None:
        found.append(_Strain("CPU pressure", cpu.some10, 80.0, 95.0, "{:.0f} %"))
    elif system.load1 is not None and system.cores:
        found.append(_Strain("load per core", system.load1 / system.cores, 3.0, 6.0, "{:.1f}"))
    if memory is not None:
        found.append(_Strain("memory pressure", memory.full10 or 0.0, 10.0, 30.0, "{:.0f} %"))
    return found


class Pace:
    """By what factor the cadence is stretched now, and why."""

    def __init__(self) -> None:
        self.factor = 1
        self.reason = ""
        """Empty at the configured pace."""
        self._calm = 0

    def follow(self, system: System | None) -> None:
        """Take what the machine says now; a machine that says nothing changes nothing."""
        if system is None:
            return
        strains = _strains(system)
        wanted = max((strain.factor() for strain in strains), default=1)
        if wanted < self.factor:
            held = max((strain.factor(RELIEF) for strain in strains), default=1) >= self.factor
            self._calm = 0 if held else self._calm + 1
            if self._calm < CALM_LOOKS:
                return
        self._calm = 0
        self.factor = wanted
        worst = max(strains, key=lambda strain: strain.value / strain.twice, default=None)
        self.reason = f"{worst.what} {worst.form.format(worst.value)}" if worst is not None and wanted > 1 else ""

    def interval_s(self, refresh_s: float) -> float:
        """Between two cycles, where ``refresh_s`` is asked for."""
        return max(refresh_s, min(refresh_s * self.factor, LONGEST_S))
