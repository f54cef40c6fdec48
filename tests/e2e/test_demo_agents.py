"""The agent stand-in ends, resumes, asks and is typed at as the real one was measured to."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.demo.expected import ExpectedSession
from opsconsole.demo.sandbox import Sandbox
from tests.e2e.demo_ground import argv, eventually, exists, registry, screen, tmux


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.build() as built:
        yield built


def session(sandbox: Sandbox, name: str) -> ExpectedSession:
    return next(one for one in sandbox.expected.sessions if one.name == name)


def entry(sandbox: Sandbox, pid: int) -> Path:
    return sandbox.home / ".claude" / "sessions" / f"{pid}.json"


def transcript(sandbox: Sandbox, one: ExpectedSession) -> Path:
    (path,) = (sandbox.home / ".claude" / "projects").glob(f"*/{one.session_id}.jsonl")
    return path


def type_keys(sandbox: Sandbox, name: str, *keys: str) -> None:
    tmux(sandbox, "send-keys", "-t", f"={name}:", *keys)


def shell_says(sandbox: Sandbox, name: str, text: str) -> None:
    eventually(f"{text!r} on the screen of {name}", lambda: text in screen(sandbox, name) or None)


def agent_of(sandbox: Sandbox, one: ExpectedSession, other_than: int) -> int | None:
    for path in (sandbox.home / ".claude" / "sessions").glob("*.json"):
        told = json.loads(path.read_text())
        if told["sessionId"] == one.session_id and told["pid"] != other_than and exists(told["pid"]):
            return int(told["pid"])
    return None


def test_sigterm_ends_it_with_143_and_resume_brings_the_conversation_back(sandbox: Sandbox) -> None:
    one = session(sandbox, "qa_tester2")
    before = transcript(sandbox, one).read_text()
    os.kill(one.agent_pid, signal.SIGTERM)
    eventually("its end", lambda: not exists(one.agent_pid))
    assert not entry(sandbox, one.agent_pid).exists()
    shell_says(sandbox, one.name, f"claude --resume {one.session_id}")
    type_keys(sandbox, one.name, "echo status=$?", "Enter")
    shell_says(sandbox, one.name, "status=143")
    ended = transcript(sandbox, one).read_text()
    assert ended.startswith(before)
    assert [json.loads(line)["type"] for line in ended.splitlines()[-2:]] == ["cost-state", "last-prompt"]

    type_keys(sandbox, one.name, f"claude --resume {one.session_id} --model opus", "Enter")
    again = eventually("the resumed agent", lambda: agent_of(sandbox, one, one.agent_pid))
    assert registry(sandbox, again)["status"] == "idle"
    shell_says(sandbox, one.name, "? for shortcuts")
    shell_says(sandbox, one.name, "● Two of them need a database.")
    assert argv(again) == ["claude", "--resume", one.session_id, "--model", "opus"]

    type_keys(sandbox, one.name, "what next", "Enter")
    eventually("work", lambda: registry(sandbox, again)["status"] == "busy")
    eventually("the end of the turn", lambda: registry(sandbox, again)["status"] == "idle")
    assert transcript(sandbox, one).read_text().startswith(ended)
    assert "turn_duration" in transcript(sandbox, one).read_text().splitlines()[-1]


def test_an_unknown_conversation_is_refused_with_1(sandbox: Sandbox) -> None:
    scenario = f"OPSCONSOLE_DEMO_AGENT={sandbox.home}/.claude-demo/foundation.json"
    tmux(sandbox, "new-session", "-d", "-s", "unknown", "-e", scenario, "/bin/sh")
    type_keys(sandbox, "unknown", f"{sandbox.layout.agent} --resume nonesuch; echo status=$?", "Enter")
    shell_says(sandbox, "unknown", "status=1\n")
    shell_says(sandbox, "unknown", "No conversation found with session ID: nonesuch")


def test_sigterm_takes_its_background_shell_along(sandbox: Sandbox) -> None:
    one = session(sandbox, "claude_edu_worker1")
    children = Path(f"/proc/{one.agent_pid}/task/{one.agent_pid}/children").read_text().split()
    assert len(children) == 1
    os.kill(one.agent_pid, signal.SIGTERM)
    eventually("the end of both", lambda: not exists(one.agent_pid) and not exists(int(children[0])))


def test_exit_ends_it_with_0(sandbox: Sandbox) -> None:
    one = session(sandbox, "claude_edu_worker2")
    type_keys(sandbox, one.name, "Escape")
    eventually("rest", lambda: registry(sandbox, one.agent_pid)["status"] == "idle")
    type_keys(sandbox, one.name, "/exit", "Enter")
    eventually("its end", lambda: not exists(one.agent_pid))
    assert not entry(sandbox, one.agent_pid).exists()
    type_keys(sandbox, one.name, "echo status=$?", "Enter")
    shell_says(sandbox, one.name, "status=0")


def test_exit_typed_behind_a_draft_goes_to_the_model(sandbox: Sandbox) -> None:
    one = session(sandbox, "dev_worker2")
    type_keys(sandbox, one.name, "/exit", "Enter")
    eventually("the message", lambda: f"{one.draft}/exit" in transcript(sandbox, one).read_text())
    assert exists(one.agent_pid)


def test_enter_at_a_permission_prompt_approves_whatever_was_typed(sandbox: Sandbox) -> None:
    one = session(sandbox, "qa_tester1")
    assert not (Path(one.cwd) / "checked").exists()
    type_keys(sandbox, one.name, "/exit", "Enter")
    eventually("the tool to run", lambda: (Path(one.cwd) / "checked").exists())
    eventually("rest", lambda: registry(sandbox, one.agent_pid)["status"] == "idle")
    assert "waitingFor" not in registry(sandbox, one.agent_pid)
    assert "? for shortcuts" in screen(sandbox, one.name)


def test_sigkill_leaves_a_stale_entry_behind(sandbox: Sandbox) -> None:
    one = session(sandbox, "dev_worker1")
    os.kill(one.agent_pid, signal.SIGKILL)
    eventually("its end", lambda: not exists(one.agent_pid))
    assert json.loads(entry(sandbox, one.agent_pid).read_text())["status"] == "busy"


def test_ctrl_c_twice_ends_it_and_once_says_so(sandbox: Sandbox) -> None:
    one = session(sandbox, "claude_comet")
    tmux(sandbox, "set-option", "-t", f"={one.name}:", "remain-on-exit", "on")
    type_keys(sandbox, one.name, "C-c")
    shell_says(sandbox, one.name, "Press Ctrl-C again to exit")
    type_keys(sandbox, one.name, "C-c")
    eventually("its end", lambda: not exists(one.agent_pid))
    assert not entry(sandbox, one.agent_pid).exists()
