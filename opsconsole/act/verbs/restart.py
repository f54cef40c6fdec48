"""`restart`: end what runs of a worker or service, then start it from its configured command.

The start is validated first: when it would not hold, nothing is stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from opsconsole.act import respawn
from opsconsole.act.job import Job, StepFailed, TargetChanged, Verification
from opsconsole.act.limits import LimitPlan, plan_limits
from opsconsole.act.minding import BACK_S, await_return, minders_of
from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.start_spec import why_not_start
from opsconsole.act.stopping import end_targets, recognise_targets, run_systemctl
from opsconsole.act.stopping_plan import aim_all, as_minders, processes_of, steps_of, wrappers_that_stay
from opsconsole.act.subjects import find_subject, why_no_command
from opsconsole.act.tables import table_of
from opsconsole.act.verbs import start
from opsconsole.act.verbs.start import start_subplan
from opsconsole.act.verbs.stop import removal_steps, remove_own_pid_file
from opsconsole.config.types import WorkerTable
from opsconsole.model.plan import Subplan, Target


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    subject = find_subject(request, name)
    seen = subject.seen
    if seen.suspects and not seen.instances:
        suspect = seen.suspects[0]
        raise WhyNot(f"{suspect.pid} may be it ({suspect.reason}): a second one is not started beside it", "unknown")
    if seen.state == "unknown" and not seen.instances:
        raise WhyNot(f"its state is unknown: {seen.reason}", "unknown")
    if subject.table is None:
        raise why_no_command(request, subject)
    aimed = aim_all(request, subject)
    targets = tuple(found.target for found in aimed)
    minders = (*minders_of(request, targets, processes_of(request, subject)), *as_minders(request, subject))
    limits = _limits(subject.table, targets, [each.pid for each in seen.instances])
    starting = start_subplan(subject, seen.wanted, limits)
    units = {target.unit for target in targets if target.unit}
    if units and len({target.unit for target in targets}) > 1:
        raise WhyNot(f"some of it belongs to systemd service {sorted(units)[0].split()[-1]}, some does not")
    free = ("wait until its port is free",) if subject.port is not None and targets else ()
    back = tuple(
        f"wait up to {BACK_S:g}s for {name} to start it again; only if it does not:"
        for name in dict.fromkeys(each.name for each in minders)
    )
    wrappers = [f"the wrapper {target.pid} is not started again" for target in targets if target.role == "wrapper"]
    pid_file = removal_steps(subject.table) if targets and not units else ()
    return msgspec.structs.replace(
        starting,
        targets=targets,
        steps=(*steps_of(targets, request.grace_s), *pid_file, *free, *back, *starting.steps),
        warnings=(
            *(warning for found in aimed for warning in found.warnings),
            *wrappers,
            *wrappers_that_stay(request, subject, seen.wrappers),
            *limits.warnings,
        ),
        minders=minders,
        data={**starting.data, "unit": next(iter(units), "")},
    )


def _limits(table: WorkerTable, targets: Iterable[Target], instances: Sequence[int]) -> LimitPlan:
    """The config's limits, and those of what runs; of a systemd service they are systemd's."""
    if any(target.unit for target in targets):
        return LimitPlan()
    running = next((target.pid for target in targets if target.pid in instances), None)
    return plan_limits(table.limits, running)


def end(job: Job) -> None:
    """The first half: end what runs, unless it could not be started again. systemd does both halves in one."""
    job.scratch["ended"] = True
    if job.subplan.data.get("unit"):
        recognise_targets(job)
        return
    table = table_of(job)
    if table is None:
        raise StepFailed("no command is configured for it any more; nothing was stopped")
    if reason := why_not_start(table):
        raise StepFailed(f"it could not be started again: {reason}; nothing was stopped")
    _look_for_others(job)
    end_targets(job)
    remove_own_pid_file(job)


def _look_for_others(job: Job) -> None:
    """One that was started since the plan was made would be left as it is, and taken for restarted."""
    worker = job.looker().workers().get(job.subplan.key)
    if worker is None:
        raise StepFailed("what runs of it could not be read; nothing was stopped")
    if others := [each for each in worker.instances if each.id not in job.subplan.known]:
        what = f"{others[0].pid}, which the plan does not name, runs too"
        raise TargetChanged(f"changed since the plan was made: {what}; nothing was sent")


def execute(job: Job) -> None:
    if not job.scratch.get("ended"):
        end(job)
    if unit := str(job.subplan.data.get("unit", "")):
        run_systemctl(job, "restart", unit)
        return
    worker = job.looker().look().workers.get(job.subplan.key)
    if worker is None:
        raise StepFailed("it was stopped, and what runs of it could not be read: start it by hand")
    worker = await_return(job, worker)
    if len(worker.instances) < worker.wanted:
        start.start_missing(job, worker.wanted - len(worker.instances))
        return
    pids = ", ".join(str(each.pid) for each in worker.instances)
    with job.step(f"leave {pids} running: whoever minds it has started it again already"):
        start.take_over(job, worker)


def verify(job: Job) -> Verification:
    def replaced() -> Verification:
        gone = respawn.targets_gone(job)
        return start.runs_well(job) if gone.holds else gone

    return job.until(replaced, start.VERIFY_S)
