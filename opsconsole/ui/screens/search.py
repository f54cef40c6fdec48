"""Marking what a search found in a line of text, and breaking a line into rows of cells. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from opsconsole.present.filter import loose_text
from opsconsole.present.values import STAMP


def highlighted(text: str, search: str, status: str) -> list[tuple[str, str]]:
    """The text in pieces (text, status); what equals ``search``, whatever its case, has the status ``mark``.

    Where nothing equals it and it can be read as a pattern, what that finds has it.
    """
    folded, wanted = text.casefold(), search.casefold()
    if not wanted or wanted not in folded:
        pattern = loose_text(search).pattern if wanted else None
        return _spans(text, [found.span() for found in pattern.finditer(text)], status) if pattern else [(text, status)]
    if len(folded) != len(text):
        # Folding has lengthened a letter: places in the folded text are none of the text's.
        folded, wanted = text.lower(), search.lower()
        if len(folded) != len(text) or wanted not in folded:
            return [(text, "mark")]
    spans: list[tuple[int, int]] = []
    start = 0
    while (found := folded.find(wanted, start)) >= 0:
        start = found + len(wanted)
        spans.append((found, start))
    return _spans(text, spans, status)


def _spans(text: str, spans: Sequence[tuple[int, int]], status: str) -> list[tuple[str, str]]:
    """The text in pieces, those of the spans with the status ``mark``."""
    pieces: list[tuple[str, str]] = []
    start = 0
    for first, end in spans:
        pieces += [(text[start:first], status), (text[first:end], "mark")]
        start = end
    return [piece for piece in (*pieces, (text[start:], status)) if piece[0]] or [(text, status)]


def dated(text: str, search: str, status: str) -> list[tuple[str, str]]:
    """As ``highlighted``; while nothing is searched the time that the text begins with is muted, to keep the eye on
    what was said."""
    stamp = "" if search or not (found := STAMP.match(text)) else found[0]
    said = highlighted(text[len(stamp) :], search, status)
    return [(stamp, "muted"), *said] if stamp else said


def folded_cells(text: str, width: int) -> list[str]:
    """As ``split_cells``, but no word is broken that a blank stands before in the same row."""
    rows: list[str] = []
    while cell_len(text) > width > 0:
        row = split_cells(text, width)[0]
        blank = row.rfind(" ")
        if text[len(row) : len(row) + 1] != " " and blank > 0 and row[:blank].strip():
            row = row[:blank]
        rows.append(row)
        text = text[len(row) :].lstrip(" ")
    return [*rows, text] if text or not rows else rows


def split_cells(text: str, width: int) -> list[str]:
    """The text in rows of at most ``width`` cells, nothing lost; one empty row for an empty text."""
    if width <= 0 or cell_len(text) <= width:
        return [text]
    rows: list[str] = []
    while cell_len(text) > width:
        if text.isascii():
            row = text[:width]
        else:
            # set_cell_size pads where a wide character does not fit; what was padded is no part of the text.
            row = set_cell_size(text, width)
            row = row if text.startswith(row) else row[:-1]
            row = row or text[0]
        rows.append(row)
        text = text[len(row) :]
    return [*rows, text] if text else rows
