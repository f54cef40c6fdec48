"""What repeats in a log: error lines that differ only in times, numbers, ids and quoted names."""

from __future__ import annotations

import msgspec


class LogPattern(msgspec.Struct, frozen=True):
    template: str
    """The line with what varies masked: numbers ``#``, ids ``<id>``, quoted names ``'…'``; no time, no level."""
    count: int
    """In the tail that was read."""
    first: float | None
    """Time of the first of them in that tail, seconds since the epoch; None when its lines carry no times,
    or ones whose zone cannot be told."""
    last: float | None
    every_s: tuple[float, float] | None
    """The usual gap between two of them, shortest and longest, of the newest twenty; None for fewer than three."""
    sample: str
    """The newest of these lines as it stands, cleaned and masked."""
