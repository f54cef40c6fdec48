"""Faults that acting survives, with real processes: rivals, a disk that fills, remnants, sleep, hostile names."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from opsconsole.act.glance import glance
from opsconsole.act.journal_reader import JournalReader
from opsconsole.act.planning import STALE_SNAPSHOT_S, make_plan
from opsconsole.act.submit import Submitted, submit
from opsconsole.model.plan import JournalEntry, Plan, Refused
from opsconsole.present.plan import plan_text
from tests.e2e.act_ground import DEAF, PYTHON, World, eventually, free_port, runs


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def _ended(state_dir: Path, plan: Plan) -> JournalEntry:
    def look() -> JournalEntry | None:
        entry = JournalReader(state_dir).entry(plan.id).value
        return entry if entry is not None and entry.state in ("finished", "abandoned") else None

    return eventually(f"plan {plan.id}", look, 60.0)


def test_two_consoles_that_kill_the_same_duplicates_at_once_end_them_once(world: World) -> None:
    """Each with a journal of its own. Whoever comes second finds them taken, or gone; the survivor is no target."""
    world.worker("twin")
    stays, *others = [world.start(PYTHON, "twin.py") for _ in range(4)]
    states = [world.folder / "one", world.folder / "other"]
    plans = [world.plan("kill-duplicates", "twin") for _ in states]
    for state, plan in zip(states, plans, strict=True):
        assert isinstance(submit(plan, state), Submitted)
    results = [entry.result for entry in map(_ended, states, plans)]
    assert [result.result for result in results if result is not None].count("done") >= 1
    for result in results:
        assert result is not None
        assert result.result == "done" or "is at work on" in result.reason, result
    assert [other.wait(10) for other in others] == [-signal.SIGTERM] * 3
    assert stays.poll() is None
    assert world.instances("twin") == [stays.pid]


def test_a_disk_that_fills_in_the_middle_stops_the_action_before_its_next_signal(world: World, tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        (mount / "state").mkdir(mode=0o700)
        world.worker("deaf", code=DEAF)
        deaf = world.start(PYTHON, "deaf.py")
        plan = world.plan("stop", "deaf", grace_s=4.0)
        assert isinstance(submit(plan, mount / "state"), Submitted)
        reader = JournalReader(mount / "state")
        entry = eventually("SIGTERM", lambda: e if (e := reader.entry(plan.id).value) and e.steps else None)
        with (mount / "filling").open("wb", buffering=0) as filling:
            while _written(filling.fileno()):
                pass
        assert entry.executor is not None
        executor = entry.executor.pid
        eventually("the executor's end", lambda: not runs(executor), 30.0)
        assert deaf.poll() is None, "SIGKILL could not be recorded, so it was not sent"
        (mount / "filling").unlink()
        left = _ended(mount / "state", plan)
        assert [step.text.split()[0] for step in left.steps] == ["SIGTERM"]
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=True)


def _written(descriptor: int) -> bool:
    for size in (65_536, 4096, 1):
        try:
            os.write(descriptor, b"x" * size)
        except OSError:
            continue
        return True
    return False


HOLDER = """
import socket, subprocess, sys, time
if len(sys.argv) == 2:
    server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    server.set_inheritable(True)
    subprocess.Popen([sys.executable, "holder.py", sys.argv[1], "child"], close_fds=False)
    print("up", flush=True)
time.sleep(600)
"""


def test_a_port_that_a_remnant_holds_is_not_fought_for_by_a_start_and_freed_by_a_restart(world: World) -> None:
    port = free_port()
    world.program("holder.py", HOLDER)
    command = [PYTHON, "holder.py", str(port)]
    world.table("[service]", {"name": "board", "port": port, "command": command, "cwd": str(world.folder)})
    root = world.start(*command)
    (child,) = eventually("its child", lambda: world.members() - {root.pid})
    before = world.plan("stop", "board")
    root.kill()
    root.wait(10)
    assert runs(child)
    made = world.make("start", "board")
    assert isinstance(made, Refused) or any(str(child) in text for text in made.subplans[0].warnings), made
    if isinstance(made, Refused):
        assert str(child) in made.reason
    # What was planned while the root lived still ends its tree, and nothing else.
    result = world.done(before)
    assert (result.result, result.verified) == ("done", True), result
    assert not runs(child)
    assert world.done(world.plan("start", "board")).verified is True


def test_a_snapshot_from_before_the_machine_slept_is_no_ground_to_act(world: World) -> None:
    world.worker("steady")
    steady = world.start(PYTHON, "steady.py")
    loaded = world.loaded()
    old = glance(loaded, "stop")
    old = msgspec.structs.replace(old, monotonic=old.monotonic - STALE_SNAPSHOT_S - 1.0)
    made = make_plan("stop", ("steady",), old, loaded)
    assert isinstance(made, Refused)
    assert "older than a minute" in made.reason
    assert steady.poll() is None


def test_a_config_that_cannot_be_read_any_more_refuses(world: World) -> None:
    world.worker("steady")
    steady = world.start(PYTHON, "steady.py")
    plan = world.plan("stop", "steady")
    (world.folder / "opsconsole.toml").write_text("[[worker]\n")
    result = world.done(plan)
    assert result.result == "refused"
    assert "the config cannot be read any more" in result.reason
    assert steady.poll() is None


HOSTILE = "a\x1b]0;owned\x07\x1b[2J[/red][@click=app.quit]x\u202eb\u200b\r\n; rm -rf $HOME `id`"


def test_hostile_arguments_are_shown_inert_and_change_nothing_of_what_is_done(world: World) -> None:
    world.worker("odd", command=[PYTHON, "odd.py"], ignore_arguments=["a*"])
    odd = world.start(PYTHON, "odd.py", HOSTILE)
    plan = world.plan("stop", "odd")
    assert [target.pid for target in plan.targets] == [odd.pid]
    said = plan_text(plan)
    assert "rm -rf" in said
    assert all(character.isprintable() or character == "\n" for character in said)
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True)
    for step in world.entry(plan).steps:
        assert step.text.isprintable()
