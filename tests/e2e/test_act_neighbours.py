"""What runs below a target and is another worker's or service's own: it is named in the plan and stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.act_ground import PYTHON, World, eventually, free_port, listened, runs


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def _only(world: World, name: str) -> int:
    (pid,) = eventually(name, lambda: world.instances(name))
    return pid


STARTS = (
    "import subprocess, time\nsubprocess.Popen([{python!r}, {script!r}])\nprint('up', flush=True)\ntime.sleep(600)\n"
)
LISTENS = (
    "import socket, time\none = socket.create_server(('127.0.0.1', {port}))\nprint('up', flush=True)\ntime.sleep(600)\n"
)


@pytest.mark.parametrize(
    ("verb", "around"),
    [("stop", ()), ("stop", ("nohup",)), ("stop", ("timeout", "600")), ("restart", ())],
    ids=["stop-shell", "stop-nohup", "stop-timeout", "restart-shell"],
)
def test_a_shell_around_two_workers_is_not_ended_with_one(world: World, verb: str, around: tuple[str, ...]) -> None:
    world.worker("alpha")
    world.worker("beta")
    shell = world.start(
        *around, "/bin/sh", "-c", f"{PYTHON} beta.py & {PYTHON} alpha.py; echo ended; wait", ready=False
    )
    alpha, beta = _only(world, "alpha"), _only(world, "beta")
    plan = world.plan(verb, "alpha", grace_s=3.0)  # type: ignore[arg-type]
    assert [target.pid for target in plan.targets] == [alpha]
    assert any(f"{beta} " in warning and "beta" in warning for warning in plan.subplans[0].warnings)
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True)
    assert shell.poll() is None
    assert world.instances("beta") == [beta]
    assert not runs(alpha)


def test_what_a_terminated_worker_has_started_for_another_stays(world: World) -> None:
    world.worker("leaf")
    world.worker("mid", code=STARTS.format(python=PYTHON, script="leaf.py"))
    world.worker("top", code=STARTS.format(python=PYTHON, script="mid.py"))
    world.start(PYTHON, "top.py")
    leaf, mid = _only(world, "leaf"), _only(world, "mid")
    plan = world.plan("terminate", str(mid), grace_s=3.0)
    (target,) = plan.targets
    assert (target.pid, target.tree) == (mid, ())
    assert any(f"{leaf} " in warning for warning in plan.subplans[0].warnings)
    assert world.done(plan).result == "done"
    time.sleep(1.5)
    assert world.instances("leaf") == [leaf]


def test_the_loop_that_keeps_another_alive_stays_with_it(world: World) -> None:
    world.worker("kid")
    world.program("loop.sh", f"while :; do {PYTHON} kid.py; sleep 1; done\n")
    code = STARTS.replace("{python!r}, {script!r}", "'sh', 'loop.sh'")
    world.worker("boss", code=code)
    world.start(PYTHON, "boss.py")
    kid = _only(world, "kid")
    plan = world.plan("stop", "boss", grace_s=3.0)
    assert [target.tree for target in plan.targets] == [()]
    assert world.done(plan).verified is True
    time.sleep(1.5)
    assert world.instances("kid") == [kid]


@pytest.mark.parametrize("commanded", [True, False])
def test_a_service_beside_a_worker_below_one_shell_stays(world: World, commanded: bool) -> None:
    port = free_port()
    world.program("api.py", LISTENS.format(port=port))
    command = {"command": [PYTHON, "api.py"], "cwd": str(world.folder)} if commanded else {}
    world.table("[service]", {"name": "api", "port": port, **command})
    world.worker("alpha")
    world.start("/bin/sh", "-c", f"{PYTHON} api.py & {PYTHON} alpha.py; echo ended; wait")
    alpha = _only(world, "alpha")
    listened(port)
    plan = world.plan("stop", "alpha", grace_s=3.0)
    assert [target.pid for target in plan.targets] == [alpha]
    assert any("api" in warning for warning in plan.subplans[0].warnings)
    assert world.done(plan).verified is True
    assert b"api.py" in b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in world.members())


def test_a_worker_that_serves_a_port_through_its_child_ends_with_it(world: World) -> None:
    """The service of the config is that very child: the port would stay held for the next one."""
    port = free_port()
    world.program("server.py", LISTENS.format(port=port))
    world.table("[service]", {"name": "web", "port": port})
    world.worker("runner", code=STARTS.format(python=PYTHON, script="server.py"))
    world.start(PYTHON, "runner.py")
    listened(port)
    (target,) = eventually("the server", lambda: [t for t in world.plan("stop", "runner").targets if t.tree])
    plan = world.plan("stop", "runner", grace_s=3.0)
    assert any("web" in warning and str(target.tree[0].pid) in warning for warning in plan.subplans[0].warnings)
    result = world.done(plan)
    assert result.result == "done"
    assert any("web listened" in each for each in result.hurt)
    assert not runs(target.tree[0].pid)


TITLED = """
import subprocess, time
other = subprocess.Popen(["beta.py: at work"], executable={python!r}, stdin=subprocess.PIPE)
other.stdin.write(b"import time; time.sleep(600)\\n")
other.stdin.close()
print("up", flush=True)
time.sleep(600)
"""
"""Starts what may be beta and cannot be told: it has a title over its argv."""


@pytest.mark.parametrize("verb", ["stop", "restart"])
def test_what_may_be_anothers_below_a_target_stays(world: World, verb: str) -> None:
    world.worker("beta")
    world.worker("alpha", code=TITLED.format(python=PYTHON))
    alpha = world.start(PYTHON, "alpha.py").pid
    (perhaps,) = eventually("what it starts", lambda: world.members() - {alpha})
    plan = world.plan(verb, "alpha", grace_s=2.0)  # type: ignore[arg-type]
    (target,) = plan.targets
    assert (target.pid, target.tree) == (alpha, ())
    assert any(f"{perhaps} (perhaps beta" in warning and "stays" in warning for warning in plan.subplans[0].warnings)
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True), result
    assert runs(perhaps)
    assert not runs(alpha)
