"""Rules on services: down, degraded."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config, ServiceTable
from opsconsole.diagnose.look import service_table, start_steps
from opsconsole.diagnose.words import listed, look_at_log, quoted
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.service import Service
from opsconsole.model.snapshot import Snapshot

OWNERS = "listening sockets and their owners"


def service_down(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Nothing listens on a service's port.

    Evidence: the listening sockets of two scans in a row.
    Blind spots: a service that listens and hangs is up here (its health URL or site tells); one in another network
    namespace is seen as down.
    """
    for service in snapshot.services.value or ():
        if service.state != "down":
            continue
        table = service_table(config, service.name)
        yield found(
            "service-down",
            "critical" if table is not None and table.critical else "high",
            service.name,
            f"{service.name} is down: nothing listens on port {service.port}",
            evidence=(Evidence("listening sockets", snapshot.ports.at, service.reason),),
            root_cause="it ended, crashed or was never started",
            impact=(table.impact if table is not None else "") or "nobody can reach it",
            remedy=_starting(service, table),
            verify=f"port {service.port} listens" + (f" and {service.url} answers as expected" if service.url else ""),
        )


def service_degraded(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A service listens, but its health URL says otherwise: a component stopped, another status, a wrong body.

    Evidence: the last probe of its health URL; who listens, where it is not told that it is the service itself.
    Blind spots: a health URL that answers before its parts are asked tells old news; a service without a health URL
    is never degraded.
    """
    for service in snapshot.services.value or ():
        if service.state != "degraded":
            continue
        table = service_table(config, service.name)
        grave = bool(service.stopped) or (table is not None and table.critical)
        what = f"{listed(service.stopped)} stopped" if service.stopped else service.reason
        yield found(
            "service-degraded",
            "high" if grave else "medium",
            service.name,
            f"{service.name}: {what}",
            evidence=(
                Evidence(f"GET {service.url}", service.probed_at, service.reason),
                *_who_listens(service, table, snapshot.ports.at),
            ),
            root_cause=_why_degraded(service),
            impact=(table.impact if table is not None else "") or "it is reachable, but does not do all of its work",
            remedy=_repair(service, table),
            verify=f"GET {service.url} answers as expected"
            + (f" and says that {listed(service.stopped)} runs" if service.stopped else ""),
        )


def _who_listens(service: Service, table: ServiceTable | None, at: float | None) -> tuple[Evidence, ...]:
    if table is None or not table.command or service.holder:
        return ()
    return tuple(
        Evidence(OWNERS, at, f"pid {owner.pid} listens on {service.port}: {owner.command}") for owner in service.owners
    )


def _why_degraded(service: Service) -> str:
    if service.stopped:
        return f"what it reports as {listed(service.stopped)} has ended or was never started"
    if service.http_status is None:
        return "it listens and gives no usable answer: hung, overloaded, or another program on its port"
    return "it answers, but not as a healthy one does"


def _starting(service: Service, table: ServiceTable | None) -> Remedy:
    if table is not None and table.command:
        return Remedy("start", (service.name,), True, start_steps(table.command, table.cwd, service.log))
    log = (f"look at the end of its log: {look_at_log(service.log)}",) if service.log else ()
    return Remedy(steps=(*log, "start it", "add `command` to its [[service]], and it can be started from here"))


def _repair(service: Service, table: ServiceTable | None) -> Remedy:
    log = (f"look at the end of its log: {look_at_log(service.log)}",) if service.log else ()
    if service.stopped:
        named = listed(service.stopped)
        return Remedy(
            steps=(
                *log,
                f"find what runs {named} and start it",
                f'add it as a [[worker]] with component = "{service.name}:{service.stopped[0]}"',
            )
        )
    if table is not None and table.command:
        return Remedy("restart", (service.name,), True, (*log, *start_steps(table.command, table.cwd, "")))
    return Remedy(steps=(*log, f"look at what comes: curl -si {quoted(service.url)}", "restart it"))
