"""JournalScreen: the plans of the journal, newest first; the one under the cursor can be opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len

from opsconsole.model.plan import JournalEntry
from opsconsole.model.reading import Reading
from opsconsole.present import humanise
from opsconsole.present.glyphs import glyphs
from opsconsole.present.plan import confirmed_at, plan_title
from opsconsole.ui.fields import fit, inert, wrapped
from opsconsole.ui.footer import Hint
from opsconsole.ui.journal import JournalFollower
from opsconsole.ui.plan_words import standing
from opsconsole.ui.screens.reader import PagesScreen, StyledLine

if TYPE_CHECKING:
    from opsconsole.act.journal_reader import JournalReader

SHOWN = 200
"""Plans read at most."""
TIME_WIDTH = 19
STANDING_WIDTH = 24
MARGIN = 1
WITH_REASON = 150
"""Width from which the reason of a result has a column of its own."""

Entries = tuple[JournalEntry, ...]


class JournalScreen(PagesScreen):
    NAME = "journal"

    def __init__(self, state_dir: Path, open_plan: Callable[[str], None], *, ascii_only: bool = False) -> None:
        """``open_plan`` shows the plan of an id."""
        super().__init__(ascii_only=ascii_only)
        self._open_plan = open_plan
        self._glyphs = glyphs(ascii_only)
        self._reading: Reading[Entries] | None = None
        self._cursor_id = ""
        self._follower = JournalFollower(state_dir, _read, busy=_under_way, tell=self._tell)

    @property
    def entries(self) -> Entries:
        return (self._reading.value if self._reading is not None else None) or ()

    def on_mount(self) -> None:
        super().on_mount()
        self.show_title()
        self._follower.start()

    def on_unmount(self) -> None:
        self._follower.stop()

    def _tell(self, reading: Reading[Entries]) -> None:
        self.app.call_later(self.take, reading)

    def take(self, reading: Reading[Entries]) -> None:
        """Show these plans; the cursor stays on its plan."""
        if self._reading is not None and (self._reading.value, self._reading.reason) == (reading.value, reading.reason):
            return
        self._reading = reading
        self.footer_line.show(self.hints())
        self.renew()

    @property
    def cursor(self) -> int:
        ids = [entry.plan.id for entry in self.entries]
        return ids.index(self._cursor_id) if self._cursor_id in ids else 0

    # What is shown

    def show_title(self) -> None:
        if self._reading is None:
            self.title_line.show("Journal", [("reading", "muted")])
            return
        count = len(self.entries)
        said = "unknown" if self._reading.reason else f"{count} plan{'' if count == 1 else 's'}"
        place = self.place
        self.title_line.show("Journal", [*([(place, "muted")] if place else []), (said, "muted")])

    def hints(self) -> Sequence[Hint]:
        return (
            Hint("enter", "steps", "" if self.entries else "no plan"),
            Hint("esc", "back", ""),
            Hint("j k", "move", ""),
        )

    def lines(self, width: int) -> list[StyledLine]:
        if self._reading is None:
            return []
        if not self.entries:
            text = inert(self._reading.reason, self.ascii_only) or "Nothing has been done yet."
            tone = "unknown" if self._reading.reason else "muted"
            return [[], *([(" " * (MARGIN + 1), ""), (part, tone)] for part in wrapped(text, max(width - 4, 8)))]
        return [self._line(number, entry, width) for number, entry in enumerate(self.entries)]

    def _line(self, number: int, entry: JournalEntry, width: int) -> StyledLine:
        on_cursor = number == self.cursor
        over = "cursor:" if on_cursor else ""
        word, status = standing(entry)
        when = humanise.date_time(confirmed_at(entry))
        narrow = width < 90
        when = when[5:16] if narrow else when
        stands = fit(word, STANDING_WIDTH, ellipsis=self._glyphs.ellipsis)
        room = max(width - MARGIN - cell_len(when) - 2 - STANDING_WIDTH - 2, 0)
        reason = entry.result.reason if entry.result is not None else ""
        title = inert(plan_title(entry.plan), self.ascii_only)
        if width >= WITH_REASON and reason:
            title = f"{title}  {inert(reason, self.ascii_only)}"
        return [
            ("▌" if on_cursor and not self.ascii_only else ">" if on_cursor else " ", f"{over}accent" if over else ""),
            (f"{when}  ", f"{over}muted"),
            (f"{stands}  ", f"{over}{status}"),
            (fit(title, room, ellipsis=self._glyphs.ellipsis), over),
        ]

    # What the keys do

    def scroll_lines(self, lines: int) -> None:
        """The cursor moves; the window follows it."""
        self._go(self.cursor + lines)

    def scroll_to_end(self, *, end: bool) -> None:
        self._go(len(self.entries) - 1 if end else 0)

    def _go(self, place: int) -> None:
        if not self.entries:
            return
        place = min(max(place, 0), len(self.entries) - 1)
        self._cursor_id = self.entries[place].plan.id
        room = self.view.size.height
        self._top = min(max(self._top, place - room + 1), place)
        self.renew()

    def perform(self, action_id: str) -> bool:
        if action_id == "details":
            if self.entries:
                self._open_plan(self.entries[self.cursor].plan.id)
            return True
        return super().perform(action_id)


def _read(reader: JournalReader) -> Reading[Entries]:
    return reader.entries(SHOWN)


def _under_way(reading: Reading[Entries]) -> bool:
    return any(entry.state in ("waiting", "running", "watching") for entry in reading.value or ())
