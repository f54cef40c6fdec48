"""The footer: the keys that do something now, and for a moment before them what the last key led to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opsconsole.ui.fields import inert
from opsconsole.ui.frame import Piece, pieces_width
from opsconsole.ui.lines import LineWidget


class Hint(NamedTuple):
    key: str
    label: str
    why_not: str
    """Empty when the key does something now."""
    rank: int = 1
    """Where there is too little room the highest goes first, of equals the one further right; 0 stays while
    its key does something."""


DEAD = 10
"""By how much earlier a key that does nothing now gives way to one that does."""


def _goes(hint: Hint) -> int:
    return hint.rank + (DEAD if hint.why_not else 0)


class FooterLine(LineWidget):
    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__("footer", ascii_only=ascii_only)
        self._hints: tuple[Hint, ...] = ()
        self._said = ""
        self._said_status = ""
        self._note: tuple[str, str] = ("", "")

    def show(self, hints: Sequence[Hint]) -> None:
        self._hints = tuple(hints)
        self.repaint()

    def say(self, text: str, status: str = "") -> None:
        """Show a message, and beside it the keys that there is room for; empty text takes it away."""
        self._said, self._said_status = text, status
        self.repaint()

    def note(self, text: str, status: str = "") -> None:
        """What goes on beside the keys, before them; empty text for nothing."""
        if self._note != (text, status):
            self._note = (text, status)
            self.repaint()

    @property
    def said(self) -> str:
        return self._said

    def pieces(self, width: int) -> list[Piece]:
        text, status = (self._said, self._said_status) if self._said else self._note
        if not text:
            return self._fitting(width)
        noted: Piece = (f" {inert(text, self.ascii_only)}", self.ink.of(status))
        # A blank between the two: the hints begin with one of their own.
        hints = self._fitting(max(width - pieces_width([noted]) - 1, 0))
        return [noted, (" ", self.ink.plain), *hints] if hints else [noted]

    def _fitting(self, width: int) -> list[Piece]:
        """As many hints as there is room for, with their reasons where those fit too."""
        hints = list(self._hints)
        if pieces_width(pieces := self._hint_pieces(hints, with_reasons=True)) <= width:
            return pieces
        while pieces_width(pieces := self._hint_pieces(hints, with_reasons=False)) > width and hints:
            hints.remove(max(enumerate(hints), key=lambda placed: (_goes(placed[1]), placed[0]))[1])
        return pieces

    def _hint_pieces(self, hints: Sequence[Hint], *, with_reasons: bool) -> list[Piece]:
        """The hints one after the other, dimmed where the key does nothing now."""
        ink = self.ink
        pieces: list[Piece] = []
        for hint in hints:
            label = f" {hint.label}"
            if hint.why_not and with_reasons:
                label += f" ({hint.why_not})"
            key_style, label_style = (
                (ink.of("muted"), ink.of("muted")) if hint.why_not else (ink.of("accent"), ink.plain)
            )
            pieces += [(f"{'  ' if pieces else ' '}{hint.key}", key_style), (label, label_style)]
        return pieces
