"""What a plan may reach and no further: neighbours of what it ends, odd ids, hostile names, what changed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.act import submit as submitting
from opsconsole.model.plan import Refused
from tests.e2e.act_ground import PYTHON, World, eventually, runs


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_the_one_that_is_chosen_stays_with_as_many_as_are_wanted(world: World) -> None:
    world.worker("twin", instances=2)
    copies = [world.start(PYTHON, "twin.py") for _ in range(3)]
    plan = world.plan("kill-duplicates", "twin", keep=copies[2].pid)
    assert {survivor.pid for survivor in plan.subplans[0].survivors} == {copies[0].pid, copies[2].pid}
    assert [target.pid for target in plan.targets] == [copies[1].pid]


def test_choosing_one_ends_nothing_where_as_many_run_as_wanted(world: World) -> None:
    world.worker("twin", instances=2)
    copies = [world.start(PYTHON, "twin.py") for _ in range(2)]
    made = world.make("kill-duplicates", "twin", keep=copies[0].pid)
    assert isinstance(made, Refused)
    assert made.kind == "nothing"


SUPERVISOR = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "kid.py"], start_new_session=True)
print("up", child.pid, flush=True)
time.sleep(600)
"""


def test_workers_started_by_a_supervisor_are_not_ended_with_it(world: World) -> None:
    world.worker("kid")
    world.worker("boss", code=SUPERVISOR)
    boss = world.start(PYTHON, "boss.py")
    (kid,) = eventually("the kid", lambda: world.instances("kid"))
    plan = world.plan("stop", "boss", grace_s=3.0)
    assert [mark.pid for target in plan.targets for mark in target.tree] == []
    result = world.done(plan)
    assert result.result == "done"
    assert boss.wait(10) == -signal.SIGTERM
    time.sleep(1.5)
    assert runs(kid)


def test_of_two_workers_that_one_shell_started_only_one_is_ended(world: World) -> None:
    world.worker("one")
    world.worker("two")
    script = world.program("all.sh", f"{PYTHON} two.py &\n{PYTHON} one.py\nwait\n")
    world.start("sh", str(script))
    (one,) = eventually("one", lambda: world.instances("one"))
    (two,) = eventually("two", lambda: world.instances("two"))
    made = world.plan("stop", "one")
    assert two not in [mark.pid for target in made.targets for mark in (target.process, *target.tree) if mark]
    world.done(made)
    time.sleep(1.5)
    assert runs(two)
    assert not runs(one)


def _same_environment(world: World, pid: int) -> dict[str, str]:
    raw = Path(f"/proc/{pid}/environ").read_bytes()
    return dict(field.partition("=")[::2] for field in raw.decode().split("\0") if field)


@pytest.mark.parametrize("own", [None, "/somewhere/of/its/own"])
def test_what_is_started_finds_its_modules_where_the_operator_does(
    world: World, monkeypatch: pytest.MonkeyPatch, own: str | None
) -> None:
    """The executor is told where opsconsole is; a worker of another Python must not import from there."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    if own is not None:
        monkeypatch.setenv("PYTHONPATH", own)
    world.worker("one")
    result = world.done(world.plan("start", "one"))
    assert (result.result, result.verified) == ("done", True)
    (pid,) = world.instances("one")
    environment = _same_environment(world, pid)
    assert environment.get("PYTHONPATH") == own
    assert not [name for name in environment if name.startswith("OPSCONSOLE_")]


def test_a_command_is_not_run_on_a_pid_that_has_become_another_program(world: World) -> None:
    world.worker(
        "one", code="import os, sys\nprint('up', flush=True)\nos.read(0, 1)\nos.execv('/bin/sleep', ['sleep', '600'])\n"
    )
    world.table("[action]", {"name": "nudge", "on": "worker", "command": ["kill", "-KILL", "{pid}"]})
    one = subprocess.Popen([PYTHON, "one.py"], cwd=world.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    world.children.append(one)
    assert one.stdout is not None
    assert one.stdin is not None
    assert one.stdout.readline()
    plan = world.plan("command", "one", action="nudge")
    assert [target.pid for target in plan.targets] == [one.pid]
    one.stdin.write(b"x")
    one.stdin.close()
    eventually("the other program", lambda: Path(f"/proc/{one.pid}/comm").read_text() == "sleep\n")
    result = world.done(plan)
    assert result.result == "refused"
    assert "another program now" in result.reason
    assert one.poll() is None


def test_a_command_is_run_on_the_very_process_that_was_seen(world: World) -> None:
    world.worker("one")
    world.table("[action]", {"name": "nudge", "on": "worker", "command": ["kill", "-KILL", "{pid}"]})
    one = world.start(PYTHON, "one.py")
    assert world.done(world.plan("command", "one", action="nudge")).result == "done"
    assert one.wait(10) == -signal.SIGKILL


def test_a_launcher_that_returns_and_leaves_nothing_to_be_seen_is_run_once(world: World) -> None:
    """What it left may run under another name: another try would double it."""
    world.program("left.py")
    world.worker(
        "launch", code=f"import subprocess\nsubprocess.Popen([{PYTHON!r}, 'left.py'], start_new_session=True)\n"
    )
    result = world.done(world.plan("start", "launch"))
    assert result.result == "failed"
    assert "nothing of it is seen to run" in result.reason
    left = [pid for pid in world.members() if b"left.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(left) == 1


def test_a_plan_whose_executor_is_too_slow_is_taken_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told as refused, it must not be carried out a moment later all the same."""
    world.worker("one")
    one = world.start(PYTHON, "one.py")
    plan = world.plan("stop", "one")

    class Slow:
        returncode = 0

        def wait(self, _timeout: float) -> int:
            raise subprocess.TimeoutExpired("executor", _timeout)

    monkeypatch.setattr(submitting, "_spawn", lambda *_: Slow())
    refused = submitting.submit(plan, world.state)
    assert isinstance(refused, Refused)
    monkeypatch.undo()
    executor = [sys.executable, "-m", "opsconsole.act.executor", str(world.state), plan.id]
    subprocess.run(executor, check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
    time.sleep(1.0)
    assert one.poll() is None


def test_without_any_standard_input_nothing_is_asked_and_nothing_done(world: World) -> None:
    world.worker("one")
    one = world.start(PYTHON, "one.py")
    world.loaded()
    program = Path(sys.executable).with_name("opsconsole")
    command = f"exec {program} --config opsconsole.toml --state-dir state stop one <&-"
    said = subprocess.run(["sh", "-c", command], cwd=world.folder, capture_output=True, text=True, check=False)
    assert said.returncode == 4, said.stderr
    assert "--yes" in said.stderr
    assert one.poll() is None


def test_a_command_with_a_field_that_nothing_stands_for_is_refused(world: World) -> None:
    world.worker("one")
    world.table("[action]", {"name": "fetch", "on": "worker", "command": ["echo", "{url}"]})
    refused = world.refused("command", "one", action="fetch")
    assert "nothing to put in place of {url}" in refused.reason


def test_a_finding_whose_source_cannot_be_read_is_unknown_not_put_right(world: World) -> None:
    world.table("environments", {"url": "http://127.0.0.1:9/none", "ttl": "24h", "port_pool": "6001-6010"})
    world.loaded()
    command = [str(Path(sys.executable).with_name("opsconsole")), "--config", str(world.folder / "opsconsole.toml")]
    command += ["--state-dir", str(world.state), "fix", "env-stale:foo", "--yes"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 3, said.stdout + said.stderr
    assert "unknown whether it holds" in said.stdout
