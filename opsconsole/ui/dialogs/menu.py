"""MenuBox: everything that can be done to a row, each with its key; what cannot be done now says why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.screen import Screen

from opsconsole.ui.dialogs.box import BoxScreen
from opsconsole.ui.fields import fit, inert
from opsconsole.ui.screens.reader import StyledLine, StyledText

KEY_WIDTH = 6


class Entry(NamedTuple):
    action_id: str
    key: str
    """As it is written on the screen."""
    label: str
    help: str
    why_not: str


class MenuBox(BoxScreen):
    """Dismissed with the id of the action that was chosen, or None."""

    WIDEST = 116

    def __init__(
        self, about: str, entries: Sequence[Entry], behind: Screen[object] | None, *, ascii_only: bool = False
    ) -> None:
        super().__init__(behind, ascii_only=ascii_only)
        self.about = about
        self.entries = tuple(entries)
        self._cursor = next((number for number, entry in enumerate(self.entries) if not entry.why_not), 0)
        self._said = ""

    def heading(self) -> StyledText:
        return inert(self.about, self.ascii_only), "title"

    def body(self, width: int) -> Sequence[StyledLine]:
        label_width = max((cell_len(entry.label) for entry in self.entries), default=0) + 2
        return [self._entry(number, entry, label_width, width) for number, entry in enumerate(self.entries)]

    def _entry(self, number: int, entry: Entry, label_width: int, width: int) -> StyledLine:
        on_cursor = "cursor:" if number == self._cursor else ""
        label_tone = "muted" if entry.why_not else ""
        key_tone = "muted" if entry.why_not else "accent"
        text = inert(entry.why_not or entry.help, self.ascii_only)
        room = max(width - KEY_WIDTH - label_width - 1, 0)
        return [
            (self.glyphs.cursor if on_cursor else " ", f"{on_cursor}accent" if on_cursor else ""),
            (fit(entry.key, KEY_WIDTH), on_cursor + key_tone),
            (fit(inert(entry.label, self.ascii_only), label_width), on_cursor + label_tone),
            (fit(text, room, ellipsis=self.glyphs.ellipsis), on_cursor + "muted"),
        ]

    def last_line(self, width: int) -> StyledLine:
        return [(fit(self._said, width, ellipsis=self.glyphs.ellipsis), "muted")]

    def hints(self) -> str:
        return "enter choose   esc close"

    def cursor_line(self) -> int | None:
        return self._cursor

    def move(self, lines: int) -> None:
        self._cursor = min(max(self._cursor + lines, 0), max(len(self.entries) - 1, 0))
        self._said = ""
        self.view.repaint()

    def step(self, direction: int) -> None:
        self.move(direction)

    def enter(self) -> None:
        if self.entries:
            self._choose(self.entries[self._cursor])

    def perform(self, action_id: str) -> bool:
        if action_id == "actions":
            self.enter()
            return True
        for number, entry in enumerate(self.entries):
            if entry.action_id == action_id:
                self._cursor = number
                self._choose(entry)
                return True
        return super().perform(action_id)

    def _choose(self, entry: Entry) -> None:
        if entry.why_not:
            self._said = f"{entry.label}: {entry.why_not}"
            self.view.repaint()
        elif self.is_current:
            self.dismiss(entry.action_id)
