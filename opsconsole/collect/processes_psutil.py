"""The process table by psutil: macOS, and systems without a procfs of Linux's kind.

Same promises as ``collect.processes``, at psutil's price. What this system does not tell stays None: a namespace
everywhere, swap per process unless the whole machine has swapped nothing, argv of other users on macOS.
``threads`` is 0 where it may not be read: a process has at least one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from opsconsole.collect.process_entry import SHORTEST_INTERVAL_S, Candidate
from opsconsole.model.clock import Clock
from opsconsole.model.identity import ProcessId
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.text import clean, command_line

if TYPE_CHECKING:
    import psutil  # type: ignore[import-untyped]  # it ships no types

T = TypeVar("T")

_STATES = {
    "running": "R",
    "sleeping": "S",
    "disk-sleep": "D",
    "stopped": "T",
    "tracing-stop": "t",
    "zombie": "Z",
    "dead": "X",
    "idle": "I",
}


class _Known:
    """What does not change in a process's life, and its CPU time when last read."""

    def __init__(self, handle: psutil.Process, boot_id: str, candidate: Candidate) -> None:
        self.handle = handle
        self.started_at = handle.create_time()
        self.id = ProcessId(boot_id, handle.pid, int(self.started_at * 1e6))
        self.comm = clean(_told(handle.name) or "", 15)
        argv = _told(handle.cmdline)
        self.argv = None if argv is None else tuple(argv)
        self.command = command_line(self.argv or ()) or f"[{self.comm}]"
        self.candidate = candidate(self.argv or (), self.comm)
        self.cpu_s: float | None = None
        self.cpu_read_at = 0.0
        self.cpu_percent: float | None = None
        self.exe: str | None = None
        self.started_in: str | None = None
        self.deep = False

    def look_deeper(self) -> None:
        if self.deep:
            return
        self.deep = True
        self.exe = _told(self.handle.exe) or None
        self.started_in = (_told(self.handle.environ) or {}).get("PWD")


def _told(ask: Callable[[], T]) -> T | None:
    """What an attribute of a process is, or None where it is refused or there is none."""
    import psutil

    try:
        return ask()
    except (psutil.Error, OSError, NotImplementedError):
        return None


class PsutilProcessSource:
    """Reads the process table through psutil."""

    name = "processes"
    every_s = 2.0
    deadline_s = 10.0

    def __init__(self, is_candidate: Candidate) -> None:
        self._is_candidate = is_candidate
        self._known: dict[int, _Known] = {}
        self._attended: frozenset[int] = frozenset()

    def attend(self, pids: Iterable[int]) -> None:
        """Read these deeper; replaces what was asked for before."""
        self._attended = frozenset(pids)

    def close(self) -> None:
        self._known.clear()

    def read(self, clock: Clock) -> Reading[ProcessTable]:
        import psutil

        at, now = clock.wall(), clock.monotonic()
        try:
            pids = psutil.pids()
            boot_id = str(round(psutil.boot_time()))
        except (psutil.Error, OSError) as error:
            return unknown(f"process table: psutil cannot list processes: {clean(str(error))}", at)
        nothing_swapped = self._nothing_swapped()
        processes: dict[int, Process] = {}
        for pid in pids:
            with suppress(psutil.Error, OSError):
                processes[pid] = self._process(pid, boot_id, now, nothing_swapped)
        for gone in self._known.keys() - processes.keys():
            del self._known[gone]
        if not processes:
            return unknown("process table: psutil shows no process that may be read", at)
        unseen = len(pids) - len(processes)
        return ok(ProcessTable(at, boot_id, processes), at, f"{unseen} processes may not be read" if unseen else "")

    @staticmethod
    def _nothing_swapped() -> bool:
        import psutil

        try:
            return bool(psutil.swap_memory().used == 0)
        except (psutil.Error, OSError, RuntimeError):
            return False

    def _process(self, pid: int, boot_id: str, now: float, nothing_swapped: bool) -> Process:
        import psutil

        known = self._known.get(pid)
        # is_running() compares the create time: a reused pid is another process.
        if known is None or not known.handle.is_running():
            known = self._known[pid] = _Known(psutil.Process(pid), boot_id, self._is_candidate)
        handle = known.handle
        with handle.oneshot():
            cwd = None
            if known.candidate or pid in self._attended:
                self._follow_exec(known)
                known.look_deeper()
                cwd = _told(handle.cwd) or None
            memory = _told(handle.memory_info)
            return Process(
                id=known.id,
                ppid=handle.ppid(),
                comm=known.comm,
                state=_STATES.get(handle.status(), "S"),
                started_at=known.started_at,
                session=_asked(os.getsid, pid),
                process_group=_asked(os.getpgid, pid),
                tty=self._tty(handle),
                threads=_told(handle.num_threads) or 0,
                rss_bytes=None if memory is None else memory.rss,
                cpu_percent=self._cpu_percent(known, now),
                uid=_effective_uid(handle),
                argv=known.argv,
                command=known.command,
                exe=known.exe,
                cwd=cwd,
                swap_bytes=0 if nothing_swapped else None,
                started_in=known.started_in,
            )

    def _follow_exec(self, known: _Known) -> None:
        argv = _told(known.handle.cmdline)
        if argv is not None and tuple(argv) != known.argv:
            known.argv = tuple(argv)
            known.comm = clean(_told(known.handle.name) or "", 15)
            known.command = command_line(known.argv) or f"[{known.comm}]"
            known.candidate = self._is_candidate(known.argv, known.comm)
            known.deep = False

    @staticmethod
    def _cpu_percent(known: _Known, now: float) -> float | None:
        times = _told(known.handle.cpu_times)
        if times is None:
            known.cpu_s = None
            return None
        used, elapsed = times.user + times.system, now - known.cpu_read_at
        if known.cpu_s is None:
            known.cpu_s, known.cpu_read_at, known.cpu_percent = used, now, None
        elif elapsed >= SHORTEST_INTERVAL_S:
            known.cpu_percent = max(0.0, 100.0 * (used - known.cpu_s) / elapsed)
            known.cpu_s, known.cpu_read_at = used, now
        return known.cpu_percent

    @staticmethod
    def _tty(handle: psutil.Process) -> int:
        terminal = _told(handle.terminal)
        if not terminal:
            return 0
        try:
            return os.stat(terminal).st_rdev  # noqa: PTH116  # a device path as text, asked once
        except OSError:
            return 0


def _effective_uid(handle: psutil.Process) -> int | None:
    uids = _told(handle.uids)
    return None if uids is None else int(uids.effective)


def _asked(ask: Callable[[int], int], pid: int) -> int:
    try:
        return ask(pid)
    except OSError:
        return 0
