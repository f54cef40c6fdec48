"""Following the journal from the screen, read-only: also in watch mode, which can do nothing else with it.

A follower reads on a thread of its own: when the file has changed, and at short intervals while what it read last is
not finished. A journal that is not there yet is an empty one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from opsconsole.act.journal_reader import JournalReader

BUSY_EVERY_S = 0.12
"""How often a plan under way is read: steps must be seen as they are taken."""
CALM_EVERY_S = 1.0
"""How often the file's time is looked at while nothing is under way."""

T = TypeVar("T")


class JournalFollower(Generic[T]):
    """Reads something of the journal again and again, and tells when it has become different."""

    def __init__(
        self,
        state_dir: Path,
        read: Callable[[JournalReader], T],
        *,
        busy: Callable[[T], bool],
        tell: Callable[[T], None],
        also: Sequence[Path] = (),
    ) -> None:
        """``tell`` is called on the follower's thread; ``also`` are other files that ``read`` looks at."""
        self._also = tuple(also)
        self._state_dir = state_dir
        self._read = read
        self._busy = busy
        self._tell = tell
        self._stopped = threading.Event()
        self._wake = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._follow, name="opsconsole-journal", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()

    def look_now(self) -> None:
        """Something has just been written."""
        self._wake.set()

    def _follow(self) -> None:
        from opsconsole.act.journal_reader import JournalReader, journal_path

        path, reader = journal_path(self._state_dir), JournalReader(self._state_dir)
        known: T | None = None
        seen: tuple[int, ...] = ()
        while not self._stopped.is_set():
            self._wake.clear()
            now = tuple(number for each in (path, *self._also) for number in (*_signature(each), -1))
            if known is None or now != seen or self._busy(known):
                found = self._read(reader)
                if found != known and not self._stopped.is_set():
                    self._tell(found)
                known, seen = found, now
            self._wake.wait(BUSY_EVERY_S if self._busy(known) else CALM_EVERY_S)


def _signature(path: Path) -> tuple[int, ...]:
    try:
        status = os.stat(path)  # noqa: PTH116  # with the file's name only: no handle is kept
    except OSError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_size
