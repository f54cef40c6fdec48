"""Sessions of the agent stand-in on a tmux server of their own, in panes as people really have them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import time
import uuid
from pathlib import Path

import opsconsole
from opsconsole.config.load import load
from opsconsole.config.types import LoadedConfig
from opsconsole.model.session import Pane
from tests.e2e.acting import aged, long_ago, sessions
from tests.e2e.demo_ground import eventually
from tests.e2e.eyes import Stage

_LAUNCHER = """#!{python} -SE
import sys
sys.path.insert(0, {library!r})
from agent.main import main
main()
"""


class Sleepers(Stage):
    """Started one by one; an hour old for whoever looks at them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, {"PS1": "$ ", "PATH": f"{folder}/bin:{os.environ['PATH']}"})
        library = Path(opsconsole.__file__).parent / "demo" / "programs"
        self.program = folder / "bin" / "claude"
        self.program.parent.mkdir()
        python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        self.program.write_text(_LAUNCHER.format(python=python, library=str(library)))
        self.program.chmod(0o755)
        self.state_dir = folder / "state"
        self.state_dir.mkdir(mode=0o700)
        self.names: list[str] = []
        self.ids: dict[str, str] = {}
        self._started = 0.0

    def start(self, name: str, *command: str, draft: str = "", typed: str = "") -> None:
        """A session: the command is its pane's own, or a shell's, into which a line is typed. ``{claude}`` in either
        stands for the agent."""
        scenario = self.folder / f"{name}.json"
        self.ids[name] = str(uuid.uuid4())
        told = {"name": name, "state": "idle", "session_id": self.ids[name], "draft": draft, "since_s": 3600.0}
        turns = [("hello there", "Reading the project first.")]
        scenario.write_text(json.dumps({**told, "turns": turns, "weight_mb": 1, "burn_s": 0.001}))
        cwd = self.home / name
        cwd.mkdir()
        words = [word.replace("{claude}", str(self.program)) for word in command]
        size = ("-x", "220", "-y", "40", "-c", str(cwd), "-e", f"OPSCONSOLE_DEMO_AGENT={scenario}")
        self.tmux("new-session", "-d", "-s", name, *size, *words)
        if typed:
            self.keys(name, typed.replace("{claude}", str(self.program)), "Enter")
        self.names.append(name)
        self._started = time.monotonic()

    def shell(self) -> tuple[str, ...]:
        """An interactive shell, as a pane's command."""
        bash = shutil.which("bash")
        assert bash is not None
        return bash, "--norc", "--noprofile", "-i"

    def script(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text.replace("{claude}", str(self.program)))
        return shlex.quote(str(path))

    def keys(self, name: str, *keys: str) -> None:
        self.tmux("send-keys", "-t", f"={name}:0.0", *keys)

    def shows(self, name: str, text: str) -> None:
        eventually(f"{text!r} in {name}: {self.pane_text(name)}", lambda: text in self.pane_text(name) or None)

    def pane_text(self, name: str, index: int = 0) -> str:
        return self.tmux("capture-pane", "-p", "-t", f"={name}:0.{index}")

    def told(self, name: str, field: str) -> str:
        return self.tmux("display-message", "-p", "-t", f"={name}:0.0", f"#{{{field}}}").rstrip("\n")

    def later(self) -> LoadedConfig:
        """The config; by it all that has moved until now has moved an hour ago, and the agents are old enough."""
        eventually("their age", lambda: time.monotonic() - self._started > 16.0 or None, 30.0)
        aged(self.home, 3600.0)
        path = self.folder / "opsconsole.toml"
        allowed = "allow_root = true\n" if os.geteuid() == 0 else ""
        path.write_text(f"[console]\n{allowed}[sessions]\nsocket = '{self.socket}'\n{long_ago(self.names)}")
        path.chmod(0o600)
        loaded = load(path)
        assert not loaded.actions_refused, loaded.actions_refused
        return loaded

    def pane(self, loaded: LoadedConfig, name: str) -> Pane:
        return sessions(loaded)[name].panes[0]

    def transcript(self, name: str) -> Path:
        (path,) = (self.home / ".claude" / "projects").glob(f"*/{self.ids[name]}.jsonl")
        return path

    def record(self, name: str) -> Path:
        return self.state_dir / "sleeping" / f"{self.ids[name]}.json"
