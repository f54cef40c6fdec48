"""The health score: 10 less the weights of the open findings, never under 0, with what it is made of."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.model.finding import SEVERITIES, Finding, ScorePart, Severity

WEIGHTS: dict[Severity, float] = {"critical": 1.8, "high": 1.0, "medium": 0.5, "low": 0.1}
FULL = 10.0


def parts(findings: Iterable[Finding]) -> tuple[ScorePart, ...]:
    """How many findings of each severity there are and what each takes, gravest first; all severities are there."""
    counts = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return tuple(ScorePart(severity, counts[severity], WEIGHTS[severity]) for severity in SEVERITIES)


def score(taken: Iterable[ScorePart]) -> float:
    """0 to 10, one digit after the point."""
    return round(max(0.0, FULL - sum(part.count * part.weight for part in taken)), 1)
