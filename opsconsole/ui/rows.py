"""Which rows a table shows, and in what order. Pure.

A row below another (``depth`` > 0) stays below it: families are filtered and sorted by their heads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec

from opsconsole.present.cell import Column, Row
from opsconsole.present.filter import Mistake, RowFilter, parse_filter


class View(msgspec.Struct, frozen=True):
    """How one pane is looked at. Belongs to the screen, not to the data."""

    filter: str = ""
    """As it was typed."""
    sort: int | None = None
    """Index of the column sorted by; None keeps the order in which the rows came."""
    inverted: bool = False
    faults_only: bool = False
    tree: bool = False
    folded: frozenset[str] = frozenset()
    """Keys of the rows in a tree that stand for all that is below them."""
    hidden: tuple[str, ...] = ()
    """Ids of the columns left out."""


def filter_mistake(written: str, columns: tuple[Column, ...]) -> str:
    """What is wrong with a filter in a table of these columns; empty when it can be used."""
    read = parse_filter(written, columns) if written else None
    return read.text if isinstance(read, Mistake) else ""


def matcher(written: str, columns: tuple[Column, ...]) -> Callable[[Row], bool]:
    """Whether a row is what ``written`` asks for; nothing is when it is written wrong."""
    read = parse_filter(written, columns)
    return read.matches if isinstance(read, RowFilter) else lambda _row: False


def visible_rows(rows: Sequence[Row], view: View, columns: tuple[Column, ...]) -> tuple[Row, ...]:
    """The rows that ``view`` lets through, in its order. A filter that is written wrong hides none."""
    if not (view.faults_only or view.filter or view.inverted) and view.sort is None:
        return tuple(rows)
    families = _families(rows)
    if view.faults_only:
        families = [family for family in families if any(row.fault for row in family)]
    if view.filter and isinstance(wanted := parse_filter(view.filter, columns), RowFilter):
        families = [kept for family in families if (kept := _filtered(family, wanted))]
    if view.sort is not None:
        families = _sorted(families, view.sort, view.inverted)
    elif view.inverted:
        families.reverse()
    return tuple(row for family in families for row in family)


def _families(rows: Sequence[Row]) -> list[list[Row]]:
    families: list[list[Row]] = []
    for row in rows:
        if row.depth > 0 and families:
            families[-1].append(row)
        else:
            families.append([row])
    return families


def _filtered(family: list[Row], asked: RowFilter) -> list[Row]:
    """A head that matches brings all its rows; else the matching ones, with what they stand below."""
    if asked.matches(family[0]):
        return family
    wanted = set() if asked.heads_only else {row.key for row in family if asked.matches(row)}
    if not wanted:
        return []
    for row in reversed(family):
        if row.key in wanted and row.parent:
            wanted.add(row.parent)
    wanted.add(family[0].key)
    return [row for row in family if row.key in wanted]


def _sorted(families: list[list[Row]], column: int, inverted: bool) -> list[list[Row]]:
    """Stable, and unknown last in either direction."""

    def known(family: list[Row]) -> bool:
        return column < len(family[0].cells) and family[0].cells[column].sort[0] == 0

    def order(family: list[Row]) -> tuple[float, str]:
        _, number, text = family[0].cells[column].sort
        return number, text

    return [
        *sorted((family for family in families if known(family)), key=order, reverse=inverted),
        *(family for family in families if not known(family)),
    ]


def head_of(rows: Sequence[Row], key: str) -> str | None:
    """The row with this key where others are below it, else the one that it is below; None where there is neither."""
    place = next((place for place, row in enumerate(rows) if row.key == key), None)
    if place is None:
        return None
    depth = rows[place].depth
    if rows[place + 1 :] and rows[place + 1].depth > depth:
        return key
    return next((row.key for row in reversed(rows[:place]) if row.depth < depth), None) if depth else None


def heads(rows: Sequence[Row]) -> frozenset[str]:
    """The uppermost processes that have others below them."""
    below = pairwise(rows)
    return frozenset(row.key for row, following in below if row.depth == 1 and following.depth > 1)
