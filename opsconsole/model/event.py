"""Events of the timeline: what was found, noted and done on this machine, one thing at one time."""

from __future__ import annotations

from typing import Literal

import msgspec

from opsconsole.model.finding import Finding, Severity

EventKind = Literal[
    "opened", "closed", "acknowledged", "unacknowledged", "raised", "quiet", "silenced", "unsilenced"
]  # fmt: skip
"""``opened`` and ``closed`` are of findings, ``raised`` and ``quiet`` of alerts."""
CONSOLE = "opsconsole"
"""Who it was when it was nobody: what the console itself found."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened to a finding or an alert."""

    at: float
    """Seconds since the epoch."""
    kind: EventKind
    subject: str
    """Id of the finding, name of the alert."""
    title: str
    by: str = CONSOLE
    """The login of who did it."""
    severity: Severity | Literal[""] = ""
    detail: str = ""
    until: float | None = None
    """Of a silenced alert, seconds since the epoch."""
    finding: Finding | None = None
    """Of an opened one: what was known of it then."""
