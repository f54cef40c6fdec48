"""Who is to stay when duplicates are ended is looked at before the first signal: the last one is never ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.act.planning import changed
from tests.e2e.act_ground import PYTHON, World, eventually, runs

TURNS_INTO_ANOTHER = """
import os, signal, time
signal.signal(signal.SIGUSR1, lambda *_: os.execv("/bin/sleep", ["sleep", "600"]))
print("up", flush=True)
while True: time.sleep(600)
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_nothing_is_ended_when_the_one_that_was_to_stay_has_ended_since(world: World) -> None:
    world.worker("twin")
    stays, goes = world.start(PYTHON, "twin.py"), world.start(PYTHON, "twin.py")
    plan = world.plan("kill-duplicates", "twin", keep=stays.pid)
    stays.kill()
    stays.wait(10)
    assert f"{stays.pid}" in changed(plan), "the dialog closes on it"
    result = world.done(plan)
    assert (result.result, runs(goes.pid)) == ("refused", True)
    assert f"{stays.pid}, which was to stay, has ended" in result.reason
    assert not world.entry(plan).steps


def test_nothing_is_ended_when_the_one_that_was_to_stay_runs_another_program_now(world: World) -> None:
    world.worker("twin", code=TURNS_INTO_ANOTHER)
    stays, goes = world.start(PYTHON, "twin.py"), world.start(PYTHON, "twin.py")
    plan = world.plan("kill-duplicates", "twin", keep=stays.pid)
    stays.send_signal(signal.SIGUSR1)
    eventually("the other program", lambda: Path(f"/proc/{stays.pid}/exe").readlink().name != Path(PYTHON).name)
    result = world.done(plan)
    assert (result.result, runs(goes.pid)) == ("refused", True)
    assert "another program" in result.reason


def test_two_consoles_that_keep_one_each_leave_one(world: World) -> None:
    world.worker("twin")
    one, two = world.start(PYTHON, "twin.py"), world.start(PYTHON, "twin.py")
    plans = [world.plan("kill-duplicates", "twin", keep=each.pid) for each in (one, two)]
    for plan in plans:
        world.submit(plan)
    results = [world.finished(plan).result for plan in plans]
    for child in (one, two):
        child.poll()
    assert len([child for child in (one, two) if runs(child.pid)]) == 1
    assert sorted(result.result for result in results if result is not None) == ["done", "refused"]
