"""What the config says of a job's subject, found again when it is carried out."""

from __future__ import annotations

from opsconsole.act.job import Job
from opsconsole.config.types import ServiceTable, WorkerTable
from opsconsole.model.text import clean

SERVICE = "service:"
"""In front of a service's name, where it stands beside workers."""


def as_worker(service: ServiceTable) -> WorkerTable:
    """A service that names its command, as the worker that it is."""
    return WorkerTable(
        name=SERVICE + service.name,
        command=service.command,
        cwd=service.cwd,
        env=service.env,
        log=service.log,
        critical=service.critical,
    )


def key_of(table: WorkerTable) -> str:
    """The key that a subplan about this worker, or service as a worker, has: ``worker:NAME``, ``service:NAME``."""
    kind, name = (
        (SERVICE, table.name.removeprefix(SERVICE)) if table.name.startswith(SERVICE) else ("worker:", table.name)
    )
    return kind + clean(name)


def table_of(job: Job) -> WorkerTable | None:
    """How the subject is started; a service's as that of a worker. None: no command is configured."""
    if job.subplan.subject_kind == "worker":
        return next((each for each in job.loaded.config.worker if clean(each.name) == job.subplan.subject), None)
    service = service_of(job)
    if service is None or not service.command:
        return None
    return as_worker(service)


def service_of(job: Job) -> ServiceTable | None:
    if job.subplan.subject_kind != "service":
        return None
    return next((each for each in job.loaded.config.service if clean(each.name) == job.subplan.subject), None)


def port_of(job: Job) -> int | None:
    service = service_of(job)
    return service.port if service is not None else None
