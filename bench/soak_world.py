"""What happens around the console while it is soaked: the demo, and things that come, change and go all the time.

To the demo's own doings (agents that redraw their screens, workers that log, prompts that fail) come a worker that runs
none, one or two times, listens, answers and logs errors, short-lived processes, a log that is rotated by both ways
there are, and tmux sessions that scroll. All of it is started here and ended by its own handle.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from opsconsole.demo.sandbox import Sandbox

REFRESH = "0.5s"
LIFE_S = (2.0, 12.0)
"""How long a short-lived process lives."""
CROWD = 40
"""Processes that come at once, now and then."""
ROTATED_EVERY_S = 60.0
LINES_BEFORE = 200
CHURNED = """
import json, random, socket, sys, threading, time
port, log = int(sys.argv[1]), sys.argv[2]

def answer():
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind(("127.0.0.1", port))
    server.listen()
    while True:
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            body = json.dumps({"status": "healthy", "queue": random.choice(["running", "running", "stopped"])})
            head = f"HTTP/1.0 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
            connection.sendall((head + body).encode())

threading.Thread(target=answer, daemon=True).start()
while True:
    level = random.choice(["INFO", "INFO", "WARNING", "ERROR"])
    with open(log, "a") as file:
        said = f"{level} job {random.randrange(10**9)} of /srv/{random.randrange(10**6)} took {random.random():.6f} s"
        file.write(time.strftime("%Y-%m-%d %H:%M:%S ") + said + "\\n")
    time.sleep(random.uniform(0.05, 0.5))
"""
TABLES = """
[[worker]]
name = "churned"
command = ["{python}", "churned.py", "{port}", "{log}"]
cwd = "{folder}"
log = "{log}"

[[service]]
name = "Churned"
port = {port}
url = "http://127.0.0.1:{port}/health"
every = "2s"
"""


class World:
    """The demo with a config for the soak, and what is done to it every moment."""

    def __init__(self, sandbox: Sandbox, folder: Path, seed: int) -> None:
        self.config = sandbox.config_path
        self.done: dict[str, int] = {}
        """How often each kind of change was made."""
        self._folder = folder
        self._tmux = ["tmux", "-u", "-S", str(sandbox.tmux_socket)]
        self._dice = random.Random(seed)
        self._log = folder / "churned.log"
        self._port = _free_port()
        self._copies: list[subprocess.Popen[bytes]] = []
        self._short: list[tuple[float, subprocess.Popen[bytes]]] = []
        self._sessions: list[str] = []
        self._next: dict[str, float] = {}
        (folder / "churned.py").write_text(CHURNED)
        self._write_config()

    def _write_config(self) -> None:
        tables = TABLES.format(
            python=os.path.realpath(sys.executable), folder=self._folder, log=self._log, port=self._port
        )
        text = self.config.read_text().replace('refresh = "2s"', f'refresh = "{REFRESH}"\nslow_down = false')
        self.config.write_text(text + tables)

    def churn(self) -> None:
        """Whatever is due now; quick, to be called many times a second."""
        self._every("worker copies", 5.0, 20.0, self._change_copies)
        self._every("processes", 0.2, 2.0, self._start_short)
        self._every("crowds", 40.0, 80.0, lambda: [self._start_short() for _ in range(CROWD)])
        self._every("sessions", 5.0, 25.0, self._change_sessions)
        self._every("log rotations", ROTATED_EVERY_S, ROTATED_EVERY_S, self._rotate)
        now = time.monotonic()
        for until, child in [each for each in self._short if each[0] < now]:
            child.kill()
            child.wait()
            self._short.remove((until, child))

    def _every(self, what: str, least_s: float, most_s: float, change: Callable[[], object]) -> None:
        now = time.monotonic()
        if now >= self._next.setdefault(what, now + self._dice.uniform(0, least_s)):
            self._next[what] = now + self._dice.uniform(least_s, most_s)
            self.done[what] = self.done.get(what, 0) + 1
            change()

    def _change_copies(self) -> None:
        if len(self._copies) > 1 or (self._copies and self._dice.random() < 0.5):
            ended = self._copies.pop(0)
            ended.kill()
            ended.wait()
        else:
            self._copies.append(self._start([os.path.realpath(sys.executable), "churned.py", *self._arguments()]))

    def _arguments(self) -> list[str]:
        return [str(self._port), str(self._log)]

    def _start_short(self) -> None:
        lives = time.monotonic() + self._dice.uniform(*LIFE_S)
        self._short.append((lives, self._start(["sleep", f"{self._dice.uniform(50, 99):.6f}"])))

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        nothing = subprocess.DEVNULL
        return subprocess.Popen(command, cwd=self._folder, stdin=nothing, stdout=nothing, stderr=nothing)

    def _change_sessions(self) -> None:
        if len(self._sessions) > 3:
            self._ask("kill-session", "-t", f"={self._sessions.pop(0)}")
            return
        name = f"churn-{self.done['sessions']}"
        self._ask("new-session", "-d", "-s", name, "while :; do date; ls -l /; sleep 0.7; done")
        self._sessions.append(name)

    def _ask(self, *words: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TMUX")}
        subprocess.run([*self._tmux, *words], env=environment, check=False, capture_output=True)

    def _rotate(self) -> None:
        """In turn as logrotate does by default, moved away, and as its `copytruncate` does."""
        if self._dice.random() < 0.5:
            with contextlib.suppress(FileNotFoundError):
                self._log.replace(self._log.with_suffix(".1"))
        self._log.write_text(f"{time.strftime('%Y-%m-%d %H:%M:%S')} INFO rotated\n" * LINES_BEFORE)

    def close(self) -> None:
        for child in [*self._copies, *(child for _, child in self._short)]:
            child.kill()
            child.wait()
        for name in self._sessions:
            self._ask("kill-session", "-t", f"={name}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
