"""The config is edited while the console runs: good edits are taken, bad ones told, and nothing is lost meanwhile."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opsconsole.config.load import load
from opsconsole.engine import Engine
from opsconsole.model.snapshot import Snapshot
from tests.e2e.ground import until
from tests.e2e.screen import screen

OPSCONSOLE = str(Path(sys.executable).with_name("opsconsole"))
GOOD = '[console]\nrefresh = "200ms"\n[sessions]\nsocket = "{folder}/none"\n[[service]]\nname = "first"\nport = 1\n'
SECOND = '[[service]]\nname = "second"\nport = 2\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "opsconsole.toml"
    path.write_text(GOOD.format(folder=tmp_path))
    return path


@pytest.fixture
def engine(config: Path) -> Iterator[Engine]:
    running = Engine(load(config))
    running.start(lambda _snapshot: None)
    yield running
    running.stop()


def seen(engine: Engine, holds: Callable[[Snapshot], bool], what: str) -> Snapshot:
    return until(lambda: engine.latest if engine.latest is not None and holds(engine.latest) else None, what)


def services(snapshot: Snapshot) -> list[str]:
    return [service.name for service in snapshot.services.value or ()]


def test_an_edit_is_taken_and_a_bad_one_leaves_the_last_good_in_force(engine: Engine, config: Path) -> None:
    seen(engine, lambda snapshot: services(snapshot) == ["first"], "the first config")
    good = config.read_text() + SECOND
    # As editors save: another file in its place.
    beside = config.with_name("new")
    beside.write_text(good)
    beside.rename(config)
    seen(engine, lambda snapshot: services(snapshot) == ["first", "second"], "the edit")
    config.write_text(good + "prot = 3\n")
    bad = seen(engine, lambda snapshot: bool(snapshot.config_problem), "the problem")
    assert services(bad) == ["first", "second"]
    assert 'opsconsole.toml:11: [[service]] "second" prot: unknown key' in bad.config_problem
    config.unlink()
    gone = seen(engine, lambda snapshot: "is gone" in snapshot.config_problem, "its absence")
    assert services(gone) == ["first", "second"]
    config.write_text(good)
    seen(engine, lambda snapshot: not snapshot.config_problem, "the good one again")


def test_a_fifo_in_its_place_holds_nobody_up(engine: Engine, config: Path) -> None:
    seen(engine, lambda snapshot: True, "a first look")
    config.unlink()
    os.mkfifo(config)
    told = seen(engine, lambda snapshot: bool(snapshot.config_problem), "the problem")
    assert "not a regular file" in told.config_problem


def test_what_others_may_have_written_is_still_watched_and_actions_are_refused(engine: Engine, config: Path) -> None:
    seen(engine, lambda snapshot: True, "a first look")
    assert not engine.loaded.actions_refused
    config.chmod(0o666)
    until(lambda: engine.loaded.actions_refused, "the refusal")


def test_the_screen_shows_a_banner_while_the_file_is_wrong(config: Path) -> None:
    good = config.read_text()
    with screen() as terminal:
        terminal.start([OPSCONSOLE, "--config", str(config)], 120, 30)
        terminal.see("first")
        config.write_text(good + "prot = 3\n")
        terminal.see("first", "the last good config stays: opsconsole.toml:8", "prot: unknown key")
        config.write_text(good + SECOND + '[keys]\nhelp = "f1"\n')
        terminal.wait(lambda text: "second" in text and "unknown key" not in text)
        terminal.press("F1")
        terminal.see("Help", "On a row")
        terminal.press("q", "q")
        terminal.see("ended with 0")
