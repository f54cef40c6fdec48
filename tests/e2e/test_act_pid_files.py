"""Writing a missing pid file, with real processes: of one certain instance, never over anything, nobody disturbed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opsconsole.act.glance import glance
from opsconsole.act.planning import changed, make_plan
from opsconsole.act.submit import submit
from opsconsole.model.plan import READ_ONLY_VARIABLE, Plan, Refused
from opsconsole.model.reading import ok
from opsconsole.present.plan import plan_text
from tests.e2e.act_ground import PYTHON, World, eventually, identity, runs

POOL = """
import os, time
if "POOL" in os.environ and os.fork() and os.fork():
    pass
print("up", flush=True)
time.sleep(600)
"""
"""Where POOL is set a root and two children of the same program."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.worker("w", pid_file=str(tmp_path / "run" / "w.pid"))
    (tmp_path / "run").mkdir()
    yield made
    made.close()


def pid_file(world: World) -> Path:
    return world.folder / "run" / "w.pid"


def command(world: World, *words: str) -> tuple[int, dict[str, Any]]:
    program = [str(Path(sys.executable).with_name("opsconsole")), "--config", str(world.folder / "opsconsole.toml")]
    program += ["--state-dir", str(world.state), *words, "--json"]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    document: dict[str, Any] = json.loads(ended.stdout)
    return ended.returncode, document


def test_the_pid_of_what_runs_is_written_and_it_goes_on_as_it_is(world: World) -> None:
    one = world.start(PYTHON, "w.py")
    before = identity(one.pid)
    plan = world.plan("write-pid-file", "w")
    told = plan_text(plan)
    assert f"write {one.pid} to the new file {pid_file(world)}" in told
    assert "the one instance; nothing is sent to it" in told
    previous = os.umask(0o077)
    try:
        result = world.done(plan)
    finally:
        os.umask(previous)
    assert (result.result, result.verified) == ("done", True), result
    status = pid_file(world).lstat()
    assert pid_file(world).read_text() == f"{one.pid}\n"
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_nlink) == (0o644, os.geteuid(), 1)
    assert [each.name for each in pid_file(world).parent.iterdir()] == ["w.pid"]
    assert [step.text for step in world.entry(plan).steps] == [f"write {one.pid} to the pid file {pid_file(world)}"]
    assert identity(one.pid) == before
    again = world.refused("write-pid-file", "w")
    assert (again.kind, "is there, and right" in again.reason) == ("nothing", True)


def test_without_one_certain_instance_nothing_is_written(world: World) -> None:
    assert "does not run" in world.refused("write-pid-file", "w").reason
    copies = [world.start(PYTHON, "w.py") for _ in range(2)]
    refused = world.refused("write-pid-file", "w")
    assert f"2 instances run ({copies[0].pid}, {copies[1].pid})" in refused.reason
    world.worker("twin", instances=2, pid_file=str(world.folder / "twin.pid"))
    for _ in range(2):
        world.start(PYTHON, "twin.py")
    assert "2 instances of it are wanted" in world.refused("write-pid-file", "twin").reason
    world.worker("bare")
    world.start(PYTHON, "bare.py")
    assert "no pid_file is configured" in world.refused("write-pid-file", "bare").reason
    assert world.refused("write-pid-file", "nobody").kind == "usage"
    assert not pid_file(world).exists()


def test_what_may_be_it_beside_the_instance_leaves_it_open_which_is_meant(world: World) -> None:
    """The orphans of a pool whose root was killed; and what looks like it and cannot be told."""
    world.worker("pool", code=POOL, pid_file=str(world.folder / "pool.pid"))
    root = world.start(PYTHON, "pool.py", env={**os.environ, "POOL": "1"})
    eventually("the pool", lambda: len(world.members()) == 3)
    root.kill()
    root.wait(10)
    orphans = world.members()
    running = world.start(PYTHON, "pool.py")
    eventually("one instance", lambda: world.instances("pool") == [running.pid])
    refused = world.refused("write-pid-file", "pool")
    assert any(f"{pid} may be it as well" in refused.reason for pid in orphans), refused
    loaded = world.loaded()
    seen = glance(loaded, "write-pid-file")
    one = next(worker for worker in seen.workers.value or () if worker.name == "pool")
    for suspects, kind in ((one.remnants, "unknown"), ((), None)):
        unsure = msgspec.structs.replace(one, remnants=(), suspects=suspects)
        made = make_plan(
            "write-pid-file", ("pool",), msgspec.structs.replace(seen, workers=ok((unsure,), seen.at)), loaded
        )
        assert (made.kind if isinstance(made, Refused) else None) == kind, made
    assert isinstance(made, Plan)
    result = world.done(made)
    assert (result.result, "may be it as well" in result.reason) == ("refused", True), result
    assert not (world.folder / "pool.pid").exists()


def test_whatever_has_the_name_stays_as_it_is(world: World) -> None:
    """Another's pid, a link that leads nowhere, a file that appears after the plan: none is written through or over."""
    one = world.start(PYTHON, "w.py")
    path, elsewhere = pid_file(world), world.folder / "elsewhere"
    path.write_text(f"{world.start('sleep', '600', ready=False).pid}\n")
    assert "never overwritten" in world.refused("write-pid-file", "w").reason
    path.unlink()
    path.symlink_to(elsewhere)
    assert "symbolic link" in world.refused("write-pid-file", "w").reason
    path.unlink()
    for appear in (lambda: path.write_text("7\n"), lambda: path.symlink_to(elsewhere), lambda: path.mkdir()):
        plan = world.plan("write-pid-file", "w")
        assert changed(plan) == ""
        appear()
        assert "is there by now" in changed(plan)
        kept = path.lstat()
        result = world.done(plan)
        assert (result.result, result.verified) == ("refused", None), result
        assert (path.lstat().st_ino, path.lstat().st_mtime_ns) == (kept.st_ino, kept.st_mtime_ns)
        path.rmdir() if path.is_dir() else path.unlink()
    assert not elsewhere.exists()
    assert runs(one.pid)


def test_the_directory_must_be_there_and_be_the_one_of_the_plan(world: World) -> None:
    world.start(PYTHON, "w.py")
    folder = pid_file(world).parent
    plan = world.plan("write-pid-file", "w")
    folder.rename(world.folder / "was")
    assert "does not exist; it is not made" in world.refused("write-pid-file", "w").reason
    folder.mkdir()
    result = world.done(plan)
    assert (result.result, "another directory" in result.reason) == ("refused", True), result
    folder.rmdir()
    folder.write_text("a file\n")
    assert world.refused("write-pid-file", "w").kind == "unknown"


@pytest.mark.parametrize("mode", [0o000, 0o555])
def test_a_directory_that_cannot_be_read_or_written_is_said_so(world: World, mode: int) -> None:
    world.start(PYTHON, "w.py")
    folder = pid_file(world).parent
    folder.chmod(mode)
    if os.access(folder, os.W_OK):
        folder.chmod(0o755)
        pytest.skip("whoever runs this may write everywhere")
    try:
        assert "cannot be" in world.refused("write-pid-file", "w").reason
    finally:
        folder.chmod(0o755)


def test_what_has_changed_since_the_plan_gets_no_pid_file(world: World) -> None:
    """It ended, another runs in its place; and one more beside it."""
    one = world.start(PYTHON, "w.py")
    plan, beside = world.plan("write-pid-file", "w"), world.plan("write-pid-file", "w")
    world.start(PYTHON, "w.py")
    assert "2 instances run" in world.done(beside).reason
    one.kill()
    one.wait(10)
    assert "which was to stay, has ended" in changed(plan)
    result = world.done(plan)
    assert (result.result, "runs now instead" in result.reason) == ("refused", True), result
    assert not pid_file(world).exists()


def test_the_program_that_writes_it_itself_meanwhile_has_done_it(world: World) -> None:
    one = world.start(PYTHON, "w.py")
    plan = world.plan("write-pid-file", "w")
    pid_file(world).write_text(f"{one.pid}\n")
    assert world.done(plan).result == "nothing-to-do"


def test_read_only_it_is_refused_where_it_is_planned_submitted_and_carried_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start(PYTHON, "w.py")
    plan = world.plan("write-pid-file", "w")
    assert isinstance(submit(plan, world.state, read_only=True), Refused)
    monkeypatch.setenv(READ_ONLY_VARIABLE, "1")
    assert world.refused("write-pid-file", "w").reason == "read-only"
    assert isinstance(submit(plan, world.state), Refused)
    assert not pid_file(world).exists()


def test_the_command_and_the_finding_write_it_without_a_restart(world: World) -> None:
    one = world.start(PYTHON, "w.py")
    world.loaded()
    status, document = command(world, "write-pid-file", "w", "--dry-run")
    assert (status, document["dry_run"], pid_file(world).exists()) == (0, True, False)
    status, document = command(world, "write-pid-file", "w")
    assert (status, document["result"], pid_file(world).exists()) == (4, "refused", False)
    status, document = command(world, "write-pid-file", "w", "--yes")
    assert (status, document["result"], document["verified"]) == (0, "done", True), document
    pid_file(world).unlink()
    status, document = command(world, "fix", "worker-pidfile:workers", "--yes")
    assert (status, document["result"], document["verified"]) == (0, "done", True), document
    assert [plan["verb"] for plan in document["plans"]] == ["write-pid-file"]
    assert document["fixes"][0]["closed"] is True
    assert (pid_file(world).read_text(), world.instances("w")) == (f"{one.pid}\n", [one.pid])
    eventually("it runs on", lambda: runs(one.pid))
