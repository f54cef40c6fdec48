"""The plans under way, as a note in the main screen's footer; how one ended is said once, wherever it was started.

A plan that was left unfinished (its executor has ended before it did) is told until the journal has been looked at.
Nothing is ever resumed from here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opsconsole.model.plan import JournalEntry
from opsconsole.present import humanise
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.plan import confirmed_at, plan_title
from opsconsole.ui.journal import JournalFollower
from opsconsole.ui.plan_words import standing

if TYPE_CHECKING:
    from opsconsole.act.journal_reader import JournalReader

TOLD_FOR_S = 86_400.0
"""How long a plan that was left unfinished is told of by itself; the journal keeps it."""
LIVE = ("waiting", "running", "watching")


class Told(NamedTuple):
    """What one look at the journal told."""

    unfinished: tuple[JournalEntry, ...]
    ended: tuple[JournalEntry, ...]
    """Those that were under way at the look before."""
    changed: bool = False
    """Whether one of them has got a result since."""
    reason: str = ""
    """Why the journal could not be read."""


class UnderWay:
    def __init__(self, state_dir: Path, tell: Callable[[Told], None]) -> None:
        """``tell`` is called on a thread of its own."""
        self._live: frozenset[str] = frozenset()
        self._watched: frozenset[str] = frozenset()
        self._follower = JournalFollower(state_dir, self._look, busy=_busy, tell=tell)

    def start(self) -> None:
        self._follower.start()

    def stop(self) -> None:
        self._follower.stop()

    def look_now(self) -> None:
        self._follower.look_now()

    def _look(self, reader: JournalReader) -> Told:
        reading = reader.unfinished()
        if reading.value is None:
            return Told((), (), reason=reading.reason)
        live = {entry.plan.id for entry in reading.value if entry.state in LIVE}
        gone = [reader.entry(plan_id).value for plan_id in self._live - {entry.plan.id for entry in reading.value}]
        watched = frozenset(entry.plan.id for entry in reading.value if entry.state == "watching")
        changed = bool(gone or watched - self._watched)
        self._live, self._watched = frozenset(live), watched
        return Told(reading.value, tuple(entry for entry in gone if entry is not None), changed)


def _busy(told: Told) -> bool:
    return any(entry.state in LIVE for entry in told.unfinished)


def note(entries: Iterable[JournalEntry], signs: Glyphs, journal_key: str, *, looked_at: bool) -> tuple[str, str]:
    """(text, status) of the footer's note; empty while there is nothing to be told."""
    entries = tuple(entries)
    live = [entry for entry in entries if entry.state in LIVE]
    if live:
        first, now = live[0], time.time()
        more = f" and {len(live) - 1} more" if len(live) > 1 else ""
        took = humanise.duration(max(now - confirmed_at(first), 0.0))
        word, status = standing(first)
        return f"{signs.arrow} {plan_title(first.plan)}: {word} {took}{more}", status
    left = [
        entry for entry in entries if entry.state == "abandoned" and 0 <= time.time() - confirmed_at(entry) < TOLD_FOR_S
    ]
    if left and not looked_at:
        count = f"{len(left)} plans were" if len(left) > 1 else "1 plan was"
        return f"{signs.warn} {count} left unfinished: {journal_key} shows what is true now", "warn"
    return "", ""
