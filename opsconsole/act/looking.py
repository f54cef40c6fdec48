"""A fresh look at the machine, with the same collectors that the console uses: before a plan, and to verify one.

Services that name their command are looked at as workers too: by what they run, not only by who holds the port.
"""

from __future__ import annotations

import threading
import time

import msgspec

from opsconsole.act.living import HAS_PROC, PROC
from opsconsole.act.tables import as_worker, key_of
from opsconsole.collect.listeners import ListenerSource
from opsconsole.collect.pid_files import read_pid_file
from opsconsole.collect.processes import ProcessSource, TableSource, process_source
from opsconsole.collect.workers import WorkerMemory, assemble_workers, candidate_predicate
from opsconsole.config.types import Config, WorkerTable
from opsconsole.model.clock import Clock, SystemClock
from opsconsole.model.listener import Port
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading
from opsconsole.model.worker import Worker


class View(msgspec.Struct, frozen=True):
    """One look."""

    at: float
    """Monotonic: when it was begun."""
    processes: Reading[ProcessTable]
    ports: Reading[tuple[Port, ...]]
    workers: dict[str, Worker]
    """By ``worker:NAME`` and ``service:NAME``, as subplans have them; empty when the processes are unknown."""

    def listens(self, port: int) -> bool | None:
        """Whether anything listens there; None when that could not be read."""
        return None if self.ports.value is None else any(found.port == port for found in self.ports.value)


class Looker:
    """Looks at the machine under one config. Threads that ask at once share one look."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        self._tables = config.worker + tuple(as_worker(each) for each in config.service if each.command)
        self._clock = clock or SystemClock()
        self._processes = _table_source(self._tables)
        self._ports = ListenerSource()
        self._memory = WorkerMemory(confirmed=1)
        self._lock = threading.Lock()
        self._last: View | None = None

    def look(self, not_before: float | None = None) -> View:
        """What is so now. A look that another thread began after ``not_before`` (monotonic) will do; default: now."""
        wanted = time.monotonic() if not_before is None else not_before
        with self._lock:
            if self._last is None or self._last.at < wanted:
                self._last = self._look()
            return self._last

    def workers(self) -> dict[str, Worker]:
        """What runs now, as a View has it, for which nobody need be asked who listens where: before a first signal."""
        with self._lock:
            return self._workers(self._processes.read(self._clock), self._clock.wall())

    def _look(self) -> View:
        at, now = time.monotonic(), self._clock.wall()
        processes = self._processes.read(self._clock)
        ports = self._ports.read(self._clock, processes)
        return View(at, processes, ports, self._workers(processes, now))

    def _workers(self, processes: Reading[ProcessTable], now: float) -> dict[str, Worker]:
        paths = {table.pid_file for table in self._tables if table.pid_file is not None}
        pid_files = {path: read_pid_file(path) for path in paths}
        workers = assemble_workers(self._tables, processes, pid_files, {}, now, self._memory)
        return {key_of(table): worker for table, worker in zip(self._tables, workers.value or (), strict=False)}


def _table_source(tables: tuple[WorkerTable, ...]) -> TableSource:
    is_candidate = candidate_predicate(tables)
    if HAS_PROC:
        # Without descriptors kept: their limit would have to be raised, and what we start would inherit that.
        return ProcessSource(PROC, is_candidate, descriptor_budget=0)
    return process_source(is_candidate)
