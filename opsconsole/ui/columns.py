"""Where a table's columns stand. Pure: the same columns and room give the same places, whatever the cells hold.

Widths never depend on content, so nothing jumps from refresh to refresh. When there is too little room the columns
with the highest ``priority`` go first; what is left over goes to the flexible ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opsconsole.present.cell import Column

GAP = 2
TIGHT_GAP = 1
TIGHT_BELOW = 64
"""Tables narrower than this stand closer together."""
LUXURY = 6
"""Columns of this priority and beyond stay only while the flexible ones have room to be read."""
COMFORT = 6
"""Cells beyond its least width that make a flexible column readable."""


class PlacedColumn(NamedTuple):
    column: int
    """Which of the table's columns."""
    width: int
    """In terminal cells, without the gap after it."""


def gap_for(available: int) -> int:
    """Cells between two columns of a table this wide."""
    return TIGHT_GAP if available < TIGHT_BELOW else GAP


def place_columns(columns: Sequence[Column], available: int, hidden: Sequence[str] = ()) -> tuple[PlacedColumn, ...]:
    """The columns that fit into ``available`` cells, in their order, with their widths.

    The most important column always stays, cut to the room there is; those with an id in ``hidden`` are left out.
    """
    if available <= 0 or not columns:
        return ()
    gap = gap_for(available)
    kept = [index for index, column in enumerate(columns) if column.id not in hidden]
    if not kept:
        return ()
    while len(kept) > 1 and _needed(columns, kept, gap) + _comfort(columns, kept) > available:
        # The last of the least important goes: of two equals the one further right.
        kept.remove(max(kept, key=lambda index: (columns[index].priority, index)))
    widths = {index: columns[index].width for index in kept}
    spare = available - _needed(columns, kept, gap)
    if spare < 0:
        return (PlacedColumn(kept[0], available),)
    _share(columns, widths, spare)
    return tuple(PlacedColumn(index, widths[index]) for index in kept)


def _needed(columns: Sequence[Column], kept: list[int], gap: int) -> int:
    return sum(columns[index].width for index in kept) + gap * (len(kept) - 1)


def _comfort(columns: Sequence[Column], kept: list[int]) -> int:
    """Cells that the flexible columns should have before a luxury is afforded; 0 when there is none among them."""
    if all(columns[index].priority < LUXURY for index in kept):
        return 0
    flexible = [columns[index] for index in kept if columns[index].flex]
    return sum(min(COMFORT, column.max_width - column.width if column.max_width else COMFORT) for column in flexible)


def _share(columns: Sequence[Column], widths: dict[int, int], spare: int) -> None:
    """Hand the spare cells to the flexible columns by their shares, none beyond its ``max_width``."""
    while spare > 0:
        growing = [index for index in widths if columns[index].flex > 0 and _may_grow(columns[index], widths[index])]
        if not growing:
            return
        total = sum(columns[index].flex for index in growing)
        before = spare
        for index in growing:
            limit = columns[index].max_width or widths[index] + before
            share = min(before * columns[index].flex // total, limit - widths[index], spare)
            widths[index] += share
            spare -= share
        if spare == before:
            # Fewer cells than shares: one each, from the left.
            widths[growing[0]] += 1
            spare -= 1


def _may_grow(column: Column, width: int) -> bool:
    return column.max_width == 0 or width < column.max_width
