"""A bug in what is asked every cycle: shown as unknown, and outlived."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from opsconsole.config.types import Config, LoadedConfig
from opsconsole.engine import Engine
from opsconsole.engine.engine import ConfigWatch
from opsconsole.model.snapshot import Snapshot


def stumble(*_args: Any, **_named: Any) -> NoReturn:
    raise ZeroDivisionError("of all things \x1b[2J")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """One whose sources all raise, and whose lanes are never started: nothing of this machine is read."""
    engine = Engine(LoadedConfig(Config(), None), refresh_s=0.01)
    engine._processes.close()
    for source in (engine._processes, engine._ports, engine._system):
        monkeypatch.setattr(source, "read", stumble)
    monkeypatch.setattr(engine._lanes, "start", lambda but_not_yet="": None)
    return engine


def test_a_source_that_raises_is_unknown_with_the_reason(engine: Engine) -> None:
    snapshot = engine.collect()
    for reading in (snapshot.processes, snapshot.system, snapshot.workers):
        assert reading.state == "unknown"
        assert "ZeroDivisionError" in reading.reason
        assert reading.reason.isprintable()


def test_a_cycle_that_raises_makes_everything_unknown_and_the_next_one_goes_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Snapshot] = []
    whole = engine.collect
    monkeypatch.setattr(engine, "collect", lambda: whole() if seen else stumble())
    monkeypatch.setattr(ConfigWatch, "changed", lambda _self: None)

    def take(snapshot: Snapshot) -> None:
        seen.append(snapshot)
        if len(seen) == 2:
            engine._stopped.set()

    engine._run(take)
    assert [snapshot.sequence for snapshot in seen] == [1, 2]
    assert "ZeroDivisionError" in seen[0].disks.reason
    assert seen[0].queue.state == "unknown"
    assert seen[1].queue.state == "unconfigured"
