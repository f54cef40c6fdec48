"""Rules on ports: shared by rivals, held by the wrong process."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config, ServiceTable
from opsconsole.diagnose.look import service_table
from opsconsole.diagnose.rules.services import OWNERS
from opsconsole.diagnose.words import listed, several
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.listener import Owner
from opsconsole.model.service import Service
from opsconsole.model.snapshot import Snapshot


def port_shared(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Rivals listen on one port of a service: connections reach now the one, now the other.

    Evidence: two listening sockets that accept the same connections, held by processes of different families.
    Blind spots: needs the owners; sockets of another user's processes are never called rivals. Ports that no service
    names are not judged.
    """
    for service in snapshot.services.value or ():
        if service.sharing != "reuseport":
            continue
        owners = several(len(service.owners), "process", "processes")
        alike = len({owner.command for owner in service.owners}) == 1
        pids = listed(owner.pid for owner in service.owners)
        started = [start for owner in service.owners if (start := _started(snapshot, owner)) is not None]
        yield found(
            "port-shared",
            "low" if alike else "medium",
            str(service.port),
            f"port {service.port} of {service.name} is shared by {owners}",
            evidence=tuple(
                Evidence(OWNERS, snapshot.ports.at, f"pid {owner.pid} listens on {service.port}: {owner.command}")
                for owner in service.owners
            ),
            root_cause="it was started a second time while the first still ran, and the port lets itself be shared"
            if alike
            else "different programs were given the same port",
            impact="connections reach now the one, now the other; which of them is monitored is chance",
            remedy=_unshared(service, service_table(config, service.name), alike, pids),
            verify=f"one family of processes listens on port {service.port}",
            since=max(started, default=None),
        )


def port_held(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A port is held by a process that has no business there.

    Evidence: the owner of a service's port is a remnant of a worker, or all owners of a degraded service's port are
    for certain other programs (see ``collect.holders``); ports of the pool that are held while no environment claims
    them.
    Blind spots: where who holds the port may be the service under another name, nothing is claimed and
    service-degraded tells who listens: services configured as a shell script, a launcher (npm, make) or a binary,
    owners that set a title, whatever was started in the service's directory. A script that turns into another program
    and leaves its directory, and was never seen well, would be taken for an impostor.
    """
    remnants = {helper.id: worker.name for worker in snapshot.workers.value or () for helper in worker.remnants}
    for service in snapshot.services.value or ():
        left = [owner for owner in service.owners if owner.id in remnants]
        if left:
            yield _held_by_remnants(snapshot, service, left, remnants[left[0].id])
        elif service.state == "degraded" and service.holder == "other":
            yield _held_by_another(snapshot, service)
    environments = snapshot.environments.value
    if environments is not None and environments.pool is not None and environments.pool.unclaimed:
        ports = environments.pool.unclaimed
        yield found(
            "port-held",
            "low",
            "pool",
            f"{several(len(ports), 'port')} of the pool held by what no environment claims: {listed(ports)}",
            evidence=(
                Evidence("listening sockets", snapshot.ports.at, f"listening in the pool, unclaimed: {listed(ports)}"),
                Evidence(environments.source, snapshot.environments.at, "no environment names these ports"),
            ),
            root_cause="a process outlived its environment, or something else took a port of the pool",
            impact="the pool is smaller than it is meant to be",
            remedy=Remedy(steps=(f"see who listens: ss -ltnp 'sport = :{ports[0]}'", "end it, or let it be claimed")),
            verify="every listening port of the pool is claimed by an environment",
        )


def _started(snapshot: Snapshot, owner: Owner) -> float | None:
    table = snapshot.processes.value
    process = table.find(owner.id) if table is not None else None
    return process.started_at if process is not None else None


def _unshared(service: Service, table: ServiceTable | None, alike: bool, pids: str) -> Remedy:
    look = f"see who binds it: ss -ltnp 'sport = :{service.port}'"
    if alike and table is not None and table.command:
        return Remedy("kill-duplicates", (service.name,), True, (look, f"end all but one of {pids}"))
    return Remedy(steps=(look, f"end all but one of {pids}, or give one of them another port"))


def _held_by_remnants(snapshot: Snapshot, service: Service, owners: list[Owner], worker: str) -> Finding:
    pids = listed(owner.pid for owner in owners)
    started = [start for owner in owners if (start := _started(snapshot, owner)) is not None]
    return found(
        "port-held",
        "high",
        str(service.port),
        f"port {service.port} of {service.name} is held by a remnant of {worker}",
        evidence=tuple(
            Evidence(OWNERS, snapshot.ports.at, f"pid {owner.pid} holds {service.port}: {owner.command}")
            for owner in owners
        ),
        root_cause=f"pid {pids} outlived its {worker} and still has the socket open",
        impact=f"{service.name} cannot be started on its port",
        remedy=Remedy("kill-duplicates", (worker,), True, (f"end the remnant {pids}",)),
        verify=f"port {service.port} is held by {service.name} or by nobody",
        since=min(started, default=None),
    )


def _held_by_another(snapshot: Snapshot, service: Service) -> Finding:
    return found(
        "port-held",
        "high",
        str(service.port),
        f"port {service.port} of {service.name} is held by another program",
        evidence=tuple(
            Evidence(OWNERS, snapshot.ports.at, f"pid {owner.pid} holds {service.port}: {owner.command}")
            for owner in service.owners
        ),
        root_cause="another program was started on this port first",
        impact=f"{service.name} cannot be started on its port",
        remedy=Remedy(
            steps=(
                f"decide who may have port {service.port}",
                f"end pid {listed(owner.pid for owner in service.owners)}, or give it another port",
                f"start {service.name}",
            )
        ),
        verify=f"port {service.port} is held by {service.name}",
    )
