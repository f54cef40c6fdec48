"""The injected readings, read back by the product's own source."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.collect.system import SystemSource
from opsconsole.demo.readings import HEALTHY, INCIDENT, RELIEVED, Readings
from opsconsole.model.system import System


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


def test_figures_ease_while_sessions_sleep_and_come_back_when_they_are_woken(tmp_path: Path) -> None:
    clock = Moving()
    readings = Readings(tmp_path, INCIDENT, clock.monotonic)
    readings.write_all()
    source = SystemSource(tmp_path, tmp_path / "sys")

    def after(seconds: float) -> System:
        for _ in range(round(seconds * 10)):
            clock.now += 0.1
            readings.advance()
        source.read(clock)
        clock.now += 1.0
        readings.advance()
        value = source.read(clock).value
        assert value is not None
        return value

    readings.relieve(1.0)
    soon = after(6.0)
    assert soon.load1 is not None
    assert RELIEVED.load1 < soon.load1 < INCIDENT.load1 * 0.75
    assert soon.load15 is not None
    assert soon.load15 > soon.load1, "the older average falls later"
    at_last = after(300.0)
    assert (at_last.load1, at_last.load5, at_last.load15) == (RELIEVED.load1, RELIEVED.load5, RELIEVED.load15)
    assert at_last.memory_available_bytes == RELIEVED.memory_available_bytes
    assert at_last.swap_used_bytes == RELIEVED.swap_used_bytes
    assert at_last.swap_in_per_s == at_last.swap_out_per_s == 0
    assert at_last.cpu_idle == pytest.approx(RELIEVED.cpu_idle, abs=0.005)
    readings.relieve(0.0)
    strained = after(300.0)
    assert strained.load1 == INCIDENT.load1
    assert strained.swap_in_per_s == pytest.approx(INCIDENT.swap_in_per_s, rel=0.02)
