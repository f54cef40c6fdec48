"""Workers and services by their names: what the config says of them, and what runs of them."""

from __future__ import annotations

import os

import msgspec

from opsconsole.act.holders import as_seen, owner_roots
from opsconsole.act.policy import why_not_name
from opsconsole.act.proposal import service_proposal, worker_proposal
from opsconsole.act.request import Request, WhyNot, one_of
from opsconsole.act.tables import SERVICE, as_worker
from opsconsole.config.types import ServiceTable, WorkerTable
from opsconsole.model.plan import SubjectKind
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.text import clean
from opsconsole.model.worker import Worker


class Subject(msgspec.Struct, frozen=True):
    """One worker or service."""

    kind: SubjectKind
    name: str
    table: WorkerTable | None
    """How it is started; a service's as that of a worker. None: no command is configured."""
    service: ServiceTable | None
    seen: Worker
    """Its instances, wrappers and remnants; of a service the owners of its port stand as instances."""

    @property
    def port(self) -> int | None:
        return self.service.port if self.service is not None else None

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.name}"


def find_subject(request: Request, name: str) -> Subject:
    """The worker or service of this name; ``worker:NAME`` and ``service:NAME`` tell two of one name apart.

    Raises WhyNot: none of this name, protected, or what runs of it is not known.
    """
    kind, plain = _split(name)
    if reason := why_not_name(plain, request.loaded.config.console.protect):
        raise WhyNot(reason)
    subject = None
    if kind in ("", "worker"):
        subject = _worker(request, plain)
    if subject is None and kind in ("", "service"):
        subject = _service(request, plain)
    if subject is None:
        merely_found = _merely_found(request, plain) if request.verb in ("start", "restart") else None
        raise merely_found or WhyNot(f"no worker or service named {plain!r}; {one_of(_names(request))}", "usage")
    return subject


def why_no_command(request: Request, subject: Subject) -> WhyNot:
    """Nothing says how it is started; with what to add to the config, where it runs and that can be told."""
    table = request.snapshot.processes.value if subject.service is None else request.view.processes.value
    instance = next(iter(subject.seen.instances), None)
    process = table.find(instance.id) if table is not None and instance is not None else None
    proposal = ""
    if process is not None and subject.service is not None:
        proposal = service_proposal(subject.service, process, configured=True)
    elif process is not None:
        proposal = worker_proposal(subject.name, process, len(subject.seen.instances))
    return _unconfigured(proposal)


def _unconfigured(proposal: str) -> WhyNot:
    told = "; this in the config says it:" if proposal else ""
    return WhyNot(f"no command is configured for it{told}", proposal=proposal)


def _merely_found(request: Request, name: str) -> WhyNot | None:
    """Why nothing is done about something that discovery finds under this name; None when it finds nothing."""
    from opsconsole.collect.discovery import discover

    table = request.view.processes.value
    if table is None:
        return None
    found = discover(table, request.view.ports.value or (), os.geteuid())
    for worker in found.worker:
        if name in (worker.name, clean(worker.name)):
            process = next(each for each in table if each.argv == worker.command)
            return _unconfigured(worker_proposal(name, process, worker.instances))
    for service in found.service:
        owners = _owners(table, request, service.port) if name in (service.name, clean(service.name)) else []
        if owners:
            return _unconfigured(service_proposal(service, owners[0], configured=False))
    return None


def _split(name: str) -> tuple[str, str]:
    kind, colon, plain = name.partition(":")
    return (kind, plain) if colon and kind in ("worker", "service") else ("", name)


def _names(request: Request) -> list[str]:
    snapshot = request.snapshot
    workers = [worker.name for worker in snapshot.workers.value or ()] or [w.name for w in request.loaded.config.worker]
    return workers + [service.name for service in request.loaded.config.service]


def _worker(request: Request, name: str) -> Subject | None:
    table = next((table for table in request.loaded.config.worker if name in (table.name, clean(table.name))), None)
    reading = request.snapshot.workers
    if reading.value is None:
        if table is None:
            return None
        raise WhyNot(f"workers: {reading.reason or 'not read'}", "unknown")
    seen = next((worker for worker in reading.value if worker.name in (name, clean(name))), None)
    return Subject("worker", seen.name, table, None, seen) if seen is not None else None


def _service(request: Request, name: str) -> Subject | None:
    service = next((each for each in request.loaded.config.service if name in (each.name, clean(each.name))), None)
    if service is None:
        return None
    view = request.view
    if view.processes.value is None or view.ports.value is None:
        raise WhyNot(f"{view.processes.reason or view.ports.reason or 'the processes could not be read'}", "unknown")
    table = as_worker(service) if service.command else None
    seen = view.workers.get(SERVICE + clean(service.name))
    owners = _owners(view.processes.value, request, service.port)
    if table is None or seen is None:
        return Subject("service", clean(name), None, service, as_seen(service, owners, view.processes.value))
    known = {member.pid for each in seen.instances for member in view.processes.value.tree(each.pid)}
    if strangers := [owner for owner in owners if owner.pid not in known]:
        stranger = strangers[0]
        raise WhyNot(
            f"port {service.port} is held by {stranger.pid} ({stranger.command}), which is not what the config starts"
        )
    return Subject("service", clean(name), table, service, seen)


def _owners(table: ProcessTable, request: Request, port: int) -> list[Process]:
    """Raises WhyNot: they cannot be told."""
    found = owner_roots(table, request.view.ports.value or (), port)
    if found is None:
        raise WhyNot(f"who holds port {port} could not be read", "unknown")
    return found
