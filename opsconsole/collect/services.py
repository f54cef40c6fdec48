"""Services from their ports, their processes and their health URLs. Pure but for the misses it is handed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from opsconsole.collect.health import is_running, is_unwell
from opsconsole.collect.holders import holder
from opsconsole.collect.misses import Misses
from opsconsole.config.types import ServiceTable
from opsconsole.model.listener import Owner, Port
from opsconsole.model.process import Process, ProcessTable, usage
from opsconsole.model.reading import Reading, ok, unconfigured
from opsconsole.model.service import Probe, Service, ServiceState
from opsconsole.model.text import shown_url
from opsconsole.model.worker import Log

MISSES_UNTIL_DOWN = 2
NOT_YET = "not probed yet"
NOT_SINCE_START = "not probed since it was started"


class _State(NamedTuple):
    state: ServiceState
    reason: str = ""
    stopped: tuple[str, ...] = ()


def assemble_services(
    tables: tuple[ServiceTable, ...],
    ports: Reading[tuple[Port, ...]],
    processes: Reading[ProcessTable],
    probes: Reading[dict[str, Probe]],
    now: float,
    misses: Misses,
    discovered: bool = False,
    monotonic: float | None = None,
    logs: Mapping[Path, Log] | None = None,
) -> Reading[tuple[Service, ...]]:
    """One Service for each table. A port must be missed twice before its service is down.

    With ``discovered`` nobody asked for them: one whose port is gone is then left out instead.

    Hand in the same ``ServiceMemory`` every time; with a bare ``Misses`` nobody is known by his past.

    ``monotonic`` is ``now`` on the clock of ``Probe.asked_at``; with it a probe of an earlier owner does not count.
    """
    if not tables and not discovered:
        return unconfigured("[[service]] with name and port")
    by_port = {port.port: port for port in ports.value or ()}
    known = probes.value or {}
    services = tuple(
        _service(
            table,
            by_port.get(table.port),
            ports,
            processes.value,
            known.get(f"service:{table.name}"),
            misses,
            discovered,
            now,
            monotonic,
            (logs or {}).get(table.log) if table.log is not None else None,
        )
        for table in tables
    )
    if discovered:
        services = tuple(service for service in services if service.state != "down")
    return ok(services, now)


def _service(
    table: ServiceTable,
    port: Port | None,
    ports: Reading[tuple[Port, ...]],
    processes: ProcessTable | None,
    probe: Probe | None,
    misses: Misses,
    discovered: bool,
    now: float,
    monotonic: float | None,
    log_tail: Log | None,
) -> Service:
    owners = _owners(port)
    members = _members(owners, processes)
    cost = usage(members) if members else None
    first = processes.find(owners[0].id) if owners and processes is not None else None
    uptime_s = max(now - first.started_at, 0.0) if first is not None else None
    outlived = _is_outlived(probe, uptime_s, monotonic)
    state = _state(table, port, ports, None if outlived else probe, misses, NOT_SINCE_START if outlived else NOT_YET)
    if outlived or (port is None and ports.ok):
        probe = None
    owners_known = ports.ok if port is None else all(listener.owners_known for listener in port.listeners)
    return Service(
        name=table.name,
        port=table.port,
        state=state.state,
        reason=state.reason,
        pid=owners[0].pid if owners else None,
        uptime_s=uptime_s,
        http_status=probe.http_status if probe is not None else None,
        latency_ms=probe.latency_ms if probe is not None else None,
        components=(probe.components or {}) if probe is not None else {},
        stopped=state.stopped,
        owners=owners,
        owners_known=owners_known,
        owners_sought=port is None or all(listener.sought for listener in port.listeners),
        sharing=port.sharing if port is not None else "",
        addresses=tuple(listener.address for listener in port.listeners) if port is not None else (),
        url=shown_url(table.url),
        probed_at=probe.at if probe is not None else None,
        discovered=discovered,
        cpu_percent=cost.cpu_percent if cost is not None else None,
        rss_bytes=cost.rss_bytes if cost is not None else None,
        swap_bytes=cost.swap_bytes if cost is not None else None,
        log=str(table.log) if table.log is not None else "",
        log_tail=log_tail,
        holder=holder(table, state.state, owners, owners_known, probe, processes, misses),
    )


def _owners(port: Port | None) -> tuple[Owner, ...]:
    """Every holder once, in the order of the listeners."""
    if port is None:
        return ()
    found: dict[int, Owner] = {}
    for listener in port.listeners:
        for owner in listener.owners:
            found.setdefault(owner.pid, owner)
    return tuple(found.values())


def _members(owners: tuple[Owner, ...], processes: ProcessTable | None) -> list[Process]:
    if processes is None:
        return []
    members: dict[int, Process] = {}
    for owner in owners:
        if processes.find(owner.id) is not None:
            members.update({process.pid: process for process in processes.tree(owner.pid)})
    return list(members.values())


def _is_outlived(probe: Probe | None, uptime_s: float | None, monotonic: float | None) -> bool:
    """Whether who holds the port now was not there yet when the probe was asked."""
    if probe is None or probe.asked_at is None or uptime_s is None or monotonic is None:
        return False
    return uptime_s < monotonic - probe.asked_at


def _state(
    table: ServiceTable,
    port: Port | None,
    ports: Reading[tuple[Port, ...]],
    probe: Probe | None,
    misses: Misses,
    unprobed: str,
) -> _State:
    if port is not None:
        misses.seen(table.name)
        if not table.url:
            return _State("up")
        return _State("unknown", unprobed) if probe is None else _by_probe(table, probe)
    if not ports.ok:
        if probe is not None and not probe.error:
            return _by_probe(table, probe)
        return _State("unknown", f"listening sockets: {ports.reason or 'not read'}")
    if misses.missed(table.name) < MISSES_UNTIL_DOWN:
        return _State("unknown", "not listening in this scan, looking again")
    return _State("down", f"nothing listens on port {table.port}")


def _by_probe(table: ServiceTable, probe: Probe) -> _State:
    """What the health URL says of a service whose port is open."""
    if probe.error:
        return _State("degraded", f"listens, but {probe.url}: {probe.error}")
    components = probe.components or {}
    expected = table.components or tuple(components)
    stopped = tuple(name for name in expected if name in components and not is_running(components[name]))
    absent = tuple(name for name in expected if name not in components)
    if stopped:
        return _State("degraded", "stopped: " + ", ".join(stopped), stopped + absent)
    if probe.http_status != table.expect:
        return _State("degraded", f"HTTP {probe.http_status} instead of {table.expect}", absent)
    if probe.component_error and (table.components or probe.misplaced_body):
        return _State("degraded", f"{probe.component_error}; came: {probe.body or 'nothing'}", absent)
    if absent:
        return _State("degraded", "not in the answer: " + ", ".join(absent), absent)
    if is_unwell(probe.reported_status):
        return _State("degraded", f"reports itself {probe.reported_status}")
    return _State("up")
