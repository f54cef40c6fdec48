"""What `stop`, `restart` and `kill-duplicates` plan alike: wrappers first, then instances, then remnants."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.act.aim import Aimed, aim, stop_steps
from opsconsole.act.request import Request, WhyNot
from opsconsole.act.subjects import Subject
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Target
from opsconsole.model.process import ProcessTable
from opsconsole.model.worker import Helper, Instance


def aim_all(request: Request, subject: Subject) -> list[Aimed]:
    """Everything that runs of the subject."""
    seen = subject.seen
    return [
        *aim_wrappers(request, subject, seen.wrappers, "would start it again"),
        *aim_instances(request, subject, [(each, "it runs") for each in seen.instances]),
        *aim_remnants(request, subject),
    ]


def aim_wrappers(request: Request, subject: Subject, wrappers: Iterable[Helper], reason: str) -> list[Aimed]:
    """These wrappers as targets, with what is below them and is no instance."""
    table = processes_of(request, subject)
    instances = {each.pid for each in subject.seen.instances}
    apart = {process.pid for pid in instances for process in table.tree(pid)}
    aimed = []
    for wrapper in wrappers:
        below = [process.pid for process in table.tree(wrapper.pid)[1:] if process.pid not in apart]
        aimed += _unless_ended(request, wrapper.id, "wrapper", reason, below, subject)
    return aimed


def aim_instances(request: Request, subject: Subject, instances: Iterable[tuple[Instance, str]]) -> list[Aimed]:
    aimed = []
    for instance, reason in instances:
        role = f"owner of port {subject.port}" if subject.port is not None else "instance"
        aimed += _unless_ended(request, instance.id, role, reason, instance.children, subject, subject.port)
    return aimed


def aim_remnants(request: Request, subject: Subject) -> list[Aimed]:
    table = processes_of(request, subject)
    aimed = []
    for remnant in subject.seen.remnants:
        below = [process.pid for process in table.tree(remnant.pid)[1:]]
        aimed += _unless_ended(request, remnant.id, "remnant", remnant.reason, below, subject)
    return aimed


def _unless_ended(
    request: Request,
    process: ProcessId,
    role: str,
    reason: str,
    children: Iterable[int],
    subject: Subject,
    port: int | None = None,
) -> list[Aimed]:
    try:
        return [aim(request, process, role, reason, children, subject.name, port)]
    except WhyNot as why_not:
        if why_not.kind == "nothing":
            return []  # it has ended since the snapshot: as wanted
        raise


def processes_of(request: Request, subject: Subject) -> ProcessTable:
    """The process table in which this subject was seen."""
    reading = request.view.processes if subject.service is not None else request.snapshot.processes
    if reading.value is None:
        raise WhyNot(f"processes: {reading.reason or 'not read'}", "unknown")
    return reading.value


def steps_of(targets: Iterable[Target], grace_s: float) -> tuple[str, ...]:
    return tuple(step for target in targets for step in stop_steps(target, grace_s))
