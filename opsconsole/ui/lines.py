"""One-line widgets: header, tabs, findings, footer. Each writes only the cells that changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from opsconsole.present.cell import Cell
from opsconsole.ui.fields import fit, inert
from opsconsole.ui.frame import Piece, frame_glyphs, pieces_width
from opsconsole.ui.ink import InkedWidget
from opsconsole.ui.spans import changed_spans

NARROW = 60
"""Cells from which on the right end of the header says all it has to say."""


class LineWidget(InkedWidget, inherit_bindings=False):
    """A line of pieces of text; subclasses say which for a given width."""

    def __init__(self, id: str, *, ascii_only: bool) -> None:
        super().__init__(id=id)
        self.ascii_only = ascii_only
        self._painted: Strip | None = None

    def pieces(self, width: int) -> list[Piece]:
        """What stands on the line, from its left edge."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Have those cells written that differ from what stands on the screen."""
        if not self.is_mounted or not self.size:
            # Off the screen: when it comes back, what stood there last is old.
            self._painted = None
            return
        line = self._composed()
        before, self._painted = self._painted, line
        if before is None or before.cell_length != line.cell_length:
            self.refresh()
            return
        spans = changed_spans(before, line)
        if spans:
            self.refresh(*(Region(start, 0, end - start, 1) for start, end in spans))

    def _composed(self) -> Strip:
        width = self.size.width
        pieces = self.pieces(width)
        segments = [Segment(text, style) for text, style in pieces if text]
        return Strip(segments).crop_extend(0, width, self.ink.plain)

    def render_line(self, y: int) -> Strip:
        if self._painted is None or self._painted.cell_length != self.size.width:
            self._painted = self._composed()
        return self._painted if y == 0 else Strip.blank(self.size.width, self.ink.plain)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The painted line as it is: neither border nor padding nor filters of the toolkit apply here."""
        lines = [self.render_line(y) for y in crop.line_range]
        if crop.x > 0 or crop.right < self.size.width:
            lines = [line.crop(crop.x, crop.right) for line in lines]
        return lines

    def forget_painted(self) -> None:
        self._painted = None


def spread(left: list[Piece], right: list[Piece], width: int, filling: Piece) -> list[Piece]:
    """Pieces at both ends of a line; the left ones are cut when they would touch the right ones."""
    room = max(width - pieces_width(right) - (2 if right else 0), 0)
    kept: list[Piece] = []
    for text, style in left:
        if room <= 0:
            break
        text = fit(text, min(pieces_width([(text, style)]), room))
        kept.append((text, style))
        room -= pieces_width([(text, style)])
    gap = width - pieces_width(kept) - pieces_width(right)
    return [*kept, (" " * max(gap, 0), filling[1]), *right]


class HeaderLine(LineWidget):
    """Host, mode, load, memory at the left, freshness at the right."""

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__("header", ascii_only=ascii_only)
        self._cells: tuple[Cell, ...] = ()
        self._mark = ""

    def show(self, cells: Sequence[Cell], mark: str = "") -> None:
        """``mark`` is what must not be overlooked about the whole screen, such as that it is frozen."""
        self._cells, self._mark = tuple(cells), mark
        self.repaint()

    def pieces(self, width: int) -> list[Piece]:
        if not self._cells:
            return []
        ink = self.ink
        *cells, last = self._cells
        mark: list[Piece] = [(f" {self._mark} ", ink.mark), ("  ", ink.plain)] if self._mark else []
        said = last.short if last.short and width < NARROW else last.text
        right: list[Piece] = [*mark, (inert(said, self.ascii_only) + " ", ink.of(last.status or "muted"))]
        room = width - pieces_width(right) - 2
        return spread(self._fitting(cells, room), right, width, ("", ink.plain))

    def _fitting(self, cells: Sequence[Cell], room: int) -> list[Piece]:
        """All cells; too little room: said short or left out by what that saves, where a cell may be; then without
        the last ones, then with the first cut."""
        kept = list(cells)
        savings = {
            index: len(cell.text) - len(cell.short) for index, cell in enumerate(kept) if cell.short or cell.yields
        }
        for index in sorted(savings, key=lambda index: (-savings[index], -index)):
            if pieces_width(self._joined(kept)) <= room:
                break
            kept[index] = msgspec.structs.replace(kept[index], text=kept[index].short)
        while len(kept) > 2 and pieces_width(self._joined(kept)) > room:
            kept.pop()
        ink = self.ink
        over = pieces_width(self._joined(kept)) - room
        if len(kept) > 1 and over > 0:
            host = inert(kept[0].text, self.ascii_only)
            ellipsis = frame_glyphs(self.ascii_only).ellipsis
            cut = fit(host, max(pieces_width([(host, ink.plain)]) - over, 1), ellipsis=ellipsis)
            kept[0] = msgspec.structs.replace(kept[0], text=cut)
        return self._joined(kept)

    def _joined(self, cells: Iterable[Cell]) -> list[Piece]:
        ink = self.ink
        pieces: list[Piece] = [(" ", ink.plain)]
        for index, cell in enumerate(cell for cell in cells if cell.text):
            if index:
                pieces.append(("   ", ink.plain))
            pieces.append((inert(cell.text, self.ascii_only), ink.title if index == 0 else ink.of(cell.status)))
        return pieces


class BannerLine(LineWidget):
    """What is amiss with the console itself, such as a config that cannot be taken; it has a line only then."""

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__("banner", ascii_only=ascii_only)
        self.text = ""

    def show(self, text: str) -> None:
        self.text = text
        self.repaint()

    def pieces(self, width: int) -> list[Piece]:
        text = fit(f" {inert(self.text, self.ascii_only)}", width, ellipsis=frame_glyphs(self.ascii_only).ellipsis)
        return [(text, self.ink.mark)] if self.text else []


class Notice(LineWidget):
    """Fills the screen when the terminal is too small for anything else."""

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__("notice", ascii_only=ascii_only)
        self.lines: tuple[str, ...] = ()

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        line = y - max(height - len(self.lines), 0) // 2
        said = self.lines[line] if 0 <= line < len(self.lines) else ""
        text = " " * (max(width - len(said), 0) // 2) + said
        return Strip([Segment(text[:width], self.ink.plain)]).crop_extend(0, width, self.ink.plain)
