"""A place in which tests start real processes, and out of which every one of them is ended by its own identity.

Each script notes its pid in a folder that its environment names; a pid is ended only while its environment still
names that folder, so that not even orphans stay behind and nothing else is ever hit.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
PYTHON = os.path.realpath(sys.executable)
DEADLINE_S = 20.0

NOTE = """
import os, pathlib
def note():
    pathlib.Path(os.environ["OPSCONSOLE_TEST_PIDS"], str(os.getpid())).touch()
note()
"""

WORKER = (
    NOTE
    + """
import multiprocessing, sys, time

def idle(*_):
    note()
    time.sleep(600)

def main():
    mode = os.environ.get("MODE", "")
    if mode == "fork":
        for _ in range(2):
            if os.fork() == 0:
                idle()
    elif mode == "spawn":
        context = multiprocessing.get_context("spawn")
        for _ in range(2):
            context.Process(target=idle).start()
    elif mode == "daemon":
        if os.fork():
            os._exit(0)
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
    elif mode == "exec":
        go = pathlib.Path(os.environ["GO"])
        while not go.exists():
            time.sleep(0.02)
        os.execv(sys.executable, [sys.executable, *os.environ["NEXT"].split()])
    idle()

if __name__ == "__main__":
    main()
"""
)


def until(look: Callable[[], T | None], what: str) -> T:
    """Ask again and again until the answer is something; fail when that takes too long."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if answer := look():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not within {DEADLINE_S:g} s: {what}")


class Ground:
    """A folder with scripts, and the processes started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.pids = self.folder / "pids"
        self.pids.mkdir()
        self.started: list[subprocess.Popen[bytes]] = []

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def start(self, *argv: str, cwd: Path | None = None, **environment: str) -> int:
        """Start a program in a session of its own; its pid."""
        started = subprocess.Popen(
            argv,
            cwd=cwd or self.folder,
            env={"PATH": os.environ["PATH"], "OPSCONSOLE_TEST_PIDS": str(self.pids), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(started)
        return started.pid

    def noted(self, count: int, among: Callable[[int], bool] = lambda _pid: True) -> list[int]:
        """The pids that scripts noted, as soon as there are so many."""

        def look() -> list[int] | None:
            pids = sorted(int(path.name) for path in self.pids.iterdir() if among(int(path.name)))
            return pids if len(pids) >= count else None

        return until(look, f"{count} noted pids")

    def kill(self, pid: int) -> None:
        """End one process for good, and bury it if it is a child of ours."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        for started in self.started:
            if started.pid == pid:
                started.wait(DEADLINE_S)

    def close(self) -> None:
        for started in self.started:
            if started.poll() is None:
                started.kill()
            started.wait(DEADLINE_S)
        for path in self.pids.iterdir():
            self._end_own(int(path.name))

    def _end_own(self, pid: int) -> None:
        with contextlib.suppress(OSError):
            descriptor = os.pidfd_open(pid)
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes()
                if f"OPSCONSOLE_TEST_PIDS={self.pids}".encode() in environment:
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            finally:
                os.close(descriptor)
