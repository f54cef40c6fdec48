"""A series as one line of blocks, and a share as a bar."""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.present.glyphs import Glyphs


def sparkline(series: Sequence[float | None], width: int, signs: Glyphs, top: float | None = None) -> str:
    """The last ``width`` values in exactly ``width`` cells, newest at the right.

    The highest block is ``top``, or without one the largest of the values drawn; larger values are cut there.
    Unknown values and cells before the first value are blank.
    """
    if width <= 0:
        return ""
    recent = series[-width:]
    known = [value for value in recent if value is not None]
    scale = top if top is not None else max(known, default=0.0)
    highest = len(signs.spark) - 1
    drawn: list[str] = []
    for value in recent:
        if value is None:
            drawn.append(" ")
        elif scale <= 0:
            drawn.append(signs.spark[0])
        else:
            drawn.append(signs.spark[max(0, min(highest, round(min(value, scale) / scale * highest)))])
    return "".join(drawn).rjust(width)


def bar(share: float | None, width: int, signs: Glyphs) -> str:
    """A share from 0 to 1 as a bar of ``width`` cells; unknown is ``?`` and no bar at all."""
    if width <= 0:
        return ""
    if share is None:
        return signs.unknown.ljust(width)
    full = round(max(0.0, min(1.0, share)) * width)
    # Something is never drawn as nothing, nor nearly all as all.
    if share > 0.0 and full == 0:
        full = 1
    if share < 1.0 and full == width:
        full = width - 1
    return signs.bar_full * full + signs.bar_empty * (width - full)
