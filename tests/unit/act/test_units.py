"""Which systemd service owns a process, by the cgroups that systemd makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.act.units import systemctl, unit_of

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
