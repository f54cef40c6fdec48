"""A lane: one slow source on a thread of its own, so that it can keep nobody else waiting.

The lane always has a reading to give at once: the last one, or unknown with the reason that nothing has come yet
or that the source has overstayed its deadline. A source that hangs costs its thread and nothing more; it is not
asked again before it has come back, and missed turns are dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from opsconsole.collect.source import Source, asked
from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, unknown

T = TypeVar("T")


class Lane(Generic[T]):
    """Asks one source on its cadence, on a daemon thread."""

    def __init__(self, source: Source[T], clock: Clock, delivered: Callable[[], None]) -> None:
        self.source = source
        self._clock = clock
        self._delivered = delivered
        self._changed = threading.Condition()
        self._last: Reading[T] | None = None
        self._asked_at: float | None = None
        """Monotonic; set while a read is under way."""
        self._last_asked_at = float("-inf")
        """Monotonic; when the read began that gave the last reading."""
        self._due_at = 0.0
        self.stretch = 1.0
        """By what its cadence is multiplied, while the machine is under pressure."""
        self._stopped = False
        self._close_source = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, unless it has begun already."""
        if self._thread is not None:
            return
        self._due_at = self._clock.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"opsconsole-{self.source.name}", daemon=True)
        self._thread.start()

    def stop(self, *, close_source: bool = False) -> None:
        """Ask no more. Does not wait for a read that is under way.

        With ``close_source`` the source gives back what it holds once it is free; at the end of the program the
        system does that.
        """
        with self._changed:
            self._stopped = True
            self._close_source = close_source
            self._changed.notify_all()

    def ask_now(self) -> None:
        """Read as soon as the source is free, whatever its cadence says."""
        with self._changed:
            self._due_at = self._clock.monotonic()
            self._changed.notify_all()

    def reading(self) -> Reading[T]:
        """The last reading, or unknown while there is none or the source is overdue. Never blocks."""
        with self._changed:
            now = self._clock.monotonic()
            overdue = self._asked_at is not None and now - self._asked_at > self.source.deadline_s
            if overdue:
                return unknown(f"{self.source.name}: no answer within {self.source.deadline_s:g} s", self._clock.wall())
            if self._last is None:
                return unknown(f"{self.source.name}: not read yet", None, pending=True)
            return self._last

    def wait_first(self, until: float) -> bool:
        """Block until the first reading is there, it is overdue, or ``until`` (monotonic) has come."""
        with self._changed:
            while self._last is None:
                left = until - self._clock.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True

    def wait_since(self, since: float, until: float) -> bool:
        """Block until there is a reading that was begun at ``since`` or later, or ``until`` has come (monotonic)."""
        with self._changed:
            while self._last_asked_at < since:
                left = until - self._clock.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True

    def _run(self) -> None:
        while self._wait_for_turn():
            reading = asked(self.source.name, lambda: self.source.read(self._clock), self._clock)
            with self._changed:
                first = self._last is None
                self._last = reading
                self._last_asked_at = self._asked_at or self._last_asked_at
                self._asked_at = None
                self._changed.notify_all()
            if first:
                self._delivered()
        if self._close_source and (close := getattr(self.source, "close", None)) is not None:
            close()

    def _wait_for_turn(self) -> bool:
        with self._changed:
            while not self._stopped:
                now = self._clock.monotonic()
                if now >= self._due_at:
                    self._due_at = now + self.source.every_s * self.stretch
                    self._asked_at = now
                    return True
                self._changed.wait(self._due_at - now)
            return False
