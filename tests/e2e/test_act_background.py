"""Programs that put themselves into the background: none is started twice for what its launcher says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.act_ground import World

LAUNCHES = """
import os, time
if os.fork():
    time.sleep({takes})
    os._exit({status})
os.setsid()
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_a_launcher_that_fails_and_leaves_its_program_running_is_not_tried_again(world: World) -> None:
    world.worker("daemon", code=LAUNCHES.format(takes=0.3, status=1))
    plan = world.plan("start", "daemon")
    result = world.done(plan)
    (left,) = world.instances("daemon")
    assert result.result == "failed"
    assert f"left {left} running" in result.reason
    assert "stopped" not in result.reason
    assert len([step for step in world.entry(plan).steps if step.text.startswith("start ")]) == 1


def test_each_of_several_that_take_their_time_to_go_into_the_background_is_found_there(world: World) -> None:
    world.worker("daemon", code=LAUNCHES.format(takes=1.6, status=0), instances=2)
    result = world.done(world.plan("start", "daemon"))
    assert (result.result, result.verified) == ("done", True), result
    assert len(world.instances("daemon")) == 2
