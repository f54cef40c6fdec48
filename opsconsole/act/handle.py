"""A hold on one process: signals reach that very process or nobody, and its end is heard of at once.

On Linux the hold is a pidfd: once the process has been recognised through it, a pid that is reused meanwhile cannot
be hit. macOS has none: identity is read again immediately before each signal, and the instant between the two stays.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Sequence

from opsconsole.act.living import Living, difference, look_at
from opsconsole.model.plan import ProcessMark

HAS_PIDFD = hasattr(os, "pidfd_open")
_POLL_S = 0.02
"""Where the end of a process cannot be waited for."""


class Handle:
    """One planned process. Opening it never fails: one that has ended is held as ended."""

    def __init__(self, mark: ProcessMark) -> None:
        self.mark = mark
        self.ended_at: float | None = None
        """Monotonic, when its end was noticed."""
        self._descriptor: int | None = None
        if not HAS_PIDFD:
            return
        try:
            self._descriptor = os.pidfd_open(mark.pid)
        except ProcessLookupError:
            self.ended_at = time.monotonic()

    def recognise(self, why_not: Callable[[Living], str]) -> str:
        """Why this is not the planned process any more, or must not be touched; empty when all is as planned.

        A process that has ended is as planned: it needs nothing more.
        """
        if self.has_ended:
            return ""
        now = look_at(self.mark.pid, self.mark.id.boot_id)
        if now is None:
            # Ended, or not to be read at this moment: only the hold itself tells which.
            return "" if self.look() else f"{self.mark.pid} cannot be read now"
        if now.ended and now.mark.id == self.mark.id:
            self.ended_at = time.monotonic()
            return ""
        if reason := difference(self.mark, now):
            return reason
        return why_not(now)

    def send(self, number: signal.Signals) -> bool:
        """Send it; False when the process has ended already. Raises OSError (EPERM)."""
        if self.has_ended:
            return False
        try:
            if self._descriptor is not None:
                signal.pidfd_send_signal(self._descriptor, number)
            else:
                self._send_by_pid(number)
        except ProcessLookupError:
            self.ended_at = time.monotonic()
            return False
        return True

    def _send_by_pid(self, number: signal.Signals) -> None:
        now = look_at(self.mark.pid, self.mark.id.boot_id)
        if now is None or now.mark.id != self.mark.id:
            raise ProcessLookupError
        os.kill(self.mark.pid, number)

    @property
    def has_ended(self) -> bool:
        """Whether it is known to have ended; ``wait`` and ``look`` find out."""
        return self.ended_at is not None

    def look(self) -> bool:
        """Whether it has ended by now."""
        if not self.has_ended:
            wait_for([self], 0.0)
        return self.has_ended

    def state(self) -> str:
        """Its state's letter, proc(5); empty when it has ended or is another."""
        now = look_at(self.mark.pid, self.mark.id.boot_id)
        return now.state if now is not None and now.mark.id == self.mark.id else ""

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def descriptor(self) -> int | None:
        return self._descriptor


def wait_for(handles: Sequence[Handle], timeout_s: float) -> None:
    """Return when one more of these has ended, or the time is over."""
    waiting = {handle.descriptor: handle for handle in handles if not handle.has_ended}
    if not waiting:
        return
    if None in waiting:
        _wait_by_pid([handle for handle in handles if not handle.has_ended], timeout_s)
        return
    poll = select.poll()
    for descriptor in waiting:
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
    for descriptor, _ in poll.poll(max(0.0, timeout_s) * 1000.0):
        waiting[descriptor].ended_at = time.monotonic()


def _wait_by_pid(handles: Sequence[Handle], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        for handle in handles:
            now = look_at(handle.mark.pid, handle.mark.id.boot_id)
            if now is None or now.mark.id != handle.mark.id or now.ended:
                handle.ended_at = time.monotonic()
        if any(handle.has_ended for handle in handles) or time.monotonic() >= deadline:
            return
        time.sleep(_POLL_S)


def close_all(handles: Sequence[Handle]) -> None:
    for handle in handles:
        with contextlib.suppress(OSError):
            handle.close()
