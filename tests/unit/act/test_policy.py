"""Why not: what may never get a signal, told from real processes and from made-up ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opsconsole.act.living import Living, boot_id, difference, look_at, own_line
from opsconsole.act.policy import Bounds, bounds_of, config_digest, why_not_act, why_not_profiles, why_not_signal
from opsconsole.config.types import Config, ConsoleTable, LoadedConfig
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import READ_ONLY_VARIABLE, ProcessMark

BOUNDS = Bounds(
    uid=1000, pid_namespace=7, protect=("postgres", "guarded*"), spared=frozenset(), tmux_servers=frozenset({50})
)


def living(pid: int, *argv: str, exe: str = "/usr/bin/python3.11", **changes: Any) -> Living:
    mark = ProcessMark(
        ProcessId("boot", pid, pid), exe, "digest", changes.pop("uid", 1000), changes.pop("ns", 7), " ".join(argv)
    )
    fields: dict[str, Any] = {
        "mark": mark,
        "comm": exe.rpartition("/")[2][:15],
        "argv": argv,
        "state": "S",
        "ppid": 1,
        "session": pid,
        "tty": 0,
        "started_at": 0.0,
        "kernel_thread": False,
        "ignores_term": False,
        "readable": True,
    }
    return Living(**{**fields, **changes})


@pytest.mark.parametrize(
    ("process", "reason"),
    [
        (living(1, "/sbin/init", exe="/usr/lib/systemd/systemd"), "first process"),
        (living(2, kernel_thread=True, exe="", comm="kthreadd"), "kernel thread"),
        (living(50, "tmux", "new", exe="/usr/bin/tmux", comm="tmux: server"), "tmux server"),
        (living(51, "tmux", "new", exe="/usr/bin/tmux", comm="tmux: server"), "tmux server"),
        (living(52, "sshd: op@pts/0", exe="/usr/sbin/sshd"), "belongs to the system"),
        (living(53, "/lib/systemd/systemd", "--user", exe="/usr/lib/systemd/systemd"), "belongs to the system"),
        (living(54, "-bash", exe="/usr/bin/bash"), "shell"),
        (living(55, "bash", exe="/usr/bin/bash", tty=34816), "shell"),
        (living(56, "python3", "w.py", uid=1001), "uid 1001"),
        (living(57, "python3", "w.py", ns=8), "namespace"),
        (living(58, "python3", "w.py", readable=False), "cannot be read"),
        (living(59, "postgres: writer process", exe="/usr/lib/postgresql/bin/postgres"), "protected"),
        (living(60, "python3", "guarded_worker.py"), "protected"),
        (living(61, "python3", "-m", "guarded.worker"), "protected"),
    ],
)
def test_what_never_gets_a_signal(process: Living, reason: str) -> None:
    assert reason in why_not_signal(process, BOUNDS)


@pytest.mark.parametrize(
    "process",
    [
        living(70, "python3", "w.py"),
        living(71, "bash", "keepalive.sh", exe="/usr/bin/bash", tty=34816),
        living(72, "sh", "-c", "while true; do w; done", exe="/usr/bin/dash"),
        living(73, "python3", "postgresql_exporter.py"),
    ],
)
def test_what_may_get_one(process: Living) -> None:
    assert why_not_signal(process, BOUNDS) == ""


def test_this_process_and_its_ancestors_are_spared() -> None:
    boot = boot_id()
    bounds = bounds_of(Config(), own_line(boot))
    for pid in (os.getpid(), os.getppid()):
        found = look_at(pid, boot)
        assert found is not None
        assert why_not_signal(found, bounds)


def test_nothing_is_done_read_only_untrusted_or_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = LoadedConfig(config=Config(console=ConsoleTable(allow_root=True)), path=None)
    assert why_not_act(allowed, read_only=False, environment={}) == ""
    assert why_not_act(allowed, read_only=True, environment={}) == "read-only"
    assert why_not_act(allowed, read_only=False, environment={READ_ONLY_VARIABLE: "1"}) == "read-only"
    untrusted = msgspec.structs.replace(allowed, actions_refused="others may write it")
    assert why_not_act(untrusted, read_only=False, environment={}) == "others may write it"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "root" in why_not_act(LoadedConfig(config=Config(), path=None), read_only=False, environment={})


def test_a_config_is_told_from_another_by_its_digest() -> None:
    one = Config(console=ConsoleTable(protect=("a",)))
    assert config_digest(one) == config_digest(Config(console=ConsoleTable(protect=("a",))))
    assert config_digest(one) != config_digest(Config(console=ConsoleTable(protect=("b",))))


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that execs another when it reads a line."""
    code = "import os, sys; print('up', flush=True); sys.stdin.readline(); os.execvp('sleep', ['sleep', '60'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child
        child.kill()


def test_a_process_that_execs_another_program_is_told_from_the_planned_one(sleeper: subprocess.Popen[bytes]) -> None:
    boot = boot_id()
    before = look_at(sleeper.pid, boot)
    assert before is not None
    assert difference(before.mark, look_at(sleeper.pid, boot)) == ""
    assert sleeper.stdin is not None
    sleeper.stdin.write(b"\n")
    sleeper.stdin.flush()
    while (now := look_at(sleeper.pid, boot)) is not None and now.comm != "sleep":
        pass
    assert "another program" in difference(before.mark, now)
    younger = msgspec.structs.replace(before.mark, id=msgspec.structs.replace(before.mark.id, start_ticks=1))
    assert "another process" in difference(younger, now)


def test_a_zombie_has_ended_and_is_no_other_process(tmp_path: Path) -> None:
    boot = boot_id()
    with subprocess.Popen(["sleep", "60"]) as child:
        before = look_at(child.pid, boot)
        child.kill()
        while (now := look_at(child.pid, boot)) is not None and not now.ended:
            pass
        assert before is not None
        assert now is not None
        assert now.ended
        assert difference(before.mark, now) == ""


def test_profiles_that_others_may_have_written_are_no_ground_to_end_an_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert why_not_profiles("hibernate") == ""
    folder = tmp_path / "opsconsole" / "agents"
    folder.mkdir(parents=True)
    profile = folder / "mine.toml"
    profile.touch(0o600)
    assert why_not_profiles("wake") == ""
    profile.chmod(0o666)
    assert "can be written by others" in why_not_profiles("hibernate")
    assert why_not_profiles("stop") == ""


@pytest.mark.parametrize(
    ("exe", "argv"),
    [
        ("/bin/busybox", ["-ash"]),
        ("/bin/busybox", ["sh"]),
        ("/usr/bin/fish", ["fish", "-C", "echo hello"]),
        ("/usr/bin/fish", ["fish", "--init-command=x"]),
        ("/usr/bin/nu", ["nu", "-l"]),
        ("/usr/bin/tcsh", ["tcsh"]),
        ("/usr/sbin/dropbear", ["dropbear", "-F"]),
        ("/usr/bin/dtach", ["dtach", "-A", "x", "sh"]),
    ],
)
def test_shells_of_every_kind_and_what_holds_terminals_get_no_signal(exe: str, argv: list[str]) -> None:
    assert why_not_signal(living(77, *argv, exe=exe, tty=34817), BOUNDS)


@pytest.mark.parametrize("name", ["su", "sudo", "doas", "runuser", "pkexec"])
def test_what_somebody_works_as_another_user_through_gets_no_signal(name: str) -> None:
    assert "another user" in why_not_signal(living(77, name, "-u", "me", "sh", exe=f"/usr/bin/{name}"), BOUNDS)


@pytest.mark.parametrize("argv", [["supervisord", "-n"], ["runsvdir", "sv"], ["s6-svscan", "sv"], ["tini", "--", "w"]])
def test_a_supervisor_of_ones_own_may_be_stopped_like_any_worker(argv: list[str]) -> None:
    assert why_not_signal(living(77, *argv, exe=f"/usr/bin/{argv[0]}"), BOUNDS) == ""


@pytest.mark.parametrize("argv", [["fish", "loop.fish"], ["sh", "loop.sh"], ["nu", "loop.nu"]])
def test_a_shell_that_runs_a_script_is_a_wrapper_like_any_other(argv: list[str]) -> None:
    assert why_not_signal(living(77, *argv, exe=f"/usr/bin/{argv[0]}", tty=34817), BOUNDS) == ""
