"""After something was ended: is it gone, and who brings it back?

A copy that appears soon after was started by somebody who minds it. It is not fought: whoever started it is
named, as long as that can be told, so that the operator can end that first. One that another plan of ours has started
is there because somebody wants it: that plan is named, nobody is accused, and the watch is over.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from opsconsole.act.holders import as_seen, owner_roots
from opsconsole.act.job import Job, Verification
from opsconsole.act.latecomers import why_not_alone
from opsconsole.act.living import is_alive
from opsconsole.act.tables import SERVICE
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Respawner
from opsconsole.model.process import ProcessTable
from opsconsole.model.text import clean
from opsconsole.model.worker import Instance, Worker

if TYPE_CHECKING:
    from opsconsole.act.looking import View

LOOK_EVERY_S = 0.5
_ADOPT = frozenset({"systemd", "init", "launchd"})
"""Kernel names of who is the parent of every orphan: a user's own manager is one, and nobody to be ended for that."""


def targets_gone(job: Job) -> Verification:
    """Whether every process target has ended, with all that the plan names below it and all it has started since."""
    marks = [mark for target in job.subplan.targets for mark in (target.process, *target.tree) if mark is not None]
    left = [mark for mark in marks if is_alive(mark.id)]
    if left:
        return Verification(False, f"{left[0].pid} ({left[0].command}) still runs")
    reason = why_not_alone(job)
    return Verification(not reason, reason)


def watch(job: Job) -> Verification:
    """Look for a copy that was not there before until the plan's time for it has passed."""
    deadline = time.monotonic() + job.plan.watch_s
    while True:
        fresh = newcomers(job, job.looker().look())
        if fresh.respawners:
            return Verification(False, told(fresh.respawners), respawners=fresh.respawners)
        if fresh.started_by:
            return Verification(True, evidence=fresh.evidence)
        if time.monotonic() >= deadline:
            return Verification(True)
        time.sleep(LOOK_EVERY_S)


class Newcomers(NamedTuple):
    """Instances of the subject beyond the wanted number that were started since the plan was made."""

    respawners: tuple[Respawner, ...] = ()
    started_by: tuple[tuple[int, str], ...] = ()
    """(pid, id of the plan) of those that a plan of ours has started."""

    @property
    def evidence(self) -> tuple[str, ...]:
        return tuple(f"{pid} was started again by plan {plan}" for pid, plan in self.started_by)


def newcomers(job: Job, view: View) -> Newcomers:
    """Those that are seen in this look, and who started them."""
    worker = seen_of(job, view)
    if worker is None or view.processes.value is None:
        return Newcomers()
    known = frozenset(job.subplan.known)
    fresh = [instance for instance in worker.instances if instance.id not in known]
    wanted = int(job.subplan.data.get("wanted", 0))
    if not fresh or len(worker.instances) <= wanted:
        return Newcomers()
    from opsconsole.act.own_starts import OwnStarts

    table = view.processes.value
    own = OwnStarts(job.state_dir, watched_key(job), job.plan.created)
    plans = [(instance, own.plan_of(instance, table)) for instance in fresh]
    return Newcomers(
        tuple(_respawner(job, instance, table) for instance, plan in plans if not plan),
        tuple((instance.pid, plan) for instance, plan in plans if plan),
    )


def seen_of(job: Job, view: View) -> Worker | None:
    """What runs in this look of what is watched, which of a service without a command is who holds its port; None
    when that cannot be told."""
    key, table = watched_key(job), view.processes.value
    service = next((each for each in job.loaded.config.service if key == f"{SERVICE}{clean(each.name)}"), None)
    if service is None or service.command:
        return view.workers.get(key)
    if table is None or view.ports.value is None:
        return None
    owners = owner_roots(table, view.ports.value, service.port)
    return as_seen(service, owners, table) if owners is not None else None


def watched_key(job: Job) -> str:
    """Whose copies are looked for: the subject's, or those of the worker or service that an ended process was of."""
    return str(job.subplan.data.get("of", job.subplan.key))


def _respawner(job: Job, instance: Instance, table: ProcessTable) -> Respawner:
    process = table.find(instance.id)
    parent = table.get(process.ppid) if process is not None else None
    subject = watched_key(job).partition(":")[2]
    if parent is None or parent.pid == 1 or parent.comm in _ADOPT:
        return Respawner(subject, instance.pid, None, "")
    parent_id: ProcessId = parent.id
    return Respawner(subject, instance.pid, parent_id, parent.command)


def told(found: tuple[Respawner, ...]) -> str:
    """Who did it, for people."""
    first = found[0]
    if first.parent is None:
        return f"{first.pid} was started again by somebody who has ended since"
    return f"{first.pid} was started again by {first.parent.pid} ({first.command}): end that first"
