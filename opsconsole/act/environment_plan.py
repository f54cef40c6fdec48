"""What deleting environments by name and pruning the stale ones have in common: targets, and the look right before.

A list that could not be read is no ground to delete anything, and neither is one that lists nothing.
"""

from __future__ import annotations

import time

from opsconsole.act.environment_removal import Named, removal_line, remove, why_not_named, why_not_removable
from opsconsole.act.job import Job, NothingLeft, StepFailed, TargetChanged, Verification
from opsconsole.act.request import Request, WhyNot
from opsconsole.config.types import EnvironmentsTable
from opsconsole.model.environment import Environment, Environments
from opsconsole.model.plan import Subplan, Target

SAME_AGE_S = 5.0
"""Two looks at one environment agree in its time of creation within this."""
VERIFY_S = 8.0


def listed(request: Request) -> Environments:
    """The environments as the snapshot has them. Raises WhyNot."""
    if reason := why_not_removable(request.loaded.config.environments):
        raise WhyNot(reason)
    reading = request.snapshot.environments
    if reading.value is None:
        raise WhyNot(f"environments: {reading.reason or reading.hint}", "unknown")
    return reading.value


def removal(request: Request, environment: Environment, reason: str) -> Subplan:
    """The subplan of removing this one. Raises WhyNot."""
    table = request.loaded.config.environments
    which = Named(environment.id, environment.name, environment.port)
    if table is None or (why_not := why_not_named(which)):
        raise WhyNot(why_not if table is not None else "no [environments] is configured")
    try:
        run = removal_line(table, which)
    except StepFailed as failed:
        raise WhyNot(failed.reason) from None
    age_s = environment.age_s
    target = Target(
        kind="environment",
        role="environment",
        name=environment.name,
        reason=reason,
        environment=environment.id,
        command=environment.owner_command,
        port=environment.port,
        age_s=age_s,
    )
    running = (f"something of it runs: {environment.owner_command or 'its port listens'}",) if environment.alive else ()
    return Subplan(
        subject=environment.id,
        subject_kind="environment",
        targets=(target,),
        steps=("read the list again: it must still be there, and the same", run),
        checks=(f"{environment.name} ({environment.id}) is not in the list any more",),
        warnings=running,
        data={"created": None if age_s is None else request.snapshot.at - age_s},
    )


def look(job: Job, table: EnvironmentsTable) -> Environments:
    """The list as its source has it now. Raises StepFailed when it cannot be read, or lists nothing."""
    found = read_list(job, table)
    if isinstance(found, str):
        raise StepFailed(f"{found}; nothing is deleted")
    if not found.items:
        raise StepFailed("the source lists nothing now; nothing is deleted")
    return found


def read_list(job: Job, table: EnvironmentsTable) -> Environments | str:
    """The list as its source has it now, or why it could not be read."""
    from opsconsole.collect.environments import EnvironmentSource, assemble_environments
    from opsconsole.model.clock import SystemClock

    clock = SystemClock()
    view = job.looker().look()
    raw = EnvironmentSource(table).read(clock)
    reading = assemble_environments(table, raw, view.ports, view.processes, clock.wall())
    return reading.value if reading.value is not None else reading.reason


def remove_checked(job: Job, only_stale: bool) -> None:
    """Look again, and remove the target if it still is what the operator saw."""
    table = table_of(job)
    target = job.subplan.targets[0]
    with job.step("read the list again") as step:
        now = look(job, table)
        if only_stale and len(now.items) > 1 and all(item.stale for item in now.items):
            raise StepFailed("every environment reads stale now: nothing is deleted")
        found = [item for item in now.items if item.id == target.environment]
        if not found:
            raise NothingLeft(f"{target.name} is not in the list any more")
        if reason := _difference(target, found, job.subplan.data.get("created"), only_stale):
            raise TargetChanged(f"changed since the plan was made: {reason}; nothing was deleted")
        job.scratch["listed"] = {item.id for item in now.items}
        step.detail = f"{len(now.items)} listed, it is there and the same"
    which = Named(target.environment, target.name, target.port)
    with job.step(removal_line(table, which)) as step:
        step.detail = remove(table, which)


def _difference(target: Target, found: list[Environment], created: float | None, only_stale: bool) -> str:
    if len(found) > 1:
        return f"{len(found)} have the id {target.environment}"
    now = found[0]
    if now.name != target.name or now.port != target.port:
        return f"{target.environment} is {now.name} on port {now.port} now"
    born = None if now.age_s is None else time.time() - now.age_s
    if (born is None) != (created is None) or (
        born is not None and created is not None and abs(born - created) > SAME_AGE_S
    ):
        return f"{target.environment} is another one now, made at another time"
    return f"{target.environment} is not stale any more" if only_stale and not now.stale else ""


def gone(job: Job) -> Verification:
    """Whether the source lists the target no more. A list that has lost what nobody asked it to lose proves nothing."""
    target = job.subplan.targets[0]
    asked = {each.environment for each in job.plan.targets}
    others = job.scratch.get("listed", set()) - asked

    def absent() -> Verification:
        now = read_list(job, table_of(job))
        if isinstance(now, str):
            return Verification(None, now)
        if any(item.id == target.environment for item in now.items):
            return Verification(False, f"{target.name} ({target.environment}) is still in the list")
        if others and not others & {item.id for item in now.items}:
            return Verification(None, _lost(others, len(now.items)))
        left = [port for port in (target.port,) if port is not None and job.looker().look().listens(port)]
        note = (f"port {left[0]} still listens",) if left else ()
        return Verification(True, evidence=(f"{target.name} is not in the list any more", *note))

    return job.until(absent, VERIFY_S)


def _lost(others: set[str], listed: int) -> str:
    what = "nothing at all" if not listed else f"{listed} others"
    return (
        f"the source lists {what} now, and {len(others)} that were not to be deleted are missing too: it may be broken"
    )


def table_of(job: Job) -> EnvironmentsTable:
    table = job.loaded.config.environments
    if table is None:
        raise StepFailed("no [environments] is configured any more")
    return table
