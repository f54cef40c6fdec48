"""What a configured command prints: bounded in bytes and time, whatever it and its children do.

Output is capped while it is read, not after. The command's own end ends the reading: a child of its that keeps
standard output open (a daemon that it started) is neither waited for nor disturbed. A command that does not end in
time is killed together with its process group, which is its own: it is started in a session of its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opsconsole.model.text import shown

if TYPE_CHECKING:
    import subprocess

LOOK_S = 0.05
"""Between two looks whether the command has ended, while its output stays open."""
PIECE_BYTES = 65536
SAID_BYTES = 800
"""Of its error output: enough to say what went wrong."""


class CommandFailed(Exception):
    """Why there is no output to be used, in one line for people; ``answered`` when it did end by itself."""

    def __init__(self, reason: str, answered: bool = False) -> None:
        super().__init__(reason)
        self.answered = answered


def output_of(argv: Sequence[str], cwd: Path | None, timeout_s: float, limit: int) -> bytes:
    """Standard output of a command that ends with 0 within ``timeout_s`` and prints at most ``limit`` bytes.

    Raises CommandFailed.
    """
    child = _started(argv, cwd)
    output, said = bytearray(), bytearray()
    try:
        ended = _listen(child, output, said, time.monotonic() + timeout_s, limit)
    finally:
        if child.poll() is None:
            # Not reaped yet, so the group's number cannot have become anybody else's.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        status = child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
    if len(output) > limit:
        raise CommandFailed(f"printed more than the {limit} bytes that are read", answered=True)
    if not ended:
        raise CommandFailed(f"gave no answer within {timeout_s:g} s")
    if status != 0:
        how = f"exit status {status}" if status > 0 else f"ended by signal {-status}"
        raise CommandFailed(f"{how}; said: {shown(said.decode(errors='replace'), 200) or 'nothing'}", answered=True)
    return bytes(output)


def _started(argv: Sequence[str], cwd: Path | None) -> subprocess.Popen[bytes]:
    import subprocess

    try:
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TERM": "dumb"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandFailed(f"{error.filename or argv[0]}: {error.strerror}") from None


def _listen(child: subprocess.Popen[bytes], output: bytearray, said: bytearray, until: float, limit: int) -> bool:
    """Fill ``output`` and ``said`` until the command has ended, printed too much, or the time (monotonic) has come.

    Answers whether it has ended. The wait is bounded by the real clock: an injected one need not move meanwhile.
    """
    import selectors

    with selectors.DefaultSelector() as selector:
        for pipe, kept in ((child.stdout, output), (child.stderr, said)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe.fileno(), selectors.EVENT_READ, kept)
        while True:
            # Asked before the pipes are read: what it wrote before its end is in them by then.
            ended = child.poll() is not None
            left = until - time.monotonic()
            ready = selector.select(0.0 if ended else min(max(left, 0.0), LOOK_S))
            for key, _ in ready:
                piece = os.read(key.fd, PIECE_BYTES)
                key.data.extend(piece)
                if not piece:
                    selector.unregister(key.fd)
            del said[SAID_BYTES:]
            if len(output) > limit or (ended and not ready) or (left <= 0 and not ended):
                return ended
