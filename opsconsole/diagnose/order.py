"""In which order findings are put right: what causes another first, then by what an action disturbs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from opsconsole.diagnose.minders import minders
from opsconsole.model.finding import SEVERITIES, Finding
from opsconsole.model.snapshot import Snapshot

_ACTIONS = (
    "hibernate",
    "prune-environments",
    "delete-environment",
    "remove-pid-file",
    "kill-duplicates",
    "start",
    "restart",
    "write-pid-file",
)
"""Room first, then rivals, then what needs both: a restart of one that is there twice would keep it twice. Pid files
last: what is started has its own, and what runs twice can have none."""


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


def restarted_with(finding: Finding, others: Iterable[Finding], snapshot: Snapshot) -> tuple[Finding, ...]:
    """Those of the others that must be restarted by the same plan: what one restarts minds what the other does.

    One after the other, whoever minds something would start a second one beside what was restarted before it.
    """
    if not _restarts(finding):
        return ()
    minded_by = {
        worker.name: {each.name for each in minders(worker, snapshot)} for worker in snapshot.workers.value or ()
    }
    waiting = [one for one in others if one.id != finding.id and _restarts(one)]
    names, joined = set(finding.remedy.targets), list[Finding]()
    while tied := [one for one in waiting if _tied(names, set(one.remedy.targets), minded_by)]:
        joined += tied
        names.update(name for one in tied for name in one.remedy.targets)
        waiting = [one for one in waiting if one not in tied]
    return tuple(joined)


def _restarts(finding: Finding) -> bool:
    return finding.remedy.automatic and finding.remedy.action == "restart"


def _tied(some: Set[str], others: Set[str], minded_by: Mapping[str, Set[str]]) -> bool:
    none: Set[str] = frozenset()
    return any(minded_by.get(name, none) & others for name in some) or any(
        minded_by.get(name, none) & some for name in others
    )


def _rank(finding: Finding) -> tuple[int, int, str]:
    action = finding.remedy.action if finding.remedy.automatic else ""
    place = _ACTIONS.index(action) if action in _ACTIONS else len(_ACTIONS)
    return place, SEVERITIES.index(finding.severity), finding.id
