"""BoxScreen: a framed box over a still, quiet picture of the screen it was opened on.

What stands behind does not move while a question is asked, and costs nothing. A box does the registry's moving and
leaving actions itself and swallows all others: no key can act behind its back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import ComposeResult
from textual.events import Key, MouseScrollDown, MouseScrollUp
from textual.screen import Screen
from textual.strip import Strip

from opsconsole.ui.fields import fit, inert
from opsconsole.ui.frame import frame_glyphs
from opsconsole.ui.repaint import ThriftyScreen, picture
from opsconsole.ui.screens.reader import WHEEL_LINES, LinesView, StyledLine, StyledText

SIDE = 4
"""Cells that the frame and the blanks beside it take."""
CHROME = 4
"""Lines beside the body: two edges, a blank line, and the line of buttons or of a message."""
MARGIN_FROM = 100
"""Width from which a box leaves room beside it."""


class Place(NamedTuple):
    x: int
    y: int
    width: int
    height: int


class BoxScreen(ThriftyScreen):
    """Subclasses give title, body, last line and hints, and do what the keys ask."""

    DEFAULT_CSS = """
    BoxScreen { layout: vertical; }
    BoxScreen > LinesView { height: 1fr; }
    """
    WIDEST = 100

    def __init__(self, behind: Screen[object] | None, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.ascii_only = ascii_only
        self.glyphs = frame_glyphs(ascii_only)
        self._backdrop: list[str] = picture(behind) if behind is not None else []
        self._top = 0
        self._body_lines = 0
        self._body_room = 0
        self.view = LinesView(self.lay_out)

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    # For subclasses

    def heading(self) -> StyledText:
        raise NotImplementedError

    def body(self, width: int) -> Sequence[StyledLine]:
        """All lines for a box whose inside is this wide."""
        raise NotImplementedError

    def last_line(self, width: int) -> StyledLine:
        """The buttons, or what has to be said in their place."""
        raise NotImplementedError

    def hints(self) -> str:
        """What the keys do, let into the lower edge."""
        raise NotImplementedError

    def cursor_line(self) -> int | None:
        """The line of the body that must be in view; None lets the reader scroll."""
        return None

    def enter(self) -> None:
        """The key that chooses."""
        raise NotImplementedError

    def step(self, direction: int) -> None:
        """The keys that go from one thing to the next."""
        raise NotImplementedError

    def leave(self) -> None:
        """Close without doing anything."""
        if self.is_current:
            self.dismiss(None)

    # The registry's actions

    def perform(self, action_id: str) -> bool:
        """Do an action of the registry; all that have no meaning here are swallowed."""
        page = max(self._body_room - 1, 1)
        lines = {"half-down": page // 2 or 1, "half-up": -(page // 2 or 1), "page-down": page, "page-up": -page}
        match action_id:
            case "down" | "up":
                self.move(1 if action_id == "down" else -1)
            case "half-down" | "half-up" | "page-down" | "page-up":
                self.move(lines[action_id])
            case "top" | "bottom":
                self.move(self._body_lines if action_id == "bottom" else -self._body_lines)
            case "next-pane" | "previous-pane":
                self.step(1 if action_id == "next-pane" else -1)
            case "details":
                self.enter()
            case "back" | "quit" | "interrupt":
                self.leave()
        return True

    def move(self, lines: int) -> None:
        """Scroll; a box with a cursor moves that instead."""
        self._top = min(max(self._top + lines, 0), max(self._body_lines - self._body_room, 0))
        self.view.repaint()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self.move(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self.move(-WHEEL_LINES)

    def on_key(self, event: Key) -> None:
        # The space bar marks rows elsewhere; on a button people expect it to press.
        if event.key == "space":
            event.stop()

    # Drawing

    def lay_out(self, width: int, height: int) -> Sequence[StyledLine]:
        box_width = width if width < MARGIN_FROM else min(self.WIDEST, width - 8)
        body = list(self.body(max(box_width - SIDE, 1)))
        box_height = min(len(body) + CHROME, height)
        self._body_lines, self._body_room = len(body), max(box_height - CHROME, 0)
        cursor = self.cursor_line()
        if cursor is not None and self._body_room:
            self._top = min(max(self._top, cursor - self._body_room + 1), cursor)
        self._top = min(max(self._top, 0), max(len(body) - self._body_room, 0))
        place = Place((width - box_width) // 2, max((height - box_height) // 3, 0), box_width, box_height)
        inside = self._inside(body[self._top : self._top + self._body_room], place)
        return [
            self._line(y, inside[y - place.y] if 0 <= y - place.y < len(inside) else None, place, width)
            for y in range(height)
        ]

    def _inside(self, body: list[StyledLine], place: Place) -> list[StyledLine]:
        room = max(place.width - SIDE, 1)
        rows = [self._filled(line, room) for line in body]
        rows += [self._filled([], room), self._filled(self.last_line(room), room)]
        return [self._top_edge(place), *rows, self._bottom_edge(place)][: place.height]

    def _filled(self, line: StyledLine, room: int) -> StyledLine:
        """A line of the inside between the sides of the frame."""
        used = sum(cell_len(text) for text, _ in line)
        side: StyledText = (self.glyphs.vertical, "accent")
        return [side, (" ", ""), *line, (" " * max(room - used, 0), ""), (" ", ""), side]

    def _top_edge(self, place: Place) -> StyledLine:
        text, status = self.heading()
        said = f" {fit(text, min(cell_len(text), max(place.width - 8, 1)), ellipsis=self.glyphs.ellipsis)} "
        rest = self.glyphs.horizontal * max(place.width - 3 - cell_len(said), 0)
        start = self.glyphs.top_left + self.glyphs.horizontal
        return [(start, "accent"), (said, status), (rest + self.glyphs.top_right, "accent")]

    def _bottom_edge(self, place: Place) -> StyledLine:
        hints = f" {inert(self.hints(), self.ascii_only)} "
        shown = ""
        if 0 < self._body_room < self._body_lines:
            last = min(self._top + self._body_room, self._body_lines)
            shown = f" {self._top + 1}-{last} of {self._body_lines} "
        room = place.width - 4 - cell_len(shown)
        hints = hints if cell_len(hints) <= room else ""
        line = self.glyphs.horizontal * max(place.width - 4 - cell_len(hints) - cell_len(shown), 0)
        return [
            (self.glyphs.bottom_left + self.glyphs.horizontal, "accent"),
            (hints, "muted"),
            (line, "accent"),
            (shown, "muted"),
            (self.glyphs.horizontal + self.glyphs.bottom_right, "accent"),
        ]

    def _line(self, y: int, inside: StyledLine | None, place: Place, width: int) -> StyledLine:
        behind = inert(self._backdrop[y], self.ascii_only) if y < len(self._backdrop) else ""
        if inside is None:
            return [(behind, "frame")]
        backdrop = Strip([Segment(behind)]).crop_extend(0, width, None)
        left, right = backdrop.crop(0, place.x).text, backdrop.crop(place.x + place.width, width).text
        return [(left, "frame"), *inside, (right, "frame")]
