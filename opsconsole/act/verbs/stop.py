"""`stop`: end everything that runs of a worker or service: wrappers, instances, remnants."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.stopping_plan import aim_all, mark_minders, steps_of
from opsconsole.act.subjects import find_subject
from opsconsole.model.plan import Subplan


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    subject = find_subject(request, name)
    aimed = aim_all(request, subject)
    if not aimed:
        if subject.seen.suspects:
            suspect = subject.seen.suspects[0]
            raise WhyNot(f"{suspect.pid} may be it ({suspect.reason}): what cannot be told is not stopped", "unknown")
        raise WhyNot("it is not running", "nothing")
    targets = tuple(found.target for found in aimed)
    pid_file = subject.table.pid_file if subject.table is not None else None
    removal = (f"remove the pid file {pid_file}, if it names what was stopped",) if pid_file is not None else ()
    ports = (f"port {subject.port} is free",) if subject.port is not None else ()
    return Subplan(
        subject=subject.name,
        subject_kind=subject.kind,
        targets=targets,
        steps=(*steps_of(targets, request.grace_s), *removal),
        checks=(f"{subject.name}: nothing of it runs", *ports, "nothing of it comes back within 10s"),
        warnings=(
            *(warning for found in aimed for warning in found.warnings),
            *mark_minders(request, targets, subject),
            *(f"{suspect.pid} may be it too, and is left alone: {suspect.reason}" for suspect in subject.seen.suspects),
        ),
        known=tuple(instance.id for instance in subject.seen.instances),
    )
