"""The line of tabs: every pane's name with how many of its rows are in fault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events

from opsconsole.present.glyphs import glyphs
from opsconsole.ui.fields import inert
from opsconsole.ui.frame import Piece, pieces_width
from opsconsole.ui.layout import OVERVIEW
from opsconsole.ui.lines import LineWidget
from opsconsole.ui.messages import PaneEntered

_SHORT = {"environments": "Envs", "alerts": "Alerts"}
_COUNT = 2
"""Cells kept for a count, so that no name is cut and made whole again as counts come and go."""
_LENGTHS = (
    *((99, 99, _COUNT), (8, 8, _COUNT), (8, 0, _COUNT)),
    *((8, 0, 0), (6, 0, 0), (5, 0, 0), (4, 0, 0), (3, 0, 0), (0, 0, 0)),
)
"""How many characters of a name are shown at most, of the overview's panes and of the further views, and how many
cells are kept for a count; tried until the line fits. Of no characters only the number is left."""
_LEAST_ACTIVE = 4


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
        self._signs = glyphs(ascii_only)

    def show(self, tabs: Sequence[Tab], active: str) -> None:
        self._tabs, self._active = tuple(tabs), active
        self.repaint()

    def pieces(self, width: int) -> list[Piece]:
        return [piece for _, pieces in self._placed(width) for piece in pieces]

    def _placed(self, width: int) -> list[tuple[str, list[Piece]]]:
        lengths = self._lengths(width)
        placed = [(tab.pane_id, self._tab(tab, length)) for tab, length in zip(self._tabs, lengths, strict=True)]
        spare = width - sum(pieces_width(pieces) for _, pieces in placed)
        for place, (_, pieces) in enumerate(placed):
            # What a count does not need stands after it: the next tab keeps its place.
            needed = self._room(self._tabs[place], lengths[place], _COUNT) - pieces_width(pieces)
            blank = max(min(needed, spare), 0)
            pieces.append((" " * blank, self.ink.plain))
            spare -= blank
        return placed

    def _lengths(self, width: int) -> list[int]:
        """Of each name; that of the active tab is cut last."""
        for active in (99, _LEAST_ACTIVE):
            for overview, further, kept in _LENGTHS:
                lengths = [
                    max(overview if tab.pane_id in OVERVIEW else further, active if tab.pane_id == self._active else 0)
                    for tab in self._tabs
                ]
                rooms = (self._room(tab, length, kept) for tab, length in zip(self._tabs, lengths, strict=True))
                if sum(rooms) <= width:
                    return lengths
        return lengths

    def _room(self, tab: Tab, length: int, kept: int) -> int:
        """Cells of a tab with its count, or with as many as are kept for one."""
        title, number = self._title(tab, length), 1 + len(str(tab.number))
        told = len(str(tab.faults)) if tab.faults else 1 if tab.unknown else -1
        return number + (1 + len(title) + 1 + max(told, kept or told) if title else 1)

    def _title(self, tab: Tab, length: int) -> str:
        title = tab.title if length > len(tab.title) else _SHORT.get(tab.pane_id, tab.title)
        return inert(title, self.ascii_only)[:length]

    def _tab(self, tab: Tab, length: int) -> list[Piece]:
        ink = self.ink
        title = self._title(tab, length)
        pieces: list[Piece] = [(f" {tab.number}", ink.of("muted"))]
        if title:
            pieces += [(" ", ink.plain), (title, ink.active_frame if tab.pane_id == self._active else ink.plain)]
        space = " " if title else ""
        if tab.faults:
            # A count after a bare number would be taken for another tab.
            sign = self._signs.bad if tab.status == "bad" else self._signs.warn
            pieces.append((f"{space}{tab.faults if title else sign}", ink.of(tab.status)))
        elif tab.unknown:
            pieces.append((f"{space}?", ink.of("unknown")))
        return pieces

    def on_click(self, event: events.Click) -> None:
        event.stop()
        x = 0
        for pane_id, pieces in self._placed(self.size.width):
            x += pieces_width(pieces)
            if event.x < x:
                self.post_message(PaneEntered(pane_id))
                return
