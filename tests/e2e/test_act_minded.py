"""Workers that a supervisor minds, with real processes: whoever starts them again is ended first, and not raced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.model.plan import PlanResult
from tests.e2e.act_ground import PYTHON, World, eventually

SUPERVISOR = f"""
import subprocess, sys, time
while True:
    child = subprocess.Popen([{PYTHON!r}, "minded.py"], start_new_session=True)
    print("up", flush=True)
    while child.poll() is None:
        time.sleep(0.02)
"""
"""Starts its child at once, and again at once; what it has started outlives it."""
SLOW = SUPERVISOR.replace("time.sleep(0.02)", "time.sleep(0.02)\n    time.sleep(3)")
"""Starts its child again only after a while."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.worker("minded", pid_file=str(tmp_path / "minded.pid"))
    made.worker("supervisor", code=SUPERVISOR)
    yield made
    made.close()


def supervised(world: World) -> tuple[int, int]:
    """Pids of a supervisor and of what it has started."""
    supervisor = world.start(PYTHON, "supervisor.py").pid
    eventually("the minded worker", lambda: world.instances("minded"))
    (minded,) = world.instances("minded")
    return supervisor, minded


def settled(world: World, result: PlanResult) -> tuple[list[int], list[int]]:
    """Pids of both, when whoever wanted to start something had time for it."""
    assert (result.result, result.verified, result.respawners) == ("done", True, ()), result
    time.sleep(1)
    return world.instances("supervisor"), world.instances("minded")


@pytest.mark.parametrize("names", [("minded", "supervisor"), ("supervisor", "minded")])
def test_both_restarted_by_one_plan_run_once_each(world: World, names: tuple[str, str]) -> None:
    before = supervised(world)
    supervisors, minded = settled(world, world.done(world.plan("restart", *names)))
    assert (len(supervisors), len(minded)) == (1, 1)
    assert not {*supervisors, *minded} & {*before}
    assert (world.folder / "minded.pid").read_text() == f"{minded[0]}\n"


def test_both_stopped_by_one_plan_stay_away(world: World) -> None:
    supervised(world)
    assert settled(world, world.done(world.plan("stop", "minded", "supervisor"))) == ([], [])


@pytest.mark.parametrize("code", [SUPERVISOR, SLOW], ids=["at-once", "after-a-while"])
def test_a_restart_leaves_the_start_to_who_minds_it(world: World, code: str) -> None:
    world.program("supervisor.py", code)
    supervisor, before = supervised(world)
    plan = world.plan("restart", "minded")
    result = world.done(plan)
    supervisors, minded = settled(world, result)
    assert supervisors == [supervisor]
    assert len(minded) == 1
    assert minded != [before]
    assert (world.folder / "minded.pid").read_text() == f"{minded[0]}\n"
    assert not any(step.text.startswith("start ") for step in world.entry(plan).steps)


def test_a_supervisor_restarted_alone_that_doubles_what_it_left_is_told(world: World) -> None:
    supervised(world)
    result = world.done(world.plan("restart", "supervisor"))
    assert (result.result, result.verified) == ("done", False)
    assert any("minded 2 of 1 running now" in line for line in result.hurt)


def test_findings_on_both_are_put_right_by_one_plan(tmp_path: Path) -> None:
    """Both are silent: a restart each, if they had nothing to do with one another."""
    world = World(tmp_path)
    try:
        world.worker("minded", silent_after="60s")
        world.worker("supervisor", code=SUPERVISOR, silent_after="60s")
        world.loaded()
        before = supervised(world)
        for name in ("minded", "supervisor"):
            world.log(name).write_text("long ago\n")
            os.utime(world.log(name), (time.time() - 900, time.time() - 900))
        ids = ["worker-silent:minded", "worker-silent:supervisor"]
        command = [str(Path(sys.executable).with_name("opsconsole")), "--config", str(tmp_path / "opsconsole.toml")]
        command += ["--state-dir", str(world.state), "fix", *ids, "--yes", "--json"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        fixes = json.loads(said.stdout)
        assert len(fixes["plans"]) == 1, said
        assert {one["subject"] for one in fixes["plans"][0]["subplans"]} == {"minded", "supervisor"}
        assert (fixes["result"], fixes["verified"]) == ("done", True), fixes
        assert (len(world.instances("supervisor")), len(world.instances("minded"))) == (1, 1)
        assert not {*world.instances("supervisor"), *world.instances("minded")} & {*before}
    finally:
        world.close()


def test_a_restart_leaves_the_start_to_a_loop_that_stays_for_anothers_sake(world: World) -> None:
    world.worker("beside")
    code = f"{PYTHON} beside.py & while :; do {PYTHON} minded.py; sleep 1; done"
    loop = world.start("/bin/sh", "-c", code, ready=False)
    eventually("both", lambda: world.instances("minded") and world.instances("beside"))
    (before,) = world.instances("minded")
    plan = world.plan("restart", "minded")
    assert any(f"wait up to 10s for wrapper {loop.pid} to start it again" in step for step in plan.subplans[0].steps)
    _, minded = settled(world, world.done(plan))
    assert len(minded) == 1
    assert minded != [before]
    assert loop.poll() is None
    assert not any(step.text.startswith("start ") for step in world.entry(plan).steps)


ADOPTS = """
import ctypes, os, subprocess, sys, time
libc = ctypes.CDLL(None)
libc.prctl(15, b"systemd", 0, 0, 0)
libc.prctl(36, 1, 0, 0, 0)
print("up", flush=True)
while not os.path.exists("go"):
    time.sleep(0.02)
subprocess.run(["/bin/sh", "-c", sys.argv[1]])
time.sleep(600)
"""
"""Takes a user's manager's name, and the orphans of whatever it runs."""


def test_who_merely_adopts_orphans_is_not_accused(world: World) -> None:
    world.program("adopts.py", ADOPTS)
    world.start(PYTHON, "adopts.py", f"{PYTHON} minded.py >/dev/null &")
    world.start(PYTHON, "minded.py")
    plan = world.plan("stop", "minded", watch_s=20.0)
    world.submit(plan)
    world.verdict(plan)
    (world.folder / "go").touch()
    result = world.finished(plan).result
    assert result is not None
    assert (result.result, result.verified) == ("done", False), result
    assert [each.parent for each in result.respawners] == [None]
    assert "end that first" not in result.reason
