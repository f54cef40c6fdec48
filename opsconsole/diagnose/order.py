"""In which order findings are put right: what causes another first, then by what an action disturbs. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.model.finding import SEVERITIES, Finding

_ACTIONS = (
    "hibernate",
    "prune-environments",
    "delete-environment",
    "remove-pid-file",
    "kill-duplicates",
    "start",
    "restart",
)
"""Room first, then rivals, then what needs both: a restart of one that is there twice would keep it twice."""


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same findings, each after those that cause it; else by action, gravity and name."""
    waiting = {finding.id: finding for finding in sorted(findings, key=_rank)}
    ordered: list[Finding] = []
    while waiting:
        free = [one for one in waiting.values() if not any(cause.id in waiting for cause in one.causes)]
        # In a circle nobody is free: then the order by rank decides.
        chosen = (free or list(waiting.values()))[0]
        ordered.append(waiting.pop(chosen.id))
    return tuple(ordered)


def _rank(finding: Finding) -> tuple[int, int, str]:
    action = finding.remedy.action if finding.remedy.automatic else ""
    place = _ACTIONS.index(action) if action in _ACTIONS else len(_ACTIONS)
    return place, SEVERITIES.index(finding.severity), finding.id
