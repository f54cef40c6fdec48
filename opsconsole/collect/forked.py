"""One look at the machine made by a forked child, while this process is busy with something else.

A thread would not do: two threads that both compute share one interpreter, and the one that reads a thousand small
files gives it away at each of them. The child inherits what was imported, answers through a pipe and ends; it never
touches the terminal and starts nothing.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar, cast

T = TypeVar("T")

_CHUNK = 1 << 20


class Forked(Generic[T]):
    """Runs ``look`` in a child from now on. Make it before this process has any second thread."""

    def __init__(self, look: Callable[[], T]) -> None:
        reading, writing = os.pipe()
        self._pipe: int | None = reading
        self._pid = os.fork()
        if self._pid == 0:
            # Were it to hold that end as well, it would wait for ever for a reader that has ended.
            os.close(reading)
            _answer(look, writing)
        os.close(writing)

    def result(self, timeout_s: float) -> T | None:
        """What it saw; None when it failed or took longer than that. Asked once; leaves no child behind."""
        answer = bytearray()
        whole = False
        until = time.monotonic() + timeout_s
        # Not select(2): it knows no descriptor from 1024 on.
        ready = select.poll()
        if self._pipe is not None:
            ready.register(self._pipe, select.POLLIN)
        while self._pipe is not None and (left := until - time.monotonic()) > 0:
            if not ready.poll(left * 1000):
                break
            chunk = os.read(self._pipe, _CHUNK)
            if not chunk:
                whole = True
                break
            answer += chunk
        self.close()
        if not (whole and answer):
            return None
        # Only bytes of our own child come through this pipe.
        return cast("T", pickle.loads(answer))  # noqa: S301

    def close(self) -> None:
        """End the child if it has not ended by itself."""
        if self._pipe is None:
            return
        os.close(self._pipe)
        self._pipe = None
        # It is our child and not yet waited for: the pid is nobody else's.
        os.kill(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _answer(look: Callable[[], object], writing: int) -> None:
    """The child's whole life. Nothing of the parent's may run in it: no handler, no exit hook, no flush."""
    status = 1
    try:
        answer = memoryview(pickle.dumps(look(), pickle.HIGHEST_PROTOCOL))
        while answer:
            answer = answer[os.write(writing, answer) :]
        status = 0
    finally:
        os._exit(status)
