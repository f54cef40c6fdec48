"""What a filter asks of one row. Pure.

A row holds, does not hold, or cannot be told (None): what is unknown or absent never holds a comparison, nor the
opposite of one. ``state = unknown`` asks just for that and can always be told.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from opsconsole.present.cell import Cell, Row
from opsconsole.present.humanise import UNKNOWN

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Term(Protocol):
    def holds(self, row: Row) -> bool | None:
        """Whether ``row`` is let through; None: it cannot be told."""
        ...


class Text(NamedTuple):
    """Any cell holds the text, or the pattern where there is one; case does not matter."""

    text: str
    """In casefold; empty: only the pattern counts."""
    pattern: re.Pattern[str] | None = None

    def holds(self, row: Row) -> bool:
        return any(self.in_text(cell.text) for cell in row.cells)

    def in_text(self, text: str) -> bool:
        if self.text and self.text in text.casefold():
            return True
        return self.pattern is not None and self.pattern.search(text) is not None


class Holds(NamedTuple):
    """``column ~ text``."""

    column: int
    text: Text

    def holds(self, row: Row) -> bool | None:
        cell = _cell(row, self.column)
        return None if cell is None or is_unknown(cell) or is_absent(cell) else self.text.in_text(cell.text)


class Number(NamedTuple):
    """``column > number``, in the column's unit; equality holds for what the screen shows as well."""

    column: int
    sign: str
    value: float
    written: str

    def holds(self, row: Row) -> bool | None:
        cell = _cell(row, self.column)
        if cell is None or cell.sort[0] != 0 or cell.sort[2] or is_unknown(cell):
            return None
        if self.sign in ("=", "!="):
            same = cell.sort[1] == self.value or cell.text.strip().casefold() == self.written
            return same is (self.sign == "=")
        return _SIGNS[self.sign](cell.sort[1], self.value)


class Word(NamedTuple):
    """``column = word``: the whole cell, or one of its words where the column holds several."""

    column: int
    sign: str
    word: str
    """In casefold; empty: cells with nothing in them."""
    any_word: bool

    def holds(self, row: Row) -> bool | None:
        cell = _cell(row, self.column)
        if cell is None or is_unknown(cell) or (is_absent(cell) and self.word):
            return None
        said = cell.sort[2] or cell.text.strip().casefold()
        same = said == self.word or (self.any_word and self.word in said.replace(",", " ").split())
        return same is (self.sign == "=")


class Unknown(NamedTuple):
    """``column = unknown``."""

    column: int
    wanted: bool

    def holds(self, row: Row) -> bool | None:
        cell = _cell(row, self.column)
        return None if cell is None else is_unknown(cell) is self.wanted


class Not(NamedTuple):
    term: Term

    def holds(self, row: Row) -> bool | None:
        held = self.term.holds(row)
        return None if held is None else not held


class All(NamedTuple):
    terms: Sequence[Term]

    def holds(self, row: Row) -> bool | None:
        told = [term.holds(row) for term in self.terms]
        return False if False in told else None if None in told else True


class Either(NamedTuple):
    terms: Sequence[Term]

    def holds(self, row: Row) -> bool | None:
        told = [term.holds(row) for term in self.terms]
        return True if True in told else None if None in told else False


def is_unknown(cell: Cell) -> bool:
    """Whether the cell says that its value is not known."""
    if cell.text.strip() == UNKNOWN:
        return True
    return cell.status == "unknown" and (cell.sort[2] == "unknown" or (cell.sort[0] == 1 and bool(cell.text.strip())))


def is_absent(cell: Cell) -> bool:
    """Whether there is nothing to know: a pid of what does not run."""
    return not cell.text.strip() and cell.sort[0] == 1


def _cell(row: Row, column: int) -> Cell | None:
    return row.cells[column] if column < len(row.cells) else None
