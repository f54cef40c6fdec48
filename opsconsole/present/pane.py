"""What a pane is on any front: its name and columns, and what it has to show of one Snapshot."""

from __future__ import annotations

from typing import Any

import msgspec

from opsconsole.model.reading import Reading, ReadingState
from opsconsole.present.cell import Cell, Column, Row, Status


class PaneSpec(msgspec.Struct, frozen=True):
    id: str
    title: str
    number: int
    """Key that shows it."""
    columns: tuple[Column, ...]


class PaneContent(msgspec.Struct, frozen=True):
    state: ReadingState
    message: str
    """Why it is unknown, what to configure, that there is nothing, or what is missing from the rows."""
    rows: tuple[Row, ...]
    """In the order they were collected; each tree row stands right below its own."""
    summary: str
    """One short line for the pane's title: how many of what."""
    status: Status
    """Of the worst row."""
    faults: int
    """Rows of their own with something wrong, unknown ones not counted."""
    unknowns: int
    """Rows of their own whose state is not known."""


class StatedRow(msgspec.Struct, frozen=True):
    """A row of its own with the status that the model's states of it come to."""

    row: Row
    status: Status


READING = "reading…"
"""What is said where nothing has been read yet, and nothing is wrong with that."""
_WORST_FIRST: tuple[Status, ...] = ("bad", "warn", "unknown", "ok")


def worst(statuses: set[Status]) -> Status:
    """The status that must be seen first; empty when none of them judges."""
    return next((status for status in _WORST_FIRST if status in statuses), "")


def without_value(reading: Reading[Any]) -> PaneContent:
    """The content of a pane whose reading is unknown or unconfigured."""
    unknown = reading.state == "unknown"
    if reading.pending:
        return PaneContent("unknown", READING, (), READING, "muted", faults=0, unknowns=0)
    return PaneContent(
        state=reading.state,
        message=reading.reason if unknown else reading.hint,
        rows=(),
        summary="unknown" if unknown else "not configured",
        status="unknown" if unknown else "muted",
        faults=0,
        unknowns=1 if unknown else 0,
    )


def content(
    read: list[StatedRow],
    summary: str,
    *,
    empty: str,
    note: str = "",
    extra: Status = "",
    tree: list[Row] | None = None,
) -> PaneContent:
    """The content of a pane that could be read.

    ``extra`` is a status beside those of the rows, ``tree`` the rows with those of their processes.
    """
    statuses = {one.status for one in read} | {extra}
    return PaneContent(
        state="ok",
        message=note or ("" if read else empty),
        rows=tuple(tree) if tree is not None else tuple(one.row for one in read),
        summary=summary,
        status=worst(statuses),
        faults=sum(1 for one in read if one.status in ("bad", "warn")),
        unknowns=sum(1 for one in read if one.status == "unknown"),
    )


def counted(words: list[str], order: tuple[str, ...], separator: str) -> str:
    """``3 up · 1 down``: how often each word occurs, in the given order, absent ones left out."""
    parts = [f"{words.count(word)} {word}" for word in order if word in words]
    return f" {separator} ".join(parts)


def cell_by_column(columns: tuple[Column, ...], cells: dict[str, Cell]) -> tuple[Cell, ...]:
    """Cells in the order of the columns; a column that has none is empty."""
    return tuple([cells.get(column.id, EMPTY) for column in columns])  # hot: a list is filled faster than a generator


EMPTY = Cell("")
