"""What can be done about a plan whose result does not hold: who starts things again can be stopped first. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import JournalEntry, Respawner, Verb
from opsconsole.model.snapshot import Snapshot


class Remedy(NamedTuple):
    label: str
    help: str
    verb: Verb
    names: tuple[str, ...]
    expected: tuple[ProcessId, ...] = ()


def remedies(entry: JournalEntry, snapshot: Snapshot | None) -> tuple[Remedy, ...]:
    """For each respawner the way to stop it, then the same plan anew for what came back."""
    result = entry.result
    if result is None or not result.respawners or snapshot is None:
        return ()
    found: dict[tuple[Verb, tuple[str, ...]], Remedy] = {}
    for remedy in (one for respawner in result.respawners for one in _stopping(respawner, snapshot)):
        found.setdefault((remedy.verb, remedy.names), remedy)
    back = {respawner.subject for respawner in result.respawners}
    keys = tuple(subplan.key for subplan in entry.plan.subplans if subplan.subject in back)
    if keys and entry.plan.verb == "kill-duplicates":
        names = ", ".join(sorted(back))
        again = Remedy(
            f"kill duplicates of {names}", "again, once who restarted it is stopped", "kill-duplicates", keys
        )
        found[again.verb, again.names] = again
    return tuple(found.values())


def _stopping(respawner: Respawner, snapshot: Snapshot) -> Iterator[Remedy]:
    parent = respawner.parent
    if parent is None or parent.pid <= 1:
        return
    why = f"{parent.pid} restarted {respawner.subject}"
    table = snapshot.processes.value
    line = {parent.pid} | ({process.pid for process in table.ancestors(parent.pid)} if table is not None else set())
    for worker in snapshot.workers.value or ():
        if worker.name != respawner.subject and any(instance.pid in line for instance in worker.instances):
            yield Remedy(f"stop {worker.name}", why, "stop", (f"worker:{worker.name}",))
            return
    yield Remedy(f"end {parent.pid}", f"{why}: {respawner.command}", "terminate", (str(parent.pid),), (parent,))
