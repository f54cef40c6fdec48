"""`kill-duplicates`: of a worker or service that runs more often than wanted, end the others and keep the right one."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.act import respawn
from opsconsole.act.aim import memory_of
from opsconsole.act.job import Job, Verification
from opsconsole.act.living import is_alive, look_at
from opsconsole.act.minding import minders_of, warnings_of
from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.stopping import end_targets
from opsconsole.act.stopping_plan import aim_instances, aim_wrappers, processes_of, steps_of, wrappers_that_stay
from opsconsole.act.subjects import Subject, find_subject
from opsconsole.act.survivor import Choice, choose
from opsconsole.model.plan import Subplan, Survivor
from opsconsole.model.worker import Helper, Instance


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    subject = find_subject(request, name)
    seen = subject.seen
    if seen.state == "unknown":
        raise WhyNot(f"its state is unknown: {seen.reason}", "unknown")
    if len(seen.instances) < seen.wanted:
        raise WhyNot(f"{len(seen.instances)} of {seen.wanted} running: no duplicate", "nothing")
    choice = choose(request, subject)
    stray = _wrappers_without_survivor(request, subject, choice)
    if not choice.going and not stray:
        what = "one instance" if len(seen.instances) == 1 else f"{len(seen.instances)} instances"
        raise WhyNot(f"{what} running, as wanted", "nothing")
    aimed = [
        *aim_wrappers(request, subject, stray, "would start another copy"),
        *aim_instances(request, subject, choice.going),
    ]
    shared = wrappers_that_stay(request, subject, stray)
    if not aimed and shared:
        raise WhyNot(shared[0])
    if not aimed:
        raise WhyNot("the duplicates have ended already", "nothing")
    targets = tuple(found.target for found in aimed)
    minders = minders_of(request, targets, processes_of(request, subject))
    staying = tuple(_survivor(request, instance, reason) for instance, reason in choice.staying)
    return Subplan(
        subject=subject.name,
        subject_kind=subject.kind,
        targets=targets,
        survivors=staying,
        steps=steps_of(targets, request.grace_s),
        checks=_checks(subject, staying, request.watch_s),
        warnings=(
            *(warning for found in aimed for warning in found.warnings),
            *shared,
            *warnings_of(request, minders),
        ),
        minders=minders,
        known=tuple(instance.id for instance in seen.instances),
        data={"wanted": seen.wanted},
    )


def _survivor(request: Request, instance: Instance, reason: str) -> Survivor:
    """Who stays, frozen as targets are. Raises WhyNot: it is not there any more."""
    now = look_at(instance.pid, request.boot_id)
    if now is None or now.ended or now.mark.id != instance.id:
        raise WhyNot(f"{instance.pid}, which would stay, has ended: look again")
    return Survivor(
        id=instance.id,
        command=instance.command,
        start=instance.start,
        memory_bytes=memory_of(request, (instance.pid, *instance.children)),
        reason=reason,
        process=now.mark,
    )


def _wrappers_without_survivor(request: Request, subject: Subject, choice: Choice) -> list[Helper]:
    """Wrappers that keep no survivor alive: they would start again what is ended."""
    table = processes_of(request, subject)
    staying = {instance.pid for instance, _ in choice.staying}
    return [
        wrapper
        for wrapper in subject.seen.wrappers
        if not staying & {process.pid for process in table.tree(wrapper.pid)}
    ]


def _checks(subject: Subject, staying: tuple[Survivor, ...], watch_s: float) -> tuple[str, ...]:
    count = "1 instance runs" if subject.seen.wanted == 1 else f"{subject.seen.wanted} instances run"
    stay = tuple(f"{survivor.pid} still runs" for survivor in staying)
    return (
        f"{subject.name}: {count}",
        *stay,
        f"no new copy appears within {watch_s:g}s; if one does, who started it is named",
    )


VERIFY_S = 5.0


def execute(job: Job) -> None:
    end_targets(job)


def verify(job: Job) -> Verification:
    return job.until(lambda: _count_is_right(job), VERIFY_S)


def watch(job: Job) -> Verification:
    return respawn.watch(job)


def _count_is_right(job: Job) -> Verification:
    """The targets gone, who was to stay still there, and as many instances as wanted."""
    gone = respawn.targets_gone(job)
    if not gone.holds:
        return gone
    if ended := [survivor for survivor in job.subplan.survivors if not is_alive(survivor.id)]:
        return Verification(False, f"{ended[0].pid}, which was to stay, has ended: {ended[0].command}")
    view = job.looker().look()
    if view.processes.value is None:
        return Verification(None, view.processes.reason)
    worker = respawn.seen_of(job, view)
    if worker is None:
        return Verification(None, "what runs of it could not be read")
    if found := respawn.newcomers(job, view).respawners:
        return Verification(False, respawn.told(found), respawners=found)
    pids = ", ".join(str(each.pid) for each in worker.instances)
    counted = f"{len(worker.instances)} of {worker.wanted} running ({pids or 'none'})"
    return Verification(len(worker.instances) == worker.wanted, counted, (counted,))
