"""RowTable: one pane with its frame, drawn line by line.

Rows are known by their key: the cursor and the scroll position stay on theirs whatever the rows do, and a row that
looks the same is not written again. All drawing goes one way: compose every line that is visible, compare with what
was painted last, repaint the cells that differ. DataTable and ScrollView repaint whole widgets and lay the screen
out again when the number of rows changes, which is why this stands on the line API of a plain widget.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from opsconsole.present.cell import Column, Row
from opsconsole.present.pane import PaneContent
from opsconsole.ui.columns import PlacedColumn, gap_for, place_columns
from opsconsole.ui.fields import fit, fit_cell, inert, wrapped
from opsconsole.ui.frame import Piece, edge, frame_glyphs
from opsconsole.ui.ink import INKS, Ink
from opsconsole.ui.messages import CursorMoved, PaneEntered
from opsconsole.ui.rows import View, matches, visible_rows
from opsconsole.ui.spans import changed_spans

WHEEL_LINES = 3
NOTHING_YET = PaneContent("ok", "waiting for the first reading", (), "", "", 0, 0)


class RowTable(Widget, can_focus=True, inherit_bindings=False):
    """Rows of cells under column titles, with a cursor, in a frame with a title."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(INKS)
    ALLOW_SELECT = False

    def __init__(self, pane_id: str, title: str, number: int, columns: Sequence[Column], *, ascii_only: bool) -> None:
        super().__init__(id=pane_id)
        self.pane_id = pane_id
        self.title = title
        self.number = number
        self.columns = tuple(columns)
        self.view = View()
        self.framed = True
        self.content = NOTHING_YET
        self._ascii_only = ascii_only
        self._glyphs = frame_glyphs(ascii_only)
        self._ink: Ink | None = None
        self._rows: tuple[Row, ...] = ()
        self._positions: dict[str, int] = {}
        self._cursor_key = ""
        self._top_key = ""
        self._top = 0
        self._painted: list[Strip] = []
        self._strips: dict[tuple[str, bool], tuple[Row, Strip]] = {}
        self._strips_fit: tuple[object, ...] = ()

    # What is shown

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that filter and faults-only let through, in the order shown."""
        return self._rows

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor; None while there is no row."""
        position = self._positions.get(self._cursor_key)
        return None if position is None else self._rows[position]

    @property
    def lines_wanted(self) -> int:
        """Lines it would take to show everything."""
        return (2 if self.framed else 1) + 1 + max(len(self._rows), 2)

    @property
    def placed_columns(self) -> tuple[PlacedColumn, ...]:
        return place_columns(self.columns, self._inner_width)

    def show(self, content: PaneContent) -> None:
        """Show other content; only what looks different is repainted."""
        self.content = content
        self._arrange_rows()

    def look(self, view: View) -> None:
        """Filter, sort or fold differently."""
        if view != self.view:
            self.view = view
            self._arrange_rows()
            self._scroll_to_cursor()
            self._repaint()

    def _arrange_rows(self) -> None:
        before, keys_before = self.cursor_row, [row.key for row in self._rows]
        rows = self.content.rows if self.content.state == "ok" else ()
        self._rows = visible_rows(rows, self.view)
        self._positions = {row.key: position for position, row in enumerate(self._rows)}
        cursor_was_visible = before is not None and self._is_in_view(keys_before.index(before.key))
        self._keep_cursor(keys_before)
        self._keep_top(keys_before)
        if cursor_was_visible:
            self._scroll_to_cursor()
        self._repaint()
        now = self.cursor_row
        if (now and now.key) != (before and before.key):
            self.post_message(CursorMoved(self.pane_id))

    def _keep_cursor(self, keys_before: list[str]) -> None:
        """The cursor stays on its key; when that is gone it goes to the nearest row that is still there."""
        if not self._rows or self._cursor_key in self._positions:
            return
        self._cursor_key = self._nearest(keys_before, self._cursor_key) or self._rows[0].key

    def _keep_top(self, keys_before: list[str]) -> None:
        """The first shown row stays first, except at the very top: there new rows must come into view."""
        if self._top > 0:
            key = self._top_key if self._top_key in self._positions else self._nearest(keys_before, self._top_key)
            self._top = self._positions.get(key, self._top)
        self._set_top(self._top)

    def _nearest(self, keys_before: list[str], lost: str) -> str:
        """The next key after ``lost`` in the old order that is still there, else the one before; empty for none."""
        if lost not in keys_before:
            return ""
        position = keys_before.index(lost)
        candidates = (*keys_before[position + 1 :], *reversed(keys_before[:position]))
        return next((key for key in candidates if key in self._positions), "")

    # Moving about

    def move(self, lines: int) -> None:
        """Move the cursor by so many rows; it stops at the ends."""
        if self._rows:
            self.move_to(self._positions.get(self._cursor_key, 0) + lines)

    def move_to(self, position: int) -> None:
        """Put the cursor on a row by its position; beyond the ends it goes to the end."""
        if not self._rows:
            return
        position = min(max(position, 0), len(self._rows) - 1)
        if self._rows[position].key != self._cursor_key:
            self._cursor_key = self._rows[position].key
            self.post_message(CursorMoved(self.pane_id))
        self._scroll_to_cursor()
        self._repaint()

    def page(self, pages: float) -> None:
        """Move the cursor by pages or parts of one."""
        self.move(int(pages * self._body_height) or (1 if pages > 0 else -1))

    def find(self, text: str, direction: int) -> bool:
        """Put the cursor on the next row (or the one before) that holds ``text``, around the ends; False for none."""
        count = len(self._rows)
        start = self._positions.get(self._cursor_key, 0)
        for step in range(1, count + 1):
            position = (start + direction * step) % count
            if matches(self._rows[position], text):
                self.move_to(position)
                return True
        return False

    def _is_in_view(self, position: int) -> bool:
        return self._top <= position < self._top + self._body_height

    def _scroll_to_cursor(self) -> None:
        position = self._positions.get(self._cursor_key)
        if position is None or self._body_height <= 0:
            return
        if position < self._top:
            self._set_top(position)
        elif position >= self._top + self._body_height:
            self._set_top(position - self._body_height + 1)

    def _set_top(self, position: int) -> None:
        self._top = min(max(position, 0), max(len(self._rows) - self._body_height, 0))
        self._top_key = self._rows[self._top].key if self._rows else self._top_key

    # Geometry

    @property
    def _inner_width(self) -> int:
        """Cells for the columns: without frame, cursor column and the blank before the right edge."""
        return max(self.size.width - (4 if self.framed else 2), 0)

    @property
    def _body_height(self) -> int:
        return max(self.size.height - (3 if self.framed else 2), 0)

    @property
    def _body_top(self) -> int:
        return 2

    # Drawing

    @property
    def ink(self) -> Ink:
        if self._ink is None:
            self._ink = Ink(self)
            self._strips.clear()
        return self._ink

    def render_line(self, y: int) -> Strip:
        if len(self._painted) != self.size.height or (
            self._painted and self._painted[0].cell_length != self.size.width
        ):
            # The toolkit draws once between laying out and telling us of the new size.
            self._set_top(self._top)
            self._painted = self._compose_lines()
        return self._painted[y] if y < len(self._painted) else Strip.blank(self.size.width)

    def _repaint(self) -> None:
        """Compose all lines and have those cells written that differ from what stands on the screen."""
        if not self.is_mounted or not self.size:
            return
        lines = self._compose_lines()
        painted, self._painted = self._painted, lines
        if len(painted) != len(lines) or painted[0].cell_length != lines[0].cell_length:
            self.refresh()
            return
        regions = [
            Region(start, y, end - start, 1)
            for y, (before, after) in enumerate(zip(painted, lines, strict=True))
            for start, end in changed_spans(before, after)
        ]
        if regions:
            self.refresh(*regions)

    def _compose_lines(self) -> list[Strip]:
        width, height = self.size
        lines = [self._top_line(width), self._titles_line(width)]
        body = self._body_height
        if self._rows:
            lines += self._row_lines(width, body)
        else:
            lines += self._message_lines(width, body)
        if self.framed:
            lines.append(self._bottom_line(width))
        return [line.crop_extend(0, width, self.ink.plain) for line in lines[:height]]

    def _top_line(self, width: int) -> Strip:
        ink = self.ink
        frame = ink.active_frame if self.has_focus else ink.frame
        title = ink.active_frame if self.has_focus else ink.title
        left: list[Piece] = [(f" {self.number} ", ink.of("muted")), (f"{inert(self.title, self._ascii_only)} ", title)]
        left += [(f"{mark} ", ink.of("accent")) for mark in self._marks()]
        right: list[Piece] = []
        if self.content.summary:
            summary = inert(self.content.summary, self._ascii_only)
            right = [(f" {summary} ", ink.of(self.content.status or "muted"))]
        corners = (self._glyphs.top_left, self._glyphs.top_right) if self.framed else ("", "")
        if not self.framed and (place := self._place()):
            right = [(f" {place}", ink.of("muted")), *right]
        return Strip(edge(width, corners, self._glyphs, frame, left, right))

    def _marks(self) -> list[str]:
        """How this view differs from the plain one: named, so that a filtered pane is never taken for a whole one."""
        marks = []
        if self.view.filter:
            marks.append(f"/{inert(self.view.filter, self._ascii_only)} {len(self._rows)} of {len(self.content.rows)}")
        if self.view.faults_only:
            marks.append("faults only")
        if self.view.tree:
            marks.append("tree")
        return marks

    def _place(self) -> str:
        """Which rows are shown, when not all are."""
        if len(self._rows) <= self._body_height or self._body_height <= 0:
            return ""
        return f"{self._top + 1}-{min(self._top + self._body_height, len(self._rows))} of {len(self._rows)}"

    def _bottom_line(self, width: int) -> Strip:
        ink = self.ink
        place = self._place()
        right: list[Piece] = [(f" {place} ", ink.of("muted"))] if place else []
        corners = (self._glyphs.bottom_left, self._glyphs.bottom_right)
        return Strip(edge(width, corners, self._glyphs, ink.active_frame if self.has_focus else ink.frame, [], right))

    def _titles_line(self, width: int) -> Strip:
        ink = self.ink
        gap = " " * gap_for(self._inner_width)
        segments = self._line_start(cursor=False)
        if self.content.state == "ok" and self.content.rows:
            for placed in self.placed_columns:
                column = self.columns[placed.column]
                title = inert(column.title, self._ascii_only)
                style = ink.of("muted")
                if self.view.sort == placed.column:
                    arrow = self._glyphs.descending if self.view.inverted else self._glyphs.ascending
                    room = max(placed.width - 1, 0)
                    title = f"{title if cell_len(title) <= room else fit(title, room).rstrip()}{arrow}"
                    style = ink.of("accent")
                segments.append(Segment(fit(title, placed.width, column.align, "") + gap, style))
        return self._line_end(segments, width, -1, cursor=False)

    def _row_lines(self, width: int, count: int) -> list[Strip]:
        ink, focus = self.ink, self.has_focus
        fits = (width, self.framed, self._ascii_only, self.columns)
        if fits != self._strips_fit:
            self._strips.clear()
            self._strips_fit = fits
        lines = []
        for line in range(count):
            position = self._top + line
            if position >= len(self._rows):
                lines.append(self._line_end(self._line_start(cursor=False), width, line, cursor=False))
                continue
            row = self._rows[position]
            is_cursor = focus and row.key == self._cursor_key
            lines.append(self._line_end(list(self._row_strip(row, is_cursor, ink)), width, line, cursor=is_cursor))
        if len(self._strips) > 4 * len(self._rows) + 64:
            self._strips.clear()
        return lines

    def _row_strip(self, row: Row, is_cursor: bool, ink: Ink) -> Strip:
        known = self._strips.get((row.key, is_cursor))
        if known is not None and known[0] == row:
            return known[1]
        gap = " " * gap_for(self._inner_width)
        segments = self._line_start(cursor=is_cursor)
        for placed in self.placed_columns:
            if placed.column < len(row.cells):
                cell = row.cells[placed.column]
                text = fit_cell(cell, placed.width, self.columns[placed.column].align, ascii_only=self._ascii_only)
                segments.append(Segment(text + gap, ink.of(cell.status, cursor=is_cursor)))
        strip = Strip(segments)
        self._strips[row.key, is_cursor] = (row, strip)
        return strip

    def _line_start(self, *, cursor: bool) -> list[Segment]:
        ink = self.ink
        frame = ink.active_frame if self.has_focus else ink.frame
        segments = [Segment(self._glyphs.vertical, frame)] if self.framed else []
        mark = self._glyphs.cursor if cursor else " "
        segments.append(Segment(mark, ink.of("accent", cursor=True) if cursor else ink.plain))
        return segments

    def _line_end(self, segments: list[Segment], width: int, line: int, *, cursor: bool) -> Strip:
        """Pad to the right edge, and draw it: the frame, or where this line is among all rows the scroll thumb."""
        ink = self.ink
        inner = width - (1 if self.framed else 0)
        strip = Strip(segments)
        room = inner - strip.cell_length
        filling = ink.of("", cursor=cursor)
        if room < 0:
            strip = strip.crop(0, inner)
        elif room:
            strip = Strip([*segments, Segment(" " * room, filling)], inner)
        if not self.framed:
            return strip
        frame = ink.active_frame if self.has_focus else ink.frame
        glyph = self._glyphs.thumb if self._is_thumb(line) else self._glyphs.vertical
        return Strip([*strip, Segment(glyph, frame)], width)

    def _is_thumb(self, line: int) -> bool:
        count, body = len(self._rows), self._body_height
        if line < 0 or count <= body or body <= 0:
            return False
        size = max(body * body // count, 1)
        start = (body - size) * self._top // max(count - body, 1)
        return start <= line < start + size

    def _message_lines(self, width: int, count: int) -> list[Strip]:
        """The reason why there are no rows, in the middle of the pane."""
        text, status = self._message()
        lines = wrapped(inert(text, self._ascii_only), max(min(self._inner_width, 72), 1))[: max(count, 0)]
        first = max((count - len(lines)) // 2, 0)
        inner = self._inner_width
        strips = []
        for line in range(count):
            segments = self._line_start(cursor=False)
            if first <= line < first + len(lines):
                said = lines[line - first]
                segments.append(Segment(" " * max((inner - cell_len(said)) // 2, 0), self.ink.plain))
                segments.append(Segment(said, self.ink.of(status)))
            strips.append(self._line_end([part for part in segments if part.text], width, line, cursor=False))
        return strips

    def _message(self) -> tuple[str, str]:
        if self.content.state == "unknown":
            return f"unknown: {self.content.message}", "unknown"
        if self.content.state == "unconfigured":
            return self.content.message, "muted"
        if self.view.filter and self.content.rows:
            return f"nothing matches {self.view.filter}", "muted"
        if self.view.faults_only and self.content.rows:
            return "no faults here", "muted"
        return self.content.message or "nothing here", "muted"

    # Events

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ink = None
        self._painted = []

    def watch_has_focus(self, _focused: bool) -> None:
        self._strips.clear()
        self._repaint()

    def on_resize(self) -> None:
        self._set_top(self._top)
        self._scroll_to_cursor()
        self._repaint()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(PaneEntered(self.pane_id))
        line = event.y - self._body_top
        if 0 <= line < self._body_height and self._top + line < len(self._rows):
            self.move_to(self._top + line)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._set_top(self._top + WHEEL_LINES)
        self._repaint()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._set_top(self._top - WHEEL_LINES)
        self._repaint()
