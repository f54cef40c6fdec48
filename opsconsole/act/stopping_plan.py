"""What `stop`, `restart` and `kill-duplicates` plan alike: wrappers first, then instances, then remnants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from opsconsole.act.aim import Aimed, aim, stop_steps
from opsconsole.act.neighbours import Below, Neighbour, below, ids_of
from opsconsole.act.request import Request, WhyNot
from opsconsole.act.subjects import Subject
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Minder, Target
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
    """These wrappers as targets, with what is below them and is no instance; but for those that have others too."""
    aimed = []
    for wrapper in wrappers:
        found = _below_wrapper(request, subject, wrapper)
        if not found.neighbours:
            aimed += _unless_ended(request, wrapper.id, "wrapper", reason, found, subject)
    return aimed


def wrappers_that_stay(request: Request, subject: Subject, wrappers: Iterable[Helper]) -> tuple[str, ...]:
    """For people: those of these wrappers that are not ended, since something of another runs below them too."""
    return tuple(
        f"wrapper {wrapper.pid} ({wrapper.command}) stays: {neighbour.process.pid} of"
        f" {neighbour.whose} runs below it too. If it is a loop it starts {subject.name} again"
        for wrapper, neighbour in _shared(request, subject, wrappers)
    )


def as_minders(request: Request, subject: Subject) -> tuple[Minder, ...]:
    """The wrappers that stay, around these instances: a loop among them starts again what was ended below it."""
    table = processes_of(request, subject)
    return tuple(
        Minder("", f"wrapper {wrapper.pid}", wrapper.id, instance.pid)
        for wrapper, _ in _shared(request, subject, subject.seen.wrappers)
        for instance in subject.seen.instances
        if any(above.id == wrapper.id for above in table.ancestors(instance.pid))
    )


def _shared(request: Request, subject: Subject, wrappers: Iterable[Helper]) -> Iterator[tuple[Helper, Neighbour]]:
    """Of these wrappers those below which something of another runs too, with that."""
    for wrapper in wrappers:
        if found := _below_wrapper(request, subject, wrapper).neighbours:
            yield wrapper, found[0]


def _below_wrapper(request: Request, subject: Subject, wrapper: Helper) -> Below:
    instances = [each.pid for each in subject.seen.instances]
    return below(request, processes_of(request, subject), wrapper.pid, _own(request, subject), instances)


def aim_instances(request: Request, subject: Subject, instances: Iterable[tuple[Instance, str]]) -> list[Aimed]:
    table, own = processes_of(request, subject), _own(request, subject)
    apart = [each.pid for each in subject.seen.instances]
    role = f"owner of port {subject.port}" if subject.port is not None else "instance"
    aimed = []
    for instance, reason in instances:
        found = below(request, table, instance.pid, own, apart)
        aimed += _unless_ended(request, instance.id, role, reason, found, subject, subject.port)
    return aimed


def aim_remnants(request: Request, subject: Subject) -> list[Aimed]:
    table, own = processes_of(request, subject), _own(request, subject)
    aimed = []
    for remnant in subject.seen.remnants:
        found = below(request, table, remnant.pid, own)
        aimed += _unless_ended(request, remnant.id, "remnant", remnant.reason, found, subject)
    return aimed


def _own(request: Request, subject: Subject) -> frozenset[ProcessId]:
    """Everything that belongs to it, with whoever holds its port: below its instances that is its own server."""
    seen = request.snapshot.services.value or ()
    holders = (
        owner.id
        for service in seen
        if subject.service is not None and service.name == subject.service.name
        for owner in service.owners
    )
    return ids_of(subject.seen) | frozenset(holders)


def _unless_ended(
    request: Request,
    process: ProcessId,
    role: str,
    reason: str,
    found: Below,
    subject: Subject,
    port: int | None = None,
) -> list[Aimed]:
    try:
        aimed = aim(request, process, role, reason, found.own, subject.name, port)
        return [msgspec.structs.replace(aimed, warnings=(*aimed.warnings, *found.told))]
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
