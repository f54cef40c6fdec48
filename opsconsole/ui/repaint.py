"""Writes a repaint in few bytes: the changed cells only, and of colours and attributes what differs from before.

The toolkit rewrites each changed line from the left edge of its widget and spells out the whole style of every
piece, which costs a slow link several times as much. This stands on the toolkit's compositor, which is no public
interface; what it promises is held by tests, and nothing else in the console knows of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, runtime_checkable

from rich.color import Color, ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import Compositor, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from opsconsole.ui.ink import InkedScreen
from opsconsole.ui.spans import segments_between

_ATTRIBUTES = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")
"""SGR codes in the order of the bits in which Rich keeps a style's attributes."""
_SHOWS_ON_BLANKS = 0b1_1111_0111_1000
"""Attributes that can be seen where there is no character: underline, blink, reverse, strike, frames."""


class _Pen(NamedTuple):
    """What a terminal writes with; None is its own colour."""

    attributes: int
    foreground: str | None
    background: str | None


_NEW_PEN = _Pen(0, None, None)


class PenWriter:
    """Builds the sequences of one repaint; starts and ends with the terminal's own pen."""

    def __init__(self, console: Console) -> None:
        self._system = console._color_system or ColorSystem.TRUECOLOR
        self._pen = _NEW_PEN
        self._at: tuple[int, int] | None = None
        self._parts: list[str] = []

    def write(self, x: int, y: int, segments: Iterable[Segment], width: int) -> None:
        """Put ``segments``, ``width`` cells wide, at a cell of the screen."""
        if self._at is not None and self._at[1] == y and x >= self._at[0]:
            if x > self._at[0]:
                self._parts.append(f"\x1b[{x - self._at[0]}C")
        else:
            self._parts.append(f"\x1b[{y + 1};{x + 1}H")
        for text, style, control in segments:
            if control or not text:
                continue
            pen = _NEW_PEN if style is None else _pen(style, self._system)
            if text.isspace() and not pen.attributes & _SHOWS_ON_BLANKS:
                # No character, no need for its colour.
                pen = pen._replace(foreground=self._pen.foreground)
            if pen != self._pen:
                self._parts.append(_change(self._pen, pen))
                self._pen = pen
            self._parts.append(text)
        self._at = (x + width, y)

    def sequences(self) -> str:
        if self._pen != _NEW_PEN:
            self._parts.append("\x1b[0m")
            self._pen = _NEW_PEN
        return "".join(self._parts)


@lru_cache(maxsize=2048)
def _pen(style: Style, system: ColorSystem) -> _Pen:
    return _Pen(
        style._attributes & style._set_attributes,
        _colour(style.color, system, foreground=True),
        _colour(style.bgcolor, system, foreground=False),
    )


def _colour(color: Color | None, system: ColorSystem, *, foreground: bool) -> str | None:
    if color is None or color.is_default:
        return None
    return ";".join(color.downgrade(system).get_ansi_codes(foreground))


@lru_cache(maxsize=4096)
def _change(before: _Pen, after: _Pen) -> str:
    codes: list[str] = []
    if before.attributes & ~after.attributes:
        # Codes that end one attribute differ between terminals: start anew.
        codes.append("0")
        before = _NEW_PEN
    added = after.attributes & ~before.attributes
    codes += [code for bit, code in enumerate(_ATTRIBUTES) if added & (1 << bit)]
    if after.foreground != before.foreground:
        codes.append(after.foreground or "39")
    if after.background != before.background:
        codes.append(after.background or "49")
    return f"\x1b[{';'.join(codes)}m" if codes else ""


class _Piece(NamedTuple):
    x: int
    y: int
    segments: list[Segment]
    width: int


class _CellsUpdate(CompositorUpdate):
    """Pieces of lines and where they go; front widgets come first and hide what is behind them."""

    def __init__(self, pieces: list[_Piece]) -> None:
        self._pieces = pieces

    def render_segments(self, console: Console) -> str:
        writer = PenWriter(console)
        for piece in self._pieces:
            writer.write(*piece)
        return writer.sequences()


class _ScreenUpdate(LayoutUpdate):
    def render_segments(self, console: Console) -> str:
        writer = PenWriter(console)
        for y, line in enumerate(self.strips, self.region.y):
            x = self.region.x
            for strip in line:
                if strip is not None:
                    writer.write(x, y, strip, strip.cell_length)
                    x += strip.cell_length
        return writer.sequences()


class _CellsCompositor(Compositor):
    def render_partial_update(self) -> CompositorUpdate | None:  # type: ignore[override]  # a sibling of its type
        """The dirty cells, each from the foremost widget there."""
        dirty = [region.intersection(self.size.region) for region in self._dirty_regions]
        self._dirty_regions.clear()
        layers = self.layers_visible
        pieces: list[_Piece] = []
        for y, start, end in self._regions_to_spans(region for region in dirty if region):
            pieces += self._span(layers[y] if y < len(layers) else [], y, start, end)
        return _CellsUpdate(pieces) if pieces else None

    @staticmethod
    def _span(layers: Sequence[tuple[Widget, Region, Region]], y: int, begin: int, stop: int) -> list[_Piece]:
        pieces: list[_Piece] = []
        uncovered = [(begin, stop)]
        for widget, shown, region in layers:
            if not uncovered:
                break
            left_over = []
            for first, last in uncovered:
                x1, x2 = max(first, shown.x), min(last, shown.right)
                if x1 >= x2:
                    left_over.append((first, last))
                    continue
                line = widget.render_lines(Region(0, y - region.y, region.width, 1))
                if line:
                    start, end = x1 - region.x, min(x2 - region.x, line[0].cell_length)
                    pieces.append(_Piece(x1, y, segments_between(line[0], start, end), max(end - start, 0)))
                left_over += [span for span in ((first, x1), (x2, last)) if span[0] < span[1]]
            uncovered = left_over
        return sorted(pieces, key=lambda piece: piece.x)

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        update = super().render_full_update(simplify)
        # The strips are kept: exporting an image walks them more than once.
        return _ScreenUpdate([list(line) for line in update.strips], update.region)


def picture(screen: Screen[Any]) -> list[str]:
    """What stands on a screen, as the text of its lines."""
    return [strip.text for strip in screen._compositor.render_strips()]


@runtime_checkable
class Patient(Protocol):
    """An app that knows when its terminal is behind, and has the screen catch up later."""

    def must_wait(self) -> bool: ...


class ThriftyScreen(InkedScreen, inherit_bindings=False):
    """A screen that writes no more than what changed. The console's screens derive from it."""

    ALLOW_SELECT = False
    ESCAPE_TO_MINIMIZE = False

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """The toolkit writes the whole screen again when the focus moves; the widgets concerned do that for themselves."""

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name, id, classes)
        self._compositor = _CellsCompositor()

    def on_unmount(self) -> None:
        """Let go of the closed screen's lines: a cache of the toolkit's keeps the last thousand widgets alive."""
        StylesCache.get_inner_outer.cache_clear()

    def _compositor_refresh(self) -> None:
        """Write what changed, or while the terminal is behind only keep in mind what it was."""
        if self is self.app.screen and isinstance(self.app, Patient) and self.app.must_wait():
            self._dirty_widgets.clear()
        else:
            super()._compositor_refresh()

    def catch_up(self) -> None:
        """Write what was kept, as it is by now."""
        if self._compositor._dirty_regions:
            self._compositor_refresh()
