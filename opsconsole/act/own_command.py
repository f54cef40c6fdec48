"""Running a command of the config to its end, and no longer: what it leaves in the background is not waited for.

What it prints is read all the time it runs, so that it never waits for us, and only the last of it is kept. It inherits
nothing but its three standard descriptors: no lock is held for longer than the plan is at work.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from opsconsole.act.job import StepFailed

KEPT_BYTES = 65_536
LAST_WORDS_S = 0.5
"""How long what a command printed last may take to be read, once it has ended."""


class Ran(msgspec.Struct, frozen=True):
    """How it ended."""

    status: int
    """Negative: the signal that ended it."""
    output: bytes
    """The last of standard output, and of standard error unless that is apart."""
    errors: bytes
    left_running: bool
    """Whether something that it started holds its output still: the end of that is not waited for."""

    @property
    def told(self) -> str:
        """How it ended, for people."""
        how = f"exit status {self.status}" if self.status >= 0 else f"ended by signal {-self.status}"
        return f"{how}; what it left in the background was not waited for" if self.left_running else how


def run_to_end(
    argv: Sequence[str],
    within_s: float,
    *,
    cwd: Path | str | None = None,
    env: Mapping[str, str] | None = None,
    apart: bool = False,
) -> Ran:
    """Run it; ``apart`` keeps standard error by itself. Raises OSError; StepFailed: it did not end, and was killed."""
    child = subprocess.Popen(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if apart else subprocess.STDOUT,
        start_new_session=True,
    )
    listeners = [_Listener(pipe) for pipe in (child.stdout, child.stderr) if pipe is not None]
    try:
        status = child.wait(within_s)
    except subprocess.TimeoutExpired:
        # Not reaped yet, so the group's number cannot have become anybody else's.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise StepFailed(f"it did not end within {within_s:g}s, and was killed") from None
    heard = [listener.heard(LAST_WORDS_S) for listener in listeners]
    return Ran(status, heard[0], heard[-1] if apart else b"", any(listener.listens for listener in listeners))


class _Listener:
    """Reads a pipe to its end, on a thread of its own, for as long as anybody can write to it."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._kept = b""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with self._pipe:
            while came := os.read(self._pipe.fileno(), KEPT_BYTES):
                self._kept = (self._kept + came)[-KEPT_BYTES:]

    def heard(self, within_s: float) -> bytes:
        self._thread.join(within_s)
        return self._kept

    @property
    def listens(self) -> bool:
        return self._thread.is_alive()
