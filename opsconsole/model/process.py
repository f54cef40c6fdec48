"""Processes and the table of all of them that one scan saw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TypeVar

import msgspec

from opsconsole.model.identity import ProcessId


class Process(msgspec.Struct, frozen=True):
    """One process as the scan saw it. Statics are read once in its life, the rest on each of its turns."""

    id: ProcessId
    ppid: int
    comm: str
    """The kernel's name for it, cleaned, at most 15 characters; a program may set it."""
    state: str
    """One letter, proc(5): R S D Z T t I."""
    started_at: float
    """Seconds since the epoch."""
    session: int
    """Session id, proc(5) field 6."""
    process_group: int
    tty: int
    """tty_nr, proc(5) field 7; 0 for none."""
    threads: int
    rss_bytes: int | None
    cpu_percent: float | None
    """Of one core, since this process's previous turn, or since the previous read when it is younger than that. None
    for one that is older and was seen once."""
    uid: int | None
    """Effective uid of the owner."""
    argv: tuple[str, ...] | None
    """Raw, for matching only: never shown. None when unreadable, empty for a kernel thread."""
    command: str
    """argv as one cleaned, masked line; ``[comm]`` when there is none."""
    exe: str | None = None
    """Real path of the executable; None when unreadable or not looked at (only candidates are)."""
    cwd: str | None = None
    pid_namespace: int | None = None
    """Inode of /proc/PID/ns/pid; None when unreadable or not looked at."""
    swap_bytes: int | None = None
    """VmSwap; 0 is only ever a measured zero."""
    image: int | None = None
    """Drawn at random by exec and kept by fork: equal ones are copies of one start. None where it cannot be told."""
    started_in: str | None = None
    """PWD in its environment: where a shell stood that started it, though it may have changed directory since.
    Raw, for matching only. None when unreadable or not looked at."""

    @property
    def pid(self) -> int:
        return self.id.pid


class ProcessTable(msgspec.Struct, frozen=True, dict=True):
    """Every process of one scan, by pid."""

    at: float
    boot_id: str
    processes: dict[int, Process]
    own_pid_namespace: int | None = None

    def __iter__(self) -> Iterator[Process]:
        return iter(self.processes.values())

    def __len__(self) -> int:
        return len(self.processes)

    def get(self, pid: int) -> Process | None:
        return self.processes.get(pid)

    def find(self, process_id: ProcessId) -> Process | None:
        """The process with this very identity, or None when it is gone or its pid is another's now."""
        process = self.processes.get(process_id.pid)
        return process if process is not None and process.id == process_id else None

    @cached_property
    def children(self) -> dict[int, tuple[int, ...]]:
        """Pids of the direct children, by parent pid."""
        grouped: dict[int, list[int]] = {}
        for process in self.processes.values():
            grouped.setdefault(process.ppid, []).append(process.id.pid)
        return {parent: tuple(pids) for parent, pids in grouped.items()}

    def know_children(self, same: ProcessTable) -> None:
        """Take over what another table with the very same parents and children knows of them."""
        if "children" in same.__dict__:
            self.__dict__["children"] = same.children

    def tree(self, root: int) -> tuple[Process, ...]:
        """The process and all its descendants, parents before children; empty when it is gone."""
        if root not in self.processes:
            return ()
        found: list[Process] = []
        waiting = [root]
        seen: set[int] = set()
        while waiting:
            pid = waiting.pop()
            if pid in seen:
                continue
            seen.add(pid)
            found.append(self.processes[pid])
            waiting.extend(reversed(self.children.get(pid, ())))
        return tuple(found)

    def ancestors(self, pid: int) -> tuple[Process, ...]:
        """From the parent upwards to the oldest ancestor seen."""
        found: list[Process] = []
        process = self.processes.get(pid)
        while process is not None and (parent := self.processes.get(process.ppid)) is not None:
            if parent in found:
                break
            found.append(parent)
            process = parent
        return tuple(found)


class TreeUsage(msgspec.Struct, frozen=True):
    """What a tree of processes costs. A sum with an unreadable part is unknown, not too small."""

    cpu_percent: float | None
    rss_bytes: int | None
    swap_bytes: int | None
    processes: int


def usage(processes: Iterable[Process]) -> TreeUsage:
    """CPU (percent of one core), RSS and swap of these processes together.

    RSS counts shared pages once per process, as ps(1) does.
    """
    members = tuple(processes)
    return TreeUsage(
        cpu_percent=_total([process.cpu_percent for process in members]),
        rss_bytes=_total([process.rss_bytes for process in members]),
        swap_bytes=_total([process.swap_bytes for process in members]),
        processes=len(members),
    )


Number = TypeVar("Number", int, float)


def _total(numbers: list[Number | None]) -> Number | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known and len(known) == len(numbers) else None
