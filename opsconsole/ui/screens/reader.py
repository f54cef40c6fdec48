"""What the reading screens share: a title line, lines to scroll through, a line of keys at the bottom.

Lines are pieces of literal text with the name of a status: no markup is ever parsed. Only cells that differ from
what was painted last are written again. A reading screen does the registry's moving and leaving actions itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from opsconsole.ui import clipboard
from opsconsole.ui.actions import ACTIONS
from opsconsole.ui.context import Context
from opsconsole.ui.footer import FooterLine, Hint
from opsconsole.ui.frame import Piece, pieces_width
from opsconsole.ui.ink import Ink, ink_of
from opsconsole.ui.keymap import Keymap, make_keymap, shown_key
from opsconsole.ui.lines import LineWidget, spread
from opsconsole.ui.repaint import ThriftyScreen
from opsconsole.ui.spans import changed_spans

WHEEL_LINES = 3
SAY_S = 6.0
"""How long a message stands in the footer."""
USUAL_KEYS = make_keymap(ACTIONS, {})

StyledText = tuple[str, str]
"""Inert text and the name of its status; ``title`` and ``mark`` name the ink's own styles."""
StyledLine = Sequence[StyledText]


class LinesView(Widget, can_focus=True, inherit_bindings=False):
    """A window on lines that somebody else lays out for its size."""

    ALLOW_SELECT = False

    def __init__(self, lay_out: Callable[[int, int], Sequence[StyledLine]]) -> None:
        """``lay_out(width, height)`` gives the lines to show, from the first one on the screen."""
        super().__init__()
        self._lay_out = lay_out
        self._painted: list[Strip] = []

    @property
    def ink(self) -> Ink:
        return ink_of(self)

    @property
    def painted(self) -> Sequence[Strip]:
        """The lines that stand on the screen."""
        return tuple(self._painted or self._composed())

    def repaint(self) -> None:
        """Lay out again and have those cells written that differ from what stands on the screen."""
        if not self.is_mounted or not self.size:
            self._painted = []
            return
        painted, self._painted = self._painted, self._composed()
        if len(painted) != len(self._painted) or painted[0].cell_length != self._painted[0].cell_length:
            self.refresh()
            return
        regions = [
            Region(start, y, end - start, 1)
            for y, (before, after) in enumerate(zip(painted, self._painted, strict=True))
            for start, end in changed_spans(before, after)
        ]
        if regions:
            self.refresh(*regions)

    def _composed(self) -> list[Strip]:
        width, height = self.size
        plain = self.ink.plain
        lines = [
            Strip([self._segment(text, status) for text, status in line if text])
            for line in self._lay_out(width, height)[:height]
        ]
        lines += [Strip([])] * (height - len(lines))
        return [line.crop_extend(0, width, plain) for line in lines]

    def _segment(self, text: str, status: str) -> Segment:
        ink = self.ink
        if status.startswith("cursor:"):
            return Segment(text, ink.of(status.removeprefix("cursor:"), cursor=True))
        own = {"title": ink.title, "mark": ink.mark, "frame": ink.frame}.get(status)
        return Segment(text, own or ink.of(status))

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if len(self._painted) != height or (self._painted and self._painted[0].cell_length != width):
            self._painted = self._composed()
        return self._painted[y] if y < len(self._painted) else Strip.blank(width)

    def on_resize(self) -> None:
        self._painted = []
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painted = []


class TitleLine(LineWidget):
    """The reading screen's title at the left, how it stands at the right."""

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__("reader-title", ascii_only=ascii_only)
        self._title = ""
        self._notes: tuple[StyledText, ...] = ()

    def show(self, title: str, notes: Sequence[StyledText] = ()) -> None:
        self._title, self._notes = title, tuple(notes)
        self.repaint()

    def pieces(self, width: int) -> list[Piece]:
        ink = self.ink
        left: list[Piece] = [(f" {self._title}", ink.title)]
        right: list[Piece] = []
        for text, status in self._notes:
            right += [(text, ink.of(status)), ("   ", ink.plain)]
        right = [*right[:-1], (" ", ink.plain)] if right else []
        while len(right) > 2 and pieces_width(right) > max(width // 2, width - pieces_width(left) - 2):
            right = right[2:]
        return spread(left, right, width, ("", ink.plain))


class ReaderScreen(ThriftyScreen):
    """A screen of lines. Subclasses give the lines and follow the scrolling in whatever unit they lay out in."""

    NAME = ""
    """What the registry's actions know it by, see ``Context.screen``."""
    row_key = ""
    """Of the row whose details are read, if any are."""

    DEFAULT_CSS = """
    ReaderScreen { layout: vertical; }
    ReaderScreen > LineWidget { height: 1; }
    ReaderScreen > LinesView { height: 1fr; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.ascii_only = ascii_only
        self.title_line = TitleLine(ascii_only=ascii_only)
        self.view = LinesView(self.lay_out)
        self.footer_line = FooterLine(ascii_only=ascii_only)
        self._quiet_again: Timer | None = None

    @property
    def row_actions(self) -> tuple[str, ...]:
        """Ids of the actions that are done here to the row whose details are read."""
        return ()

    def compose(self) -> ComposeResult:
        yield self.title_line
        yield self.view
        yield self.footer_line

    def on_mount(self) -> None:
        self.view.focus()
        self.show_hints()

    def hint(self, *action_ids: str, label: str, why_not: str = "") -> Hint:
        """One entry of the footer: the first key of each of these actions, as the config has them."""
        keymap: Keymap = getattr(self.app, "keymap", USUAL_KEYS)
        keys = [shown_key(keys[0], ascii_only=self.ascii_only) for one in action_ids if (keys := keymap.keys[one])]
        return Hint(" ".join(keys), label, why_not) if keys else Hint("", "", "")

    # For subclasses

    def context_here(self, context: Context) -> Context:
        """The main screen's context as it is for this screen: what decides what its keys can do now."""
        return replace(context, screen=self.NAME)

    def lay_out(self, width: int, height: int) -> Sequence[StyledLine]:
        """The lines that stand on the screen now."""
        raise NotImplementedError

    def hints(self) -> Sequence[Hint]:
        """What the footer says."""
        raise NotImplementedError

    def show_hints(self) -> None:
        """Show the footer anew; actions that a config left without a key are not in it."""
        self.footer_line.show([hint for hint in self.hints() if hint.key])

    def say(self, text: str, status: str = "", *, stay: bool = False) -> None:
        """A message before the keys, until the next key or for some seconds."""
        self.footer_line.say(text, status)
        if self._quiet_again is not None:
            self._quiet_again.stop()
            self._quiet_again = None
        if text and not stay:
            self._quiet_again = self.set_timer(SAY_S, lambda: self.footer_line.say(""))

    def scroll_lines(self, lines: int) -> None:
        """Scroll by so many lines; both ends stop it."""
        raise NotImplementedError

    def scroll_to_end(self, *, end: bool) -> None:
        """Scroll to the first or the last line."""
        raise NotImplementedError

    # The registry's actions

    def perform(self, action_id: str) -> bool:
        """Do an action of the registry; False when this screen has no such action."""
        if self.footer_line.said:
            self.say("")
        page = max(self.view.size.height - 1, 1)
        lines = {
            "down": 1,
            "up": -1,
            "half-down": max(page // 2, 1),
            "half-up": -max(page // 2, 1),
            "page-down": page,
            "page-up": -page,
        }
        if self.footer_line.said:
            self.footer_line.say("")
        if action_id in lines:
            self.scroll_lines(lines[action_id])
        elif action_id in ("top", "bottom"):
            self.scroll_to_end(end=action_id == "bottom")
        elif action_id == "copy":
            self._copy()
        elif action_id in ("back", "quit"):
            self.leave()
        else:
            return False
        return True

    def copied(self) -> tuple[str, str]:
        """(what a copy of it is, what is said of that): the lines that stand on the screen."""
        lines = ["".join(part.text for part in strip).rstrip() for strip in self.view.painted]
        return "\n".join(lines).strip("\n"), "what is on the screen"

    def _copy(self) -> None:
        text, what = self.copied()
        clipboard.send(self.app, text, what, self.footer_line.say)

    def leave(self) -> None:
        """Back to the screen below."""
        if self.is_current:
            self.dismiss()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-WHEEL_LINES)


class PagesScreen(ReaderScreen):
    """A reading screen whose lines are all known at once for a width."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self._top = 0
        self._lines: list[StyledLine] = []
        self._lines_width = -1

    def lines(self, width: int) -> list[StyledLine]:
        """All lines for a screen this wide."""
        raise NotImplementedError

    def renew(self) -> None:
        """Lay out again: what is shown has changed."""
        self._lines_width = -1
        self.view.repaint()
        self.show_title()

    def lay_out(self, width: int, height: int) -> Sequence[StyledLine]:
        if width != self._lines_width:
            self._lines = self.lines(width)
            self._lines_width = width
        self._top = min(max(self._top, 0), max(len(self._lines) - height, 0))
        return self._lines[self._top : self._top + height]

    def copied(self) -> tuple[str, str]:
        lines = ["".join(text for text, _ in line).rstrip() for line in self.lines(max(self.view.size.width, 1))]
        return "\n".join(lines).strip("\n"), "all of it"

    def scroll_lines(self, lines: int) -> None:
        self._top += lines
        self.view.repaint()
        self.show_title()

    def scroll_to_end(self, *, end: bool) -> None:
        self._top = len(self._lines) if end else 0
        self.view.repaint()
        self.show_title()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show_title)

    @property
    def place(self) -> str:
        """Which lines are shown, when not all are."""
        height = self.view.size.height
        if len(self._lines) <= height or height <= 0:
            return ""
        return f"{self._top + 1}-{min(self._top + height, len(self._lines))} of {len(self._lines)}"

    def show_title(self) -> None:
        """Say what is shown, and which lines of it."""
        raise NotImplementedError
