"""The filter's line: an input with its prompt, and how many rows are left."""

from __future__ import annotations

from textual.widgets import Input

from opsconsole.ui.fields import inert
from opsconsole.ui.frame import Piece
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

    def show(self, shown: int, total: int) -> None:
        self._text = f"{shown} of {total}"
        self.repaint()

    def pieces(self, width: int) -> list[Piece]:
        hints = "enter keep  esc clear"
        left: list[Piece] = [(f" {inert(self._text, self.ascii_only)}", self.ink.plain)]
        return spread(
            left, [(f"{hints} ", self.ink.of("muted"))] if width > len(hints) + 12 else [], width, ("", self.ink.plain)
        )
