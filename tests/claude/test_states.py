"""Every state of the real CLI is told as what it is."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from opsconsole.model.session import Session
from tests.claude.conftest import Claude

WITHIN_S = 45.0


def call(name: str, **given: Any) -> str:
    return "CALL:" + json.dumps({"name": name, "input": given})


ASKED = {
    "questions": [
        {
            "question": "Which colour?",
            "header": "Colour",
            "multiSelect": False,
            "options": [{"label": "Red", "description": "r"}, {"label": "Blue", "description": "b"}],
        }
    ]
}
SLEEP = {"command": "sleep 300", "description": "Sleep", "run_in_background": True}
PROMPTS: dict[str, tuple[str, ...]] = {
    "fresh": (),
    "answered": ("hello",),
    "slow": ("SLOW300",),
    "silent": ("HANG300",),
    "overloaded": ("E529",),
    "permission": (call("Bash", command="touch made_by_tool", description="Touch a file"),),
    "question": (call("AskUserQuestion", **ASKED),),
    "background": (call("Bash", **SLEEP), "--allowedTools", "Bash(sleep:*)"),
    "scheduled": (call("CronCreate", cron="0 0 1 1 *", prompt="later", recurring=True), "--allowedTools", "CronCreate"),
}


@pytest.fixture(scope="module", autouse=True)
def sessions(claude: Claude) -> None:
    for name in (*PROMPTS, "unreachable", "logged_out", "shell"):
        claude.project(name)
    claude.project("untrusted", trusted=False)
    for name, arguments in PROMPTS.items():
        claude.start(name, *arguments)
    claude.start("untrusted")
    claude.start("unreachable", "hello", changed=("ANTHROPIC_BASE_URL=http://127.0.0.1:9",))
    claude.start("logged_out", "hello", changed=("-u", "ANTHROPIC_API_KEY"))
    claude.start("shell", "hello", under_shell=True)


def seen(claude: Claude, name: str, holds: Callable[[Session], bool]) -> Session:
    """The session, once this holds of it; what it was seen to be until then is told when it never does."""
    told: list[str] = []
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        session = claude.look().get(name)
        if session is not None:
            if holds(session):
                return session
            if not told or told[-1] != f"{session.state}: {session.reason}":
                told.append(f"{session.state}: {session.reason}")
        time.sleep(0.3)
    raise AssertionError(f"{name} was {told}\n{claude.screen(name)}")


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("fresh", "idle"),
        ("answered", "idle"),
        ("slow", "working"),
        ("silent", "working"),
        ("unreachable", "working"),
        ("overloaded", "idle"),
        ("permission", "waiting"),
        ("question", "waiting"),
        ("untrusted", "waiting"),
        ("background", "shell"),
        ("scheduled", "shell"),
        ("logged_out", "logged-out"),
        ("shell", "idle"),
    ],
)
def test_state(claude: Claude, name: str, state: str) -> None:
    def holds(session: Session) -> bool:
        answer = {"answered": "Stub reply", "shell": "Stub reply", "overloaded": "API Error"}.get(name, "")
        talked = answer in claude.screen(name)
        return session.state == state and talked

    session = seen(claude, name, holds)
    assert session.agent == "claude-code"
    assert session.rss_bytes is not None
    assert session.rss_bytes > 100_000_000
    if name != "untrusted":
        assert session.session_id


def test_what_it_waits_for(claude: Claude) -> None:
    assert seen(claude, "permission", lambda session: session.state == "waiting").waiting_for == "permission"
    assert "question" in seen(claude, "question", lambda session: session.state == "waiting").waiting_for
    assert "trust" in seen(claude, "untrusted", lambda session: session.state == "waiting").waiting_for


def test_a_schedule_and_a_background_shell_are_named(claude: Claude) -> None:
    assert "wake itself" in seen(claude, "scheduled", lambda session: session.state == "shell").reason
    below = seen(claude, "background", lambda session: session.state == "shell").below
    assert any(process.kind == "tool shell" for process in below)


def test_a_draft_a_menu_and_a_pending_key(claude: Claude) -> None:
    claude.type("fresh", "-l", "half a thought")
    assert seen(claude, "fresh", lambda one: one.draft == "half a thought").state == "idle"
    claude.type("fresh", "C-u")
    seen(claude, "fresh", lambda one: one.state == "idle" and not one.draft)
    claude.type("fresh", "-l", "/mo")
    seen(claude, "fresh", lambda one: one.state == "unknown" and "menu" in one.reason)
    claude.type("fresh", "C-u")
    seen(claude, "fresh", lambda one: one.state == "idle")


def test_a_turn_from_idle_to_working_to_idle(claude: Claude) -> None:
    seen(claude, "answered", lambda one: one.state == "idle" and one.session_id is not None)
    claude.type("answered", "-l", "SLOW6")
    claude.type("answered", "Enter")
    seen(claude, "answered", lambda one: one.state == "working")
    working = claude.look()["answered"]
    assert working.idle_s is not None
    assert working.idle_s < 5
    seen(claude, "answered", lambda one: one.state == "idle" and "word5" in claude.screen("answered"))


def test_an_approved_tool_and_an_interruption_end_in_idle(claude: Claude) -> None:
    seen(claude, "permission", lambda one: one.state == "waiting")
    claude.type("permission", "Enter")
    seen(claude, "permission", lambda one: one.state == "idle")
    assert (claude.home / "permission" / "made_by_tool").exists()
    claude.type("silent", "Escape")
    seen(claude, "silent", lambda one: one.state == "idle")


def test_one_stopped_by_a_signal_is_not_idle_and_one_killed_is_gone(claude: Claude) -> None:
    process = seen(claude, "shell", lambda one: one.state == "idle").panes[0].agent_process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    seen(claude, "shell", lambda one: one.state == "unknown" and "stopped" in one.reason)
    os.kill(process.pid, signal.SIGKILL)
    seen(claude, "shell", lambda one: one.agent == "")
    assert (claude.home / ".claude" / "sessions" / f"{process.pid}.json").exists()
