"""ThemeBox: the themes, tried by moving over them; `enter` keeps one until the console ends, `esc` goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.screen import Screen

from opsconsole.present.glyphs import glyphs
from opsconsole.ui.dialogs.box import BoxScreen
from opsconsole.ui.fields import fit
from opsconsole.ui.screens.reader import StyledLine, StyledText
from opsconsole.ui.theme import THEMES


class ThemeBox(BoxScreen):
    """Dismissed with the theme's short name that was chosen, or None."""

    WIDEST = 72

    def __init__(
        self, now: str, show: Callable[[str], None], behind: Screen[object] | None, *, ascii_only: bool = False
    ) -> None:
        """``now`` is the short name of the theme in force; ``show`` puts another in force."""
        super().__init__(behind, ascii_only=ascii_only)
        self._names = tuple(THEMES)
        self._show = show
        self._cursor = self._names.index(now) if now in self._names else 0
        self._signs = glyphs(ascii_only)

    def heading(self) -> StyledText:
        return "Theme", "title"

    def body(self, width: int) -> Sequence[StyledLine]:
        themes = [self._theme(number, name, width) for number, name in enumerate(self._names)]
        return [*themes, [], *self._sample(width)]

    def _theme(self, number: int, name: str, width: int) -> StyledLine:
        on_cursor = "cursor:" if number == self._cursor else ""
        return [
            (f"{self.glyphs.cursor if on_cursor else ' '} ", f"{on_cursor}accent" if on_cursor else ""),
            (fit(name, 14), f"{on_cursor}accent" if on_cursor else ""),
            (fit(THEMES[name].about, max(width - 16, 0)), f"{on_cursor}muted"),
        ]

    def _sample(self, width: int) -> list[StyledLine]:
        signs = self._signs
        return [
            [(f"  {signs.ok} running   ", "ok"), (f"{signs.warn} duplicates   ", "warn"), (f"{signs.bad} down", "bad")],
            [
                (f"  {signs.unknown} unknown   ", "unknown"),
                ("quiet   ", "muted"),
                ("key   ", "accent"),
                ("text", ""),
            ],
            [("  ", ""), (" 2 marked ", "mark"), ("  ", ""), (fit("title", max(width - 14, 0)), "title")],
        ]

    def last_line(self, width: int) -> StyledLine:
        said = f'theme = "{self._names[self._cursor]}" in [console] of the config keeps it for good'
        return [(fit(said, width), "muted")]

    def hints(self) -> str:
        return "enter keep   esc as before"

    def cursor_line(self) -> int | None:
        return self._cursor

    def move(self, lines: int) -> None:
        self._cursor = min(max(self._cursor + lines, 0), len(self._names) - 1)
        self._show(self._names[self._cursor])
        self.view.repaint()

    def step(self, direction: int) -> None:
        self.move(direction)

    def enter(self) -> None:
        if self.is_current:
            self.dismiss(self._names[self._cursor])
