"""Whoever minds something is another worker or service of the config that has started it, such as a supervisor, and
may start it again whenever it ends. It is ended first; and what is restarted below it is its to start. So is what is
restarted below a wrapper that stays.

Only parents tell that. Whoever adopts orphans is the parent of every daemon and minds none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opsconsole.act.job import Job, Verification
from opsconsole.act.living import is_alive
from opsconsole.act.request import Request
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Minder, Subplan, Target
from opsconsole.model.process import ProcessTable
from opsconsole.model.worker import Worker

BACK_S = 10.0
"""How long whoever minds something may take to start it again, before it is started from here."""


def minders_of(request: Request, targets: Iterable[Target], table: ProcessTable) -> tuple[Minder, ...]:
    """Who has started these targets, by this table."""
    ids = {target.process.id for target in targets if target.process is not None}
    snapshot = request.snapshot
    parts: dict[ProcessId, tuple[str, str]] = {
        owner.id: (f"service:{service.name}", service.name)
        for service in snapshot.services.value or ()
        for owner in service.owners
    }
    parts |= {
        instance.id: (f"worker:{worker.name}", worker.name)
        for worker in snapshot.workers.value or ()
        for instance in worker.instances
    }
    found = []
    for target_id in sorted(ids):
        process = table.find(target_id)
        parent = table.get(process.ppid) if process is not None else None
        if parent is not None and parent.id not in ids and parent.id in parts:
            key, name = parts[parent.id]
            found.append(Minder(key, name, parent.id, target_id.pid))
    return tuple(found)


def warnings_of(request: Request, minders: Iterable[Minder]) -> tuple[str, ...]:
    """What is to be feared of those that stay; one that the same request ends is ended first."""
    named = set(request.names)
    return tuple(
        f"{each.minded} was started by {each.name} ({each.process.pid}), which may start it again"
        for each in minders
        if not named & {each.name, each.key}
    )


def by_minding(subplans: Sequence[Subplan]) -> tuple[tuple[int, ...], ...]:
    """Places of these subplans, in groups to be done one after the other: who minds something is done before it."""
    places = {subplan.key: place for place, subplan in enumerate(subplans)}
    depths = [0] * len(subplans)
    for _ in subplans:  # No chain is longer than that: what minds itself in a circle comes to an end.
        for place, subplan in enumerate(subplans):
            above = [depths[places[each.key]] for each in subplan.minders if each.key in places.keys() - {subplan.key}]
            depths[place] = min(max(above, default=-1) + 1, len(subplans) - 1)
    return tuple(tuple(place for place, its in enumerate(depths) if its == depth) for depth in sorted(set(depths)))


def await_return(job: Job, worker: Worker) -> Worker:
    """What runs of the subject, once whoever minds it had time to start it again, or has ended."""
    names = dict.fromkeys(each.name for each in job.subplan.minders if _is_there(job, each))
    if not names or len(worker.instances) >= worker.wanted:
        return worker
    latest = worker

    def back_or_nobody() -> Verification:
        nonlocal latest
        somebody = any(_is_there(job, each) for each in job.subplan.minders)
        latest = job.looker().look().workers.get(job.subplan.key, latest)
        return Verification(len(latest.instances) >= latest.wanted or not somebody)

    with job.step(f"wait up to {BACK_S:g}s for {', '.join(names)} to start it again") as step:
        job.until(back_or_nobody, BACK_S)
        step.detail = "it has" if len(latest.instances) >= latest.wanted else "it has not"
    return latest


def _is_there(job: Job, minder: Minder) -> bool:
    """It, or what has been started in its place."""
    successor = job.looker().look().workers.get(minder.key)
    return is_alive(minder.process) or (successor is not None and bool(successor.instances))
