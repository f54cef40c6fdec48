"""What the keys that change things are aimed at: the marked rows, or the one under the cursor, with what is known of
them. Pure: resolved from the very Snapshot that is on the screen, so that a plan is about what the operator saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from opsconsole.config.types import Config
from opsconsole.model.environment import Environment
from opsconsole.model.finding import Diagnosis
from opsconsole.model.identity import ProcessId
from opsconsole.model.process import Process
from opsconsole.model.service import Service, Site
from opsconsole.model.session import Session
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.text import clean
from opsconsole.model.worker import Worker
from opsconsole.present.keys import find_process, keyed, kind_of

Kind = Literal["service", "worker", "session", "environment", "site", "process", "system"]
Item = Service | Worker | Session | Environment | Site | Process | None


class Subject(NamedTuple):
    """One thing that an action may be about."""

    kind: Kind
    name: str
    """For people."""
    asked_as: str
    """The name under which a plan is asked for it: no other subject has the same."""
    item: Item
    startable: bool = False
    """Whether the config says how it is started."""


class Member(NamedTuple):
    """One process of a subject, when one of several has to be chosen."""

    id: ProcessId
    role: str
    command: str
    start: float | None
    """Seconds since the epoch."""
    memory_bytes: int | None


def subjects_of(snapshot: Snapshot, row_keys: Iterable[str], config: Config) -> tuple[Subject, ...]:
    """The subjects of these rows, in their order; rows that are about nothing an action knows are left out."""
    wanted = list(dict.fromkeys(row_keys))
    kinds = {kind_of(key) for key in wanted}
    known: dict[str, Subject] = {}
    for kind, subjects in _SOURCES.items():
        if kind in kinds:
            known |= dict(subjects(snapshot, config))
    table = snapshot.processes.value
    for key in wanted:
        if (process := find_process(key, table)) is not None:
            known[key] = Subject("process", f"{process.pid} {process.command}", str(process.pid), process)
        elif kind_of(key) == "system":
            known[key] = Subject("system", snapshot.host, "", None)
    return tuple(known[key] for key in wanted if key in known)


def members_of(subject: Subject, snapshot: Snapshot) -> tuple[Member, ...]:
    """The processes that a worker or service consists of: instances, wrappers, remnants, owners of its port."""
    item = subject.item
    if isinstance(item, Worker):
        instances = (Member(one.id, "instance", one.command, one.start, one.rss_bytes) for one in item.instances)
        helpers = (
            Member(one.id, role, one.command, one.start, None)
            for role, several in (("wrapper", item.wrappers), ("remnant", item.remnants))
            for one in several
        )
        return (*instances, *helpers)
    if isinstance(item, Service):
        return tuple(_owner(owner.id, owner.command, snapshot) for owner in item.owners)
    if isinstance(item, Process):
        return (Member(item.id, "process", item.command, item.started_at, item.rss_bytes),)
    return ()


def presses_on_sessions(diagnosis: Diagnosis | None) -> bool:
    """Whether memory is short, or there are more sessions than allowed."""
    told = (*diagnosis.findings, *diagnosis.muted) if diagnosis is not None else ()
    return any(finding.rule in _PRESSURE for finding in told)


_PRESSURE = ("memory-pressure", "swap-thrash", "sessions-many")


def _owner(owner: ProcessId, command: str, snapshot: Snapshot) -> Member:
    table = snapshot.processes.value
    process = table.find(owner) if table is not None else None
    return Member(
        owner,
        "owner of the port",
        command,
        process.started_at if process is not None else None,
        process.rss_bytes if process is not None else None,
    )


def _services(snapshot: Snapshot, config: Config) -> Iterator[tuple[str, Subject]]:
    startable = {clean(table.name) for table in config.service if table.command}
    for key, service in keyed("service", ((one.name, one) for one in snapshot.services.value or ())):
        yield key, Subject("service", service.name, f"service:{service.name}", service, service.name in startable)


def _workers(snapshot: Snapshot, config: Config) -> Iterator[tuple[str, Subject]]:
    startable = {clean(table.name) for table in config.worker if table.command}
    for key, worker in keyed("worker", ((one.name, one) for one in snapshot.workers.value or ())):
        yield key, Subject("worker", worker.name, f"worker:{worker.name}", worker, worker.name in startable)


def _sessions(snapshot: Snapshot, _config: Config) -> Iterator[tuple[str, Subject]]:
    for key, session in keyed("session", ((one.id, one) for one in snapshot.sessions.value or ())):
        yield key, Subject("session", session.name, session.id, session)


def _environments(snapshot: Snapshot, _config: Config) -> Iterator[tuple[str, Subject]]:
    listed = snapshot.environments.value
    items = listed.items if listed is not None else ()
    for key, environment in keyed("env", ((one.id, one) for one in items)):
        yield key, Subject("environment", environment.name, environment.id, environment)


def _sites(snapshot: Snapshot, _config: Config) -> Iterator[tuple[str, Subject]]:
    for key, site in keyed("site", ((one.name, one) for one in snapshot.sites.value or ())):
        yield key, Subject("site", site.name, site.name, site)


_SOURCES = {
    "service": _services,
    "worker": _workers,
    "session": _sessions,
    "env": _environments,
    "site": _sites,
}
