"""What was wrong and is not any more, from the events of the timeline; and how bad it was at the worst. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from opsconsole.diagnose.score import parts, score
from opsconsole.model.event import Event
from opsconsole.model.finding import SEVERITIES, Finding, Severity

WITHIN_S = 86_400.0
"""An incident is told whole for so long after it was put right."""


class PutRight(msgspec.Struct, frozen=True):
    """A finding that has closed."""

    finding: Finding
    """As it was when it opened."""
    opened: float
    """Seconds since the epoch."""
    closed: float


class Course(msgspec.Struct, frozen=True):
    """The last day."""

    closed: tuple[PutRight, ...] = ()
    """Gravest first; what is open again is none of these."""
    gravest: Severity | None = None
    """The gravest finding that was open in that day, closed since or not; None where there was none."""
    worst: float | None = None
    """The lowest health score; None where nothing was recorded."""
    worst_at: float | None = None


def course_of(events: Iterable[Event], now: float) -> Course:
    """From the events of findings, in any order."""
    since = now - WITHIN_S
    opened: dict[str, Event] = {}
    closed: dict[str, PutRight] = {}
    worst: tuple[float, float] | None = None
    seen: set[Severity] = set()
    for event in sorted(events, key=lambda event: event.at):
        if event.kind == "opened" and event.finding is not None:
            opened[event.subject] = event
            closed.pop(event.subject, None)
        elif event.kind == "closed" and (begun := opened.pop(event.subject, None)) is not None and begun.finding:
            if event.at >= since:
                closed[event.subject] = PutRight(begun.finding, begun.at, event.at)
        else:
            continue
        open_now = tuple(_findings(opened.values()))
        health = score(parts(open_now))
        if event.at >= since and (worst is None or health < worst[0]):
            worst = (health, event.at)
        if event.at >= since:
            seen |= {finding.severity for finding in open_now}
    graver = sorted(closed.values(), key=lambda one: (SEVERITIES.index(one.finding.severity), one.finding.id))
    seen |= {one.finding.severity for one in graver}
    return Course(tuple(graver), min(seen, key=SEVERITIES.index, default=None), *(worst or (None, None)))


def _findings(opened: Iterable[Event]) -> Iterator[Finding]:
    return (event.finding for event in opened if event.finding is not None)
