"""What a target has started since the plan was made gets no signal, and nothing is proved while it runs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.model.plan import Verb
from tests.e2e.act_ground import PYTHON, World, eventually, runs


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


SPAWNS = """
import multiprocessing, signal, time
def work():
    time.sleep(600)
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    def more(*_):
        multiprocessing.Process(target=work).start()
    signal.signal(signal.SIGUSR1, more)
    more()
    print("up", flush=True)
    while True:
        time.sleep(600)
"""
FORKS = """
import os, signal, time
signal.signal(signal.SIGUSR1, lambda *_: os.fork())
print("up", flush=True)
while True:
    time.sleep(600)
"""


@pytest.mark.parametrize(
    ("code", "verb"), [(SPAWNS, "stop"), (SPAWNS, "restart"), (FORKS, "stop"), (FORKS, "terminate")]
)
def test_a_pool_that_grew_while_the_dialog_was_open_is_not_told_as_ended(world: World, code: str, verb: Verb) -> None:
    world.worker("pool", code=code)
    root = world.start(PYTHON, "pool.py")
    eventually("its start", lambda: world.instances("pool"))
    plan = world.plan(verb, str(root.pid) if verb == "terminate" else "pool", grace_s=3.0)
    before = world.members()
    os.kill(root.pid, signal.SIGUSR1)
    (late,) = eventually("one more", lambda: world.members() - before)
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", False)
    assert f"{late} (" in result.reason
    assert f"which {root.pid} had started since the plan was made, still runs" in result.reason
    assert not result.respawners
    assert runs(late)


TURNS = """
import subprocess, time
subprocess.Popen(["sh", "-c", "until [ -e go ]; do sleep 0.05; done; exec sleep 500"])
print("up", flush=True)
time.sleep(600)
"""


def test_a_child_of_the_plan_that_runs_another_program_now_is_spared_and_told(world: World) -> None:
    world.worker("tree", code=TURNS)
    root = world.start(PYTHON, "tree.py")
    eventually("its start", lambda: world.instances("tree"))
    children = Path(f"/proc/{root.pid}/task/{root.pid}/children")
    child = int(eventually("its child", children.read_text))
    plan = world.plan("terminate", str(root.pid), grace_s=3.0)
    assert child in [mark.pid for mark in plan.targets[0].tree]
    (world.folder / "go").touch()
    eventually("another program", lambda: b"500" in Path(f"/proc/{child}/cmdline").read_bytes())
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", False)
    assert str(child) in result.reason
    assert runs(child)
