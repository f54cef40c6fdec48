"""Values that a filter compares with: numbers, percent, sizes, durations, as people write them. Pure."""

from __future__ import annotations

import math
import re

from opsconsole.config.units import parse_duration
from opsconsole.present.cell import Column

_NUMBER = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)\s*(%?)")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgtpe]?)(i?b)?", re.IGNORECASE)
_POWERS = {prefix: power for power, prefix in enumerate("kmgtpe", 1)}


def amount(column: Column, written: str) -> float:
    """``written`` in the column's unit. Raises ValueError that says what would be right."""
    text = written.strip()
    value: float | None
    if column.kind == "size":
        value = _size(text)
        right = "500MB or 1.5G"
    elif column.kind in ("duration", "milliseconds"):
        value = _seconds(text, bare_ms=column.kind == "milliseconds")
        right = "200ms or 2s" if column.kind == "milliseconds" else "90s, 5m, 24h or 1h30m"
    else:
        value = _plain(text, percent=column.kind == "percent")
        right = "50 or 50%" if column.kind == "percent" else "a number"
    if value is None or not math.isfinite(value):
        raise ValueError(f"{column.id} cannot be compared with {text}; write {right}")
    return value


def _plain(text: str, *, percent: bool) -> float | None:
    match = _NUMBER.fullmatch(text)
    return None if match is None or (match[2] and not percent) else float(match[1])


def _size(text: str) -> float | None:
    """Bytes: ``MB`` is a million as in the config, ``M`` and ``MiB`` are 1024 squared as on the screen."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    base = 1000 if (match[3] or "").casefold() == "b" else 1024
    return float(match[1]) * float(base ** _POWERS.get(match[2].casefold(), 0))


def _seconds(text: str, *, bare_ms: bool) -> float | None:
    """Seconds, or milliseconds with ``bare_ms``; a bare number only where it can mean but one thing."""
    number = _plain(text, percent=False)
    if number is not None:
        return number if bare_ms or number == 0 else None
    try:
        seconds = float(parse_duration(text.casefold()))
    except ValueError:
        return None
    return seconds * 1000.0 if bare_ms else seconds
