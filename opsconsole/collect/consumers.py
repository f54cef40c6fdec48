"""What each kind of program costs together: agents by name, workers, services, tmux shells, other programs. Pure.

Every process is counted once. A process belongs to the best kind among its own and its ancestors' (in the order
above), so an agent's tool shells are the agent's. What no kind claims is grouped by the name of its executable.
"""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.collect.agents import Agents, builtin_agents
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.service import Service
from opsconsole.model.session import Session
from opsconsole.model.system import Consumers
from opsconsole.model.text import shown
from opsconsole.model.worker import Worker

MOST_KINDS = 8
SHELLS = "tmux shells"
SERVICES = "Services"
_AGENT, _WORKER, _SERVICE, _SHELL, _NONE = range(5)
_KTHREADD = 2

_Claim = tuple[int, str]
"""Rank, smallest first, and kind."""
_NOBODY: _Claim = (_NONE, "")


def consumers(
    table: ProcessTable,
    sessions: Iterable[Session],
    workers: Iterable[Worker],
    services: Iterable[Service],
    agents: Agents | None = None,
) -> tuple[Consumers, ...]:
    """The kinds that hold most memory, at most eight, largest first; sums with an unreadable part are None."""
    claims: dict[int, _Claim] = {}
    counted: set[int] = set()
    _claim_panes(table, sessions, agents or builtin_agents(), claims, counted)
    _claim_workers(table, workers, claims, counted)
    _claim_services(table, services, claims, counted)
    found = [
        Consumers(kind, total.counted or total.processes, *total.figures(), total.processes, total.cpu_measured)
        for kind, total in _add_up(table, claims, counted).items()
    ]
    found.sort(key=lambda consumer: (-(consumer.rss_bytes or 0), consumer.kind))
    return tuple(found[:MOST_KINDS])


class _Total:
    """A running sum; a figure that cannot be read spoils its own sum only."""

    __slots__ = ("_cpu", "_rss", "_swap", "counted", "cpu_measured", "processes")

    def __init__(self) -> None:
        self.processes = 0
        self.counted = 0
        """How many sessions, instances or services its processes make up; 0 for a kind that has none of these."""
        self.cpu_measured: float | None = None
        """CPU percent of those that are measured; None while none is."""
        self._cpu: float | None = 0.0
        self._rss: int | None = 0
        self._swap: int | None = 0

    def add(self, process: Process) -> None:
        self.processes += 1
        cpu, rss, swap = process.cpu_percent, process.rss_bytes, process.swap_bytes
        if cpu is not None:
            self.cpu_measured = (self.cpu_measured or 0.0) + cpu
        self._cpu = None if cpu is None or self._cpu is None else self._cpu + cpu
        self._rss = None if rss is None or self._rss is None else self._rss + rss
        self._swap = None if swap is None or self._swap is None else self._swap + swap

    def figures(self) -> tuple[float | None, int | None, int | None]:
        """CPU percent, RSS bytes, swap bytes."""
        return self._cpu, self._rss, self._swap


def _claim(claims: dict[int, _Claim], pid: int, rank: int, kind: str) -> None:
    if pid not in claims or rank < claims[pid][0]:
        claims[pid] = (rank, kind)


def _claim_panes(
    table: ProcessTable, sessions: Iterable[Session], agents: Agents, claims: dict[int, _Claim], counted: set[int]
) -> None:
    for session in sessions:
        for pane in session.panes:
            if pane.pid is None or pane.dead or pane.pid not in table.processes:
                continue
            rank, kind = (_AGENT, f"{agents.label(pane.agent)} sessions") if pane.agent else (_SHELL, SHELLS)
            _claim(claims, pane.pid, rank, kind)
            counted.add(pane.pid)


def _claim_workers(
    table: ProcessTable, workers: Iterable[Worker], claims: dict[int, _Claim], counted: set[int]
) -> None:
    for worker in workers:
        kind = ""
        for instance in worker.instances:
            if (process := table.find(instance.id)) is not None:
                kind = _worker_kind(process)
                _claim(claims, instance.pid, _WORKER, kind)
                counted.add(instance.pid)
        for helper in (*worker.wrappers, *worker.remnants):
            if (process := table.find(helper.id)) is not None:
                _claim(claims, helper.pid, _WORKER, kind or _worker_kind(process))


def _claim_services(
    table: ProcessTable, services: Iterable[Service], claims: dict[int, _Claim], counted: set[int]
) -> None:
    for service in services:
        owners = [owner.pid for owner in service.owners if table.find(owner.id) is not None]
        for pid in owners:
            _claim(claims, pid, _SERVICE, SERVICES)
        counted.update(owners[:1])


def _worker_kind(process: Process) -> str:
    program = _program_name(process)
    if program.startswith("python"):
        return "Python workers"
    return "Node workers" if program in ("node", "nodejs") else "Workers"


def _add_up(table: ProcessTable, claims: dict[int, _Claim], counted: set[int]) -> dict[str, _Total]:
    processes = table.processes
    settled: dict[int, _Claim] = {0: _NOBODY, _KTHREADD: _NOBODY}
    sums: dict[str, _Total] = {}
    names: dict[str, str] = {}
    for pid, process in processes.items():
        parent = process.ppid
        if parent == _KTHREADD or pid == _KTHREADD or process.state == "Z":
            continue  # kernel threads and zombies hold no memory
        best = settled.get(pid)
        if best is None:
            if settled.get(parent) is _NOBODY and pid not in claims:
                best = settled[pid] = _NOBODY  # what most processes are, told without climbing
            else:
                best = _settle(processes, claims, settled, pid)
        kind = best[1]
        if not kind:
            program = process.exe or process.comm
            kind = names.get(program) or names.setdefault(program, _program_name(process))
        total = sums.get(kind)
        if total is None:
            total = sums[kind] = _Total()
        total.add(process)
        if pid in counted and claims[pid] == best:
            total.counted += 1
    return sums


def _settle(processes: dict[int, Process], claims: dict[int, _Claim], settled: dict[int, _Claim], pid: int) -> _Claim:
    """Whose a process is, noting it for it and all its ancestors: no ancestry is climbed twice."""
    climbed: list[int] = []
    while pid not in settled and pid in processes and len(climbed) <= len(processes):
        climbed.append(pid)
        pid = processes[pid].ppid
    best = settled.get(pid, _NOBODY)
    for below in reversed(climbed):
        claim = claims.get(below, _NOBODY)
        if claim[0] < best[0]:
            best = claim
        settled[below] = best
    return best


def _program_name(process: Process) -> str:
    """File name of what it executes; the kernel's name for it where that cannot be read."""
    if process.exe:
        return shown(process.exe.rpartition("/")[2].removesuffix(" (deleted)"), 40)
    return process.comm
