"""The injected readings, read back by the product's own source."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.collect.system import SystemSource
from opsconsole.demo.readings import HEALTHY, INCIDENT, Readings


class Moving:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("told", [INCIDENT, HEALTHY], ids=["incident", "healthy"])
def test_two_looks_give_the_told_figures(tmp_path: Path, told: object) -> None:
    assert told in (INCIDENT, HEALTHY)
    system = INCIDENT if told is INCIDENT else HEALTHY
    readings = Readings(tmp_path, system)
    readings.write_all()
    source, clock = SystemSource(tmp_path, tmp_path / "sys"), Moving()
    source.read(clock)
    clock.now += 2
    readings.advance()
    value = source.read(clock).value
    assert value is not None
    assert value.missing == ()
    for field in ("load1", "load5", "load15", "cores", "memory_total_bytes", "memory_available_bytes"):
        assert getattr(value, field) == getattr(system, field), field
    for field in ("cpu_user", "cpu_system", "cpu_idle"):
        assert getattr(value, field) == pytest.approx(getattr(system, field), abs=0.005), field
    assert value.swap_used_bytes == system.swap_used_bytes
    assert value.pressure_memory is not None
    assert (value.pressure_memory.some10 > 0) == (told is INCIDENT)
