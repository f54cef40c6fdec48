"""The styles a line is painted with, by name. They come from the stylesheets: no colour is named here."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.style import Style
from textual.screen import Screen
from textual.widget import Widget

STATUSES = ("ok", "warn", "bad", "unknown", "muted", "accent")
INKS = frozenset({f"ink--{name}" for name in (*STATUSES, "plain", "title", "frame", "active-frame", "cursor", "mark")})


class Ink:
    """Styles of one screen, valid until its stylesheet or theme changes."""

    def __init__(self, screen: InkedScreen) -> None:
        style = screen.get_component_rich_style
        self.plain = style("ink--plain")
        self.title = style("ink--title")
        self.frame = style("ink--frame")
        self.active_frame = style("ink--active-frame")
        self.mark = style("ink--mark")
        cursor = style("ink--cursor")
        self._by_status = {"": self.plain} | {name: style(f"ink--{name}") for name in STATUSES}
        over = Style(bgcolor=cursor.bgcolor, reverse=cursor.reverse or None, bold=cursor.bold or None)
        self._on_cursor = {name: known + over for name, known in self._by_status.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ink) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it is a bundle of styles, no key

    def of(self, status: str, *, cursor: bool = False) -> Style:
        """The style for a status, on the cursor's line or off it."""
        return (self._on_cursor if cursor else self._by_status)[status]


class InkedScreen(Screen[Any], inherit_bindings=False):
    """A screen with the ink for all of its widgets.

    Not each with its own: the toolkit works out every component class of every widget several times at the start, and
    a dozen of them for a dozen widgets took a fifth of the way to the first full screen.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(INKS)

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name, id, classes)
        self._ink: Ink | None = None

    @property
    def ink(self) -> Ink:
        if self._ink is None:
            self._ink = Ink(self)
        return self._ink

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ink = None


def ink_of(widget: Widget) -> Ink:
    """The ink of the screen that the widget stands on."""
    screen = widget.screen
    if not isinstance(screen, InkedScreen):
        raise TypeError(f"{screen!r} has no ink; an InkedScreen would be right")
    return screen.ink


class InkedWidget(Widget, inherit_bindings=False):
    """A widget that paints its own lines with ink, and forgets them only when the ink is another."""

    ALLOW_SELECT = False

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ink: Ink | None = None
        self._ink_in_doubt = True

    @property
    def ink(self) -> Ink:
        if self._ink is None or self._ink_in_doubt:
            ink = ink_of(self)
            self._ink_in_doubt = False
            if ink != self._ink:
                self._ink = ink
                self.forget_painted()
            return self._ink or ink
        return self._ink

    def forget_painted(self) -> None:
        """What stands on the screen was painted with another ink."""
        raise NotImplementedError

    def notify_style_update(self) -> None:
        # Also called when styles were only looked at again, as after each change of focus.
        super().notify_style_update()
        self._ink_in_doubt = True
