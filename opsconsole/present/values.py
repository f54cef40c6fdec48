"""Cells for the kinds of value that every pane shows.

Equal values give the very same Cell, so that comparing two snapshots' rows is cheap.
"""

from __future__ import annotations

import re
from functools import lru_cache

from opsconsole.present import humanise
from opsconsole.present.cell import Cell, SortKey, Status, by_number, by_text

STAMP = re.compile(r"\A\[?(?:\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?\s+", re.ASCII)
"""The time that a line of a log begins with."""
_RANK: dict[Status, float] = {"bad": 0.0, "warn": 1.0, "unknown": 2.0, "accent": 3.0, "ok": 4.0, "": 5.0, "muted": 6.0}

_UNKNOWN = Cell(humanise.UNKNOWN, "unknown")


@lru_cache(1024)
def text_cell(text: str, status: Status = "", short: str = "") -> Cell:
    return Cell(text, status, by_text(text), short)


@lru_cache(256)
def state_cell(glyph: str, word: str, status: Status) -> Cell:
    """Sign and word; sorted with the worst first."""
    return Cell(f"{glyph} {word}", status, (0, _RANK[status], word), glyph)


def plain_cell(text: str, sort: SortKey, status: Status = "") -> Cell:
    return Cell(text, status, sort)


@lru_cache(1024)
def size_cell(value: int | None, status: Status = "") -> Cell:
    return _UNKNOWN if value is None else Cell(humanise.size(value), status, by_number(value))


@lru_cache(1024)
def percent_cell(value: float | None, status: Status = "") -> Cell:
    return _UNKNOWN if value is None else Cell(humanise.percent(value), status, by_number(value))


def duration_cell(value: float | None, status: Status = "") -> Cell:
    if value is None:
        return _UNKNOWN
    return _duration_cell(float(int(value)), status)


@lru_cache(1024)
def _duration_cell(value: float, status: Status) -> Cell:
    return Cell(humanise.duration(value), status, by_number(value), humanise.duration_short(value))


@lru_cache(1024)
def number_cell(value: int | None, status: Status = "") -> Cell:
    """An identifying number, such as a pid or a port: digits only."""
    return _UNKNOWN if value is None else Cell(str(value), status, by_number(value))


def answer_cell(http_status: int | None, asked: bool, status: Status = "") -> Cell:
    """An HTTP status; ``none`` when it was asked and none came, ``?`` when nobody has asked yet."""
    return Cell("none", status) if http_status is None and asked else number_cell(http_status, status)


@lru_cache(1024)
def latency_cell(value: float | None, status: Status = "") -> Cell:
    return _UNKNOWN if value is None else Cell(humanise.latency(value), status, by_number(value))
