"""Who starts a worker again whenever it ends: another worker of the config, such as a supervisor, is its parent."""

from __future__ import annotations

from typing import NamedTuple

from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Worker


class Minder(NamedTuple):
    name: str
    """Of the worker that minds the other."""
    pid: int
    minded: int
    """Pid of what it has started."""


def minders(worker: Worker, snapshot: Snapshot) -> tuple[Minder, ...]:
    """Those of its instances' parents that are instances of another worker; whoever adopts orphans is none."""
    table = snapshot.processes.value
    if table is None:
        return ()
    others = {
        each.id: other.name for other in snapshot.workers.value or () if other is not worker for each in other.instances
    }
    found = []
    for each in worker.instances:
        process = table.find(each.id)
        parent = table.get(process.ppid) if process is not None else None
        if parent is not None and parent.id in others:
            found.append(Minder(others[parent.id], parent.pid, each.pid))
    return tuple(found)
