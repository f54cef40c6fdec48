"""What of a screen line must be written again. Pure.

On the hot path of every refresh: nearly all text is ASCII, whose width needs no look into a table.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

BRIDGE = 5
"""Unchanged cells between two changed spans that cost no more to write than moving the cursor over them."""


def changed_spans(before: Strip, after: Strip) -> list[tuple[int, int]]:
    """Spans (start, end) in terminal cells in which ``after`` differs from ``before``; none when equal."""
    if before is after:
        return []
    old, new = list(before), list(after)
    spans: list[tuple[int, int]] = []
    x = 0
    for index, segment in enumerate(new):
        previous = old[index] if index < len(old) else None
        width = _width(segment)
        if previous is not segment:
            if previous is None or _width(previous) != width:
                return _joined([*spans, (x, max(before.cell_length, after.cell_length))])
            if previous != segment:
                spans.append(_trimmed(previous, segment, x, width))
        x += width
    if before.cell_length > x:
        spans.append((x, before.cell_length))
    return _joined(spans)


def segments_between(strip: Strip, start: int, end: int) -> list[Segment]:
    """The cells of a line from ``start`` to before ``end``, as ``Strip.crop`` would give them."""
    found: list[Segment] = []
    x = 0
    for segment in strip:
        width = _width(segment)
        after = x + width
        if after > start:
            if x >= start and after <= end:
                found.append(segment)
            elif segment.text.isascii():
                found.append(Segment(segment.text[max(start - x, 0) : end - x], segment.style))
            else:
                return list(strip.crop(start, end))  # a wide character may stand across the edge
        x = after
        if x >= end:
            break
    return found


def _width(segment: Segment) -> int:
    """In cells. Lines are printable: what is ASCII has a cell for each character."""
    text = segment.text
    return len(text) if text.isascii() else cell_len(text)


def _trimmed(previous: Segment, segment: Segment, x: int, width: int) -> tuple[int, int]:
    """The changed characters only, where one character is one cell."""
    old, new = previous.text, segment.text
    if previous.style != segment.style or not (old.isascii() and new.isascii()):
        return x, x + width
    start = 0
    while start < width and old[start] == new[start]:
        start += 1
    end = width
    while end > start and old[end - 1] == new[end - 1]:
        end -= 1
    return x + start, x + end


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if end <= start:
            continue
        if joined and start - joined[-1][1] <= BRIDGE:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
