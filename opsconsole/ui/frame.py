"""The characters that panes are drawn with, and the line above and below a pane."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from opsconsole.ui.fields import fit


class FrameGlyphs(NamedTuple):
    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str
    horizontal: str
    vertical: str
    thumb: str
    """Stands in the right side of the frame for the part of the rows that is shown."""
    cursor: str
    ascending: str
    descending: str
    ellipsis: str
    dot: str


LINES = FrameGlyphs("╭", "╮", "╰", "╯", "─", "│", "┃", "▌", "▲", "▼", "…", "·")
ASCII = FrameGlyphs("+", "+", "+", "+", "-", "|", "#", ">", "^", "v", "~", "-")


def frame_glyphs(ascii_only: bool) -> FrameGlyphs:
    return ASCII if ascii_only else LINES


Piece = tuple[str, Style]
"""Inert text and its style."""


def pieces_width(pieces: list[Piece]) -> int:
    return sum(cell_len(text) for text, _ in pieces)


def edge(
    width: int,
    corners: tuple[str, str],
    glyphs: FrameGlyphs,
    style: Style,
    left: list[Piece],
    right: list[Piece],
    *,
    right_first: bool = False,
) -> list[Segment]:
    """A horizontal edge with text let into it at both ends; of too long texts the right one gives way."""
    inner = width - len(corners[0]) - len(corners[1])
    if inner <= 0:
        return [Segment(glyphs.horizontal * width, style)]
    left = _within(left, inner - 2 - (pieces_width(right) + 3 if right_first else 0), glyphs)
    room = inner - 2 - pieces_width(left) - 3
    right = _within(right, room, glyphs) if right and room >= min(8, pieces_width(right)) else []
    line = inner - pieces_width(left) - pieces_width(right) - (2 if right else 0) - (1 if left else 0)
    segments = [Segment(corners[0] + (glyphs.horizontal if left else ""), style)]
    segments += [Segment(text, piece_style) for text, piece_style in left]
    segments.append(Segment(glyphs.horizontal * (line if not right else line + 1), style))
    segments += [Segment(text, piece_style) for text, piece_style in right]
    segments.append(Segment((glyphs.horizontal if right else "") + corners[1], style))
    return [segment for segment in segments if segment.text]


def _within(pieces: list[Piece], room: int, glyphs: FrameGlyphs) -> list[Piece]:
    kept: list[Piece] = []
    for text, style in pieces:
        if room <= 0:
            break
        length = cell_len(text)
        kept.append((text if length <= room else fit(text, room, ellipsis=glyphs.ellipsis), style))
        room -= length
    return kept
