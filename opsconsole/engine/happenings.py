"""What has happened between two diagnoses, as events. Pure but for what it remembers; no clock of its own.

It begins with what an earlier console left standing. What of that is not found again is told to have closed only
after a time in which it could have been found, and not while it cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from opsconsole.model.event import CONSOLE, Event, EventKind
from opsconsole.model.finding import Diagnosis, Finding

Standing = tuple[EventKind, str]
"""What has begun, and of which row."""

REFOUND_WITHIN_S = 300.0
"""The steadiest finding has opened again by then, if it still holds."""
_ENDS: dict[EventKind, EventKind] = {
    "opened": "closed",
    "acknowledged": "unacknowledged",
    "raised": "quiet",
    "silenced": "unsilenced",
}


class Happenings:
    """One console's. ``by`` is the login of whoever sits at it."""

    def __init__(self, left_standing: Mapping[Standing, Event], by: str) -> None:
        self._standing = dict(left_standing)
        self._carried = set(left_standing)
        self._by = by
        self._began: float | None = None

    def look(self, diagnosis: Diagnosis, monotonic: float) -> list[Event]:
        """What is new since the last look, beginnings first."""
        self._began = monotonic if self._began is None else self._began
        now = self._now(diagnosis)
        self._carried -= now.keys()
        held = self._held(diagnosis, monotonic - self._began)
        begun = [event for key, event in now.items() if self._is_new(key, event)]
        ended = [
            event
            for key in self._standing.keys() - now.keys() - held
            if (event := self._end(key, now, diagnosis.at)) is not None
        ]
        self._carried &= held
        self._standing = {**{key: self._standing[key] for key in self._standing if key in held}, **self._kept(now)}
        return [*begun, *ended]

    def _is_new(self, key: Standing, event: Event) -> bool:
        known = self._standing.get(key)
        return known is None or known.until != event.until

    def _kept(self, now: Mapping[Standing, Event]) -> dict[Standing, Event]:
        """What stands, as it began."""
        return {key: event if self._is_new(key, event) else self._standing[key] for key, event in now.items()}

    def _now(self, diagnosis: Diagnosis) -> dict[Standing, Event]:
        """What stands by this diagnosis, as if it had begun just now."""
        found: dict[Standing, Event] = {}
        for finding in diagnosis.findings:
            key = f"finding:{finding.id}"
            event = Event(
                at=diagnosis.at,
                kind="opened",
                subject=key,
                title=finding.title,
                severity=finding.severity,
                finding=finding,
            )
            found["opened", key] = event
            if finding.acknowledged:
                found["acknowledged", key] = msgspec.structs.replace(
                    event, kind="acknowledged", by=self._by, finding=None
                )
        for alert in diagnosis.alerts:
            key = f"alert:{alert.name}"
            event = Event(
                at=diagnosis.at, kind="raised", subject=key, title=alert.name, detail=alert.proposal or alert.condition
            )
            if alert.state == "active":
                found["raised", key] = event
            if alert.acknowledged:
                found["acknowledged", key] = msgspec.structs.replace(event, kind="acknowledged", by=self._by, detail="")
            if alert.silenced_until is not None:
                found["silenced", key] = msgspec.structs.replace(
                    event, kind="silenced", by=self._by, detail="", until=alert.silenced_until
                )
        return found

    def _held(self, diagnosis: Diagnosis, looked_s: float) -> set[Standing]:
        """What does not stand by itself and has not ended for all that: told inside another, or not to be told."""
        muted = {f"finding:{one.id}" for one in diagnosis.muted}
        blind = {f"alert:{one.name}" for one in diagnosis.alerts if one.state == "unknown"}
        held = {key for key in self._standing if key[1] in muted or key[1] in blind}
        for key in self._carried:
            if looked_s < REFOUND_WITHIN_S or _cannot_be_told(self._standing[key].finding, diagnosis):
                held.add(key)
        return held

    def _end(self, key: Standing, now: Mapping[Standing, Event], at: float) -> Event | None:
        """How it ended; None when that goes without saying."""
        kind, subject = key
        begun = self._standing[key]
        if kind == "acknowledged" and not {("opened", subject), ("raised", subject)} & now.keys():
            return None  # with what it was about
        over = begun.until is not None and begun.until <= at
        return Event(
            at=at,
            kind=_ENDS[kind],
            subject=subject,
            title=begun.title,
            severity=begun.severity,
            by=self._by if kind in ("acknowledged", "silenced") and not over else CONSOLE,
            detail="while no console looked" if key in self._carried and kind in ("opened", "raised") else "",
        )


def _cannot_be_told(finding: Finding | None, diagnosis: Diagnosis) -> bool:
    return finding is not None and any(
        finding.rule in one.rules and (not one.items or finding.subject in one.items) for one in diagnosis.unknown
    )
