"""The filter's line: an input with its prompt, and how many rows are left or what is wrong with it."""

from __future__ import annotations

from textual.widgets import Input

from opsconsole.ui.fields import fit, inert
from opsconsole.ui.frame import Piece, frame_glyphs
from opsconsole.ui.lines import LineWidget, spread


class FilterInput(Input):
    """The text to filter by."""

    def __init__(self) -> None:
        super().__init__(id="filter", compact=True, select_on_focus=False)
        # A blinking cursor writes to the terminal twice a second for nothing.
        self.cursor_blink = False


class FilterPrompt(LineWidget):
    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__("filter-prompt", ascii_only=ascii_only)

    def pieces(self, width: int) -> list[Piece]:  # as wide as its box
        return [(" / ", self.ink.of("accent"))]


class FilterCount(LineWidget):
    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__("filter-count", ascii_only=ascii_only)
        self._text = ""
        self._mistake = ""

    def show(self, shown: int, total: int, mistake: str = "") -> None:
        """``mistake``: what is wrong with the filter, said in place of the count."""
        self._text, self._mistake = f"{shown} of {total}", mistake
        self.repaint()

    def pieces(self, width: int) -> list[Piece]:
        if self._mistake:
            ellipsis = frame_glyphs(self.ascii_only).ellipsis
            return [(fit(f" {inert(self._mistake, self.ascii_only)}", width, ellipsis=ellipsis), self.ink.of("warn"))]
        hints = "enter keep  esc clear"
        left: list[Piece] = [(f" {inert(self._text, self.ascii_only)}", self.ink.plain)]
        return spread(
            left, [(f"{hints} ", self.ink.of("muted"))] if width > len(hints) + 12 else [], width, ("", self.ink.plain)
        )
