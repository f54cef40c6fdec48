"""Which panes stand where on a screen of a given size. Pure.

Three arrangements: all panes in two columns, all panes in one column, or one pane with a line of tabs. Header and
footer take one line each, findings one to five by the height of the terminal, however many there are: the panes stand
still; their own view has none. A terminal below the least size gets a notice instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

LEAST_WIDTH = 40
LEAST_HEIGHT = 10
TWO_COLUMNS_FROM = 108
FILTER_SAYS = 34
"""Cells beside the filter's input, for what it has found."""
FILTER_INPUT = 24
"""Cells that the input keeps, whatever is to be said beside it."""
LEAST_PANE = 5
"""Frame, column titles and two rows."""
COLUMNS = (("services", "workers", "environments"), ("sessions", "system"))
OVERVIEW = ("services", "workers", "sessions", "environments", "system")

FINDING_LINES = ("strip-1", "strip-2", "strip-3", "strip-4", "strip-5")
"""Ids of the lines that findings stand on, from the top."""

Kind = Literal["columns", "stack", "single", "too-small"]


class Box(NamedTuple):
    x: int
    y: int
    width: int
    height: int


class Arrangement(NamedTuple):
    kind: Kind
    boxes: dict[str, Box]
    """By pane id, and ``header``, ``banner``, ``tabs``, ``tour``, ``FINDING_LINES``, ``footer``, ``filter-prompt``,
    ``filter``, ``filter-count``, ``notice``; what has no box is not shown."""
    framed: bool
    """Whether panes have a frame around them or, where room is dear, only a line above."""

    def panes(self) -> list[str]:
        """Ids of the shown panes in reading order."""
        return [name for name in self.boxes if name not in _LINES]


_LINES = frozenset(
    {"header", "banner", "tabs", "tour", *FINDING_LINES, "footer"}
    | {"filter-prompt", "filter", "filter-count", "notice"}
)


def too_small(width: int, height: int) -> tuple[str, ...]:
    """What a terminal below the least size says: as much of it as stands there whole, the needed size to the last."""
    least = f"{LEAST_WIDTH}x{LEAST_HEIGHT}"
    said = (
        ("too small", f"needs {least}", f"has {width}x{height}"),
        (f"needs {least}", f"has {width}x{height}"),
        (f"needs {least}",),
        (least,),
        (str(LEAST_WIDTH), f"x{LEAST_HEIGHT}"),
    )
    fitting = (lines for lines in said if len(lines) <= height and max(map(len, lines)) <= width)
    return next(fitting, said[-1])


def arrange(
    width: int,
    height: int,
    *,
    active: str,
    zoomed: bool = False,
    filtering: bool = False,
    filter_says: int = FILTER_SAYS,
    banner: bool = False,
    tour: int = 0,
    needs: Mapping[str, int] | None = None,
) -> Arrangement:
    """The arrangement for a terminal of ``width`` x ``height``.

    ``needs`` holds by pane id how many lines it would like, frame included; panes of one column share its height
    by them. ``filter_says`` is how many cells are wanted beside the filter's input, ``tour`` how many lines above
    the findings. With ``banner`` the line below the header is kept for what is amiss with the console itself. A pane
    outside the overview (a further view) is always shown alone.
    """
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Arrangement("too-small", {"notice": Box(0, 0, max(width, 0), max(height, 0))}, framed=False)
    kind = _kind(width, height)
    alone = zoomed or kind == "single" or active not in OVERVIEW
    boxes = {"header": Box(0, 0, width, 1)}
    top = 1
    if banner:
        boxes["banner"] = Box(0, top, width, 1)
        top += 1
    if alone:
        boxes["tabs"] = Box(0, top, width, 1)
        top += 1
    bottom = height - 1
    boxes.update(_bottom_line(width, bottom, filtering, filter_says))
    # Where the findings are the pane itself, nothing of them is told twice.
    shown = FINDING_LINES[: finding_lines(height) if active != "findings" else 0]
    bottom -= len(shown)
    boxes.update({name: Box(0, bottom + place, width, 1) for place, name in enumerate(shown)})
    panes_high = 1 if alone else len(COLUMNS[0]) if kind == "columns" else len(OVERVIEW)
    if 0 < tour <= bottom - top - panes_high * LEAST_PANE:
        bottom -= tour
        boxes["tour"] = Box(0, bottom, width, tour)
    framed = width >= TWO_COLUMNS_FROM or kind != "single"
    body = Box(0, top, width, bottom - top)
    if alone:
        boxes[active] = body
        return Arrangement("single", boxes, framed)
    if kind == "columns":
        left = width // 2
        boxes.update(_column(COLUMNS[0], Box(0, top, left, body.height), needs or {}))
        boxes.update(_column(COLUMNS[1], Box(left, top, width - left, body.height), needs or {}))
    else:
        boxes.update(_column(OVERVIEW, body, needs or {}))
    return Arrangement(kind, boxes, framed)


def starved(arrangement: Arrangement, needs: Mapping[str, int]) -> bool:
    """Whether a pane lacks lines that another one in its column does not use.

    Panes are only moved then, so that the screen stands still while rows come and go.
    """
    if arrangement.kind not in ("columns", "stack"):
        return False
    for column in COLUMNS if arrangement.kind == "columns" else (OVERVIEW,):
        spare = [arrangement.boxes[pane].height - max(needs.get(pane, 0), LEAST_PANE) for pane in column]
        if any(lines < 0 for lines in spare) and any(lines > 0 for lines in spare):
            return True
    return False


def finding_lines(height: int) -> int:
    """How many lines findings have on a terminal of this height."""
    return 1 if height < 36 else 3 if height < 46 else len(FINDING_LINES)


def _kind(width: int, height: int) -> Kind:
    lines = 2 + finding_lines(height)
    if width >= TWO_COLUMNS_FROM and height >= lines + len(COLUMNS[0]) * (LEAST_PANE + 1):
        return "columns"
    if height >= lines + len(OVERVIEW) * (LEAST_PANE + 3):
        return "stack"
    return "single"


def _bottom_line(width: int, y: int, filtering: bool, says: int) -> dict[str, Box]:
    if not filtering:
        return {"footer": Box(0, y, width, 1)}
    count = min(says, max(width - FILTER_INPUT, width // 2)) if says > FILTER_SAYS else min(FILTER_SAYS, width // 2)
    return {
        "filter-prompt": Box(0, y, 3, 1),
        "filter": Box(3, y, width - 3 - count, 1),
        "filter-count": Box(width - count, y, count, 1),
    }


def _column(panes: Sequence[str], box: Box, needs: Mapping[str, int]) -> dict[str, Box]:
    boxes = {}
    y = box.y
    for pane, height in zip(panes, share_lines([needs.get(pane, 0) for pane in panes], box.height), strict=True):
        boxes[pane] = Box(box.x, y, box.width, height)
        y += height
    return boxes


def share_lines(needs: Sequence[int], available: int) -> list[int]:
    """Split ``available`` lines by need: everybody the least, then evenly up to each need, then evenly the rest."""
    shares = [LEAST_PANE] * len(needs)
    spare = available - sum(shares)
    while spare > 0:
        hungry = [index for index, need in enumerate(needs) if shares[index] < need] or list(range(len(needs)))
        least = min(shares[index] for index in hungry)
        shares[next(index for index in hungry if shares[index] == least)] += 1
        spare -= 1
    return shares
