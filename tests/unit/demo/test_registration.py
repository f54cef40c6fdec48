"""Whose a sandbox is, and when it may be cleaned up by others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from opsconsole.demo.processes import alive, boot_id, identity, kill, own_pid_namespace, seen
from opsconsole.demo.registration import DemoError, Header, Registration, read_registration, register, registrations
from opsconsole.model.identity import ProcessId


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    short = tmp_path / "r"
    short.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    monkeypatch.setattr("opsconsole.demo.registration._LONGEST_SOCKET_PATH", 500)
    return short / f"opsconsole-demo-{os.geteuid()}"


NOBODY = ProcessId(boot_id(), 4_194_304, 1)


def header(**changes: object) -> Header:
    usual = Header("token", boot_id(), own_pid_namespace(), "/nowhere", identity(os.getpid()))
    return msgspec.structs.replace(usual, **changes)


@pytest.mark.parametrize(
    ("changes", "abandoned"),
    [
        ({}, False),
        ({"owner": NOBODY}, True),
        ({"owner": NOBODY, "holder": identity(os.getpid())}, True),
        ({"owner": NOBODY, "holder": identity(os.getpid()), "kept": True}, False),
        ({"holder": NOBODY, "kept": True}, True),
        ({"owner": NOBODY, "pid_namespace": 1}, False),
        ({"boot_id": "an earlier boot"}, True),
    ],
)
def test_who_must_be_alive_for_a_sandbox_to_be_left_alone(changes: dict[str, object], abandoned: bool) -> None:
    assert Registration(Path("/nowhere"), header(**changes)).abandoned is abandoned


def test_a_pid_that_is_another_process_now_is_not_the_owner() -> None:
    me = identity(os.getpid())
    reused = ProcessId(me.boot_id, me.pid, me.start_ticks - 1)
    assert Registration(Path("/nowhere"), header(owner=reused)).abandoned


def test_registering_is_for_this_user_alone(root: Path) -> None:
    registration = register(identity(os.getpid()), None)
    assert root.stat().st_mode & 0o777 == 0o700
    assert registration.folder.stat().st_mode & 0o777 == 0o700
    assert registration.directory == registration.folder
    read = read_registration(registration.folder)
    assert read is not None
    assert read.header == registration.header
    assert [one.folder for one in registrations()] == [registration.folder]


def test_a_root_that_others_may_use_is_refused(root: Path) -> None:
    root.mkdir(mode=0o755)
    root.chmod(0o755)
    with pytest.raises(DemoError, match="0700"):
        registrations()


def test_a_root_that_is_a_link_is_refused(root: Path, tmp_path: Path) -> None:
    root.symlink_to(tmp_path)
    with pytest.raises(DemoError, match="must be a directory"):
        registrations()


def test_the_ledger_holds_whole_lines_only(root: Path) -> None:
    registration = register(identity(os.getpid()), None)
    first, second = ProcessId(boot_id(), 12, 34), ProcessId(boot_id(), 56, 78)
    registration.record(first, "app.py")
    registration.record(second, "a name with blanks")
    with (registration.folder / "processes").open("a") as ledger:
        ledger.write("99 1")
    assert registration.recorded() == {first, second}


def test_old_folders_without_a_header_go_and_young_ones_stay(root: Path) -> None:
    register(identity(os.getpid()), None)
    old, young = root / ".old", root / ".young"
    old.mkdir()
    young.mkdir()
    os.utime(old, (time.time() - 120, time.time() - 120))
    assert len(registrations()) == 1
    assert not old.exists()
    assert young.exists()


def test_kill_reaches_this_very_process_only() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        me = identity(child.pid)
        assert kill(ProcessId(me.boot_id, me.pid, me.start_ticks + 1)) is None
        assert alive(me)
        descriptor = kill(me)
        assert descriptor is not None
        os.close(descriptor)
        child.wait(10)
    assert not alive(me)
    assert seen(child.pid) is None or seen(child.pid) != me
    assert kill(me) is None
