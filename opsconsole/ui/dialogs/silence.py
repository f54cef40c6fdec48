"""SilenceBox: for how long an alert shall propose nothing."""

from __future__ import annotations

from collections.abc import Sequence

from textual.screen import Screen

from opsconsole.ui.dialogs.box import BoxScreen
from opsconsole.ui.fields import fit, inert
from opsconsole.ui.screens.reader import StyledLine, StyledText

CHOICES = (("15 minutes", 900.0), ("1 hour", 3600.0), ("4 hours", 14_400.0), ("1 day", 86_400.0))
END = ("end the silence", 0.0)


class SilenceBox(BoxScreen):
    """Dismissed with the seconds that were chosen, 0 to end a silence, or None."""

    WIDEST = 60

    def __init__(self, name: str, silenced: bool, behind: Screen[object] | None, *, ascii_only: bool = False) -> None:
        super().__init__(behind, ascii_only=ascii_only)
        self._alert = name
        self._choices = (END, *CHOICES) if silenced else CHOICES
        self._cursor = 0

    def heading(self) -> StyledText:
        return f"Silence {inert(self._alert, self.ascii_only)} for", "title"

    def body(self, width: int) -> Sequence[StyledLine]:
        return [self._choice(number, label, width) for number, (label, _) in enumerate(self._choices)]

    def _choice(self, number: int, label: str, width: int) -> StyledLine:
        on_cursor = "cursor:" if number == self._cursor else ""
        sign = self.glyphs.cursor if on_cursor else " "
        return [(f"{sign} ", f"{on_cursor}accent" if on_cursor else ""), (fit(label, max(width - 2, 0)), on_cursor)]

    def last_line(self, width: int) -> StyledLine:
        return [(fit("its condition is still watched; it proposes nothing", width), "muted")]

    def hints(self) -> str:
        return "enter choose   esc cancel"

    def cursor_line(self) -> int | None:
        return self._cursor

    def move(self, lines: int) -> None:
        self._cursor = min(max(self._cursor + lines, 0), len(self._choices) - 1)
        self.view.repaint()

    def step(self, direction: int) -> None:
        self.move(direction)

    def enter(self) -> None:
        if self.is_current:
            self.dismiss(self._choices[self._cursor][1])
