"""Eyes on one private tmux server, as the engine's cycle has them: panes, processes, agents, sessions."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from opsconsole.collect.agent_source import AgentSource
from opsconsole.collect.agents import builtin_agents
from opsconsole.collect.processes import ProcessSource
from opsconsole.collect.sessions import agents_to_attend, assemble_sessions, pane_pids
from opsconsole.collect.tmux import TmuxSource
from opsconsole.config.types import SessionsTable
from opsconsole.model.clock import SystemClock
from opsconsole.model.session import Session


class Stage:
    """A private tmux server with a HOME of its own, and eyes on it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.socket = folder / "tmux"
        self.home = folder / "home"
        self.home.mkdir()
        path = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        self.environment = {
            **path,
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.home),
            "SHELL": "/bin/sh",
            "TERM": "xterm-256color",
            **environment,
        }
        self.clock = SystemClock()
        self._tmux = TmuxSource(SessionsTable(socket=self.socket))
        self._processes = ProcessSource(descriptor_budget=0)
        self._agents = AgentSource(builtin_agents())

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-u", "-S", str(self.socket), "-f", "/dev/null", *words]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, encoding="utf-8", timeout=20, check=True
        )
        return done.stdout

    def screen(self, session: str) -> str:
        return self.tmux("capture-pane", "-p", "-t", f"={session}:")

    def look(self) -> dict[str, Session]:
        """One cycle: panes, processes, the agents in them, and a look at these."""
        servers = self._tmux.read(self.clock)
        self._processes.attend(pane_pids(servers))
        processes = self._processes.read(self.clock)
        assert processes.value is not None
        for _ in range(2):
            seen = self._agents.read(self.clock)
            sessions = assemble_sessions(SessionsTable(), servers, processes, self.clock.wall(), seen=seen)
            assert sessions.value is not None, sessions.reason
            self._agents.attend(agents_to_attend(sessions.value, processes.value))
        return {session.name: session for session in sessions.value}

    def close(self) -> None:
        self._processes.close()
        subprocess.run(["tmux", "-S", str(self.socket), "kill-server"], capture_output=True, check=False, timeout=20)
