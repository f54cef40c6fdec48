"""Who starts a worker again whenever it ends: another worker or a service, such as a supervisor, is its parent."""

from __future__ import annotations

from typing import NamedTuple

from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Worker


class Minder(NamedTuple):
    name: str
    """Of the worker or service that minds the other."""
    pid: int
    minded: int
    """Pid of what it has started."""


def minders(worker: Worker, snapshot: Snapshot) -> tuple[Minder, ...]:
    """Those of its instances' parents that are of another worker or a service; whoever adopts orphans is none."""
    table = snapshot.processes.value
    if table is None:
        return ()
    others = {owner.id: service.name for service in snapshot.services.value or () for owner in service.owners}
    others |= {
        each.id: other.name for other in snapshot.workers.value or () if other is not worker for each in other.instances
    }
    found = []
    for each in worker.instances:
        process = table.find(each.id)
        parent = table.get(process.ppid) if process is not None else None
        if parent is not None and parent.id in others:
            found.append(Minder(others[parent.id], parent.pid, each.pid))
    return tuple(found)
