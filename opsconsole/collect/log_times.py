"""When the lines of a log say that they were written. Pure.

A time without a zone is this machine's or UTC, which the line does not tell. The file does: its newest line was
written when the file was last written. Where that agrees with neither, the times are not known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

Zone = Literal["local", "utc", ""]
"""Of times that carry none; empty where it cannot be told."""

AGREES_S = 300.0
"""A line is written at most so long before its file is: less than half of the smallest step between two zones."""
_AHEAD = timedelta(minutes=5)
"""A time of day further ahead than this was meant for yesterday."""
_TIME = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[ T](?P<time>\d{2}:\d{2}:\d{2})(?:[.,]\d+)?(?P<zone>Z|[+-]\d{2}:?\d{2})?"
    r"|\[(?P<only>\d{2}:\d{2}:\d{2})\]"
)
_WITHIN = 80
"""Characters at the start of a line in which its time stands."""


def line_time(line: str, near: float, zone: Zone = "local") -> float | None:
    """When a line says it was written, seconds since the epoch; None where it does not say, or its zone is unknown.

    A time without a day is of the last day that it can be of, seen from ``near`` (seconds since the epoch).
    """
    match = _TIME.search(line[:_WITHIN])
    if match is None or (not match["zone"] and not zone):
        return None
    try:
        assumed = UTC if zone == "utc" else None
        if match["only"]:
            now = datetime.fromtimestamp(near, assumed).replace(tzinfo=None)
            moment = datetime.combine(now.date(), datetime.strptime(match["only"], "%H:%M:%S").time())
            if moment - now > _AHEAD:
                moment -= timedelta(days=1)
        else:
            told = (match["zone"] or "").replace("Z", "+00:00")
            moment = datetime.fromisoformat(f"{match['date']}T{match['time']}{told}")
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=assumed)).timestamp()
    except (ValueError, OverflowError):
        return None


def zone_of(lines: Sequence[str], modified_at: float) -> Zone:
    """The zone of the times without one in the end of a file that was last written at ``modified_at``."""
    for place, line in enumerate(reversed(lines)):
        match = _TIME.search(line[:_WITHIN])
        if match is not None and not match["zone"]:
            return _agreeing(line, modified_at, is_last=place == 0)
    return "local"


def _agreeing(newest: str, modified_at: float, is_last: bool) -> Zone:
    zones: tuple[Zone, ...] = ("local", "utc")
    told = {zone: moment for zone in zones if (moment := line_time(newest, modified_at, zone)) is not None}
    for zone, moment in told.items():
        if abs(moment - modified_at) <= AGREES_S:
            return zone
    # Lines without a time were written after it: it may be older than the file, where that leaves but one answer.
    possible = {moment: zone for zone, moment in reversed(told.items()) if moment <= modified_at}
    return next(iter(possible.values())) if len(possible) == 1 and not is_last else ""
