"""`stop`: end everything that runs of a worker or service: wrappers, instances, remnants."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.act import respawn
from opsconsole.act.job import Job, Verification
from opsconsole.act.minding import minders_of, warnings_of
from opsconsole.act.pid_file import remove_pid_file
from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.stopping import end_targets
from opsconsole.act.stopping_plan import aim_all, processes_of, steps_of, wrappers_that_stay
from opsconsole.act.subjects import find_subject
from opsconsole.act.tables import port_of, table_of
from opsconsole.collect.pid_files import read_pid_file
from opsconsole.config.types import WorkerTable
from opsconsole.model.plan import Subplan


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    subject = find_subject(request, name)
    aimed = aim_all(request, subject)
    staying = wrappers_that_stay(request, subject, subject.seen.wrappers)
    if not aimed:
        if staying:
            raise WhyNot(staying[0])
        if subject.seen.suspects:
            suspect = subject.seen.suspects[0]
            raise WhyNot(f"{suspect.pid} may be it ({suspect.reason}): what cannot be told is not stopped", "unknown")
        raise WhyNot("it is not running", "nothing")
    targets = tuple(found.target for found in aimed)
    minders = minders_of(request, targets, processes_of(request, subject))
    removal = removal_steps(subject.table)
    ports = (f"port {subject.port} is free",) if subject.port is not None else ()
    return Subplan(
        subject=subject.name,
        subject_kind=subject.kind,
        targets=targets,
        steps=(*steps_of(targets, request.grace_s), *removal),
        checks=(f"{subject.name}: nothing of it runs", *ports, f"nothing of it comes back within {request.watch_s:g}s"),
        warnings=(
            *(warning for found in aimed for warning in found.warnings),
            *staying,
            *warnings_of(request, minders),
            *(f"{suspect.pid} may be it too, and is left alone: {suspect.reason}" for suspect in subject.seen.suspects),
        ),
        minders=minders,
        known=(*(each.id for each in subject.seen.instances), *(each.id for each in subject.seen.suspects)),
    )


def removal_steps(table: WorkerTable | None) -> tuple[str, ...]:
    """What becomes of the pid file of what is stopped, for people."""
    if table is None or table.pid_file is None:
        return ()
    return (f"remove the pid file {table.pid_file}, if it names what was stopped",)


VERIFY_S = 5.0


def execute(job: Job) -> None:
    end_targets(job)
    remove_own_pid_file(job)


def remove_own_pid_file(job: Job) -> None:
    """Remove the subject's pid file when it names one of the processes that were ended."""
    table = table_of(job)
    if table is None or table.pid_file is None:
        return
    for pid in [target.pid for target in job.subplan.targets if target.pid is not None]:
        if read_pid_file(table.pid_file).pid == pid:
            with job.step(f"remove the pid file {table.pid_file} (it names {pid})"):
                remove_pid_file(table.pid_file, pid)


def verify(job: Job) -> Verification:
    return job.until(lambda: _nothing_runs(job), VERIFY_S)


def watch(job: Job) -> Verification:
    return respawn.watch(job)


def _nothing_runs(job: Job) -> Verification:
    gone = respawn.targets_gone(job)
    if not gone.holds:
        return gone
    view = job.looker().look()
    if view.processes.value is None:
        return Verification(None, view.processes.reason)
    fresh = respawn.newcomers(job, view)
    if fresh.respawners:
        return Verification(False, respawn.told(fresh.respawners), respawners=fresh.respawners)
    if fresh.started_by:
        return Verification(True, evidence=fresh.evidence)
    worker = respawn.seen_of(job, view)
    if worker is None:
        return Verification(None, "what runs of it could not be read")
    if worker.instances:
        return Verification(False, f"{worker.instances[0].pid} still runs")
    known = frozenset(job.subplan.known)
    left = [*worker.remnants, *(each for each in worker.suspects if each.id not in known)]
    if left:
        return Verification(False, f"{left[0].pid} is left of it ({left[0].reason}): {left[0].command}")
    port = port_of(job)
    if port is not None and view.listens(port):
        return Verification(False, f"something listens on port {port} still")
    return Verification(True, evidence=("nothing of it runs",))
