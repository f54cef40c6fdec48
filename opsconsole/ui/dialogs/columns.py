"""ColumnsBox: which columns a pane shows. Each choice is shown at once by whoever opened the box."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.events import Key
from textual.screen import Screen

from opsconsole.present.cell import Column
from opsconsole.ui.dialogs.box import BoxScreen
from opsconsole.ui.fields import fit, inert
from opsconsole.ui.screens.reader import StyledLine, StyledText


class ColumnsBox(BoxScreen):
    """The first column has the rows' names and always stays."""

    WIDEST = 60

    def __init__(
        self,
        title: str,
        columns: Sequence[Column],
        hidden: Sequence[str],
        chosen: Callable[[tuple[str, ...]], None],
        behind: Screen[object] | None,
        *,
        ascii_only: bool = False,
    ) -> None:
        """``chosen`` is called with the ids of the hidden columns, in their order, after each change."""
        super().__init__(behind, ascii_only=ascii_only)
        self._title = title
        self._columns = tuple(column for column in columns[1:])
        self._hidden = set(hidden)
        self._chosen = chosen
        self._cursor = 0

    def heading(self) -> StyledText:
        return inert(f"Columns of {self._title}", self.ascii_only), "title"

    def body(self, width: int) -> Sequence[StyledLine]:
        return [self._column(number, column, width) for number, column in enumerate(self._columns)]

    def _column(self, number: int, column: Column, width: int) -> StyledLine:
        on_cursor = "cursor:" if number == self._cursor else ""
        shows = column.id not in self._hidden
        name = column.title or column.id.capitalize()
        said = fit(inert(name, self.ascii_only), max(width - 7, 0))
        return [
            (f"{self.glyphs.cursor if on_cursor else ' '} ", f"{on_cursor}accent" if on_cursor else ""),
            ("[x]  " if shows else "[ ]  ", f"{on_cursor}{'accent' if shows else 'muted'}"),
            (said, on_cursor if shows else f"{on_cursor}muted"),
        ]

    def last_line(self, width: int) -> StyledLine:
        return [(fit("Where room is short, the least important still go first", width), "muted")]

    def hints(self) -> str:
        return "space show or hide   esc done"

    def cursor_line(self) -> int | None:
        return self._cursor

    def move(self, lines: int) -> None:
        self._cursor = min(max(self._cursor + lines, 0), max(len(self._columns) - 1, 0))
        self.view.repaint()

    def step(self, direction: int) -> None:
        self.move(direction)

    def enter(self) -> None:
        if self._columns and self.is_current:
            self._hidden ^= {self._columns[self._cursor].id}
            self._chosen(tuple(column.id for column in self._columns if column.id in self._hidden))
            self.view.repaint()

    def on_key(self, event: Key) -> None:
        if event.key == "space":
            event.stop()
            self.enter()
