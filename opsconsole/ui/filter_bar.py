"""The filter's line: an input with its prompt, and how many rows are left or what is wrong with it."""

from __future__ import annotations

from textual import events
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
        self.kept = False
        """The text was agreed to; keys of the same burst that still come here are for the screen."""

    async def _on_key(self, event: events.Key) -> None:
        # The toolkit looks for what `enter` does only after the keys behind it have been handed out: here it is done
        # at once, and what comes behind it goes the usual way again.
        if not self.kept and event.key != "enter":
            return
        event.stop()
        event.prevent_default()
        if self.kept:
            self.app.post_message(events.Key(event.key, event.character))
        else:
            self.kept = True
            self.post_message(self.Submitted(self, self.value))


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
