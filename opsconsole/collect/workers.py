"""Workers: what the config declares, held against the process table.

Pure: everything measured is handed in. ``collect.identity`` says which process is what; here instances are counted,
their trees summed, pid files and logs put beside them. A worker that is not seen counts as missing only after two
looks in a row, and never while something may be it that cannot be told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from opsconsole.collect.candidates import candidate_predicate
from opsconsole.collect.identity import Aside, Observer, Root, Sightings
from opsconsole.collect.likeness import Memory
from opsconsole.collect.misses import Misses
from opsconsole.collect.pid_files import PidFileContent
from opsconsole.collect.programs import Declared, declare
from opsconsole.config.types import WorkerTable
from opsconsole.model.identity import ProcessId
from opsconsole.model.process import Process, ProcessTable, usage
from opsconsole.model.reading import Reading, carry, ok, unconfigured
from opsconsole.model.text import clean
from opsconsole.model.worker import NOT_READ, Helper, Instance, Log, PidFile, Worker, WorkerState

__all__ = ["WorkerMemory", "assemble_workers", "candidate_predicate"]

HINT = "[[worker]] with name and command"
CONFIRMED = 2
"""Looks in a row in which a worker is not seen before it counts as missing."""
RESOLVED_FOR_S = 30.0
"""How long followed paths are trusted: links are moved by deployments."""
MOST_KNOWN = 256
"""Instances of one worker that are remembered, ended ones included."""
RESTARTS_WITHIN_S = 600.0
"""For how long a start that was seen is remembered."""
PID_FILE_SLACK_S = 2.0
"""A pid file's time and a start time come from clocks this far apart at most."""


class WorkerMemory(Misses):
    """What is kept from one look to the next: misses, resolved programs, who belonged to whom.

    ``confirmed`` is how many looks in a row make a worker missing; 1 for a caller that looks only once.
    """

    def __init__(self, confirmed: int = CONFIRMED) -> None:
        super().__init__()
        self.confirmed = confirmed
        self._known: dict[str, frozenset[ProcessId]] = {}
        self._starts: dict[str, tuple[float, ...]] = {}
        self._young: dict[str, dict[ProcessId, float]] = {}
        """Instances that started while we watched, and when, until they have lived for long enough."""
        self._ends: dict[str, tuple[float, ...]] = {}
        self.processes = Memory()
        self._tables: tuple[WorkerTable, ...] = ()
        self._declared: tuple[Declared, ...] = ()
        self._resolved_at: float | None = None
        self._is_candidate = candidate_predicate(())
        self._considered: dict[int, tuple[Process, bool]] = {}

    def declared(self, tables: tuple[WorkerTable, ...], now: float) -> tuple[Declared, ...]:
        """The tables with their paths followed, anew every half minute."""
        if tables != self._tables or self._resolved_at is None or abs(now - self._resolved_at) > RESOLVED_FOR_S:
            if tables != self._tables:
                self._is_candidate = candidate_predicate(tables)
                self._considered.clear()
            self._tables = tables
            self._declared = tuple(declare(table) for table in tables)
            self._resolved_at = now
            self.processes.forget_told()
        return self._declared

    def starts(self, worker: str, roots: Sequence[Root], now: float) -> tuple[float, ...]:
        """When instances started that were not there at the first look, those of the last ten minutes, in order."""
        ids = frozenset(root.process.id for root in roots)
        known = self._known.get(worker)
        new = [root.process.started_at for root in roots if known is not None and root.process.id not in known]
        # Those that ended are remembered too: a process seen twice with a gap between is no new start.
        self._known[worker] = ids | (known or frozenset()) if len(known or ()) < MOST_KNOWN else ids
        kept = sorted({*self._starts.get(worker, ()), *new})
        self._starts[worker] = tuple(start for start in kept if abs(now - start) <= RESTARTS_WITHIN_S)
        return self._starts[worker]

    def ends(self, worker: str, roots: Sequence[Root], table: ProcessTable, now: float) -> tuple[float, ...]:
        """When instances were seen gone that had been seen to start in the last ten minutes. Ask after ``starts``."""
        recent = set(self._starts.get(worker, ()))
        young = dict(self._young.get(worker, {}))
        young |= {root.process.id: root.process.started_at for root in roots if root.process.started_at in recent}
        young = {known: start for known, start in young.items() if abs(now - start) <= RESTARTS_WITHIN_S}
        left = {known: start for known, start in young.items() if table.find(known) is not None}
        ended = (*self._ends.get(worker, ()), *(now for _ in young.keys() - left.keys()))
        self._young[worker] = left
        self._ends[worker] = tuple(end for end in ended if abs(now - end) <= RESTARTS_WITHIN_S)
        return self._ends[worker]

    def considered(self, table: ProcessTable) -> list[Process]:
        """The processes that may have to do with any worker. One that did not change is not judged again."""
        known, last = {}, self._considered
        for pid, process in table.processes.items():
            judged = last.get(pid)
            if judged is None or judged[0] is not process:
                looked_at = process.exe is not None or self._is_candidate(process.argv or (), process.comm)
                judged = (process, looked_at)
            known[pid] = judged
        self._considered = known
        return [process for process, looked_at in known.values() if looked_at]


def assemble_workers(
    tables: tuple[WorkerTable, ...],
    processes: Reading[ProcessTable],
    pid_files: Mapping[Path, PidFileContent],
    logs: Mapping[Path, Log],
    now: float,
    misses: Misses,
    uid: int | None = None,
) -> Reading[tuple[Worker, ...]]:
    """One Worker for each table. Hand in the same ``WorkerMemory`` every time; a bare ``Misses`` remembers less.

    ``uid`` is whose processes count: by default our own effective one.
    """
    if processes.value is None:
        return carry(processes)
    if not tables:
        return unconfigured(HINT)
    memory = misses if isinstance(misses, WorkerMemory) else WorkerMemory()
    table = processes.value
    own = os.geteuid() if uid is None else uid
    declared = memory.declared(tables, now)
    observer = Observer(table, own, memory.processes, memory.considered(table))
    seen = [observer.look_for(worker, _pid_hint(worker, pid_files)) for worker in declared]
    memory.processes.forget_ended(table)
    roots = frozenset(root.process.pid for sightings in seen for root in sightings.roots)
    confirmed = memory.confirmed
    workers = []
    for worker, sightings in zip(declared, seen, strict=True):
        state, reason = _state(worker.table, sightings, misses, confirmed, own)
        made = _worker(worker.table, sightings, state, reason, table, roots, pid_files, logs, now)
        starts = memory.starts(worker.table.name, sightings.roots, now)
        ends = memory.ends(worker.table.name, sightings.roots, table, now)
        workers.append(msgspec.structs.replace(made, starts=starts, ends=ends) if starts or ends else made)
    return ok(tuple(workers), processes.at if processes.at is not None else now, processes.note)


def _pid_hint(worker: Declared, pid_files: Mapping[Path, PidFileContent]) -> int | None:
    content = pid_files.get(worker.table.pid_file) if worker.table.pid_file is not None else None
    return content.pid if content is not None else None


def _state(
    table: WorkerTable, sightings: Sightings, misses: Misses, confirmed: int, own_uid: int
) -> tuple[WorkerState, str]:
    running, wanted = len(sightings.roots), table.instances
    if running >= wanted:
        misses.seen(table.name)
        return ("running", "") if running == wanted else ("duplicates", f"{running} instances, {wanted} wanted")
    missed = misses.missed(table.name)
    short = f"{running} of {wanted} running" if running else "not running"
    if unsure := [suspect for suspect in sightings.suspects if suspect.may_be_instance]:
        return "unknown", f"{short}, but {unsure[0].process.pid} may be it: {unsure[0].reason}"
    if sightings.foreign:
        other = sightings.foreign[0]
        reason = f"{short}; {other.pid} runs it as another user (uid {other.uid}) or in a container"
        # Root is asked about everyone's workers, and must not start a second one beside theirs.
        return ("unknown", reason) if own_uid == 0 else _missing(reason, missed, confirmed)
    return _missing(short, missed, confirmed)


def _missing(reason: str, missed: int, confirmed: int) -> tuple[WorkerState, str]:
    return ("missing", reason) if missed >= confirmed else ("unknown", "not seen in this scan, looking again")


def _worker(
    table: WorkerTable,
    sightings: Sightings,
    state: WorkerState,
    reason: str,
    processes: ProcessTable,
    roots: frozenset[int],
    pid_files: Mapping[Path, PidFileContent],
    logs: Mapping[Path, Log],
    now: float,
) -> Worker:
    trees = [_own_tree(processes, root.process, roots) for root in sightings.roots]
    total = usage([process for tree in trees for process in tree])
    instances = tuple(_instance(root, tree, now) for root, tree in zip(sightings.roots, trees, strict=True))
    log = logs.get(table.log) if table.log is not None else None
    return Worker(
        name=clean(table.name),
        wanted=table.instances,
        state=state,
        reason=clean(reason),
        instances=instances,
        wrappers=_helpers(sightings.wrappers),
        remnants=_helpers(sightings.remnants),
        suspects=_helpers(sightings.suspects),
        pid_file=_pid_file(table.pid_file, pid_files, processes, _family(processes, sightings, trees)),
        log=log,
        critical=table.critical,
        silent=_silent(table, log),
        uptime_s=max((instance.uptime_s for instance in instances), default=None),
        cpu_percent=total.cpu_percent,
        rss_bytes=total.rss_bytes,
        swap_bytes=total.swap_bytes,
    )


def _own_tree(processes: ProcessTable, root: Process, roots: frozenset[int]) -> list[Process]:
    """The instance's tree without the trees of other instances, of this or another worker, that it started."""
    found: list[Process] = []
    waiting = [root.pid]
    seen = set(roots) - {root.pid}
    while waiting:
        pid = waiting.pop()
        if pid in seen or pid not in processes.processes:
            continue
        seen.add(pid)
        found.append(processes.processes[pid])
        waiting.extend(reversed(processes.children.get(pid, ())))
    return found


def _instance(root: Root, tree: list[Process], now: float) -> Instance:
    process, cost = root.process, usage(tree)
    return Instance(
        id=process.id,
        pid=process.pid,
        start=process.started_at,
        command=process.command,
        version=clean(root.program.name),
        uptime_s=max(0.0, now - process.started_at),
        cpu_percent=cost.cpu_percent,
        rss_bytes=cost.rss_bytes,
        swap_bytes=cost.swap_bytes,
        children=tuple(member.pid for member in tree[1:]),
        replaced=root.replaced,
    )


def _helpers(asides: tuple[Aside, ...]) -> tuple[Helper, ...]:
    return tuple(
        Helper(
            id=aside.process.id,
            pid=aside.process.pid,
            start=aside.process.started_at,
            command=aside.process.command,
            reason=clean(aside.reason),
        )
        for aside in asides
    )


def _silent(table: WorkerTable, log: Log | None) -> bool | None:
    if table.silent_after is None or log is None or log.age_s is None:
        return None
    return log.age_s > table.silent_after


def _family(processes: ProcessTable, sightings: Sightings, trees: Sequence[Sequence[Process]]) -> frozenset[int]:
    """Whom a worker's pid file may name: instances and all below them, their wrappers, whatever else started them."""
    above = (member for root in sightings.roots for member in processes.ancestors(root.process.pid))
    members = [*(member for tree in trees for member in tree), *(aside.process for aside in sightings.wrappers), *above]
    return frozenset(member.pid for member in members) - {1}


def _pid_file(
    path: Path | None, pid_files: Mapping[Path, PidFileContent], processes: ProcessTable, family: frozenset[int]
) -> PidFile | None:
    if path is None:
        return None
    content, shown = pid_files.get(path), clean(str(path))
    if content is None:
        return PidFile(shown, "unreadable", None, NOT_READ)
    if content.error == "missing":
        return PidFile(shown, "missing", None, content.reason)
    if content.error or content.pid is None:
        return PidFile(shown, "unreadable", None, content.reason)
    pid = content.pid
    process = processes.get(pid)
    if process is None or (process.state in "ZX" and process.threads <= 1):
        return PidFile(shown, "stale", pid, f"{pid} is not running")
    if content.written_at is not None and process.started_at > content.written_at + PID_FILE_SLACK_S:
        return PidFile(shown, "stale", pid, f"{pid} is another process now, younger than the file")
    if pid not in family:
        return PidFile(shown, "wrong", pid, f"{pid} is no process of it: {process.command}")
    return PidFile(shown, "ok", pid)
