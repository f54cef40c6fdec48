"""The sessions pane on the sandbox, by keyboard: look at a screen, go there and come back, free the idle, wake one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.demo.sandbox import Sandbox
from tests.e2e.demo_ground import eventually
from tests.e2e.screen import Screen, screen


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.build() as built:
        yield built


def opened(terminal: Screen, sandbox: Sandbox, *words: str) -> None:
    # With the terminal's own state directory: a filter of the other test's console is none of this one's.
    command = [str(Path(sys.executable).with_name("opsconsole")), "--config", str(sandbox.config_path)]
    terminal.start([*command, *words], 160, 45)
    terminal.see("Sessions")
    terminal.press("3", "z")
    terminal.see("claude_comet", "idle", "hung", "waiting")


def select(terminal: Screen, name: str) -> None:
    """Only the rows that hold this name are left, and the cursor is on the first."""
    terminal.press("/")
    terminal.press("-l", name)
    terminal.press("Enter")
    terminal.wait(lambda text: name in text and "architect" not in text.replace(str(Path.home()), ""))
    terminal.press("g")


def test_watch_mode_looks_and_does_not_attach(sandbox: Sandbox) -> None:
    with screen() as terminal:
        opened(terminal, sandbox, "watch")
        select(terminal, "dev_worker2")
        terminal.press("a")
        terminal.see("attach: read-only")
        terminal.press("l")
        terminal.see("Screen of dev_worker2", "and then also look at the")


def test_looking_attaching_freeing_and_waking(sandbox: Sandbox) -> None:
    """Looked at and gone to is one with a draft: being there is activity, and those that are freed must have none."""
    started = max(one.agent_pid for one in sandbox.expected.sessions)
    with screen() as terminal:
        opened(terminal, sandbox)
        select(terminal, "dev_worker2")
        terminal.press("l")
        terminal.see("Screen of dev_worker2", "Two of them need a database.", "read-only")
        terminal.press("q")
        terminal.see("dev_worker2", "idle")

        terminal.press("a")
        terminal.see("Two of them need a database.", "and then also look at the", "opsconsole: C-b d comes back")
        terminal.press("C-b", "d")
        terminal.see("Sessions", "dev_worker2", "idle")

        terminal.press("Escape")
        terminal.see("foundation")
        eventually("their age", lambda: _age(started) > 15.5, within_s=30)
        terminal.press("S")
        terminal.see("Hibernate", "These 3: frees about", "foundation", "qa_tester2", "claude_comet")
        terminal.press("Tab", "Enter")
        terminal.see("done, verified")
        terminal.press("q")
        terminal.wait(lambda text: text.count("hibernated") >= 3)

        select(terminal, "foundation")
        terminal.press("W")
        terminal.see("Wake: foundation")
        terminal.press("Tab", "Enter")
        terminal.see("done, verified")
        terminal.press("q")
        terminal.wait(lambda text: "foundation" in text and "hibernated" not in text)
        terminal.press("q")


def _age(pid: int) -> float:
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return float(Path("/proc/uptime").read_text().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
