"""What is started in another's place comes up: whatever that one did to itself, wherever its programs are found."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.act.glance import glance
from opsconsole.act.journal_reader import JournalReader
from opsconsole.act.planning import make_plan
from opsconsole.act.submit import Submitted, submit
from opsconsole.config.load import load
from opsconsole.model.plan import JournalEntry, Plan
from tests.e2e.act_ground import PYTHON, World, eventually


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


def test_a_copy_that_was_started_beside_it_since_the_plan_is_no_restart(world: World) -> None:
    world.worker("w")
    planned = world.start(PYTHON, "w.py")
    plan = world.plan("restart", "w")
    beside = world.start(PYTHON, "w.py")
    result = world.done(plan)
    assert result.result == "refused"
    assert f"{beside.pid}, which the plan does not name, runs too" in result.reason
    assert (planned.poll(), beside.poll()) == (None, None)


def test_a_pid_file_that_names_another_live_process_stays_as_it_is_and_the_plan_says_so(world: World) -> None:
    other = world.start("sh", "-c", "echo up; exec sleep 600")
    pid_file = world.folder / "w.pid"
    pid_file.write_text(f"{other.pid}\n")
    world.worker("w", pid_file=str(pid_file))
    plan = world.plan("start", "w")
    assert f"leave the pid file {pid_file}: {other.pid}" in "".join(plan.subplans[0].steps)
    assert "write its pid" not in "".join(plan.subplans[0].steps)
    assert world.done(plan).result == "done"
    assert pid_file.read_text() == f"{other.pid}\n"


WRITES_ITS_OWN = """
import os, time
with open("w.pid", "w") as file:
    file.write(str(os.getpid()))
time.sleep(600)
"""


def test_the_pid_file_that_a_daemon_below_its_launcher_wrote_stays(world: World) -> None:
    pid_file = world.folder / "w.pid"
    world.program("daemon.py", WRITES_ITS_OWN)
    launcher = f"import subprocess\nsubprocess.run([{PYTHON!r}, 'daemon.py'])\n"
    world.worker("w", code=launcher, pid_file=str(pid_file))
    assert world.done(world.plan("start", "w")).result == "done"
    written = int(pid_file.read_text())
    assert b"daemon.py" in Path(f"/proc/{written}/cmdline").read_bytes()


def test_a_restart_tells_what_becomes_of_the_pid_file_of_the_one_before(world: World) -> None:
    pid_file = world.folder / "w.pid"
    world.worker("w", pid_file=str(pid_file))
    old = world.start(PYTHON, "w.py")
    pid_file.write_text(f"{old.pid}\n")
    plan = world.plan("restart", "w")
    told = plan.subplans[0].steps
    assert f"remove the pid file {pid_file}, if it names what was stopped" in told
    assert world.done(plan).verified is True
    assert pid_file.read_text() == f"{world.instances('w')[0]}\n"


def test_two_configs_that_say_the_same_do_not_start_it_twice(world: World, tmp_path: Path) -> None:
    world.worker("w")
    first = world.plan("start", "w")
    copied = tmp_path / "copy.toml"
    copied.write_bytes((world.folder / "opsconsole.toml").read_bytes())
    copied.chmod(0o600)
    loaded = load(copied)
    second = make_plan("start", ("w",), glance(loaded, "start"), loaded)
    assert isinstance(second, Plan)
    for plan, state in ((first, "state"), (second, "other")):
        assert isinstance(submit(plan, world.folder / state), Submitted)
    results = []
    for plan, state in ((first, "state"), (second, "other")):
        reader = JournalReader(world.folder / state)
        entry = eventually(
            "both", lambda reader=reader, plan=plan: _finished(reader.entry(plan.id).value), within_s=60.0
        )
        results.append(entry.result.result if entry.result is not None else "")
    assert len(world.instances("w")) == 1
    assert results.count("done") == 1


def _finished(entry: JournalEntry | None) -> JournalEntry | None:
    return entry if entry is not None and entry.state == "finished" else None


@pytest.mark.parametrize("limits", [{}, {"cpu_time": "2h"}], ids=["plain", "limited"])
def test_what_is_started_has_the_environment_that_the_console_was_started_with(
    world: World, limits: dict[str, str]
) -> None:
    """Without a locale, for one: what the interpreter chooses for itself then is not handed on. PWD is where it is."""
    # A program that is told by its words alone: of their own for each of the two, which may run at once.
    world.worker("w", command=["sleep", f"60{len(limits)}.5"], limits=limits, env={"COLOUR": "blue"})
    world.loaded()
    terminals = ("COLUMNS", "LINES", "TMUX", "STY", "WINDOW", "OPSCONSOLE_")
    left_out = ("LC_", "LANG", "PYTHON", *terminals)
    own = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    own |= {"PWD": "/usr", "OLDPWD": "/var"}
    program = Path(sys.executable).with_name("opsconsole")
    where = ["--config", str(world.folder / "opsconsole.toml"), "--state-dir", str(world.state)]
    subprocess.run([program, "start", "w", "--yes", *where], env=own, check=True, stdout=subprocess.DEVNULL, timeout=60)
    (pid,) = world.instances("w")
    lines = Path(f"/proc/{pid}/environ").read_text().split("\0")
    has = dict(line.split("=", 1) for line in lines if "=" in line)
    own.pop("OLDPWD")
    assert has == {**own, "PWD": str(world.folder), "COLOUR": "blue"}
