"""What a table on any front is made of: columns, and rows of plain-text cells with a status, no markup."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["", "ok", "warn", "bad", "unknown", "muted", "accent"]
"""How a cell is to be read. A front maps it to colour; glyph or word in the text says the same without colour."""

SortKey = tuple[int, float, str]
"""Known before unknown, then by number, then by text: comparable between any two cells of a column."""


Kind = Literal["text", "words", "number", "percent", "size", "duration", "milliseconds"]
"""What a column's cells hold, for comparing them: ``sort`` of a cell has it in bytes, seconds, milliseconds or percent.
``words`` is text of several words, each of which may be meant."""


class Column(msgspec.Struct, frozen=True):
    id: str
    title: str
    width: int
    """Least width in terminal cells, without the gap to the next column."""
    align: Literal["left", "right"] = "left"
    priority: int = 1
    """1 is kept longest; when there is too little room the highest numbers go first."""
    flex: int = 0
    """Share of the room left over; 0 keeps the column at its least width."""
    max_width: int = 0
    """Where a flexible column stops growing; 0 for no end."""
    kind: Kind = "text"


class Cell(msgspec.Struct, frozen=True):
    text: str
    status: Status = ""
    sort: SortKey = (1, 0.0, "")
    short: str = ""
    """Said instead when ``text`` does not fit; empty: ``text`` is cut with an ellipsis."""
    yields: bool = False
    """On a line of cells with too little room: left out before one that does not yield."""


class Row(msgspec.Struct, frozen=True):
    key: str
    """Identity of what the row shows: stays the same from snapshot to snapshot, is no position and no display text."""
    cells: tuple[Cell, ...]
    """One for each column of its table."""
    fault: bool = False
    """Shown when only faults are wanted."""
    depth: int = 0
    """Level in a process tree below its row; 0 for a row of its own."""
    parent: str = ""
    """Key of the row it stands below; empty for depth 0."""


def by_number(value: float | None) -> SortKey:
    return (1, 0.0, "") if value is None else (0, float(value), "")


def by_text(value: str | None) -> SortKey:
    return (1, 0.0, "") if not value else (0, 0.0, value.casefold())
