"""What became another program while others were ended gets no signal: it is recognised again right before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.act_ground import PYTHON, World, eventually, runs

BECOMES = """
import os, sys, time
print("up", flush=True)
while not os.path.exists("go"):
    time.sleep(0.02)
os.execv(sys.executable, [sys.executable, "another.py"])
"""
ANOTHER = """
import time
open("became", "w").close()
time.sleep(600)
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.program("another.py", ANOTHER)
    yield made
    made.close()


def _become(world: World) -> None:
    (world.folder / "go").touch()
    eventually("another program", (world.folder / "became").exists)


def test_what_changed_while_its_wrapper_was_waited_for_gets_no_signal(world: World) -> None:
    world.worker("inner", code=BECOMES)
    world.program("keep.sh", f"trap '' TERM\n{PYTHON} inner.py &\nwhile :; do sleep 0.2; done\n")
    world.start("/bin/sh", "keep.sh")
    (inner,) = eventually("it", lambda: world.instances("inner"))
    plan = world.plan("stop", "inner", grace_s=6.0)
    assert [target.role for target in plan.targets] == ["wrapper", "instance"]
    world.submit(plan)
    eventually("the first signal", lambda: world.entry(plan).steps)
    _become(world)
    result = world.finished(plan).result
    assert result is not None
    assert result.result == "failed"
    assert f"{inner} runs another program now" in result.reason
    assert runs(inner)
    assert not any(f"SIGTERM {inner} " in step.text for step in world.entry(plan).steps)


def test_what_changed_before_it_outlived_its_parent_gets_no_signal(world: World) -> None:
    world.program("child.py", BECOMES)
    parent = (
        "import os, signal, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, 'child.py'])\n"
        "def asked(*_):\n"
        "    open('go', 'w').close()\n"
        "    while not os.path.exists('became'):\n"
        "        time.sleep(0.02)\n"
        "    os._exit(0)\n"
        "signal.signal(signal.SIGTERM, asked)\n"
        "print('up', flush=True)\n"
        "while True:\n"
        "    time.sleep(600)\n"
    )
    world.worker("parent", code=parent)
    root = world.start(PYTHON, "parent.py").pid
    (child,) = eventually("its child", lambda: world.members() - {root})
    eventually("its program", lambda: b"child.py" in Path(f"/proc/{child}/cmdline").read_bytes())
    plan = world.plan("stop", "parent", grace_s=15.0)
    assert [mark.pid for mark in plan.targets[0].tree] == [child]
    result = world.done(plan)
    assert runs(child)
    assert (result.result, result.verified) == ("done", False), result
    assert not any("outlived" in step.text for step in world.entry(plan).steps)
