"""How a table's lines are drawn: the frame, the column titles, the rows, or the reason why there are none.

`TableLines` turns what a table shows into strips of exactly its width. A row that equals the one drawn before for its
key gives the very same strip again, and of a changed row only the changed cells are drawn anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from opsconsole.present.cell import Cell, Column, Row
from opsconsole.present.glyphs import glyphs
from opsconsole.present.pane import PaneContent
from opsconsole.ui.columns import PlacedColumn, gap_for, place_columns
from opsconsole.ui.fields import fit, fit_cell, inert, wrapped
from opsconsole.ui.frame import Piece, edge, frame_glyphs
from opsconsole.ui.ink import Ink
from opsconsole.ui.rows import View, filter_mistake

MESSAGE_WIDTH = 72
FOOT_FROM = 16
"""Height from which a pane without a frame has a line below its rows."""
NO_CELL = Cell("")


class Shape(NamedTuple):
    """The room a table has."""

    width: int
    height: int
    framed: bool

    @property
    def inner_width(self) -> int:
        """Cells for the columns: without frame, cursor column and the blank before the right edge."""
        return max(self.width - (4 if self.framed else 2), 0)

    @property
    def footed(self) -> bool:
        """Whether a line below the rows says which they are, and whole what the cursor's row has no room for."""
        return self.framed or self.height >= FOOT_FROM

    @property
    def body_height(self) -> int:
        """Lines for rows."""
        return max(self.height - (3 if self.footed else 2), 0)


class Scene(NamedTuple):
    """Everything that decides what a table looks like."""

    title: str
    number: int
    content: PaneContent
    view: View
    rows: tuple[Row, ...]
    """Those that the view lets through."""
    top: int
    """Position of the first row on the screen."""
    cursor_key: str
    focused: bool
    marked: frozenset[str] = frozenset()
    """Keys of the marked rows."""


class _Drawn(NamedTuple):
    row: Row
    cells: tuple[Segment, ...]
    strip: Strip


class TableLines:
    def __init__(self, columns: Sequence[Column], *, ascii_only: bool) -> None:
        self._columns = tuple(columns)
        self._ascii_only = ascii_only
        self._glyphs = frame_glyphs(ascii_only)
        self._signs = glyphs(ascii_only)
        self._shape = Shape(0, 0, framed=True)
        self._hidden: tuple[str, ...] = ()
        self._ink: Ink | None = None
        self._frame = Segment("")
        self._thumb = Segment("")
        self._start: list[Segment] = []
        self._blank = Strip([])
        self._drawn: dict[tuple[str, bool, bool, bool], _Drawn] = {}
        self._gaps: list[int] = []
        """Blank cells after each of the placed columns; none after the last."""
        self._used = 0
        """Cells of a row's columns, their gaps and the cursor's."""
        self.placed: tuple[PlacedColumn, ...] = ()
        """The columns that there is room for."""

    def draw(self, scene: Scene, shape: Shape, ink: Ink) -> list[Strip]:
        """As many lines as the shape is high, each exactly as wide."""
        self._prepare(scene, shape, ink)
        lines = [self._top_line(scene, ink), self._titles_line(scene, ink)]
        lines += self._row_lines(scene, ink) if scene.rows else self._message_lines(scene, ink)
        if shape.footed:
            lines.append(self._bottom_line(scene, ink))
        return lines[: shape.height]

    def _prepare(self, scene: Scene, shape: Shape, ink: Ink) -> None:
        """Forget what was drawn for another shape, theme or focus."""
        frame_style = ink.active_frame if scene.focused else ink.frame
        hidden = scene.view.hidden
        unchanged = shape == self._shape and hidden == self._hidden
        if unchanged and ink is self._ink and frame_style is self._frame.style:
            return
        self._shape, self._ink, self._hidden = shape, ink, hidden
        self._drawn.clear()
        self.placed = place_columns(self._columns, shape.inner_width, hidden)
        gap = gap_for(shape.inner_width)
        self._gaps = [gap] * (len(self.placed) - 1) + [0] if self.placed else []
        self._used = 1 + sum(place.width for place in self.placed) + sum(self._gaps)
        self._frame = Segment(self._glyphs.vertical if shape.framed else "", frame_style)
        self._thumb = Segment(self._glyphs.thumb if shape.framed else "", frame_style)
        self._start = [self._frame, Segment(" ", ink.plain)]
        self._blank = self._line([], ink)

    def column_at(self, x: int) -> int | None:
        """The column that stands at this cell of a line; None for none."""
        start = len(self._frame.text) + 1
        for place, gap in zip(self.placed, self._gaps, strict=True):
            if start <= x < start + place.width:
                return place.column
            start += place.width + gap
        return None

    def _line(self, segments: list[Segment], ink: Ink) -> Strip:
        """A line of the body: ``segments`` between the sides of the frame."""
        width = self._shape.width
        strip = Strip([segment for segment in (*self._start, *segments) if segment.text])
        side = len(self._frame.text)
        inner = strip.crop_extend(0, max(width - side, 0), ink.plain)
        return Strip([*inner, self._frame], width) if side and width else inner

    # Edges

    def _top_line(self, scene: Scene, ink: Ink) -> Strip:
        content, shape = scene.content, self._shape
        title = ink.active_frame if scene.focused else ink.title
        left: list[Piece] = [
            (f" {scene.number} ", ink.of("muted")),
            (f"{inert(scene.title, self._ascii_only)} ", title),
        ]
        if content.faults:
            sign = self._signs.bad if content.status == "bad" else self._signs.warn
            left.append((f"{sign} {content.faults} ", ink.of(content.status)))
        left += [(f"{mark} ", ink.of("accent")) for mark in self._marks(scene)]
        right: list[Piece] = []
        if content.summary:
            status = "unknown" if content.status == "unknown" and content.state == "unknown" else "muted"
            right = [(f" {inert(content.summary, self._ascii_only)} ", ink.of(status))]
        if not shape.footed:
            left += self._note(scene, ink)
            if place := self._place(scene):
                right = [(f" {place} {self._glyphs.dot}", ink.of("muted")), *right]
        corners = (self._glyphs.top_left, self._glyphs.top_right) if shape.framed else ("", "")
        return self._edge(corners, left, right)

    def _bottom_line(self, scene: Scene, ink: Ink) -> Strip:
        place = self._place(scene)
        right: list[Piece] = [(f" {place} ", ink.of("muted"))] if place else []
        corners = (self._glyphs.bottom_left, self._glyphs.bottom_right) if self._shape.framed else ("", "")
        left = self._cut_note(scene, ink) or self._note(scene, ink)
        return self._edge(corners, left, right, right_first=True)

    def _edge(
        self, corners: tuple[str, str], left: list[Piece], right: list[Piece], *, right_first: bool = False
    ) -> Strip:
        style = self._frame.style
        assert style is not None  # noqa: S101  # set in _prepare
        return Strip(
            edge(self._shape.width, corners, self._glyphs, style, left, right, right_first=right_first),
            self._shape.width,
        )

    def _marks(self, scene: Scene) -> list[str]:
        """How this view differs from the plain one: said, so that a filtered pane is never taken for a whole one."""
        view = scene.view
        marks = [f"{len(scene.marked)} marked"] if scene.marked else []
        if view.filter:
            wrong = filter_mistake(view.filter, self._columns)
            result = (
                f"not understood: {inert(wrong, self._ascii_only)}"
                if wrong
                else f"{len(scene.rows)} of {len(scene.content.rows)}"
            )
            marks.append(f"/{inert(view.filter, self._ascii_only)} {result}")
        if view.faults_only:
            marks.append("faults only")
        if view.tree:
            marks.append(f"tree, {len(view.folded)} folded" if view.folded else "tree")
        return marks

    def _note(self, scene: Scene, ink: Ink) -> list[Piece]:
        """What a reader must know about the rows, such as which are missing."""
        if scene.content.state != "ok" or not scene.rows or not scene.content.message:
            return []
        return [(f" {inert(scene.content.message, self._ascii_only)} ", ink.of("unknown"))]

    def _cut_note(self, scene: Scene, ink: Ink) -> list[Piece]:
        """Of the row under the cursor the note, else the name, where its column has too little room or none."""
        row = next((row for row in scene.rows if row.key == scene.cursor_key), None) if scene.focused else None
        if row is None:
            return []
        note = next((index for index, column in enumerate(self._columns) if column.id == "note"), 0)
        widths = dict(self.placed)
        for index in (note, 0):
            if index >= len(row.cells):
                continue
            cell = row.cells[index]
            text = inert(cell.text, self._ascii_only)
            if cell_len(text) > widths.get(index, 0):
                return [(f" {text} ", ink.of(cell.status))]
        return []

    def _place(self, scene: Scene) -> str:
        """Which rows are on the screen, when not all are."""
        body, count = self._shape.body_height, len(scene.rows)
        return f"{scene.top + 1}-{min(scene.top + body, count)} of {count}" if 0 < body < count else ""

    # Body

    def _titles_line(self, scene: Scene, ink: Ink) -> Strip:
        if scene.content.state != "ok" or not scene.content.rows:
            return self._blank
        gap = " " * gap_for(self._shape.inner_width)
        segments = []
        for index, width in self.placed:
            column = self._columns[index]
            title, style = inert(column.title, self._ascii_only), ink.of("muted")
            if scene.view.sort == index:
                arrow = self._glyphs.descending if scene.view.inverted else self._glyphs.ascending
                room = max(width - 1, 0)
                title = f"{title if cell_len(title) <= room else fit(title, room, ellipsis='')}{arrow}"
                style = ink.of("accent")
            segments.append(Segment(fit(title, width, column.align, "") + gap, style))
        return self._line(segments, ink)

    def _row_lines(self, scene: Scene, ink: Ink) -> list[Strip]:
        body, count = self._shape.body_height, len(scene.rows)
        thumb = range(0)
        if self._shape.framed and 0 < body < count:
            size = max(body * body // count, 1)
            start = (body - size) * scene.top // (count - body)
            thumb = range(start, start + size)
        lines = []
        for line, row in enumerate(scene.rows[scene.top : scene.top + body]):
            is_cursor = scene.focused and row.key == scene.cursor_key
            lines.append(self._row_line(row, is_cursor, row.key in scene.marked, line in thumb, ink))
        lines += [self._blank] * (body - len(lines))
        if len(self._drawn) > 4 * count + 64:
            # Rows that are gone, and other looks of those that are there.
            self._drawn.clear()
        return lines

    def _row_line(self, row: Row, is_cursor: bool, is_marked: bool, is_thumb: bool, ink: Ink) -> Strip:
        key = (row.key, is_cursor, is_marked, is_thumb)
        known = self._drawn.get(key)
        if known is not None and (known.row is row or known.row == row):
            return known.strip
        cells = tuple(self._cells(row, is_cursor, known, ink))
        side = self._thumb if is_thumb else self._frame
        width = self._shape.width
        used = len(self._frame.text) + self._used + len(side.text)
        filling = Segment(" " * max(width - used, 0), ink.of("", cursor=is_cursor))
        mark = Segment(self._glyphs.cursor, ink.of("accent", cursor=True)) if is_cursor else Segment(" ", ink.plain)
        if is_marked:
            mark = Segment(self._signs.mark, ink.mark)
        parts = [part for part in (self._frame, mark, *cells, filling, side) if part.text]
        strip = Strip(parts, width) if used <= width else Strip(parts).crop_extend(0, width, ink.plain)
        self._drawn[key] = _Drawn(row, cells, strip)
        return strip

    def _cells(self, row: Row, is_cursor: bool, known: _Drawn | None, ink: Ink) -> list[Segment]:
        segments = []
        for place, (index, width) in enumerate(self.placed):
            cell = row.cells[index] if index < len(row.cells) else NO_CELL
            if known is not None and index < len(known.row.cells) and known.row.cells[index] == cell:
                segments.append(known.cells[place])
                continue
            text = fit_cell(cell, width, self._columns[index].align, ascii_only=self._ascii_only)
            segments.append(Segment(text + " " * self._gaps[place], ink.of(cell.status, cursor=is_cursor)))
        return segments

    def _message_lines(self, scene: Scene, ink: Ink) -> list[Strip]:
        """The reason why there are no rows, in the middle of the pane."""
        body, inner = self._shape.body_height, self._shape.inner_width
        text, status = _message(scene)
        said = wrapped(inert(text, self._ascii_only), max(min(inner, MESSAGE_WIDTH), 1))[:body]
        lines = [
            self._line(
                [Segment(" " * max((inner - cell_len(line)) // 2, 0), ink.plain), Segment(line, ink.of(status))], ink
            )
            for line in said
        ]
        above = (body - len(lines)) // 2
        return [self._blank] * above + lines + [self._blank] * (body - above - len(lines))


def _message(scene: Scene) -> tuple[str, str]:
    """(text, status) of what is said in place of rows."""
    content, view = scene.content, scene.view
    if content.state == "unknown" and content.status == "muted":
        return content.message, "muted"
    if content.state == "unknown":
        return f"unknown: {content.message}", "unknown"
    if content.state == "unconfigured":
        return content.message, "muted"
    if view.filter and content.rows:
        return f"no row matches /{view.filter}: esc clears it", "muted"
    if view.faults_only and content.rows:
        return "nothing wrong here", "muted"
    return content.message or "nothing here", "muted"
