"""Puts each widget of the main screen into the box that the arrangement has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from opsconsole.ui.layout import (
    FILTER_SAYS,
    Arrangement,
    arrange,
    starved,
    too_small,
)

if TYPE_CHECKING:
    from opsconsole.ui.screens.main import MainScreen


class Places(Layout):
    """Widgets without a box are not shown. Panes keep their heights until one of them lacks what another has."""

    name = "places"

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.current: Arrangement | None = None
        """The one on the screen."""
        self.filter_says = FILTER_SAYS
        """Cells wanted beside the filter's input."""
        self.tour_lines = 0
        self._size = Size(0, 0)
        self._needs_met: dict[str, int] = {}
        """What the panes needed when their heights were last shared out."""

    def arrange(
        self,
        parent: Widget,  # the toolkit's signature
        children: list[Widget],
        size: Size,
        greedy: bool = True,
    ) -> ArrangeResult:
        boxes = self._arranged(size).boxes
        return [
            WidgetPlacement(Region(*boxes[child.id]), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child.id in boxes
        ]

    def _arranged(self, size: Size) -> Arrangement:
        """The arrangement for this size; also what the panes then look like."""
        screen = self._screen
        if size != self._size:
            self._size, self._needs_met = size, self._needs()
        self.current = arrange(
            size.width,
            size.height,
            active=screen.active,
            zoomed=screen.zoomed,
            filtering=screen.filtering,
            filter_says=self.filter_says,
            banner=bool(screen.banner.text),
            tour=self.tour_lines,
            needs=self._needs_met,
        )
        for table in screen.tables.values():
            table.framed = self.current.framed
        screen.notice.lines = too_small(size.width, size.height)
        return self.current

    def _needs(self) -> dict[str, int]:
        return {pane_id: table.lines_wanted for pane_id, table in self._screen.tables.items()}

    def share_anew(self) -> bool:
        """Share out the heights by what the panes need now, if one is starved; whether there is a new arrangement."""
        if self.current is None or not starved(self.current, needs := self._needs()):
            return False
        self._needs_met = needs
        return True

    @property
    def overview_fits(self) -> bool:
        """Whether this terminal shows more than one pane when nothing is zoomed."""
        return arrange(*self._screen.size, active="services").kind in ("columns", "stack")
