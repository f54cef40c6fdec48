"""Numbers and times as short text of bounded width. What is not known reads ``?``, never zero.

Larger numbers never read smaller (each function is monotonic). A negative or non-finite number is no measurement
and reads ``?`` as well.
"""

from __future__ import annotations

import time

from opsconsole.model.size import UNKNOWN as UNKNOWN
from opsconsole.model.size import measured
from opsconsole.model.size import size as size

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def size_rate(value: float | None) -> str:
    """Bytes per second: ``8.5M/s``."""
    text = size(value)
    return text if text == UNKNOWN else f"{text}/s"


def duration(seconds: float | None) -> str:
    """Two units in at most seven cells: ``12s``, ``4m 12s``, ``19h 29m``, ``3d 4h``, ``412d``."""
    if seconds is None or not measured(seconds):
        return UNKNOWN
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE}m"
    days = whole // _DAY
    if days < 100:
        return f"{days}d {whole % _DAY // _HOUR}h"
    return f"{days}d" if days < 100_000 else ">99999d"


def duration_short(seconds: float | None) -> str:
    """One unit in at most four cells: ``12s``, ``4m``, ``19h``, ``3d``, ``27y``."""
    if seconds is None or not measured(seconds):
        return UNKNOWN
    whole = int(seconds)
    # Each ends where two of the next unit begin: a longer time never reads shorter.
    for unit, length, end in (("s", 1, 120), ("m", _MINUTE, 120), ("h", _HOUR, 48), ("d", _DAY, 730)):
        if whole < length * end:
            return f"{whole // length}{unit}"
    years = whole // (365 * _DAY)
    return f"{years}y" if years < 100 else ">99y"


def percent(value: float | None) -> str:
    """Percent in at most five cells: ``6.4%``, ``63%``, ``214%``; beyond 9,999 in thousands, ``25k%``."""
    if value is None or not measured(value):
        return UNKNOWN
    if value == 0:
        return "0%"
    if round(value, 1) < 10:
        return f"{value:.1f}%"
    if round(value) < 10_000:
        return f"{value:.0f}%"
    return f"{value / 1000:.0f}k%" if round(value / 1000) < 1000 else ">1M%"


def ratio(value: float | None) -> str:
    """A share from 0 to 1 as percent."""
    return UNKNOWN if value is None else percent(value * 100.0)


def count(value: float | None) -> str:
    """A whole number in at most six cells: ``122``, ``12,345``, ``123k``, ``4.5M``."""
    if value is None or not measured(value):
        return UNKNOWN
    if round(value) < 100_000:
        return f"{round(value):,}"
    for unit, length in (("k", 1e3), ("M", 1e6), ("G", 1e9)):
        amount = value / length
        if round(amount, 1) < 10:
            return f"{max(amount, 1.0):.1f}{unit}"
        if round(amount) < 1000:
            return f"{amount:.0f}{unit}"
    return ">999G"


def latency(ms: float | None) -> str:
    """Milliseconds in at most five cells: ``0.4ms``, ``12ms``, ``1.2s``, ``40s``."""
    if ms is None or not measured(ms):
        return UNKNOWN
    if round(ms, 1) < 10:
        return f"{ms:.1f}ms"
    if round(ms) < 1000:
        return f"{ms:.0f}ms"
    seconds = ms / 1000.0
    if round(seconds, 1) < 10:
        return f"{max(seconds, 1.0):.1f}s"
    return f"{seconds:.0f}s" if round(seconds) < 1000 else ">999s"


def load(value: float | None) -> str:
    """A load average with two digits after the point: ``8.13``; from 100 on without."""
    if value is None or not measured(value):
        return UNKNOWN
    return f"{value:.2f}" if round(value, 2) < 100 else f"{value:.0f}"


def per_minute(value: float | None) -> str:
    """Events per minute: ``0``, ``0.2``, ``14``."""
    if value is None or not measured(value):
        return UNKNOWN
    if value == 0:
        return "0"
    return f"{value:.1f}" if round(value, 1) < 10 else count(value)


def clock_time(at: float | None) -> str:
    """Local time of day: ``17:19:00``."""
    return _local(at, "%H:%M:%S")


def date_time(at: float | None) -> str:
    """Local date and time: ``2026-02-08 17:19:00``."""
    return _local(at, "%Y-%m-%d %H:%M:%S")


def _local(at: float | None, form: str) -> str:
    if at is None:
        return UNKNOWN
    try:
        return time.strftime(form, time.localtime(at))
    except (OverflowError, ValueError, OSError):
        return UNKNOWN
