"""Which systemd service owns a process, by the cgroups that systemd makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.act.units import systemctl, unit_of, why_not_whole
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import ProcessMark, Target

USER = "/user.slice/user-1000.slice/user@1000.service"


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/nginx.service\n", "nginx.service"),
        (f"0::{USER}/app.slice/worker.service\n", "--user worker.service"),
        (f"0::{USER}/app.slice/worker.service/sub\n", "--user worker.service"),
        (f"0::{USER}/tmux-spawn-1.scope\n", ""),
        (f"0::{USER}/init.scope\n", ""),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", ""),
        ("0::/\n", ""),
        ("12:cpu:/x\n1:name=systemd:/system.slice/cron.service\n", "cron.service"),
        ("", ""),
    ],
)
def test_a_service_is_told_from_a_scope(tmp_path: Path, cgroup: str, unit: str) -> None:
    for pid, text in (("42", cgroup), ("self", "0::/user.slice/user-1000.slice/session-9.scope\n")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cgroup").write_text(text)
    assert unit_of(42, tmp_path) == unit


def test_the_service_that_this_console_was_started_in_owns_nobody(tmp_path: Path) -> None:
    for pid in ("42", "self"):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cgroup").write_text("0::/system.slice/code-server.service\n")
    assert unit_of(42, tmp_path) == ""


def test_systemctl_is_asked_for_the_right_manager() -> None:
    assert systemctl("stop", "nginx.service") == ("systemctl", "--no-ask-password", "stop", "nginx.service")
    assert systemctl("stop", "--user w.service") == ("systemctl", "--user", "--no-ask-password", "stop", "w.service")


def _process(folder: Path, pid: int, parent: int, cgroup: str) -> None:
    (folder / str(pid)).mkdir()
    (folder / str(pid) / "cgroup").write_text(f"0::{cgroup}\n")
    rest = " ".join(["0"] * 48)
    (folder / str(pid) / "stat").write_text(f"{pid} (x) S {parent} {rest}\n")


def _target(pid: int, unit: str) -> Target:
    mark = ProcessMark(ProcessId("b", pid, 1), "/x", "", 0, 0, "x")
    return Target(kind="process", role="instance", name="w", reason="", process=mark, unit=unit)


def test_a_service_that_runs_more_than_the_targets_is_not_stopped_for_them(tmp_path: Path) -> None:
    """A worker that a tmux server's or cron's service has started is in that service with all the others."""
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "cgroup").write_text("0::/user.slice/user-1000.slice/session-9.scope\n")
    inside = f"{USER}/app.slice/tmux.service"
    _process(tmp_path, 100, 1, inside)
    _process(tmp_path, 101, 100, inside)
    _process(tmp_path, 102, 101, inside)
    _process(tmp_path, 200, 1, f"{USER}/app.slice/worker.service")
    _process(tmp_path, 201, 200, f"{USER}/app.slice/worker.service")
    assert "also runs 100" in why_not_whole([_target(101, "--user tmux.service")], tmp_path)
    assert why_not_whole([_target(200, "--user worker.service")], tmp_path) == ""
    # The survivor of two duplicates runs in the same service.
    assert "also runs 200" in why_not_whole([_target(201, "--user worker.service")], tmp_path)
