"""The look at agents through real tmux: captured screens, shown by processes that call themselves ``claude``."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.demo_ground import eventually
from tests.e2e.eyes import Stage

CAPTURES = Path(__file__).parents[1] / "data" / "claude-screens"
SHOWN = {
    # name of a capture: the status its registry holds (None: no entry), and the state that is certain
    "330_idle_after_tool": ("idle", "idle"),
    "330_subagent_done": ("idle", "idle"),
    "330_idle_with_draft": ("idle", "idle"),
    "330_lookalike_transcript": ("idle", "idle"),
    "330_permission_bash": ("waiting", "waiting"),
    "330_bg_shell_running": ("shell", "shell"),
    "330_working_with_draft": ("busy", "working"),
    "330_working_slash_menu": ("idle", "unknown"),
    "330_working_tool_sleep": ("idle", "unknown"),
    "330_ctrl_c_once_empty": ("idle", "unknown"),
    "330_after_fg": ("idle", "unknown"),
    "330_logged_out_after_prompt": ("idle", "logged-out"),
    "330_dialog_trust": (None, "waiting"),
    "330_fresh_idle": (None, "unknown"),
}
SHOW = """
import os, sys, time
open("/proc/self/comm", "w").write("claude")
text = open(sys.argv[1]).read().rstrip("\\n").replace("\\n", "\\r\\n")
os.write(1, b"\\x1b[2J\\x1b[H" + text.encode() + b"\\x1b]0;\\xe2\\x9c\\xb3 shown\\x07")
time.sleep(600)
"""


class Theatre(Stage):
    """A stage on which captured screens are shown."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, {})
        (self.home / ".claude" / "sessions").mkdir(parents=True)
        (folder / "show.py").write_text(SHOW)

    def show(self, name: str, status: str | None) -> None:
        screen = CAPTURES / f"{name}.txt"
        text = screen.read_text().rstrip("\n").split("\n")
        size = ("-x", "121", "-y", str(max(24, len(text))))
        command = f"exec {sys.executable} {self.folder / 'show.py'} {screen}"
        self.tmux("new-session", "-d", "-s", name, *size, command)
        pid = int(self.tmux("display-message", "-p", "-t", f"={name}:", "#{pane_pid}"))
        eventually("its name", lambda: Path(f"/proc/{pid}/comm").read_text() == "claude\n")
        if status is not None:
            start = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
            told = {"pid": pid, "procStart": start, "version": "2.1.330", "entrypoint": "cli", "status": status}
            told |= {"sessionId": f"id-of-{name}", "statusUpdatedAt": 1_770_000_000_000}
            (self.home / ".claude" / "sessions" / f"{pid}.json").write_text(json.dumps(told))


@pytest.fixture(scope="module")
def stage() -> Iterator[Theatre]:
    folder = Path(tempfile.mkdtemp(prefix="oc", dir="/tmp"))
    built = Theatre(folder)
    try:
        for name, (status, _) in SHOWN.items():
            built.show(name, status)
        yield built
    finally:
        built.close()
        shutil.rmtree(folder)


def test_what_is_shown_is_what_is_told(stage: Theatre) -> None:
    def told() -> bool:
        return {name: session.state for name, session in stage.look().items()} == expected

    expected = {name: state for name, (_, state) in SHOWN.items()}
    try:
        eventually("the states", told)
    except AssertionError:
        found = {name: (session.state, session.reason) for name, session in stage.look().items()}
        assert {name: state for name, (state, _) in found.items()} == expected, found
    assert stage.look()["330_idle_with_draft"].draft == "a draft the user has not sent"


def test_a_pane_that_has_gone_spoils_no_other_look(stage: Theatre) -> None:
    """Captures end where a pane is missing; the next look has them all."""
    stage.show("2100_permission", None)
    eventually("it", lambda: "2100_permission" in stage.look())
    stage.tmux("kill-session", "-t", "=2100_permission")
    found = stage.look()
    eventually("its end", lambda: "2100_permission" not in stage.look())
    assert found["330_idle_after_tool"].state == "idle"


def test_a_pane_in_two_sessions_of_a_group_is_looked_at_and_spoils_no_look(stage: Theatre) -> None:
    stage.tmux("new-session", "-d", "-t", "330_idle_after_tool", "-s", "twin")
    eventually("it", lambda: "twin" in stage.look())
    found = stage.look()
    stage.tmux("kill-session", "-t", "=twin")
    assert found["twin"].state == found["330_idle_after_tool"].state == "idle"
