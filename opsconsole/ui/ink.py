"""The styles a line is painted with, by name. They come from the stylesheets: no colour is named here."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

STATUSES = ("ok", "warn", "bad", "unknown", "muted", "accent")
INKS = frozenset({f"ink--{name}" for name in (*STATUSES, "plain", "title", "frame", "active-frame", "cursor", "mark")})


class Ink:
    """Styles of one widget, valid until its stylesheet, theme or place in the tree changes."""

    def __init__(self, widget: Widget) -> None:
        style = widget.get_component_rich_style
        self.plain = style("ink--plain")
        self.title = style("ink--title")
        self.frame = style("ink--frame")
        self.active_frame = style("ink--active-frame")
        self.mark = style("ink--mark")
        cursor = style("ink--cursor")
        self._by_status = {"": self.plain} | {name: style(f"ink--{name}") for name in STATUSES}
        over = Style(bgcolor=cursor.bgcolor, reverse=cursor.reverse or None, bold=cursor.bold or None)
        self._on_cursor = {name: known + over for name, known in self._by_status.items()}

    def of(self, status: str, *, cursor: bool = False) -> Style:
        """The style for a status, on the cursor's line or off it."""
        return (self._on_cursor if cursor else self._by_status)[status]
