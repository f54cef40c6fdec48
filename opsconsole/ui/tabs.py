"""The line of tabs: every pane's name with how many of its rows are in fault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events

from opsconsole.ui.fields import inert
from opsconsole.ui.frame import Piece, pieces_width
from opsconsole.ui.lines import LineWidget
from opsconsole.ui.messages import PaneEntered

_SHORT = {"environments": "Envs"}
_LENGTHS = (99, 8, 4, 3, 0)
"""How many characters of a name are shown at most, tried until the line fits."""


class Tab(NamedTuple):
    pane_id: str
    number: int
    title: str
    faults: int
    unknown: bool
    status: str


class TabLine(LineWidget):
    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__("tabs", ascii_only=ascii_only)
        self._tabs: tuple[Tab, ...] = ()
        self._active = ""

    def show(self, tabs: Sequence[Tab], active: str) -> None:
        self._tabs, self._active = tuple(tabs), active
        self.repaint()

    def pieces(self, width: int) -> list[Piece]:
        return [piece for _, pieces in self._placed(width) for piece in pieces]

    def _placed(self, width: int) -> list[tuple[str, list[Piece]]]:
        for length in _LENGTHS:
            for gap in (2, 1):
                placed = [(tab.pane_id, self._tab(tab, length, gap)) for tab in self._tabs]
                if sum(pieces_width(pieces) for _, pieces in placed) <= width:
                    return placed
        return placed if self._tabs else []

    def _tab(self, tab: Tab, length: int, gap: int) -> list[Piece]:
        ink = self.ink
        active = tab.pane_id == self._active
        title = tab.title if length > len(tab.title) else _SHORT.get(tab.pane_id, tab.title)
        title = inert(title, self.ascii_only)[: max(length, 4) if active else length]
        pieces: list[Piece] = [(f" {tab.number}", ink.of("muted"))]
        if title:
            pieces += [(" ", ink.plain), (title, ink.active_frame if active else ink.plain)]
        if tab.faults:
            pieces += [(" ", ink.plain), (str(tab.faults), ink.of(tab.status))]
        elif tab.unknown:
            pieces += [(" ", ink.plain), ("?", ink.of("unknown"))]
        return [*pieces, (" " * (gap - 1), ink.plain)]

    def on_click(self, event: events.Click) -> None:
        event.stop()
        x = 0
        for pane_id, pieces in self._placed(self.size.width):
            x += pieces_width(pieces)
            if event.x < x:
                self.post_message(PaneEntered(pane_id))
                return
