"""DetailsScreen: everything known about one row, renewed with each Snapshot, with the last lines of its log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from rich.cells import cell_len
from textual.message import Message

from opsconsole.model.finding import Finding
from opsconsole.model.session import Session
from opsconsole.model.snapshot import Snapshot
from opsconsole.present.cell import Cell
from opsconsole.present.details import Details, Section, details
from opsconsole.present.facts import field, fields
from opsconsole.present.finding_details import finding_sections
from opsconsole.present.glyphs import glyphs
from opsconsole.present.keys import kind_of
from opsconsole.ui.context import Context
from opsconsole.ui.feed import Feed
from opsconsole.ui.fields import fit, inert, wrapped
from opsconsole.ui.fixes import alert_at, findings_at
from opsconsole.ui.footer import Hint
from opsconsole.ui.logs import session_at
from opsconsole.ui.messages import SnapshotCollected
from opsconsole.ui.screens.log import LogLine, LogScreen, OpenFollower, follow_log
from opsconsole.ui.screens.reader import PagesScreen, StyledLine, StyledText
from opsconsole.ui.screens.search import folded_cells
from opsconsole.ui.why_not import OF_THE_ROW

LOOK_EVERY_S = 0.5
"""How often the feed is looked at for a newer Snapshot: a memory access, no reading."""
LOG_EVERY_S = 2.0
LOG_LINES = 8
LABEL_WIDTH = 12
VALUE_WIDTH = 44
MARGIN = 2
GAP = 2
WIDE = 100
"""Room from which values of all sections stand in a column of one width."""
LAST_COLUMN = 48
"""What a long last column must have to stand beside the others, folded, and not below them."""
LEAST_COLUMN = 10
"""What a table's column keeps; where that is too much, each row becomes a list of fields."""
BELOW = 4
"""Indent of a table's last column where it stands below the others."""


class LogTailRead(Message, bubble=False):
    """The last lines of the row's log have changed."""

    def __init__(self, lines: tuple[LogLine, ...]) -> None:
        super().__init__()
        self.lines = lines


class DetailsScreen(PagesScreen):
    """Everything about the row ``row_key`` of the feed's newest Snapshot."""

    NAME = "details"

    def __init__(
        self,
        row_key: str,
        feed: Feed,
        *,
        ascii_only: bool = False,
        open_log: OpenFollower = follow_log,
        row_hints: Callable[[], Sequence[Hint]] = tuple,
        open_session: Callable[[Session], None] = lambda _session: None,
    ) -> None:
        """``row_hints`` tells what can be done to the row now, when it is a finding or an alert; ``open_session`` shows
        what a session shows."""
        super().__init__(ascii_only=ascii_only)
        self.row_key = row_key
        self._feed = feed
        self._glyphs = glyphs(ascii_only)
        self._open_log, self._row_hints, self._open_session = open_log, row_hints, open_session
        self._snapshot: Snapshot | None = None
        self._details = Details(title="", sections=())
        self._known: Details | None = None
        """What the last Snapshot that knew the row said."""
        self._log_lines: tuple[LogLine, ...] = ()
        self._log_path = ""
        self._stopped = threading.Event()

    @property
    def row_actions(self) -> tuple[str, ...]:
        """Ids of the actions on the row that are done from here."""
        return OF_THE_ROW.get(kind_of(self.row_key), ())

    def context_here(self, context: Context) -> Context:
        snapshot, kind = self._snapshot, kind_of(self.row_key)
        return replace(
            super().context_here(context),
            row_kind=kind,
            findings=findings_at(snapshot, (self.row_key,)) if snapshot is not None else (),
            alert=alert_at(snapshot, self.row_key) if snapshot is not None else None,
            marked=0,
        )

    @property
    def _session(self) -> Session | None:
        """The one whose details these are, or that the finding is about."""
        return session_at(self._snapshot, self.row_key) if self._snapshot is not None else None

    def on_mount(self) -> None:
        super().on_mount()
        self._look()
        self.set_interval(LOOK_EVERY_S, self._look)

    def on_unmount(self) -> None:
        self._stopped.set()

    def on_snapshot_collected(self, _message: SnapshotCollected) -> None:
        self._look()

    def _look(self) -> None:
        snapshot = self._feed.latest
        if snapshot is None or snapshot is self._snapshot:
            return
        self.take(snapshot)
        self._watch_log()
        self.show_hints()
        self.renew()

    def take(self, snapshot: Snapshot) -> None:
        """Know of the row what this Snapshot knows.

        What was known last is kept, below the line that says that it is gone or cannot be read now.
        """
        self._snapshot = snapshot
        found = details(snapshot, self.row_key, self._feed.history, self._glyphs)
        if not found.gone:
            self._known = found
        elif self._known is not None:
            known = self._known
            found = Details(known.title, (*found.sections, *known.sections), gone=True, logs=known.logs)
        self._details = found

    # Its log

    def _watch_log(self) -> None:
        path = self._details.logs[0] if self._details.logs else ""
        if path and path != self._log_path:
            self._log_path = path
            threading.Thread(target=self._read_log, args=(path,), name="opsconsole-details-log", daemon=True).start()

    def _read_log(self, path: str) -> None:
        """On a thread of its own: a file on a dead disk must not hold the screen."""
        follower = self._open_log(path)
        recent: list[LogLine] = []
        # Another log may be the row's by now: what follows this one ends then.
        while not self._stopped.is_set() and path == self._log_path:
            lines, notice = follower.poll()
            added = [LogLine.of(line) for line in lines]
            if notice:
                added.append(LogLine.note(notice))
            if added:
                recent = [*recent, *added][-LOG_LINES:]
                if not self._stopped.is_set():
                    self.post_message(LogTailRead(tuple(recent)))
            self._stopped.wait(LOG_EVERY_S)

    def on_log_tail_read(self, message: LogTailRead) -> None:
        self._log_lines = message.lines
        self.renew()

    # What is shown

    def show_title(self) -> None:
        notes: list[StyledText] = [(self.place, "muted")] if self.place else []
        if self._snapshot is None:
            notes.append(("reading", "muted"))
        self.title_line.show(inert(self._details.title, self.ascii_only), notes)

    def hints(self) -> Sequence[Hint]:
        logs = self._details.logs
        return (
            self.hint("back", label="back"),
            *self._row_hints(),
            self.hint("log", label="its screen")
            if self._session is not None
            else self.hint("log", label="log", why_not="" if logs else "no log known"),
            self.hint("down", "up", label="scroll"),
            self.hint("top", "bottom", label="ends"),
            self.hint("help", label="help"),
        )

    def perform(self, action_id: str) -> bool:
        if action_id != "log":
            return super().perform(action_id)
        if (session := self._session) is not None:
            self._open_session(session)
        elif self._details.logs:
            self.app.push_screen(LogScreen(self._details.logs, ascii_only=self.ascii_only, open_log=self._open_log))
        return True

    def lines(self, width: int) -> list[StyledLine]:
        lines: list[StyledLine] = []
        for section in (*self._details.sections, *self._log_section()):
            lines.append([])
            if section.title:
                lines.append(self._heading(section.title, width))
            lay_out = self._table_lines if section.table else self._field_lines
            lines += lay_out(section, width)
        return lines

    def _log_section(self) -> Sequence[Section]:
        if not self._log_lines:
            return ()
        lines = tuple((Cell(line.text, line.status),) for line in self._log_lines)
        return (Section("Last lines of the log", ((), *lines), table=True),)

    def _heading(self, title: str, width: int) -> StyledLine:
        text = inert(title, self.ascii_only)
        rule = self._glyphs.rule * max(width - 2 * MARGIN - cell_len(text) - 1, 0)
        return [(" " * MARGIN, ""), (f"{text} ", "title"), (rule, "frame")]

    def _field_lines(self, section: Section, width: int) -> list[StyledLine]:
        """Label, value and source in columns; what is too long for its column stands on lines of its own."""
        room = max(width - 2 * MARGIN - LABEL_WIDTH - GAP, 8)
        told = [
            (inert(value.text, self.ascii_only), inert(source.text, self.ascii_only))
            for _, value, source in section.lines
        ]
        short = [cell_len(value) for value, _ in told if cell_len(value) <= min(VALUE_WIDTH, room // 2)]
        value_width = max(short, default=0) if room < WIDE else VALUE_WIDTH
        lines: list[StyledLine] = []
        for (label, value, _), (text, origin) in zip(section.lines, told, strict=True):
            name = fit(inert(label.text, self.ascii_only), LABEL_WIDTH, ellipsis=self._glyphs.ellipsis)
            start: list[StyledText] = [(" " * MARGIN, ""), (name + " " * GAP, "muted")]
            shown = max(cell_len(text), value_width)
            if shown + (GAP + cell_len(origin) if origin else 0) <= room:
                lines.append([*start, (fit(text, shown) + " " * GAP, value.status), (origin, "muted")])
                continue
            parts = [(line, value.status) for line in wrapped(text, room)]
            parts += [(line, "muted") for line in wrapped(origin, room)]
            blank: list[StyledText] = [(" " * (MARGIN + LABEL_WIDTH + GAP), "")]
            lines += [[*(start if number == 0 else blank), part] for number, part in enumerate(parts)]
        return lines

    def _record_lines(self, section: Section, width: int) -> list[StyledLine]:
        """A table too wide for the screen: for each row its cells as fields, one below the other."""
        headings, *rows = section.lines
        lines: list[StyledLine] = []
        for cells in rows:
            named = tuple((heading, cell, Cell("")) for heading, cell in zip(headings, cells, strict=True) if cell.text)
            lines += [*([[]] if lines else []), *self._field_lines(Section("", named), width)]
        return lines

    def _table_lines(self, section: Section, width: int) -> list[StyledLine]:
        """Columns as wide as their cells. Where they do not fit the last one is folded, beside or below the others."""
        texts = [[inert(cell.text, self.ascii_only) for cell in line] for line in section.lines]
        columns = max((len(line) for line in texts), default=0)
        widths = [max((cell_len(line[column]) for line in texts if line), default=0) for column in range(columns)]
        room = width - 2 * MARGIN
        if columns == 1:
            return [
                [(" " * MARGIN, ""), (fit(line[0], room, ellipsis=self._glyphs.ellipsis), cells[0].status)]
                for line, cells in zip(texts, section.lines, strict=True)
                if line
            ]
        side = widths[:-1]
        left = room - sum(side) - GAP * len(side)
        if left >= min(widths[-1], LAST_COLUMN):
            side.append(min(widths[-1], left))
            return [line for number in range(len(texts)) for line in self._folded_row(section, number, side, room)]
        while sum(side) + GAP * (len(side) - 1) > room and max(side) > LEAST_COLUMN:
            side[side.index(max(side))] -= 1
        if sum(side) + GAP * (len(side) - 1) > room:
            return self._record_lines(section, width)
        return [line for number in range(len(texts)) for line in self._folded_row(section, number, side, room)]

    def _folded_row(self, section: Section, number: int, side: Sequence[int], room: int) -> list[StyledLine]:
        """The lines of one row of a table: nothing of a cell is cut away. What has no column stands below."""
        cells = section.lines[number]
        texts = [inert(cell.text, self.ascii_only) for cell in cells]
        folded = [folded_cells(text, size) for text, size in zip(texts, side, strict=False)]
        lines: list[StyledLine] = []
        for place in range(max((len(parts) for parts in folded), default=0) if any(texts[: len(side)]) else 0):
            fields = zip(folded, side, cells, strict=False)
            pieces = [(fit(parts[place] if place < len(parts) else "", size), cell) for parts, size, cell in fields]
            lines.append([(" " * MARGIN, ""), *((text + " " * GAP, cell.status) for text, cell in pieces)])
        # What stands below the others needs no heading: it is the only one of its kind.
        if len(texts) > len(side) and texts[-1] and number > 0:
            indent = " " * (MARGIN + BELOW)
            lines += [[(indent, ""), (part, cells[-1].status)] for part in folded_cells(texts[-1], room - BELOW)]
        return lines


class PastFindingScreen(DetailsScreen):
    """A finding that has closed, as it was when it opened."""

    def __init__(self, finding: Finding, feed: Feed, *, ascii_only: bool = False) -> None:
        super().__init__(f"finding:{finding.id}", feed, ascii_only=ascii_only)
        note = fields("Some time ago", [field("as it was", "when it opened", "it is no open finding by itself now")])
        sections = (*note, *finding_sections(finding, None))
        self._details = Details(title=f"Finding {finding.id}", sections=sections, gone=True)

    @property
    def row_actions(self) -> tuple[str, ...]:
        """None: it is over."""
        return ()

    def take(self, snapshot: Snapshot) -> None:
        """What was will not change."""
        self._snapshot = snapshot
