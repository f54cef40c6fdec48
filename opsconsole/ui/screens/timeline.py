"""TimelineScreen: what was found, noted and done here, newest first; the finding or plan under the cursor opens.

It reads the record of findings and the journal of plans, on a thread, whenever one of them has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from opsconsole.engine.history_file import FILE_NAME, KEPT_EVENTS, read_events
from opsconsole.model.event import Event
from opsconsole.model.plan import JournalEntry
from opsconsole.model.reading import Reading
from opsconsole.present.glyphs import glyphs
from opsconsole.ui.context import Context
from opsconsole.ui.fields import fit, inert, wrapped
from opsconsole.ui.footer import Hint
from opsconsole.ui.journal import JournalFollower
from opsconsole.ui.rows import filter_mistake, matcher
from opsconsole.ui.screens.reader import StyledLine, StyledText
from opsconsole.ui.screens.searching import SearchingScreen
from opsconsole.ui.timeline import COLUMNS, Happened, timeline

if TYPE_CHECKING:
    from opsconsole.act.journal_reader import JournalReader

PLANS = 300
"""Read at most."""
WHAT_WIDTH = 18
NARROW_WHAT = 16
"""Where room is dear."""
BY_WIDTH = 10
SUBJECT_WIDTH = 64
"""At most, where the detail stands beside it."""
LEAST_DETAIL = 16
"""What is left for the detail at least, where it has a column."""
WITH_DETAIL = 110
"""Width from which the detail has a column of its own."""


class Space(NamedTuple):
    """Cells of each column."""

    time: int
    what: int
    room: int
    """For what an entry is about, and more of it."""
    subject: int
    detail: int
    """0: it stands behind the subject, where there is room."""


class Told(NamedTuple):
    """What has been read."""

    events: Reading[tuple[Event, ...]]
    plans: Reading[tuple[JournalEntry, ...]]

    def same(self, other: Told | None) -> bool:
        """But for when it was read."""
        return other is not None and self._content() == other._content()

    def _content(self) -> tuple[object, ...]:
        return self.events.value, self.events.reason, self.plans.value, self.plans.reason


class TimelineScreen(SearchingScreen):
    NAME = "timeline"

    def __init__(
        self,
        state_dir: Path,
        now: Callable[[], float],
        open_it: Callable[[Happened], None],
        *,
        ascii_only: bool = False,
    ) -> None:
        """``open_it`` shows what an entry is about."""
        super().__init__(ascii_only=ascii_only)
        self._wall = now
        self._open = open_it
        self._signs = glyphs(ascii_only)
        self._told: Told | None = None
        self._all: list[Happened] = []
        self.shown: list[Happened] = []
        """What the filter lets through."""
        self._cursor_key = ""
        self._top = 0
        self._follower = JournalFollower(
            state_dir,
            lambda reader: _read(state_dir, reader, now()),
            busy=_under_way,
            tell=self._tell,
            also=(state_dir / FILE_NAME,),
        )

    def on_mount(self) -> None:
        super().on_mount()
        self._show_title()
        self._follower.start()

    def on_unmount(self) -> None:
        self._follower.stop()

    def _tell(self, told: Told) -> None:
        self.app.call_later(self.take, told)

    def take(self, told: Told) -> None:
        """Show this; the cursor stays on its entry."""
        if told.same(self._told):
            return
        self._told = told
        self._all = timeline(told.events.value or (), told.plans.value or (), self._wall())
        self.search_changed()

    def search_changed(self) -> None:
        wanted = matcher(self.search, COLUMNS) if self.search and not self._mistake else lambda _row: True
        self.shown = [one for one in self._all if wanted(one.row)]
        self._go(self.cursor)
        self._renew()

    @property
    def _mistake(self) -> str:
        return filter_mistake(self.search, COLUMNS)

    @property
    def cursor(self) -> int:
        """Place of the entry that the keys are for."""
        places = {one.row.key: place for place, one in enumerate(self.shown)}
        return places.get(self._cursor_key, 0)

    # Laying out

    def lay_out(self, width: int, height: int) -> Sequence[StyledLine]:
        if self._told is None:
            return []
        if not self.shown:
            return self._nothing(width)
        rows = max(height - 1, 1)
        self._top = min(max(self._top, self.cursor - rows + 1), self.cursor)
        return [
            self._titles(width),
            *(
                self._line(one, place == self.cursor, width)
                for place, one in enumerate(self.shown[self._top : self._top + rows], self._top)
            ),
        ]

    def _titles(self, width: int) -> StyledLine:
        """As the columns of a table are called; the filter knows them by these words."""
        when, what, subject, detail, by = (column.title for column in COLUMNS[:5])
        space = _space(width)
        told = (
            f"{fit(subject, space.subject)}  {fit(detail, space.detail)}" if space.detail else fit(subject, space.room)
        )
        line = f" {fit(when, space.time)}  {fit(what, space.what)}  {told}  {fit(by, BY_WIDTH)} "
        return [(line, "muted")]

    def _nothing(self, width: int) -> list[StyledLine]:
        reasons = [one.reason for one in self._told or () if one.reason]
        text = "; ".join(reasons) or ("nothing like that" if self._all else "Nothing has happened since this is kept.")
        tone = "unknown" if reasons else "muted"
        return [[], *([("  ", ""), (part, tone)] for part in wrapped(inert(text, self.ascii_only), max(width - 4, 8)))]

    def _line(self, one: Happened, on_cursor: bool, width: int) -> StyledLine:
        over = "cursor:" if on_cursor else ""
        when, what, subject, detail, by = one.row.cells[:5]
        space = _space(width)
        time = when.text[5 : 5 + space.time]
        ellipsis = self._signs.ellipsis
        said = inert(subject.text, self.ascii_only)
        more = inert(detail.text, self.ascii_only)
        if space.detail:
            told: list[StyledText] = [
                (fit(said, space.subject, ellipsis=ellipsis) + "  ", over),
                (fit(more, space.detail, ellipsis=ellipsis), f"{over}muted"),
            ]
        else:
            name = fit(said, min(cell_len(said), space.room), ellipsis=ellipsis)
            left = space.room - cell_len(name)
            told = [
                (name, over),
                (fit(f"  {more}", left, ellipsis=ellipsis) if left > 4 else " " * left, f"{over}muted"),
            ]
        return [
            (self._signs.cursor if on_cursor else " ", f"{over}accent" if over else ""),
            (f"{time}  ", f"{over}muted"),
            (fit(what.text, space.what, ellipsis=ellipsis) + "  ", f"{over}{what.status}"),
            *told,
            ("  " + fit(inert(by.text, self.ascii_only), BY_WIDTH, ellipsis=ellipsis) + " ", f"{over}muted"),
        ]

    # What the keys do

    def perform(self, action_id: str) -> bool:
        if action_id == "details":
            if self.shown:
                self._open(self.shown[self.cursor])
        else:
            return super().perform(action_id)
        return True

    def copied(self) -> tuple[str, str]:
        if not self.shown:
            return super().copied()
        return "\t".join(cell.text for cell in self.shown[self.cursor].row.cells), "the entry"

    def scroll_lines(self, lines: int) -> None:
        """The cursor moves; the window follows it."""
        self._go(self.cursor + lines)
        self._renew()

    def scroll_to_end(self, *, end: bool) -> None:
        self._go(len(self.shown) if end else 0)
        self._renew()

    def _go(self, place: int) -> None:
        place = min(max(place, 0), len(self.shown) - 1)
        # At the very top the cursor goes with what is newest.
        self._cursor_key = self.shown[place].row.key if place > 0 else ""

    # Telling

    def context_here(self, context: Context) -> Context:
        on_row = bool(self.shown)
        return replace(
            super().context_here(context), rows=len(self.shown), on_row=on_row, searched=self.search, has_tree=False
        )

    def hints(self) -> Sequence[Hint]:
        return (
            self.hint("back", label="back"),
            self.hint("details", label="open", why_not="" if self.shown else "nothing here"),
            self.hint("down", "up", label="move"),
            self.hint("filter", label="filter"),
            self.hint("copy", label="copy", why_not="" if self.shown else "nothing here"),
            self.hint("top", "bottom", label="ends"),
            self.hint("help", label="help"),
        )

    def _renew(self) -> None:
        self.footer_line.say("")
        self.view.repaint()
        self._show_title()
        self.show_hints()

    def _show_title(self) -> None:
        if self._told is None:
            self.title_line.show("Timeline", [("reading", "muted")])
            return
        notes: list[StyledText] = [(inert(one.reason, self.ascii_only), "unknown") for one in self._told if one.reason]
        if self.search:
            mistake = inert(self._mistake, self.ascii_only)
            notes.append((mistake or f"/{inert(self.search, self.ascii_only)}", "warn" if mistake else "accent"))
        count = f"{len(self.shown)} of {len(self._all)}" if self.search else str(len(self._all))
        self.title_line.show("Timeline", [*notes, (count, "muted")])


def _space(width: int) -> Space:
    wide = width >= WITH_DETAIL
    time, what = (14, WHAT_WIDTH) if wide else (11, NARROW_WHAT)
    room = max(width - 1 - time - 2 - what - 2 - 2 - BY_WIDTH - 1, 4)
    subject = min(SUBJECT_WIDTH, room - LEAST_DETAIL - 2) if wide else room
    return Space(time, what, room, subject, room - subject - 2 if wide else 0)


def _read(directory: Path, reader: JournalReader, now: float) -> Told:
    return Told(read_events(directory, KEPT_EVENTS, now), reader.entries(PLANS))


def _under_way(told: Told) -> bool:
    return any(entry.state in ("waiting", "running", "watching") for entry in told.plans.value or ())
