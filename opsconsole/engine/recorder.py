"""Keeps history on the disk while a console runs: a minute's samples once a minute, events when something happens.

Everything that blocks is on a thread of its own. Watch mode has no Recorder. What cannot be written is told once and
tried again with the next minute; nothing is queued up meanwhile but events, and of those the newest.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from opsconsole.engine.happenings import Happenings, Standing
from opsconsole.engine.history_file import MINUTE_S, HistoryFile
from opsconsole.model.event import Event
from opsconsole.model.sample import Sample
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.text import shown
from opsconsole.present.people import login

PATIENCE_S = 2.0
"""How long the end of the console waits for the last of it."""
WAITING_MOST = 200
"""Events that wait for a disk that takes nothing."""


class Recent(Protocol):
    def since(self, at: float) -> Mapping[str, Sample | None]: ...


class _Entry(NamedTuple):
    at: float
    samples: Mapping[str, Sample | None]
    events: tuple[Event, ...]


class Recorder:
    """``take`` is called with every Snapshot, on one thread, and does not block."""

    def __init__(self, directory: Path, recent: Recent, tell: Callable[[str], None]) -> None:
        """``tell`` is called on the recorder's thread with what is wrong, when that is new."""
        self._directory = directory
        self._recent = recent
        self._tell = tell
        self._entries: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._happenings: Happenings | None = None
        self._sampled: tuple[float, float] | None = None
        """Wall and monotonic time of the last minute."""
        self._problem = ""
        self._thread = threading.Thread(target=self._run, name="opsconsole-history", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, if that can be done soon."""
        self._entries.put(None)
        if self._thread.is_alive():
            self._thread.join(PATIENCE_S)

    def take(self, snapshot: Snapshot) -> None:
        events: list[Event] = []
        if self._happenings is not None and snapshot.diagnosis is not None:
            events = self._happenings.look(snapshot.diagnosis, snapshot.monotonic)
        samples: Mapping[str, Sample | None] = {}
        if self._sampled is None:
            self._sampled = (snapshot.at, snapshot.monotonic)
        elif snapshot.monotonic - self._sampled[1] >= MINUTE_S:
            recent = self._recent.since(self._sampled[0])
            # Ids of sessions are given again after a restart of tmux: one series would be of several.
            samples = {key: one for key, one in recent.items() if key.split(":", 2)[1:2] != ["session"]}
            self._sampled = (snapshot.at, snapshot.monotonic)
        if events or samples:
            self._entries.put(_Entry(snapshot.at, samples, tuple(events)))

    def _run(self) -> None:
        """On the recorder's thread. The file is opened for each entry: one that was moved away is made anew."""
        self._happenings = Happenings(self._left_standing(), login(os.geteuid()))
        late: tuple[Event, ...] = ()
        while (entry := self._entries.get()) is not None:
            late = self._write(entry, (*late, *entry.events)[-WAITING_MOST:])
        if late:
            self._write(_Entry(late[-1].at, {}, ()), late)

    def _left_standing(self) -> dict[Standing, Event]:
        try:
            file = HistoryFile(self._directory)
            try:
                return file.standing()
            finally:
                file.close()
        except (OSError, sqlite3.Error, msgspec.MsgspecError) as error:
            self._fails(error)
            return {}

    def _write(self, entry: _Entry, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """What could not be written of the events."""
        try:
            file = HistoryFile(self._directory)
            try:
                file.write(entry.at, entry.samples, events)
            finally:
                file.close()
        except (OSError, sqlite3.Error) as error:
            self._fails(error)
            return events
        except (msgspec.MsgspecError, UnicodeError) as error:
            self._fails(error)  # nor could they be written the next time
        else:
            self._problem = ""
        return ()

    def _fails(self, error: Exception) -> None:
        problem = f"history is not kept: {self._directory}: {shown(str(error))}"
        if problem != self._problem:
            self._problem = problem
            self._tell(problem)
