"""Where things are in a sandbox. Only paths; makes nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Layout(msgspec.Struct, frozen=True):
    directory: Path
    tmux_socket: Path

    @property
    def config(self) -> Path:
        return self.directory / "opsconsole.toml"

    @property
    def state(self) -> Path:
        return self.directory / "state"

    @property
    def home(self) -> Path:
        return self.directory / "home"

    @property
    def tmp(self) -> Path:
        """Stands for /tmp of the machine: logs, pid files, locks."""
        return self.directory / "tmp"

    @property
    def proc(self) -> Path:
        """The injected readings, laid out as /proc."""
        return self.directory / "proc"

    @property
    def architect(self) -> Path:
        """The installation that the incident happened to."""
        return self.home / "architect"

    @property
    def python(self) -> Path:
        return self.architect / ".venv" / "bin" / "python3"

    @property
    def agent(self) -> Path:
        return self.home / ".local" / "bin" / "claude"

    @property
    def agent_state(self) -> Path:
        return self.home / ".claude"

    @property
    def scenarios(self) -> Path:
        """What each agent shall be doing at first."""
        return self.home / ".claude-demo"

    @property
    def queue(self) -> Path:
        return self.architect / "data" / "assigner" / "assigner.db"

    @property
    def environments(self) -> Path:
        return self.architect / "data" / "architect.db"

    def heartbeat(self, worker: str) -> Path:
        return self.architect / "data" / "heartbeat" / f"{worker}.json"

    def log(self, name: str) -> Path:
        return self.tmp / name
