"""What could not be judged, and which rules could therefore say nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsconsole.config.types import Config
from opsconsole.diagnose.look import session_subject, worker_table
from opsconsole.diagnose.rules.logs import logs_of
from opsconsole.diagnose.words import listed, several
from opsconsole.model.finding import Unknown
from opsconsole.model.reading import Reading
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Worker

_PID = ("worker-pidfile",)
_WORKER = (
    *("worker-missing", "worker-duplicates", "worker-crash-loop"),
    *("worker-pidfile", "worker-silent", "worker-limits"),
)
_SERVICE = ("service-down", "service-degraded")
_SESSION = ("session-idle", "session-hung", "session-dead")
_SITE = ("site-down", "site-unexpected", "site-tls")
_READINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("services", (*_SERVICE, "port-shared", "port-held", "log-errors")),
    ("workers", (*_WORKER, "log-errors", "port-held")),
    ("sessions", ("sessions-many", *_SESSION)),
    ("environments", ("env-stale", "env-duplicate", "env-ports-exhausted", "env-source", "port-held")),
    ("system", ("system-load", "cpu-starved", "memory-pressure", "swap-thrash")),
    ("sites", _SITE),
    ("queue", ("worker-failing",)),
    ("disks", ("disk-full",)),
    ("ports", ("service-down", "port-shared", "port-held", "env-ports-exhausted")),
)
_NUMBERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("load1", "cores"), "system-load"),
    (("cpu_idle",), "cpu-starved"),
    (("memory_available_bytes", "memory_total_bytes"), "memory-pressure"),
    (("swap_in_per_s", "swap_out_per_s"), "swap-thrash"),
)


def unknowns(snapshot: Snapshot, config: Config) -> tuple[Unknown, ...]:
    """Readings first, then single items, in a stable order."""
    return (*_of_readings(snapshot), *_of_system(snapshot), *_of_items(snapshot, config), *_of_sessions(snapshot))


def _of_readings(snapshot: Snapshot) -> Iterator[Unknown]:
    for name, rules in _READINGS:
        reading: Reading[Any] = getattr(snapshot, name)
        if reading.state == "unknown":
            yield Unknown(name, reading.reason, reading.at, rules)


def _of_system(snapshot: Snapshot) -> Iterator[Unknown]:
    system = snapshot.system.value
    if system is None:
        return
    for fields, rule in _NUMBERS:
        if absent := [field for field in fields if getattr(system, field) is None]:
            told = [reason for reason in system.missing if reason]
            why = f"no {listed(absent)}" + (
                f" ({listed(told, 3)})" if told else ": needs two looks, or is not told here"
            )
            yield Unknown("system", why, snapshot.system.at, (rule,))


def _of_items(snapshot: Snapshot, config: Config) -> Iterator[Unknown]:
    for service in snapshot.services.value or ():
        if service.state == "unknown":
            yield Unknown(f"service {service.name}", service.reason, snapshot.services.at, _SERVICE, (service.name,))
    for worker in snapshot.workers.value or ():
        at = snapshot.workers.at
        if worker.state == "unknown":
            yield Unknown(f"worker {worker.name}", worker.reason, at, _WORKER, (worker.name,))
        if _log_gone(worker, config):
            yield Unknown(f"log of {worker.name}", "there is none", at, ("worker-silent",), (worker.name,))
        if unread := _unread_usage(worker, config):
            why = f"its {listed(unread)} cannot be told of every instance"
            yield Unknown(f"limits of {worker.name}", why, at, ("worker-limits",), (worker.name,))
        if worker.pid_file is not None and worker.pid_file.state == "unreadable":
            yield Unknown(f"pid file of {worker.name}", worker.pid_file.reason, at, _PID, (worker.name,))
    for name, log, at in logs_of(snapshot):
        if log.state == "unreadable":
            yield Unknown(f"log of {name}", log.reason, at, ("log-errors", "worker-silent"), (name,))
    environments = snapshot.environments.value
    if environments is not None:
        if environments.pool is not None and not environments.pool.listeners_known and environments.pool.free > 0:
            why = "who listens in the port pool could not be read: claims alone are counted"
            yield Unknown("environments", why, snapshot.environments.at, ("env-ports-exhausted", "port-held"))
        ageless = [one.name for one in environments.items if one.stale is None and one.ttl_s is not None]
        if ageless:
            why = f"no creation time is told of {listed(ageless)}"
            yield Unknown("environments", why, snapshot.environments.at, ("env-stale",))
    for site in snapshot.sites.value or ():
        if site.state == "unknown":
            yield Unknown(f"site {site.name}", site.reason, site.checked_at, _SITE, (site.name,))
        elif site.state == "down" and not site.tls_error and site.failures < config.diagnose.site_misses:
            why = f"no answer to {several(site.failures, 'probe')} yet ({site.reason}): needs another look"
            yield Unknown(f"site {site.name}", why, site.checked_at, _SITE, (site.name,))


def _log_gone(worker: Worker, config: Config) -> bool:
    """Whether a running worker that is to write a log has none."""
    table = worker_table(config, worker.name)
    to_be_heard = table is not None and table.silent_after is not None and bool(worker.instances)
    return to_be_heard and worker.log is not None and worker.log.state == "missing"


def _unread_usage(worker: Worker, config: Config) -> list[str]:
    """What a worker has a limit of and is not told of one of its instances."""
    table = worker_table(config, worker.name)
    if table is None:
        return []
    unread = []
    if table.limits.memory is not None and any(one.rss_bytes is None for one in worker.instances):
        unread.append("memory")
    if table.limits.cpu_percent is not None and any(one.cpu_percent is None for one in worker.instances):
        unread.append("CPU time")
    return unread


def _of_sessions(snapshot: Snapshot) -> Iterator[Unknown]:
    """Sessions whose agent's state is unknown, those with the same reason together."""
    by_reason: dict[str, list[str]] = {}
    for session in snapshot.sessions.value or ():
        if session.state == "unknown":
            by_reason.setdefault(session.reason, []).append(session_subject(session, snapshot))
    for reason, names in by_reason.items():
        subject = f"session {names[0]}" if len(names) == 1 else f"{len(names)} sessions"
        why = reason if len(names) == 1 else f"{reason}: {listed(names)}"
        yield Unknown(subject, why, snapshot.sessions.at, _SESSION, tuple(names))
