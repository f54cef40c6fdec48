"""Puts each widget of the main screen into the box that the arrangement has for it."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from opsconsole.ui.layout import Arrangement


class Places(Layout):
    """Puts each widget into the box that the arrangement has for it; the others are not shown."""

    name = "places"

    def __init__(self, arranged: Callable[[Size], Arrangement]) -> None:
        self._arranged = arranged

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
