"""What came before a still: hours of numbers, what was found and done, a plan whose steps run. Written into a state
directory as a console writes it, so that the screens that look back show what they would show of a real one.

The numbers end at the still's own moment, as what they are in it; the plan is confirmed right after.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from opsconsole.act.journal import Journal
from opsconsole.collect import procfs
from opsconsole.demo.still import NOW, Still
from opsconsole.engine.history import History
from opsconsole.engine.history_file import MINUTE_S, HistoryFile
from opsconsole.model.event import Event
from opsconsole.model.finding import Finding
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Plan, PlanResult, SubplanResult
from opsconsole.model.sample import Sample

HOURS = 5
_BEGAN_MINUTES = 190
"""Before now: when things began to go wrong."""
_BEFORE = {"score": 10.0, "queue_success": 94.0}
"""What was higher before; all else was about a third of what it is."""
_LOOKED_AT_S = {True: 5.0, False: 45.0}
"""By whether the plan is under way: how long after the still it is all looked at."""
_CONFIRMED_S = 2.0
_OPERATOR_UID = 0
"""Has a name on every machine."""
_OPERATOR = "root"
_ASKED = "SIGTERM"


def record_past(still: Still, state_dir: Path, *, under_way: bool) -> float:
    """Write it all. Returns the moment at which it is to be looked at.

    ``under_way``: the still's plan is being carried out, by this process; else it is done.
    """
    with closing(HistoryFile(state_dir)) as file:
        for minute in range(HOURS * 60, -1, -1):
            file.write(NOW - minute * MINUTE_S, _samples(still, minute), ())
        file.write(NOW, {}, tuple(_events(still, under_way)))
    if still.plan is not None:
        _carry_out(msgspec.structs.replace(still.plan, uid=_OPERATOR_UID), state_dir, under_way=under_way)
    return NOW + _LOOKED_AT_S[under_way]


def _samples(still: Still, minutes_ago: int) -> dict[str, Sample | None]:
    """Quiet, then from when it began rising to what it is now, with the unrest that such numbers have."""
    history = History()
    history.record(still.snapshot)
    share = min(max(1.0 - minutes_ago / _BEGAN_MINUTES, 0.0), 1.0)
    risen = share * share * (3.0 - 2.0 * share)
    told: dict[str, Sample | None] = {}
    for number, (key, sample) in enumerate(sorted(history.since(0.0).items())):
        if sample is None:
            continue
        quiet = _BEFORE.get(key, sample.mean * 0.35)
        peak = quiet + (sample.mean - quiet) * risen
        unrest = 0.08 * math.sin(minutes_ago * 0.31 + number) + 0.05 * math.sin(minutes_ago * 1.7 + 2.0 * number)
        calm = key in _BEFORE or minutes_ago == 0
        told[key] = Sample(peak if calm else peak * (1.0 - abs(unrest)), peak)
    return told


def _events(still: Still, under_way: bool) -> Iterator[Event]:
    """Each finding opened, the gravest last; one was noted; what the plan is about has closed when that is done."""
    diagnosis = still.snapshot.diagnosis
    findings = diagnosis.findings if diagnosis is not None else ()
    began = NOW - 60.0 * _BEGAN_MINUTES
    for number, finding in enumerate(reversed(findings)):
        yield _event(finding, "opened", began + number * 1_530.0)
    if len(findings) > 2:
        yield _event(findings[2], "acknowledged", NOW - 1_140.0, by=_OPERATOR)
    for finding in findings:
        if finding.rule == "worker-duplicates" and not under_way:
            yield _event(finding, "closed", NOW + 20.0)


def _event(finding: Finding, kind: str, at: float, **more: str) -> Event:
    told = {"at": at, "kind": kind, "subject": f"finding:{finding.id}", "title": finding.title, **more}
    known = {"severity": finding.severity, "finding": finding if kind == "opened" else None}
    return msgspec.convert({**told, **msgspec.to_builtins(known)}, Event)


def _carry_out(plan: Plan, state_dir: Path, *, under_way: bool) -> None:
    """Confirmed, taken up, its first signal sent; the rest as well, and seen to be as wanted, when it is done."""
    wall = _Wall(NOW + _CONFIRMED_S)
    asked = [(each.subject, text) for each in plan.subplans for text in each.steps if text.startswith(_ASKED)]
    with closing(Journal(state_dir, wall=wall.tell)) as journal:
        journal.intend(plan)
        journal.take(plan.id, _ourselves())
        wall.pass_s(0.4)
        for number, (subject, text) in enumerate(asked):
            step = journal.begin_step(plan.id, subject, text)
            if under_way and number == len(asked) - 1:
                return
            wall.pass_s(0.7)
            journal.end_step(plan.id, step, "done", "ended")
            wall.pass_s(0.1)
        subjects = [SubplanResult(subject=each.subject, result="done", verified=True) for each in plan.subplans]
        result = PlanResult(
            plan=plan.id,
            result="done",
            verified=True,
            ended=wall.tell() + plan.watch_s,
            settled=wall.tell(),
            subresults=tuple(subjects),
        )
        journal.conclude(result)


class _Wall:
    """Tells a time that passes only when it is told to."""

    def __init__(self, at: float) -> None:
        self._at = at

    def tell(self) -> float:
        return self._at

    def pass_s(self, seconds: float) -> None:
        self._at += seconds


def _ourselves() -> ProcessId:
    """A plan is under way as long as its executor lives."""
    stat = procfs.parse_stat(procfs.read_stat("/proc/self/stat") or b"")
    boot_id = procfs.read_boot_id(Path("/proc"))
    if stat is None or boot_id is None:
        raise SystemExit("/proc cannot be read")
    return ProcessId(boot_id, os.getpid(), stat.start_ticks)
