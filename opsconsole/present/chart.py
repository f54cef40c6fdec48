"""One series over time, drawn into lines of cells: a filled curve with its peaks, and the axis of times below. Pure.

What is not known is left blank, and so is a time that nobody has recorded: a known zero has its dots on the ground.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from opsconsole.model.sample import Sample

Line = list[tuple[str, str]]
"""Pieces of text with the name of their status."""


class Point(NamedTuple):
    at: float
    sample: Sample | None


class Frame(NamedTuple):
    """The times and values that a drawing is for."""

    start: float
    end: float
    top: float
    """The value at the upper edge; at the lower one it is 0."""
    gap_s: float
    """Points further apart are not joined."""


_LEFT, _RIGHT = (0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)
"""Dots of a braille cell's two columns from the ground up."""
_TICKS_S = (60, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 2 * 86_400, 7 * 86_400)


def curve(points: Sequence[Point], frame: Frame, width: int, height: int, *, ascii_only: bool = False) -> list[Line]:
    """``height`` lines of exactly ``width`` cells."""
    across, up = (1, 2) if ascii_only else (2, 4)
    levels, peaks = _columns(points, frame, width * across)
    dots = [_dots(level, frame.top, height * up) for level in levels]
    tips = [_dots(peak, frame.top, height * up) for peak in peaks]
    draw = _ascii_cell if ascii_only else _braille_cell
    lines: list[Line] = []
    for row in range(height):
        ground = (height - 1 - row) * up
        line: Line = []
        for x in range(0, width * across, across):
            text, status = draw(dots[x : x + across], tips[x : x + across], ground)
            if line and line[-1][1] == status:
                line[-1] = (line[-1][0] + text, status)
            else:
                line.append((text, status))
        lines.append(line)
    return lines


def _columns(points: Sequence[Point], frame: Frame, count: int) -> tuple[list[float | None], list[float | None]]:
    """The mean and the peak in each column of dots, straight lines between points that are not too far apart."""
    means: list[float | None] = [None] * count
    peaks: list[float | None] = [None] * count
    times = [0] * count
    per_column = (frame.end - frame.start) / count
    before: tuple[int, float] | None = None
    for at, sample in points:
        if sample is None:
            before = None
            continue
        x = int((at - frame.start) / per_column)
        if before is not None and at - before[1] <= frame.gap_s and x > before[0] + 1:
            _join(means, before[0], x, sample.mean)
        if 0 <= x < count:
            mean = means[x] if times[x] else None
            means[x] = sample.mean if mean is None else (mean * times[x] + sample.mean) / (times[x] + 1)
            peaks[x] = max(peaks[x] or 0.0, sample.peak)
            times[x] += 1
        before = (x, at)
    return means, peaks


def _join(means: list[float | None], start: int, end: int, value: float) -> None:
    known = means[start] if 0 <= start < len(means) else None
    first = value if known is None else known
    for x in range(max(start + 1, 0), min(end, len(means))):
        means[x] = first + (value - first) * (x - start) / (end - start)


def _dots(value: float | None, top: float, most: int) -> int:
    """How many dots above the ground; 0 for what is not known."""
    if value is None:
        return 0
    return 1 + round(max(0.0, min(value / top, 1.0)) * (most - 1)) if top > 0 else 1


def _braille_cell(dots: Sequence[int], tips: Sequence[int], ground: int) -> tuple[str, str]:
    filled = marked = 0
    for column, high, tip in zip((_LEFT, _RIGHT), dots, tips, strict=True):
        filled |= sum(bit for place, bit in enumerate(column) if ground + place < high)
        if high < tip and 0 <= tip - 1 - ground < 4:
            marked |= column[tip - 1 - ground]
    text = chr(0x2800 | filled | marked) if filled | marked else " "
    return text, "accent" if filled else "muted" if marked else ""


def _ascii_cell(dots: Sequence[int], tips: Sequence[int], ground: int) -> tuple[str, str]:
    above = dots[0] - ground
    if above > 0:
        return ("#" if above > 1 else "."), "accent"
    return ("'", "muted") if 0 < tips[0] - ground <= 2 else (" ", "")


def time_axis(start: float, end: float, width: int) -> str:
    """Local times below a drawing that is ``width`` cells wide, each centred at its place; ``now`` at the right end."""
    text = [" "] * width
    text[-3:] = "now"
    span = end - start
    least = 86_400 if span > 2 * 86_400 else 60  # a time of day says little where there are many days
    step = next((one for one in _TICKS_S if one >= least and span / one * 9 <= width - 6), _TICKS_S[-1])
    form = "%H:%M" if step < 86_400 else "%a %d"
    offset = time.localtime(end).tm_gmtoff
    at = ((start + offset) // step + 1) * step - offset
    while at < end:
        label = time.strftime(form, time.localtime(at))
        place = round((at - start) / span * width) - len(label) // 2
        if place >= 0 and place + len(label) < width - 4 and not "".join(text[max(place - 1, 0) : place]).strip():
            text[place : place + len(label)] = label
        at += step
    return "".join(text)


def round_top(value: float, *, binary: bool = False) -> float:
    """A value that reads well, not below ``value``: 1, 2 or 5 times a power of ten, or of 1024."""
    if value <= 0:
        return 1.0
    unit = 1.0
    if binary:
        while value / unit > 1000:
            unit *= 1024
    while unit > value:
        unit /= 10
    while True:
        for factor in (1, 2, 5):
            if factor * unit >= value:
                return factor * unit
        unit *= 10


Written = Callable[[float | None], str]


def told(points: Sequence[Point], frame: Frame, now: float, written: Written) -> tuple[str, str, str]:
    """(least, at this moment, most) of what is in the frame; unknown ``now`` where the newest point is too old."""
    inside = [point for point in points if frame.start <= point.at <= frame.end]
    known = [point.sample for point in inside if point.sample is not None]
    last = inside[-1] if inside else None
    newest = last.sample if last is not None and now - last.at <= frame.gap_s else None
    least = min((sample.mean for sample in known), default=None)
    most = max((sample.peak for sample in known), default=None)
    return written(least), written(newest.mean if newest is not None else None), written(most)
