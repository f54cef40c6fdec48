"""Who holds the port of a service that names no command: that is all by which its instances are known."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.config.types import ServiceTable
from opsconsole.model.listener import Port
from opsconsole.model.process import Process, ProcessTable, usage
from opsconsole.model.text import clean
from opsconsole.model.worker import Instance, Worker


def owner_roots(table: ProcessTable, ports: Iterable[Port], port: int) -> list[Process] | None:
    """The roots of those who listen there; None when they cannot be told."""
    from opsconsole.collect.identity import family_root

    listening = next((each for each in ports if each.port == port), None)
    if listening is None:
        return []
    if not all(listener.owners_known or listener.owners for listener in listening.listeners):
        return None
    found = (table.find(owner.id) for listener in listening.listeners for owner in listener.owners)
    roots = {root.pid: root for process in found if process is not None for root in (family_root(table, process),)}
    return list(roots.values())


def as_seen(service: ServiceTable, owners: list[Process], table: ProcessTable) -> Worker:
    """The owners of a port whose service names no command, as the instances that they are."""
    instances = tuple(_instance(owner, table) for owner in owners)
    return Worker(
        name=clean(service.name),
        wanted=1,
        state="missing" if not instances else "running" if len(instances) == 1 else "duplicates",
        reason="",
        instances=instances,
        wrappers=(),
        remnants=(),
        suspects=(),
        pid_file=None,
        log=None,
        critical=service.critical,
        silent=None,
        uptime_s=None,
        cpu_percent=None,
        rss_bytes=None,
        swap_bytes=None,
    )


def _instance(process: Process, table: ProcessTable) -> Instance:
    tree = table.tree(process.pid)
    cost = usage(tree)
    return Instance(
        id=process.id,
        pid=process.pid,
        start=process.started_at,
        command=process.command,
        version="",
        uptime_s=max(0.0, table.at - process.started_at),
        cpu_percent=cost.cpu_percent,
        rss_bytes=cost.rss_bytes,
        swap_bytes=cost.swap_bytes,
        children=tuple(member.pid for member in tree[1:]),
    )
