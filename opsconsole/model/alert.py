"""Alerts and targets as they stand now: what was wished for, held against a Snapshot."""

from __future__ import annotations

from typing import Literal

import msgspec

AlertState = Literal["quiet", "pending", "active", "unknown", "unconfigured"]
"""``pending``: its condition holds, but not yet for as long as it must; ``unconfigured``: the config has no source
for a metric in it."""
MetricKind = Literal["number", "share", "percent", "bytes", "rate", "seconds", "state"]
MetricValue = float | str | None


class Measured(msgspec.Struct, frozen=True):
    """One metric that a condition names, as it was read."""

    metric: str
    value: MetricValue
    """None when it is not known."""
    kind: MetricKind


class Rung(msgspec.Struct, frozen=True):
    """One step of an alert's ladder: a proposal, never done by itself."""

    after_s: float
    """Since the alert became active."""
    do: str
    reached: bool


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    condition: str
    """As it stands in the config."""
    state: AlertState
    since: float | None
    """When its condition began to hold, seconds since the epoch; None while it does not."""
    for_s: float
    """For how long it must hold before it is active."""
    measured: tuple[Measured, ...]
    ladder: tuple[Rung, ...]
    acknowledged: bool = False
    silenced_until: float | None = None
    """Seconds since the epoch; None when it is not silenced."""
    held_s: float = 0.0
    """For how long since then its condition was seen to hold: less than has passed where nobody could tell."""
    active_s: float | None = None
    """For how long it was seen to hold since it is active, which is what its ladder goes by; None while it is not."""
    seen: float | None = None
    """When its condition was last seen to hold, seconds since the epoch; None while it does not."""

    @property
    def unwatched_s(self) -> float:
        """For how long between ``since`` and ``seen`` nobody could tell whether its condition held."""
        return 0.0 if self.since is None or self.seen is None else max(self.seen - self.since - self.held_s, 0.0)

    @property
    def proposal(self) -> str:
        """What its ladder proposes now; empty while it is not active."""
        reached = [rung.do for rung in self.ladder if rung.reached]
        return reached[-1] if reached else ""


class AlertNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person said of an alert."""

    acknowledged: bool = False
    silenced_until: float | None = None
    """Seconds since the epoch."""


class Held(msgspec.Struct, frozen=True):
    """How far an active alert had come when a console last saw it, for the next one to go on from."""

    condition: str
    """As it stood in the config: another one has another ladder to climb."""
    since: float
    """As of `Alert`, like the next two."""
    held_s: float
    active_s: float
    seen: float


class Notes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person has taken note of: it outlives the console."""

    findings: tuple[str, ...] = ()
    """Ids of those acknowledged."""
    alerts: dict[str, AlertNote] = {}
    """By name."""


Trend = Literal["better", "worse", "same", "unknown"]


class TargetSample(msgspec.Struct, frozen=True, array_like=True):
    """What a target's metric was."""

    at: float
    """Seconds since the epoch."""
    value: MetricValue


class Target(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    metric: str
    want: str
    """As it stands in the config."""
    kind: MetricKind
    current: MetricValue
    """None when it is not known."""
    first: MetricValue
    """The first that was known since the console started."""
    met: bool | None
    """None when it cannot be told."""
    trend: Trend
    """Of ``current`` against ``first``, towards what is wanted."""
    recorded: TargetSample | None = None
    """The oldest sample that any console kept; None when there is none."""
    recorded_trend: Trend = "unknown"
    """Of ``current`` against ``recorded``."""
    configured: bool = True
    """False when the config has no source for the metric."""
