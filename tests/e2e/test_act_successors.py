"""What is started in another's place comes up: whatever that one did to itself, wherever its programs are found."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.act_ground import PYTHON, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


FENCES_ITSELF = """
import resource, time
held = [open("/dev/null") for _ in range(100)]
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
print("up", flush=True)
time.sleep(600)
"""


def test_a_program_that_fences_itself_in_comes_up_again(world: World) -> None:
    world.worker("fenced", code=FENCES_ITSELF)
    old = world.start(PYTHON, "fenced.py")
    plan = world.plan("restart", "fenced")
    assert plan.subplans[0].data["limits"] == {}
    assert f"{old.pid} may have set itself file size 1 MiB, open files 20" in "".join(plan.subplans[0].warnings)
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True), result.reason
    (pid,) = world.instances("fenced")
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (20, 20), "again, and by itself"


SCOPE_OF_NOTHING = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'
"""A systemd-run that runs what it is given."""


@pytest.fixture
def scopes(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a systemd user manager, as far as can be told; what is held by it is not."""
    socket, folder = world.folder / "runtime" / "systemd" / "private", world.folder / "bin"
    socket.parent.mkdir(parents=True)
    socket.touch()
    folder.mkdir()
    runner = folder / "systemd-run"
    runner.write_text(SCOPE_OF_NOTHING)
    runner.chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(socket.parents[1]))
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(world.folder))
    return folder


@pytest.mark.usefixtures("scopes")
@pytest.mark.parametrize("command", ["python3", "~/venv/python3"])
def test_in_a_scope_a_command_is_found_where_it_is_found_without(world: World, command: str) -> None:
    own = world.folder / "venv"
    own.mkdir()
    (own / "python3").symlink_to(PYTHON)
    world.worker("w", command=[command, "w.py"], env={"PATH": str(own)}, limits={"memory": "500MB"})
    world.start(str(own / "python3"), "w.py")
    result = world.done(world.plan("restart", "w"))
    assert (result.result, result.verified) == ("done", True), result.reason
    assert len(world.instances("w")) == 1
