"""RowTable: one pane with its frame, drawn line by line.

Rows are known by their key: the cursor and the scroll position stay on theirs whatever the rows do, and what looks the
same is not written again. All drawing goes one way: compose every line that is visible, compare with what was painted
last, repaint the cells that differ. DataTable and ScrollView repaint whole widgets and lay the screen out again when
the number of rows changes, which is why this stands on the line API of a plain widget.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from textual import events
from textual.geometry import Region
from textual.strip import Strip

from opsconsole.present.cell import Column, Row
from opsconsole.present.pane import PaneContent
from opsconsole.ui.columns import PlacedColumn
from opsconsole.ui.ink import InkedWidget
from opsconsole.ui.messages import CursorMoved, PaneEntered, ViewChanged
from opsconsole.ui.rows import View, filter_mistake, matcher, visible_rows
from opsconsole.ui.spans import changed_spans
from opsconsole.ui.table_lines import Scene, Shape, TableLines

WHEEL_LINES = 3
BODY_TOP = 2
"""Lines above the first row: the title and the column titles."""
NOTHING_YET = PaneContent("ok", "waiting for the first reading", (), "", "", 0, 0)


class RowTable(InkedWidget, can_focus=True, inherit_bindings=False):
    """Rows of cells under column titles, with a cursor, in a frame with a title."""

    def __init__(self, pane_id: str, title: str, number: int, columns: Sequence[Column], *, ascii_only: bool) -> None:
        super().__init__(id=pane_id)
        self.pane_id = pane_id
        self.title = title
        self.number = number
        self.columns = tuple(columns)
        self.view = View()
        self.framed = True
        self.content = NOTHING_YET
        self._lines = TableLines(columns, ascii_only=ascii_only)
        self._rows: tuple[Row, ...] = ()
        self._positions: dict[str, int] = {}
        self._cursor_key = ""
        self._top_key = ""
        self._top = 0
        self._marked: frozenset[str] = frozenset()
        self._painted: list[Strip] = []
        self._painted_shape = Shape(0, 0, framed=True)

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
    def marked(self) -> tuple[str, ...]:
        """Keys of the marked rows in the order collected, those that a filter hides among them."""
        return tuple(row.key for row in self.content.rows if row.key in self._marked)

    def mark_cursor_row(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go on to the next row."""
        if self.cursor_row is not None:
            self._marked ^= {self._cursor_key}
            self.move(1)
            self._repaint()

    def mark_shown(self) -> int:
        """Mark every row of its own that is shown, beside those marked already; how many are marked then."""
        self._marked |= {row.key for row in self._rows if not row.depth}
        self._repaint()
        return len(self._marked)

    def mark(self, keys: Iterable[str]) -> None:
        """Mark these rows too, as far as they are there."""
        self._marked |= {row.key for row in self.content.rows} & set(keys)
        self._repaint()

    def unmark(self, keys: Iterable[str]) -> None:
        """Take the marks of these rows away."""
        self._marked -= set(keys)
        self._repaint()

    def unmark_all(self) -> None:
        self._marked = frozenset()
        self._repaint()

    @property
    def filter_mistake(self) -> str:
        """What is wrong with the filter, which then hides nothing; empty when it is in force."""
        return filter_mistake(self.view.filter, self.columns)

    @property
    def lines_wanted(self) -> int:
        """Lines it would take to show everything, filtered or not: a filter moves no pane."""
        return (3 if self.framed else 2) + max(len(self.content.rows), 2)

    @property
    def placed_columns(self) -> tuple[PlacedColumn, ...]:
        return self._lines.placed

    def show(self, content: PaneContent) -> None:
        """Show other content; only what looks different is repainted."""
        if content != self.content:
            self.content = content
            if content.state == "ok":
                # A mark is for the very thing it was set on: one that comes back is not marked again.
                self._marked &= {row.key for row in content.rows}
            self._arrange_rows()

    def look(self, view: View) -> None:
        """Filter, sort or fold differently."""
        if view != self.view:
            self.view = view
            self._arrange_rows()
            self._scroll_to_cursor()
            self._repaint()
            self.post_message(ViewChanged(self.pane_id))

    def _arrange_rows(self) -> None:
        before, rows_before = self.cursor_row, self._rows
        self._rows = visible_rows(self.content.rows, self.view, self.columns) if self.content.state == "ok" else ()
        positions = {row.key: position for position, row in enumerate(self._rows)}
        if positions != self._positions:
            body = self._shape().body_height
            old_place = self._positions.get(self._cursor_key, -1)
            cursor_was_visible = self._top <= old_place < self._top + body
            self._positions = positions
            keys_before = [row.key for row in rows_before]
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
        if self._rows and self._cursor_key not in self._positions:
            self._cursor_key = self._nearest(keys_before, self._cursor_key) or self._rows[0].key

    def _keep_top(self, keys_before: list[str]) -> None:
        """The first row on the screen stays first, except at the very top: there new rows must come into view."""
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

    def move_to_key(self, key: str) -> None:
        """Put the cursor on this row, if it is shown."""
        if key in self._positions:
            self.move_to(self._positions[key])

    def page(self, pages: float) -> None:
        """Move the cursor by pages or parts of one."""
        self.move(int(pages * self._shape().body_height) or (1 if pages > 0 else -1))

    def find(self, text: str, direction: int) -> bool:
        """Put the cursor on the next row (or the one before) that a filter ``text`` would show, around the ends;
        False for none."""
        wanted = matcher(text, self.columns)
        count = len(self._rows)
        start = self._positions.get(self._cursor_key, 0)
        for step in range(1, count + 1):
            position = (start + direction * step) % count
            if wanted(self._rows[position]):
                self.move_to(position)
                return True
        return False

    def scroll_lines(self, lines: int) -> None:
        """Move the window over the rows; the cursor stays where it is."""
        self._set_top(self._top + lines)
        self._repaint()

    def _scroll_to_cursor(self) -> None:
        position = self._positions.get(self._cursor_key)
        body = self._shape().body_height
        if position is None or body <= 0:
            return
        if position < self._top:
            self._set_top(position)
        elif position >= self._top + body:
            self._set_top(position - body + 1)

    def _set_top(self, position: int) -> None:
        self._top = min(max(position, 0), max(len(self._rows) - self._shape().body_height, 0))
        if self._rows:
            self._top_key = self._rows[self._top].key

    # Drawing

    def _shape(self) -> Shape:
        # A pane has neither border nor padding of the toolkit's, whose `size` would look for them each time.
        width, height = self.outer_size
        return Shape(width, height, self.framed)

    def _lines_for(self, shape: Shape) -> list[Strip]:
        scene = Scene(
            self.title,
            self.number,
            self.content,
            self.view,
            self._rows,
            self._top,
            self._cursor_key,
            self.has_focus,
            self._marked,
        )
        return self._lines.draw(scene, shape, self.ink)

    def _repaint(self) -> None:
        """Compose all lines and have those cells written that differ from what stands on the screen."""
        shape = self._shape()
        if not self.is_mounted or not shape.width or not shape.height:
            # Off the screen: when it comes back, what stood there last is old.
            self._painted = []
            return
        lines = self._lines_for(shape)
        painted, self._painted = self._painted, lines
        if shape != self._painted_shape or len(painted) != len(self._painted):
            self._painted_shape = shape
            self.refresh()
            return
        regions = [
            Region(start, y, end - start, 1)
            for y, (before, after) in enumerate(zip(painted, self._painted, strict=True))
            if before is not after
            for start, end in changed_spans(before, after)
        ]
        if regions:
            self.refresh(*regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The painted lines as they are: neither border nor padding nor filters of the toolkit apply here."""
        shape = self._shape()
        if shape != self._painted_shape or not self._painted:
            # The toolkit draws once between laying out and telling us of the new size.
            self._set_top(self._top)
            self._painted, self._painted_shape = self._lines_for(shape), shape
        strips = self._painted[crop.y : crop.bottom]
        if crop.x > 0 or crop.right < shape.width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def forget_painted(self) -> None:
        self._painted = []

    # Events

    def on_focus(self, event: events.Focus) -> None:
        # The toolkit would have the whole widget written again; the frame and one line are enough.
        event.prevent_default()
        self.has_focus = True

    def on_blur(self, event: events.Blur) -> None:
        event.prevent_default()
        self.has_focus = False

    def watch_has_focus(self, _has_focus: bool) -> None:
        self._repaint()

    def on_resize(self) -> None:
        self._set_top(self._top)
        self._scroll_to_cursor()
        self._repaint()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(PaneEntered(self.pane_id))
        line = event.y - BODY_TOP
        if line == -1:
            self._sort_at(event.x)
        if 0 <= line < self._shape().body_height and self._top + line < len(self._rows):
            self.move_to(self._top + line)

    def _sort_at(self, x: int) -> None:
        """Sort by the column whose title is there; by the one sorted by already: the other way round."""
        column = self._lines.column_at(x)
        if column is None or not self.columns[column].title:
            return
        same = self.view.sort == column
        self.look(msgspec.structs.replace(self.view, sort=column, inverted=same and not self.view.inverted))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-WHEEL_LINES)
