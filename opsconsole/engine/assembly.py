"""Puts the readings of one cycle together into a Snapshot. Holds what must outlive a cycle: misses, the sequence."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from opsconsole.collect.agents import Agents, builtin_agents
from opsconsole.collect.consumers import consumers
from opsconsole.collect.discovery import merely_found
from opsconsole.collect.environments import assemble_environments
from opsconsole.collect.holders import ServiceMemory
from opsconsole.collect.services import assemble_services
from opsconsole.collect.sessions import assemble_sessions, pane_pids, tmux_costs
from opsconsole.collect.sites import assemble_sites
from opsconsole.collect.sleeping import without_pane
from opsconsole.collect.workers import WorkerMemory, assemble_workers
from opsconsole.config.types import Config
from opsconsole.engine.sources import Lanes
from opsconsole.model.clock import Clock
from opsconsole.model.listener import Port
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading, unknown
from opsconsole.model.service import Service
from opsconsole.model.session import Session
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import Consumers, System
from opsconsole.model.worker import Worker

PROBES_HINT = "[[site]] with name and url"
ENVIRONMENTS_HINT = "[environments] with url, command or file"
QUEUE_HINT = "[queue] with path"

WARM_UP_S = (0.0, 0.25, 1.0)
"""When the first cycles run, in seconds after the start: the second gives rates and the first lanes' readings."""
FIRST_CYCLES = 4
"""So many bring news each: rates, what the lanes tell. A single look is made of as many."""
CONSUMERS_EVERY_S = 3.5
"""Between two sums of what each kind of program costs."""


class CoreScan(NamedTuple):
    """What is read in every cycle, on the engine's own thread."""

    processes: Reading[ProcessTable]
    ports: Reading[tuple[Port, ...]]
    system: Reading[System]
    took_ms: float


class Assembly:
    """Makes the Snapshots of one engine."""

    def __init__(self, host: str, agents: Agents | None = None) -> None:
        self.sequence = 0
        self.of_interest: frozenset[int] = frozenset()
        """Pids that the next scan reads on its turn and deeper."""
        self._host = host
        self._agents = agents or builtin_agents()
        self._consumers: tuple[Consumers, ...] = ()
        self._summed_at = 0.0
        self._service_memory = ServiceMemory()
        self._worker_memory = WorkerMemory()

    def snapshot(self, config: Config, scan: CoreScan, lanes: Lanes, clock: Clock, discovered: bool) -> Snapshot:
        """The Snapshot of this cycle; with ``discovered`` its services and workers come from no config."""
        now = clock.wall()
        self.sequence += 1
        probes = lanes.reading("probes", PROBES_HINT)
        servers = lanes.reading("tmux")
        seen = lanes.reading("agents")
        logs = lanes.reading("logs").value or {}
        services = assemble_services(
            config.service,
            scan.ports,
            scan.processes,
            probes,
            now,
            self._service_memory,
            discovered=discovered,
            monotonic=clock.monotonic(),
            logs=logs,
        )
        workers = assemble_workers(
            config.worker,
            scan.processes,
            lanes.reading("pid_files").value or {},
            logs,
            now,
            self._worker_memory,
        )
        if discovered and workers.value is not None:
            workers = msgspec.structs.replace(workers, value=merely_found(workers.value))
        sessions = assemble_sessions(config.sessions, servers, scan.processes, now, self._agents, seen)
        sleepers = lanes.reading("sleeping")
        if sessions.value is not None:
            lost = without_pane(config.sessions, sleepers, servers, scan.processes, now)
            notes = (
                sessions.note,
                sleepers.note,
                sleepers.reason if sleepers.state == "unknown" and sleepers.at else "",
            )
            told = "; ".join(filter(None, notes))
            sessions = msgspec.structs.replace(sessions, value=(*sessions.value, *lost), note=told)
        snapshot = Snapshot(
            sequence=self.sequence,
            at=now,
            monotonic=clock.monotonic(),
            host=self._host,
            services=services,
            workers=workers,
            sessions=sessions,
            environments=assemble_environments(
                config.environments,
                lanes.reading("environments", ENVIRONMENTS_HINT),
                scan.ports,
                scan.processes,
                now,
            ),
            system=scan.system,
            sites=assemble_sites(config.site, probes, now),
            queue=lanes.reading("queue", QUEUE_HINT),
            disks=lanes.reading("disks"),
            processes=scan.processes,
            ports=scan.ports,
            tmux_servers=servers,
            tmux_costs=tmux_costs(servers, scan.processes, seen),
            consumers=self._consumers_of(scan, sessions, workers, services, clock.monotonic()),
            scan_ms=scan.took_ms,
            demo=config.demo is not None,
        )
        self.of_interest = _of_interest(snapshot)
        return snapshot

    def nothing(self, reason: str, clock: Clock) -> Snapshot:
        """A Snapshot in which everything is unknown, for this reason."""
        self.sequence += 1
        at = clock.wall()
        reading: Reading[Any] = unknown(reason, at)
        return Snapshot(
            sequence=self.sequence,
            at=at,
            monotonic=clock.monotonic(),
            host=self._host,
            services=reading,
            workers=reading,
            sessions=reading,
            environments=reading,
            system=reading,
            sites=reading,
            queue=reading,
            disks=reading,
            processes=reading,
            ports=reading,
            tmux_servers=reading,
        )

    def _consumers_of(
        self,
        scan: CoreScan,
        sessions: Reading[tuple[Session, ...]],
        workers: Reading[tuple[Worker, ...]],
        services: Reading[tuple[Service, ...]],
        now: float,
    ) -> tuple[Consumers, ...]:
        """What each kind costs: a sum over every process, made anew no oftener than it is worth."""
        if scan.processes.value is None:
            return ()
        if self.sequence <= FIRST_CYCLES or now - self._summed_at >= CONSUMERS_EVERY_S:
            self._summed_at = now
            self._consumers = consumers(
                scan.processes.value, sessions.value or (), workers.value or (), services.value or (), self._agents
            )
        return self._consumers


def _of_interest(snapshot: Snapshot) -> frozenset[int]:
    table = snapshot.processes.value
    if table is None:
        return frozenset()
    roots = set(pane_pids(snapshot.tmux_servers))
    roots.update(server.pid for server in snapshot.tmux_servers.value or () if server.pid is not None)
    for service in snapshot.services.value or ():
        roots.update(owner.pid for owner in service.owners)
    for worker in snapshot.workers.value or ():
        roots.update(instance.pid for instance in worker.instances)
        roots.update(helper.pid for helper in (*worker.wrappers, *worker.remnants, *worker.suspects))
    members: set[int] = set()
    waiting = [pid for pid in roots if pid in table.processes]
    while waiting:
        pid = waiting.pop()
        if pid not in members:
            members.add(pid)
            waiting.extend(table.children.get(pid, ()))
    return frozenset(members)
