"""The tmux sessions of the sandbox, on a server of its own, with an agent stand-in in each, and the human attached."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import struct
import subprocess
import termios
import uuid
from collections.abc import Sequence
from typing import Any

from opsconsole.demo.blueprint import SessionPlan
from opsconsole.demo.expected import ExpectedSession
from opsconsole.demo.layout import Layout
from opsconsole.demo.processes import seen
from opsconsole.demo.registration import DemoError
from opsconsole.demo.starter import Starter
from opsconsole.demo.waiting import until

COLUMNS, ROWS = 120, 40
SCENARIO = "OPSCONSOLE_DEMO_AGENT"
_SESSIONS_AT_ONCE = 10
"""As many as are asked for in one call: tmux takes at most 16 KB of arguments."""
_BURN_S, _LIGHT_BURN_S = 0.01, 0.001
_ANSWERS_WITHIN_S = 20.0
_TURNS = (("hello there", "Reading the project first."), ("look at the failing tests", "Two of them need a database."))


class Agents:
    """Builds the sessions; then tells what became of them."""

    def __init__(self, layout: Layout, starter: Starter, sessions: Sequence[SessionPlan], weight_mb: int) -> None:
        self._layout = layout
        self._starter = starter
        self._sessions = sessions
        self._weight_mb = weight_mb
        self._ids = {session.name: str(uuid.uuid4()) for session in sessions}
        self.server_pid = 0
        self.terminal = -1
        """Our end of the terminal that the human sits at."""

    def start(self) -> None:
        """Ask for all sessions; their agents come up by themselves."""
        for session in self._sessions:
            self._write_scenario(session)
        # A server keeps the argv of the call that started it: this one is short and names no program of ours.
        self._tmux("start-server", ";", "set-option", "-s", "exit-empty", "off")
        self.server_pid = int(self._tmux("display-message", "-p", "#{pid}"))
        self._starter.record(self.server_pid, "tmux")
        for first in range(0, len(self._sessions), _SESSIONS_AT_ONCE):
            words: list[str] = []
            for session in self._sessions[first : first + _SESSIONS_AT_ONCE]:
                words += [*([";"] if words else []), *self._new_session(session)]
            self._tmux(*words)
        self._tmux("set-option", "-s", "exit-empty", "on")
        for session in self._sessions:
            if session.attached:
                self._attach(session.name)

    def expected(self) -> tuple[ExpectedSession, ...]:
        """Wait until every agent has drawn its screen and told its state; then tell who is where."""
        names = {session.name for session in self._sessions}
        until("the agents' screens", lambda: True if names <= self._drawn() else None)
        entries = until("the agents' registry", lambda: self._entries(names))
        humans = sum(session.attached for session in self._sessions)
        until("the attached terminal", lambda: True if self._tmux("list-clients").count("\n") == humans else None)
        return tuple(self._told(session, entries[session.name]) for session in self._sessions)

    def _told(self, session: SessionPlan, entry: dict[str, Any]) -> ExpectedSession:
        return ExpectedSession(
            name=session.name,
            state=session.state,
            agent_pid=entry["pid"],
            session_id=self._ids[session.name],
            cwd=entry["cwd"],
            idle_s=session.idle_s,
            attached=int(session.attached),
            protected=session.protected,
            draft=session.draft,
            waiting_for=entry.get("waitingFor", ""),
            under_shell=session.under_shell,
        )

    def _write_scenario(self, session: SessionPlan) -> None:
        turns = list(_TURNS)
        if session.state in ("working", "waiting", "hung"):
            turns.append(("now mend them", ""))
        scenario = {
            "name": session.name,
            "state": session.state,
            "session_id": self._ids[session.name],
            "draft": session.draft,
            "since_s": session.idle_s,
            "turns": turns,
            "weight_mb": self._weight_mb,
            "burn_s": _LIGHT_BURN_S if session.light else _BURN_S,
        }
        self._scenario(session).write_text(json.dumps(scenario))

    def _scenario(self, session: SessionPlan) -> Any:
        return self._layout.scenarios / f"{session.name}.json"

    def _new_session(self, session: SessionPlan) -> list[str]:
        cwd = self._layout.home / "projects" / session.name
        cwd.mkdir(parents=True, exist_ok=True)
        command = ["claude", "--model", "opus"]
        words = ["new-session", "-d", "-s", session.name, "-x", str(COLUMNS), "-y", str(ROWS), "-c", str(cwd)]
        words += ["-e", f"{SCENARIO}={self._scenario(session)}"]
        if not session.under_shell:
            return [*words, str(self._layout.agent), *command[1:]]
        shell = [shutil.which("bash") or "/bin/sh", *(["--norc", "--noprofile"] if shutil.which("bash") else []), "-i"]
        return [*words, *shell, ";", "send-keys", "-t", f"={session.name}:", " ".join(command), "Enter"]

    def _attach(self, name: str) -> None:
        """A human at a terminal: a real client, with one row more for the status line."""
        self.terminal, theirs = os.openpty()
        os.set_blocking(self.terminal, False)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS + 1, COLUMNS, 0, 0))
        command = ["tmux", "-u", "-S", str(self._layout.tmux_socket), "attach-session", "-t", f"={name}"]
        self._starter.start(command, cwd=self._layout.home, output=theirs, terminal=theirs)
        os.close(theirs)

    def awake(self) -> set[str]:
        """Names of the sessions whose agent runs."""
        found = set()
        for path in (self._layout.agent_state / "sessions").glob("*.json"):
            if seen(int(path.stem)) is not None:
                with contextlib.suppress(OSError, ValueError):
                    found.add(json.loads(path.read_text())["name"])
        return found

    def drain(self) -> None:
        """The human reads what the terminal shows."""
        try:
            while self.terminal >= 0 and os.read(self.terminal, 65536):
                pass
        except BlockingIOError:
            return
        except OSError:  # the client has gone: nobody is at the other end any more
            os.close(self.terminal)
            self.terminal = -1

    def _drawn(self) -> set[str]:
        self.drain()
        lines = self._tmux("list-panes", "-a", "-F", "#{session_name} #{pane_title}").splitlines()
        return {name for name, _, title in (line.partition(" ") for line in lines) if title.startswith("✳")}

    def _entries(self, names: set[str]) -> dict[str, dict[str, Any]] | None:
        entries = [json.loads(path.read_text()) for path in (self._layout.agent_state / "sessions").glob("*.json")]
        found = {entry["name"]: entry for entry in entries}
        return found if names <= found.keys() else None

    def _tmux(self, *words: str) -> str:
        try:
            finished = subprocess.run(
                ["tmux", "-u", "-S", str(self._layout.tmux_socket), "-f", "/dev/null", *words],
                env=self._starter.environment,
                cwd=self._layout.home,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                timeout=_ANSWERS_WITHIN_S,
                check=False,
            )
        except FileNotFoundError:
            raise DemoError("there is no tmux on PATH: the sandbox needs one") from None
        except subprocess.TimeoutExpired:
            raise DemoError(f"tmux {words[0]} does not answer") from None
        if finished.returncode:
            raise DemoError(f"tmux {words[0]}: {finished.stderr.strip()}")
        return finished.stdout
