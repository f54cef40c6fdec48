"""ChoiceBox: which of several processes is meant, when nothing but the operator can tell."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.screen import Screen

from opsconsole.present import humanise
from opsconsole.ui.dialogs.box import BoxScreen
from opsconsole.ui.fields import fit, inert
from opsconsole.ui.screens.reader import StyledLine, StyledText
from opsconsole.ui.subjects import Member


class ChoiceBox(BoxScreen):
    """Dismissed with the member that was chosen, or None."""

    def __init__(
        self, question: str, members: Sequence[Member], behind: Screen[object] | None, *, ascii_only: bool = False
    ) -> None:
        super().__init__(behind, ascii_only=ascii_only)
        self.question = question
        self.members = tuple(members)
        self._cursor = 0

    def heading(self) -> StyledText:
        return inert(self.question, self.ascii_only), "title"

    def body(self, width: int) -> Sequence[StyledLine]:
        now = time.time()
        return [self._member(number, member, now, width) for number, member in enumerate(self.members)]

    def _member(self, number: int, member: Member, now: float, width: int) -> StyledLine:
        on_cursor = "cursor:" if number == self._cursor else ""
        age = humanise.duration(None if member.start is None else now - member.start)
        facts = f"{member.id.pid:>8}  {age:>7}  {humanise.size(member.memory_bytes):>5}  "
        role = f"{member.role}  " if member.role != "instance" else ""
        return [
            (self.glyphs.cursor if on_cursor else " ", f"{on_cursor}accent" if on_cursor else ""),
            (facts, f"{on_cursor}accent"),
            (role, f"{on_cursor}muted"),
            (
                fit(
                    inert(member.command, self.ascii_only),
                    max(width - 1 - len(facts) - len(role), 0),
                    ellipsis=self.glyphs.ellipsis,
                ),
                on_cursor,
            ),
        ]

    def last_line(self, width: int) -> StyledLine:
        return [(fit("pid, up for, memory, command", width), "muted")]

    def hints(self) -> str:
        return "enter choose   esc cancel"

    def cursor_line(self) -> int | None:
        return self._cursor

    def move(self, lines: int) -> None:
        self._cursor = min(max(self._cursor + lines, 0), max(len(self.members) - 1, 0))
        self.view.repaint()

    def step(self, direction: int) -> None:
        self.move(direction)

    def enter(self) -> None:
        if self.members and self.is_current:
            self.dismiss(self.members[self._cursor])
