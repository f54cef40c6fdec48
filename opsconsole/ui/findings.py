"""The findings' line: in one calm line, which panes have something wrong. Nothing wrong: an empty line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opsconsole.ui.fields import inert
from opsconsole.ui.frame import Piece, frame_glyphs, pieces_width
from opsconsole.ui.lines import LineWidget


class Concern(NamedTuple):
    """One pane that is not in order."""

    text: str
    status: str


class FindingsLine(LineWidget):
    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__("findings", ascii_only=ascii_only)
        self._concerns: tuple[Concern, ...] = ()

    def show(self, concerns: Sequence[Concern]) -> None:
        self._concerns = tuple(concerns)
        self.repaint()

    def pieces(self, width: int) -> list[Piece]:
        ink = self.ink
        dot = f" {frame_glyphs(self.ascii_only).dot} "
        pieces: list[Piece] = []
        for index, concern in enumerate(self._concerns):
            text = inert(concern.text, self.ascii_only)
            added: list[Piece] = [(dot if index else " ", ink.of("muted")), (text, ink.of(concern.status))]
            left = len(self._concerns) - index
            if pieces and pieces_width([*pieces, *added]) > width - 10:
                return [*pieces, (f"{dot}{left} more", ink.of("muted"))]
            pieces += added
        return pieces
