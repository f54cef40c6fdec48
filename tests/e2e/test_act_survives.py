"""What happens to an action when its console dies, its link drops, its executor is killed, or its pid is reused."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.act.glance import glance
from opsconsole.act.journal import Journal
from opsconsole.act.journal_reader import JournalReader, truth_now
from opsconsole.act.planning import make_plan
from opsconsole.act.submit import ReadyExecutor, Submitted, submit
from opsconsole.model.plan import READ_ONLY_VARIABLE, VERBS, Refused
from tests.e2e.act_ground import DEAF, PYTHON, World, eventually, runs

SLOW = """
import signal, sys, time
signal.signal(15, lambda *_: (time.sleep(2), sys.exit()))
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def _opsconsole(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("opsconsole")), *arguments]


def _common(world: World) -> list[str]:
    world.loaded()
    return ["--config", str(world.folder / "opsconsole.toml"), "--state-dir", str(world.state)]


def test_the_action_outlives_a_console_that_is_killed_half_way(world: World) -> None:
    world.worker("slow", code=SLOW)
    slow = world.start(PYTHON, "slow.py")
    console = subprocess.Popen(
        _opsconsole("restart", "slow", "--yes", *_common(world)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    reader = JournalReader(world.state)
    entry = eventually("the first step", lambda: next((e for e in reader.entries().value or () if e.steps), None))
    console.kill()
    console.wait(10)
    result = world.finished(entry.plan).result
    assert result is not None
    assert (result.result, result.verified) == ("done", True)
    assert slow.wait(10) == 0
    assert len(world.instances("slow")) == 1


def test_the_action_outlives_its_terminal(world: World) -> None:
    """As when the SSH link drops: the terminal hangs up, and everything of its session gets SIGHUP."""
    world.worker("slow", code=SLOW)
    world.start(PYTHON, "slow.py")
    command = _opsconsole("restart", "slow", *_common(world))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    shown = b""
    while b"Do it?" not in shown:
        shown += os.read(terminal, 4096)
    assert b"SIGTERM" in shown
    os.write(terminal, b"y\n")
    reader = JournalReader(world.state)
    entry = eventually("the first step", lambda: next((e for e in reader.entries().value or () if e.steps), None))
    os.close(terminal)
    os.waitpid(pid, 0)
    result = world.finished(entry.plan).result
    assert result is not None
    assert (result.result, result.verified) == ("done", True)
    assert len(world.instances("slow")) == 1


def test_what_a_killed_executor_leaves_is_told_and_not_resumed(world: World) -> None:
    world.worker("deaf", code=DEAF)
    deaf = world.start(PYTHON, "deaf.py")
    plan = world.plan("stop", "deaf", grace_s=30.0)
    world.submit(plan)
    entry = eventually("the first step", lambda: entry if (entry := world.entry(plan)).steps else None)
    assert entry.executor is not None
    os.kill(entry.executor.pid, signal.SIGKILL)
    left = world.finished(plan)
    assert (left.state, left.result) == ("abandoned", None)
    assert truth_now(left) == (f"instance {deaf.pid} ({PYTHON} deaf.py): still runs",)
    said = subprocess.run(_opsconsole("journal", *_common(world)), capture_output=True, text=True, check=True).stdout
    assert "left unfinished: its executor has ended" in said
    assert f"now: instance {deaf.pid}" in said
    # Its locks ended with it: the next plan is free to act.
    assert world.done(world.plan("stop", "deaf", grace_s=0.5)).verified is True


def test_an_executor_that_waits_ends_with_its_console(world: World) -> None:
    world.state.mkdir(mode=0o700)
    ready = ReadyExecutor(world.state)
    waiting = eventually("it", lambda: [pid for pid in world.members() if _runs_executor(pid)])
    ready.close()
    eventually("its end", lambda: not any(runs(pid) for pid in waiting))


def _runs_executor(pid: int) -> bool:
    try:
        return b"opsconsole.act.executor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_an_executor_that_waits_takes_the_plan_it_is_handed(world: World) -> None:
    world.worker("w")
    one = world.start(PYTHON, "w.py")
    ready = ReadyExecutor(world.state)
    plan = world.plan("stop", "w")
    assert isinstance(submit(plan, world.state, ready=ready), Submitted)
    result = world.finished(plan).result
    assert result is not None
    assert result.verified is True
    assert one.wait(10) == -signal.SIGTERM


def test_read_only_refuses_every_verb_wherever_it_is_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planning, submitting, and an executor that is started all the same: nothing gets a signal."""
    world.worker("w")
    one = world.start(PYTHON, "w.py")
    plan = world.plan("stop", "w")
    loaded = world.loaded()
    snapshot = glance(loaded, "stop")
    for verb in VERBS:
        for names in ((), ("w",), (str(one.pid),), ("no such",)):
            made = make_plan(verb, names, snapshot, loaded, read_only=True)
            assert isinstance(made, Refused)
            assert made.reason == "read-only"
    assert isinstance(submit(plan, world.state, read_only=True), Refused)
    journal = Journal(world.state)
    journal.intend(plan)
    journal.close()
    environment = {**os.environ, READ_ONLY_VARIABLE: "1"}
    executor = [sys.executable, "-m", "opsconsole.act.executor", str(world.state), plan.id]
    assert subprocess.run(executor, env=environment, timeout=30, check=False).returncode == 0
    entry = world.finished(plan)
    assert entry.result is not None
    assert (entry.result.result, entry.result.reason, entry.steps) == ("refused", "read-only", ())
    assert one.poll() is None
    monkeypatch.setenv(READ_ONLY_VARIABLE, "1")
    assert world.refused("stop", "w").reason == "read-only"


REUSE = """
import json, os, subprocess, sys, time
from pathlib import Path
from tests.e2e.act_ground import PYTHON, World, identity

world = World(Path(sys.argv[1]))
world.worker("w")
world.program("innocent.py")
one = world.start(PYTHON, "w.py")
plan = world.plan("stop", "w")
one.kill()
one.wait()
try:
    Path("/proc/sys/kernel/ns_last_pid").write_text(str(one.pid - 1))
except OSError as error:
    print(json.dumps({"skip": f"ns_last_pid: {error}"}))
    sys.exit()
innocent = world.start(PYTHON, "innocent.py")
result = world.done(plan)
entry = world.entry(plan)
print(json.dumps({
    "planned": one.pid, "innocent": innocent.pid, "result": result.result, "reason": result.reason,
    "steps": len(entry.steps), "alive": innocent.poll() is None,
}))
world.close()
"""


def test_a_reused_pid_gets_nothing(tmp_path: Path) -> None:
    """In a pid namespace of its own the very pid of an ended target is given to somebody else."""
    checkout = Path(__file__).parents[2]
    command = ["unshare", "-Urpf", "--mount-proc", sys.executable, "-c", REUSE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=checkout, timeout=100, check=False)
    if "unshare" in done.stderr and done.returncode != 0:
        pytest.skip(f"no namespace of our own is permitted here: {done.stderr.strip()}")
    assert done.stdout, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    if "skip" in told:
        pytest.skip(told["skip"])
    assert told["innocent"] == told["planned"], "the pid was not reused"
    assert told["alive"]
    assert (told["result"], told["steps"]) == ("refused", 0)
    assert "is another process now" in told["reason"]
