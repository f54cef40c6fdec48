"""Text fitted to a field of a screen line: measured in terminal cells, cut where it must be, always literal."""

from __future__ import annotations

from typing import Literal

from rich.cells import cell_len, set_cell_size

from opsconsole.model.text import clean
from opsconsole.present.cell import Cell

_VARIATION_SELECTORS = dict.fromkeys(range(0xFE00, 0xFE10))
"""Terminals disagree about the width of what they select, so they are left out."""


def inert(text: str, ascii_only: bool = False) -> str:
    """The text as it may be written to a terminal: one printable line.

    Text is cleaned where it enters; this is the last gate before the terminal, for what was missed.
    """
    if text.isascii():
        return text if text.isprintable() else clean(text, len(text))
    text = text.translate(_VARIATION_SELECTORS)
    if not text.isprintable():
        text = clean(text, len(text))
    return text.replace("…", "...").encode("ascii", "replace").decode() if ascii_only else text


def fit(text: str, width: int, align: Literal["left", "right"] = "left", ellipsis: str = "…") -> str:
    """``text`` in exactly ``width`` terminal cells: padded, or cut with an ellipsis. It must be inert."""
    length = len(text) if text.isascii() else cell_len(text)
    if length <= width:
        padding = " " * (width - length)
        return padding + text if align == "right" else text + padding
    if width <= 0:
        return ""
    # set_cell_size pads with a blank where a wide character would be cut in two.
    return (
        set_cell_size(text, width - len(ellipsis)) + ellipsis if width > len(ellipsis) else set_cell_size(text, width)
    )


def fit_cell(cell: Cell, width: int, align: Literal["left", "right"] = "left", *, ascii_only: bool = False) -> str:
    """A cell's text in exactly ``width`` terminal cells; its short form where the long one does not fit."""
    text = inert(cell.text, ascii_only)
    if cell.short and cell_len(text) > width:
        text = inert(cell.short, ascii_only)
    return fit(text, width, align, "~" if ascii_only else "…")


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken at blanks where there are any."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        while cell_len(word) > width > 0:
            if line:
                lines.append(line)
                line = ""
            head = set_cell_size(word, width).rstrip()
            lines.append(head)
            word = word[len(head) :]
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
        else:
            lines.append(line)
            line = word
    if line:
        lines.append(line)
    return lines
