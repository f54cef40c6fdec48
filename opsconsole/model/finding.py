"""Findings: what is wrong, on what evidence, why, what it costs, how it is put right, how that is proved.

A Diagnosis is everything the rules say of one Snapshot, with the score it makes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from opsconsole.model.alert import Alert, Target
from opsconsole.model.plan import Verb

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
"""Gravest first."""

RULE_NAMES = (
    *("service-down", "service-degraded", "port-shared", "port-held"),
    *("worker-missing", "worker-duplicates", "worker-failing", "worker-crash-loop", "worker-pidfile", "worker-silent"),
    *("worker-limits", "log-errors", "system-load", "cpu-starved", "memory-pressure", "swap-thrash", "disk-full"),
    *("sessions-many", "session-idle", "session-hung", "session-dead"),
    *("env-stale", "env-duplicate", "env-ports-exhausted", "env-source"),
    *("site-down", "site-unexpected", "site-tls"),
)
"""Of all rules: what the config may name."""


def graver(one: Severity, other: Severity) -> bool:
    """Whether the first weighs more than the second."""
    return SEVERITIES.index(one) < SEVERITIES.index(other)


class Evidence(msgspec.Struct, frozen=True):
    """One fact, with where and when it was read."""

    source: str
    """Such as ``/proc/loadavg``, ``GET http://…/health``, ``process table``, a path: masked, for people."""
    at: float | None
    """When it was read, seconds since the epoch."""
    fact: str


class Remedy(msgspec.Struct, frozen=True):
    """How it is put right."""

    action: Verb | Literal[""] = ""
    """What the console can do about it; empty when only a person can."""
    targets: tuple[str, ...] = ()
    """Names the action is called with: workers, services, sessions, environments."""
    automatic: bool = False
    """Whether the console can do it, once it was confirmed. False: the steps are for a person."""
    steps: tuple[str, ...] = ()
    """What is to be done in order, commands included; for an action also what it leaves to do."""


class Related(msgspec.Struct, frozen=True):
    """Another finding that has to do with this one."""

    id: str
    rule: str
    severity: Severity
    title: str
    muted: bool
    """True when it is told here only and not counted by itself."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    """``RULE:SUBJECT``, the same from run to run."""
    rule: str
    severity: Severity
    subject: str
    title: str
    """One short line that says what is wrong."""
    since: float | None = None
    """Since when it holds, seconds since the epoch: by its evidence where that tells, else since it was first seen."""
    evidence: tuple[Evidence, ...]
    root_cause: str
    impact: str
    remedy: Remedy
    verify: str
    """What must be read, and as what, before this counts as put right."""
    causes: tuple[Related, ...] = ()
    """Findings that explain this one."""
    symptoms: tuple[Related, ...] = ()
    """Findings that this one explains."""
    recovering: bool = False
    """Its evidence no longer holds, but it has not been seen so often enough to close."""
    acknowledged: bool = False
    """Somebody has taken note of it."""


class Unknown(msgspec.Struct, frozen=True):
    """Something that could not be judged. Never a finding, never "in order"."""

    subject: str
    """Which reading or which item: ``sites``, ``worker titled``, …"""
    reason: str
    at: float | None
    rules: tuple[str, ...]
    """The rules that could not say anything of it."""
    items: tuple[str, ...] = ()
    """The subjects of these rules that are meant; empty: all of them."""


class ScorePart(msgspec.Struct, frozen=True):
    """What the findings of one severity take from the score."""

    severity: Severity
    count: int
    weight: float
    """Of one finding."""

    @property
    def taken(self) -> float:
        return round(self.count * self.weight, 1)


class Diagnosis(msgspec.Struct, frozen=True):
    at: float
    """Of the Snapshot it is made from."""
    score: float
    """0 to 10, one digit after the point."""
    parts: tuple[ScorePart, ...]
    """What the score is made of: 10 less each of these, never under 0."""
    findings: tuple[Finding, ...]
    """Open ones, gravest first."""
    unknown: tuple[Unknown, ...]
    alerts: tuple[Alert, ...] = ()
    targets: tuple[Target, ...] = ()
    muted: tuple[Finding, ...] = ()
    """Causes and symptoms that are told in an open finding and not counted by themselves."""


def found(
    rule: str,
    severity: Severity,
    subject: str,
    title: str,
    *,
    evidence: tuple[Evidence, ...],
    root_cause: str,
    impact: str,
    remedy: Remedy,
    verify: str,
    since: float | None = None,
) -> Finding:
    """A finding with the id that its rule and subject make."""
    return Finding(
        id=f"{rule}:{subject}",
        rule=rule,
        severity=severity,
        subject=subject,
        title=title,
        since=since,
        evidence=evidence,
        root_cause=root_cause,
        impact=impact,
        remedy=remedy,
        verify=verify,
    )
