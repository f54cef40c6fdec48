"""Under pressure the console runs its cycle more seldom, says so, and comes back when the machine is calm."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from opsconsole.config.types import Config, ConsoleTable, DemoTable, Duration, LoadedConfig
from opsconsole.engine import Engine
from opsconsole.engine.pace import CALM_LOOKS, LONGEST_S, Pace
from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, ok
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import Pressure, System
from tests.makers import system

NONE = Pressure(0.0, 0.0, 0.0, 0.0)


def pressed(cpu: float = 0.0, memory: float = 0.0) -> System:
    return system(pressure_cpu=Pressure(cpu, cpu, 0.0, 0.0), pressure_memory=Pressure(memory, memory, memory, memory))


@pytest.mark.parametrize(
    ("now", "factor", "reason"),
    [
        (pressed(), 1, ""),
        (pressed(cpu=79), 1, ""),
        (pressed(cpu=85), 2, "CPU pressure 85 %"),
        (pressed(cpu=97), 4, "CPU pressure 97 %"),
        (pressed(memory=12), 2, "memory pressure 12 %"),
        (pressed(cpu=85, memory=40), 4, "memory pressure 40 %"),
        (system(pressure_cpu=None, pressure_memory=None, load1=7.0, cores=2), 2, "load per core 3.5"),
        (system(pressure_cpu=None, pressure_memory=None, load1=7.0, cores=8), 1, ""),
        (system(pressure_cpu=None, pressure_memory=None, load1=None, cores=None), 1, ""),
    ],
)
def test_the_cadence_follows_what_the_machine_lacks(now: System, factor: int, reason: str) -> None:
    pace = Pace()
    pace.follow(now)
    assert (pace.factor, pace.reason) == (factor, reason)


def test_it_comes_back_after_some_calm_looks_and_not_for_a_moment_s_relief() -> None:
    pace = Pace()
    pace.follow(pressed(cpu=85))
    for _ in range(CALM_LOOKS + 1):
        pace.follow(pressed(cpu=70))  # under the limit, and not yet calm
    assert pace.factor == 2
    for _ in range(CALM_LOOKS - 1):
        pace.follow(pressed(cpu=10))
    pace.follow(pressed(cpu=70))
    assert pace.factor == 2
    for _ in range(CALM_LOOKS):
        pace.follow(pressed(cpu=10))
    assert (pace.factor, pace.reason) == (1, "")


def test_a_reading_that_is_unknown_changes_nothing() -> None:
    pace = Pace()
    pace.follow(pressed(cpu=85))
    for _ in range(2 * CALM_LOOKS):
        pace.follow(None)
    assert pace.factor == 2


def test_the_interval_has_an_end_and_never_shrinks_a_long_one() -> None:
    pace = Pace()
    pace.follow(pressed(cpu=97))
    assert [pace.interval_s(asked) for asked in (0.5, 2.0, 5.0, 30.0)] == [2.0, LONGEST_S, LONGEST_S, 30.0]


class Strain:
    """What this very machine says, as told."""

    name, every_s, deadline_s = "system", 2.0, 5.0

    def __init__(self, said: System) -> None:
        self.said = said

    def read(self, clock: Clock) -> Reading[System]:
        return ok(self.said, clock.wall())


def first_snapshot(engine: Engine) -> Snapshot:
    came: list[Snapshot] = []
    there = threading.Event()

    def take(snapshot: Snapshot) -> None:
        came.append(snapshot)
        there.set()

    engine.start(take)
    try:
        assert there.wait(30)
    finally:
        engine.stop()
    return came[0]


def loaded(**console: object) -> LoadedConfig:
    return LoadedConfig(Config(console=ConsoleTable(refresh=Duration(1.5), **console)), None)  # type: ignore[arg-type]


def test_the_engine_slows_down_and_the_snapshot_says_so() -> None:
    engine = Engine(loaded(), strain=Strain(pressed(cpu=90)))
    assert first_snapshot(engine).slowed == "every 3 s: CPU pressure 90 %"
    assert engine.interval_s == 3.0


def test_it_keeps_the_pace_where_the_config_or_the_command_line_says_so() -> None:
    for engine in (
        Engine(loaded(slow_down=False), strain=Strain(pressed(cpu=97))),
        Engine(loaded(), refresh_s=1.5, strain=Strain(pressed(cpu=97))),
    ):
        assert first_snapshot(engine).slowed == ""
        assert engine.interval_s == 1.5


def test_an_injected_load_slows_nothing_down(tmp_path: Path) -> None:
    """The demo shows a load of 8 and heavy pressure; what the console goes by is the machine under it."""
    (tmp_path / "pressure").mkdir()
    (tmp_path / "loadavg").write_text("8.03 7.58 7.09 3/900 100\n")
    for name in ("cpu", "memory", "io"):
        lines = "some avg10=99.00 avg60=99.00 avg300=99.00 total=1\nfull avg10=99.00 avg60=99.00 avg300=99.00 total=1\n"
        (tmp_path / "pressure" / name).write_text(lines)
    config = Config(console=ConsoleTable(refresh=Duration(1.5)), demo=DemoTable(proc=tmp_path))
    engine = Engine(LoadedConfig(config, None), strain=Strain(pressed(cpu=5)))
    snapshot = first_snapshot(engine)
    assert snapshot.system.value is not None
    assert snapshot.system.value.pressure_cpu is not None
    assert snapshot.system.value.pressure_cpu.some10 == 99.0
    assert snapshot.slowed == ""
