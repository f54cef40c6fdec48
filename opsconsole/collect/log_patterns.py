"""Mines what repeats in the error lines of a log's tail. Pure; bounded by the tail it is given."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from functools import lru_cache

from opsconsole.model.log_pattern import LogPattern

MOST_PATTERNS = 8
MOST_DISTINCT = 200
"""Templates that are told apart in one tail; what comes beyond them is not counted."""
GAPS = 20
USUAL = 0.1
"""Share of the gaps at either end that is not usual."""
LINE = 400

_HEAD = re.compile(
    r"^\s*(?:\[?\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?\]?|\[?\d{2}:\d{2}:\d{2}\]?)"
    r"[\s:|-]*"
)
_LEVEL = re.compile(r"^(?:[\w.]+\s+-\s+)?\[?(?:ERROR|CRITICAL|FATAL|ALERT|EMERG|PANIC)\]?[\s:|-]*")
_MASKS = (
    (re.compile(r"'[^']{1,200}'"), "'…'"),
    (re.compile(r'"[^"]{1,200}"'), '"…"'),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}\b|\b0x[0-9a-fA-F]+\b"), "<id>"),
    (re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?|\b\d{2}:\d{2}:\d{2}\b"), "<time>"),
    (re.compile(r"\d+(?:\.\d+)*"), "#"),
)


@lru_cache(maxsize=1024)
def template(text: str) -> str:
    """A line without its time and level, with what varies masked."""
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text


def told(line: str) -> str:
    """What a line says after its time, logger and level."""
    return _LEVEL.sub("", _HEAD.sub("", line[:LINE], count=1), count=1).strip()


def mine(errors: Iterable[tuple[str, float | None]], dated: bool = True) -> tuple[LogPattern, ...]:
    """The commonest patterns of these lines with their times, commonest first, of equal ones the newest first.

    Times that are not ``dated`` tell only how far they are apart: their zone is not known.
    """
    seen: dict[str, list[tuple[str, float | None]]] = {}
    for line, moment in errors:
        key = template(told(line))
        if key and (key in seen or len(seen) < MOST_DISTINCT):
            seen.setdefault(key, []).append((line, moment))
    patterns = [_pattern(key, lines, dated) for key, lines in seen.items()]
    patterns.sort(key=lambda one: (-one.count, -(one.last or 0.0), one.template))
    return tuple(patterns[:MOST_PATTERNS])


def _pattern(key: str, lines: list[tuple[str, float | None]], dated: bool) -> LogPattern:
    moments = sorted(moment for _, moment in lines if moment is not None)
    return LogPattern(
        template=key,
        count=len(lines),
        first=moments[0] if moments and dated else None,
        last=moments[-1] if moments and dated else None,
        every_s=_cadence(moments),
        sample=lines[-1][0][:LINE],
    )


def _cadence(moments: list[float]) -> tuple[float, float] | None:
    newest = moments[-GAPS - 1 :]
    gaps = sorted(later - earlier for earlier, later in itertools.pairwise(newest))
    if len(gaps) < 2:
        return None
    unusual = int(len(gaps) * USUAL)
    return gaps[unusual], gaps[len(gaps) - 1 - unusual]
