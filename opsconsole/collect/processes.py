"""The process table: the only reader of all of /proc.

``ProcessSource`` lists the root on every read, so that a process which came or went is seen at once. What it reads
of each process is rationed:

- /proc/PID/stat is read again through a descriptor kept open, as far as the budget of descriptors goes; unchanged
  bytes are not parsed and give the very same ``Process`` object.
- New processes and those that used CPU lately are read every time, attended ones and candidates every other time; of
  the others one fifth takes its turn. Their numbers are up to five reads old (two, if attended), and so is the news
  that such a pid was reused or such a process exec'ed another program.
- Executable, working directory, namespace and swap are read of attended processes, of what those have started since
  the last read, and of candidates only.

It never raises. A root that cannot be listed, or lists no process, is unknown. A process that vanishes while it is
read is gone; one that may not be read at all (hidepid) is counted in the reading's note. On macOS, and where the
root holds no stat files, ``process_source`` gives a source on psutil with the same promises.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from opsconsole.collect import descriptors, procfs
from opsconsole.collect.process_entry import Candidate, Entry, Surroundings
from opsconsole.model.clock import Clock
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.reading import Reading, ok, unknown

TURNS = 5
"""Into how many turns the uninteresting processes are divided."""
HIDDEN_AGAIN = 15
"""After how many reads processes that could not be opened are tried again."""
BOOT_TIME_SLACK_S = 1.5
"""A wall clock that moved by more than this was set, and moves the start times with it."""

_READ_ONLY = os.O_RDONLY | os.O_CLOEXEC


class TableSource(Protocol):
    """What every source of the process table can do."""

    name: str
    every_s: float
    deadline_s: float

    def read(self, clock: Clock) -> Reading[ProcessTable]: ...

    def attend(self, pids: Iterable[int]) -> None:
        """Read these often and deeper; replaces what was asked for before."""
        ...

    def close(self) -> None: ...


def no_candidate(_argv: tuple[str, ...], _comm: str) -> bool:
    return False


def process_source(is_candidate: Candidate = no_candidate, root: Path = Path("/proc")) -> TableSource:
    """The process table of this system: /proc where there is one, else psutil."""
    if sys.platform.startswith("linux") and next(root.glob("[0-9]*/stat"), None) is not None:
        return ProcessSource(root, is_candidate)
    from opsconsole.collect.processes_psutil import PsutilProcessSource

    return PsutilProcessSource(is_candidate)


class ProcessMemory(NamedTuple):
    """What a source knows of a root: it can be pickled."""

    entries: tuple[Entry, ...]
    hidden: set[str]
    unreadable: int
    surroundings: dict[str, Any]


def _since_boot() -> float:
    """On the clock that start ticks count by, suspended time included; containers do not fake it as they do uptime."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ProcessSource:
    """Reads the process table out of a procfs root."""

    name = "processes"
    every_s = 2.0
    deadline_s = 5.0

    def __init__(
        self,
        root: Path = Path("/proc"),
        is_candidate: Candidate = no_candidate,
        descriptor_budget: int | None = None,
        since_boot: Callable[[], float] = _since_boot,
    ) -> None:
        self._root = str(root)
        self._raised_limit = descriptor_budget is None
        self._budget = descriptors.raise_limit() if descriptor_budget is None else descriptor_budget
        self._since_boot = since_boot
        self._entries: dict[str, Entry] = {}
        self._processes: dict[int, Process] = {}
        self._attended: frozenset[int] = frozenset()
        self._hidden: set[str] = set()
        self._unreadable = 0
        self._boot_id_known = procfs.read_boot_id(root)
        self._own_namespace = procfs.read_namespace(f"{root}/self")
        self._shared = Surroundings(self._boot_id_known or "", is_candidate, procfs.stacks_are_random(root))
        self._dated = False
        self._last: ProcessTable | None = None
        self._family_moved = True
        """Whether a process came, went or has another parent since the last table."""

    def attend(self, pids: Iterable[int]) -> None:
        """Read these every other time at least, and deeper; replaces what was asked for before."""
        attended = frozenset(pids)
        for pid in attended ^ self._attended:
            if (entry := self._entries.get(str(pid))) is not None:
                entry.raw = b""
        self._attended = attended

    def close(self) -> None:
        """Let go of all descriptors. A later read starts afresh and keeps none."""
        for entry in self._entries.values():
            self._let_go(entry)
        self._entries.clear()
        self._processes.clear()
        self._last, self._family_moved = None, True
        if self._raised_limit:
            self._raised_limit = False
            self._budget = 0
            descriptors.restore_limit()

    def hand_over(self) -> ProcessMemory:
        """What was read so far, for a source of the same root in another process; this one is of no more use."""
        for entry in self._entries.values():
            self._let_go(entry)
        return ProcessMemory(tuple(self._entries.values()), self._hidden, self._unreadable, self._shared.told())

    def take_over(self, memory: ProcessMemory) -> None:
        """Go on from there, instead of a first read. Descriptors are opened as each process has its turn."""
        self._entries = {str(entry.pid): entry for entry in memory.entries}
        self._processes = {entry.pid: entry.process for entry in memory.entries if entry.process is not None}
        self._hidden, self._unreadable = memory.hidden, memory.unreadable
        self._shared.take(memory.surroundings)
        self._dated = True

    def read(self, clock: Clock) -> Reading[ProcessTable]:
        at, shared = clock.wall(), self._shared
        try:
            names = set(os.listdir(self._root))  # noqa: PTH208  # names are wanted here, a thousand of them, not Paths
        except OSError as error:
            return unknown(f"process table: cannot list {self._root}: {error.strerror}", at)
        shared.before = shared.now if shared.tick else None
        shared.tick += 1
        shared.now, shared.attended = clock.monotonic(), set(self._attended)
        shared.since_boot_before, shared.since_boot = shared.since_boot, self._since_boot()
        self._unreadable = 0
        self._follow_wall_clock(at)
        self._follow_swap()
        self._follow_names(names)
        self._visit_due()
        if not self._processes:
            return unknown(f"process table: no readable process in {self._root}; a mounted procfs would be right", at)
        table = ProcessTable(at, shared.boot_id, dict(self._processes), self._own_namespace)
        if self._last is not None and not self._family_moved:
            table.know_children(self._last)
        self._last, self._family_moved = table, False
        return ok(table, at, self._note(names))

    def _note(self, names: set[str]) -> str:
        if unseen := len(self._hidden) + self._unreadable:
            return f"{unseen} processes may not be read"
        return "" if "1" in names else "processes of other users are hidden (hidepid)"

    def _follow_wall_clock(self, at: float) -> None:
        booted_at = at - self._shared.since_boot
        if self._dated and abs(booted_at - self._shared.booted_at) <= BOOT_TIME_SLACK_S:
            return
        self._dated = True
        self._shared.booted_at = booted_at
        if not self._shared.boot_id:
            self._shared.boot_id = str(round(booted_at))
        for pid, process in self._processes.items():
            started_at = booted_at + process.id.start_ticks / procfs.TICKS_PER_S
            self._change(pid, msgspec.structs.replace(process, started_at=started_at))

    def _follow_swap(self) -> None:
        in_use = procfs.parse_swap_in_use(procfs.read_small(f"{self._root}/meminfo") or b"")
        nothing_swapped = in_use is False
        if nothing_swapped == self._shared.nothing_swapped:
            return
        self._shared.nothing_swapped = nothing_swapped
        for pid, process in self._processes.items():
            self._change(pid, msgspec.structs.replace(process, swap_bytes=0 if nothing_swapped else None))

    def _change(self, pid: int, process: Process) -> None:
        """Put another process object in place, to be read anew when its turn comes."""
        entry = self._entries[str(pid)]
        entry.process = self._processes[pid] = process
        entry.raw = b""

    def _follow_names(self, names: set[str]) -> None:
        for gone in self._entries.keys() - names:
            self._drop(self._entries[gone])
        self._hidden = set() if self._shared.tick % HIDDEN_AGAIN == 0 else self._hidden & names
        for name in names - self._entries.keys() - self._hidden:
            if name.isascii() and name.isdigit():
                pid = int(name)
                self._entries[name] = Entry(pid, f"{self._root}/{name}", turn=pid % TURNS)

    def _visit_due(self) -> None:
        tick, attended = self._shared.tick, self._attended
        turn = tick % TURNS
        due = [
            entry
            for entry in self._entries.values()
            if entry.turn == turn
            or entry.hot_until >= tick
            or not entry.raw
            or ((entry.candidate or entry.pid in attended) and (entry.pid + tick) % 2 == 0)
        ]
        # Parents before the children that they started: those are looked at as their parents are.
        due.sort(key=lambda entry: entry.pid)
        for entry in due:
            self._visit(entry)
        for entry in due:
            if entry.argv_put_off:
                self._visit(entry)

    def _visit(self, entry: Entry) -> None:
        raw = None if entry.descriptor is None else procfs.pread_stat(entry.descriptor)
        if raw is None:
            # No descriptor, or one whose process has ended: the pid may be another's by now.
            raw = self._open_and_read(entry)
            if raw is None:
                return
        deeper_is_due = entry.deep and entry.turn == self._shared.tick % TURNS
        if raw == entry.raw and entry.process is not None and not deeper_is_due:
            self._processes[entry.pid] = entry.idle(entry.process, self._shared.now)
            return
        before, process = entry.process, entry.take(raw, self._shared)
        if process is not None:
            self._family_moved |= before is None or before.ppid != process.ppid
            self._processes[entry.pid] = process
        elif entry.process is None:
            self._unreadable += 1

    def _open_and_read(self, entry: Entry) -> bytes | None:
        self._let_go(entry)
        try:
            descriptor = os.open(f"{entry.base}/stat", _READ_ONLY)
        except OSError as error:
            self._could_not_open(entry, error.errno)
            return None
        raw = procfs.pread_stat(descriptor)
        if raw is not None and self._budget > 0:
            self._budget -= 1
            entry.descriptor = descriptor
            return raw
        os.close(descriptor)
        if raw is None:
            self._drop(entry)
        return raw

    def _could_not_open(self, entry: Entry, code: int | None) -> None:
        if code in (errno.EACCES, errno.EPERM):
            self._drop(entry)
            self._hidden.add(str(entry.pid))
        elif code in (errno.ENOENT, errno.ESRCH, errno.ENOTDIR):
            self._drop(entry)
        else:
            # Out of descriptors or memory: it is there, and as it was last seen.
            self._unreadable += 1
            if code in (errno.EMFILE, errno.ENFILE):
                self._live_on_less()

    def _live_on_less(self) -> None:
        """Others need the descriptors: give a good many back, and keep no new ones."""
        kept = [entry for entry in self._entries.values() if entry.descriptor is not None]
        for entry in kept[: descriptors.RESERVE]:
            self._let_go(entry)
        self._budget = 0

    def _drop(self, entry: Entry) -> None:
        self._let_go(entry)
        self._family_moved |= self._processes.pop(entry.pid, None) is not None
        self._entries.pop(str(entry.pid), None)

    def _let_go(self, entry: Entry) -> None:
        if entry.descriptor is not None:
            os.close(entry.descriptor)
            entry.descriptor = None
            self._budget += 1
