"""A real terminal for end-to-end tests: a private tmux server that runs the console and reads its screen back."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PATIENCE_S = 30.0


class Screen:
    """One command in a tmux window of a given size."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.state_dir = socket.parent / "state"
        self._tmux = ["tmux", "-u", "-S", str(socket), "-f", "/dev/null"]

    def tmux(self, *words: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TMUX")}
        finished = subprocess.run(
            [*self._tmux, *words], capture_output=True, text=True, check=True, env={**environment, "LC_ALL": "C.UTF-8"}
        )
        return finished.stdout

    def start(self, command: list[str], width: int, height: int, environment: dict[str, str] | None = None) -> None:
        # A memory of its own: no test finds the panes as another one left them.
        given = {"OPSCONSOLE_STATE_DIR": str(self.state_dir), **(environment or {})}
        assignments = [f"{name}={value}" for name, value in given.items()]
        line = shlex.join(["env", *assignments, *command])
        # The shell stays and says the exit status, so that the restored terminal can be looked at.
        self.tmux(
            "new-session", "-d", "-x", str(width), "-y", str(height), "-s", "t", f"{line}; echo ended with $?; exec cat"
        )

    def text(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "t")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "t", *keys)

    def wait(self, holds: Callable[[str], bool]) -> str:
        """The screen's text once it holds; fails with the last screen when it does not in time."""
        until = time.monotonic() + PATIENCE_S
        while not holds(text := self.text()):
            assert time.monotonic() < until, text
            time.sleep(0.05)
        return text

    def see(self, *words: str) -> str:
        return self.wait(lambda text: all(word in text for word in words))

    def process(self, name: str) -> int:
        """Pid of the command's process in the window, by its place below the pane's shell."""
        shell = int(self.tmux("display-message", "-p", "-t", "t", "#{pane_pid}"))
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        for child in map(int, children):
            if name in Path(f"/proc/{child}/cmdline").read_text():
                return child
        raise AssertionError(f"no {name} below the shell {shell}")


@contextlib.contextmanager
def screen() -> Iterator[Screen]:
    folder = Path(tempfile.mkdtemp(prefix="ocs-"))
    opened = Screen(folder / "s")
    opened.state_dir.mkdir(mode=0o700)
    (opened.state_dir / "screen.json").write_text('{"tour_seen": true}')
    try:
        yield opened
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            pid = int(opened.tmux("display-message", "-p", "#{pid}"))
            opened.tmux("kill-server")
            until = time.monotonic() + 10
            while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
                time.sleep(0.01)
        shutil.rmtree(folder)
