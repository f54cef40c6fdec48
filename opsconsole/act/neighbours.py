"""What runs below a target and belongs to another worker, service or session: it runs on its own, and stays.

Whoever has started something is its parent and owns it no more than that. Told by identity, from the same table. What
may be a worker's and cannot be told stays as well, unless it runs the target's own program.
Of a service that names no command only its port is known: below an instance that is the instance's own server; below
a wrapper it is a neighbour.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from opsconsole.act.request import Request
from opsconsole.act.tables import SERVICE
from opsconsole.model.identity import ProcessId
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.text import clean
from opsconsole.model.worker import Worker


class Neighbour(NamedTuple):
    process: Process
    whose: str
    """For people: ``beta``, ``service Dashboard``, ``perhaps beta`` of what cannot be told."""
    merely_listens: bool
    """It has another's port, and nothing else tells that it is another's."""


class Below(NamedTuple):
    """What is below one process."""

    own: tuple[int, ...]
    """Pids, without neighbours and what is below those."""
    neighbours: tuple[Neighbour, ...]

    @property
    def told(self) -> tuple[str, ...]:
        """What the operator should know of the neighbours below an instance, one line each."""
        return tuple(
            f"{each.process.pid} ({each.process.command}) listens for {each.whose}, and ends with it"
            if each.merely_listens
            else f"{each.process.pid} ({each.whose}: {each.process.command}) runs on its own, and stays"
            for each in self.neighbours
        )


def ids_of(worker: Worker) -> frozenset[ProcessId]:
    """Everything that belongs to it."""
    helpers = (*worker.wrappers, *worker.remnants)
    return frozenset((*(each.id for each in worker.instances), *(each.id for each in helpers)))


def below(
    request: Request, table: ProcessTable, root: int, own: Collection[ProcessId], apart: Collection[int] = ()
) -> Below:
    """What is below this process: down to what is not in ``own`` and is another's, and to the pids in ``apart``."""
    if not table.children.get(root):
        return Below((), ())
    others = {each.process.pid: each for each in _others(request, table, own)}
    found, met = [], []
    waiting, seen = [*reversed(table.children[root])], {root, *apart}
    while waiting:
        pid = waiting.pop()
        if pid in seen or pid not in table.processes:
            continue
        seen.add(pid)
        if (other := others.get(pid)) is not None:
            met.append(other)
        if other is None or other.merely_listens:
            found.append(pid)
            waiting.extend(reversed(table.children.get(pid, ())))
    return Below(tuple(found), tuple(met))


def _others(request: Request, table: ProcessTable, own: Collection[ProcessId]) -> Iterator[Neighbour]:
    """Whatever belongs to another; what is certain comes last, and counts."""
    from opsconsole.collect.identity import family_root

    commanded = {clean(each.name) for each in request.loaded.config.service if each.command}
    for service in request.snapshot.services.value or ():
        for owner in service.owners:
            process = table.find(owner.id)
            root = family_root(table, process) if process is not None else None
            if root is not None and root.id not in own and owner.id not in own:
                yield Neighbour(root, f"service {service.name}", service.name not in commanded)
    for session in request.snapshot.sessions.value or ():
        for pane in session.panes:
            process = table.get(pane.pid) if pane.pid is not None else None
            if process is not None and process.id not in own:
                yield Neighbour(process, f"session {session.name}", merely_listens=False)
    workers = [(worker.name, worker) for worker in request.snapshot.workers.value or ()]
    if commanded:
        seen = request.view.workers.items()
        workers += [(f"service {key.removeprefix(SERVICE)}", one) for key, one in seen if key.startswith(SERVICE)]
    for name, worker in workers:
        for suspect in worker.suspects:
            process = table.find(suspect.id)
            if process is not None and process.id not in own and family_root(table, process).id not in own:
                yield Neighbour(process, f"perhaps {name}", merely_listens=False)
        for process_id in ids_of(worker) - frozenset(own):
            if (process := table.find(process_id)) is not None:
                yield Neighbour(process, name, merely_listens=False)
