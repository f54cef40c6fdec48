"""Listening TCP sockets and who holds them.

The sockets come from the kernel on every read (``collect.sock_diag``), so a listener that comes or goes is seen at
once. Owners are found by looking through descriptor tables, which is dear, and remembered as (process, descriptor):
on every read each of these is checked by one readlink. New processes, their ancestors and known owners are looked
through at once when they appear or a new socket has no owner; all processes when a socket stays without one, at most
every ``EVERYWHERE_AGAIN_S``, ever more seldom for sockets that nobody was seen to hold.

Until everyone was looked through, where a descriptor table that may hold the socket may not be read, and where nobody
was seen to hold it at all (it is the kernel's own, or its holder lives in another pid namespace), ``owners_known`` is
False. Where there is neither netlink nor /proc/net, psutil is asked (``listeners_psutil``).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from opsconsole.collect.port_sharing import ports_of
from opsconsole.collect.sock_diag import Socket, listening
from opsconsole.model.clock import Clock
from opsconsole.model.identity import ProcessId
from opsconsole.model.listener import Listener, Owner, Port
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.reading import Reading, carry, ok, unknown
from opsconsole.model.text import clean

EVERYWHERE_AGAIN_S = 10.0
"""Between two looks through all descriptor tables."""
LONGEST_PAUSE_S = 300.0
"""The most that this pause grows to while nobody is found."""
PATIENCE = 4
"""By what it grows each time."""

YOUNG_S = 60.0
"""A process this young may just have begun to listen."""


class HolderMemory(NamedTuple):
    """What a source remembers, in the words of its attributes: it can be pickled."""

    holders: dict[int, dict[ProcessId, int]]
    seen: frozenset[int]
    closed: dict[int, ProcessId]
    missed: set[int]
    everywhere_at: float | None


class ListenerSource:
    """Reads the listening sockets of this machine, on top of a process table."""

    name = "listeners"
    every_s = 2.0
    deadline_s = 5.0

    def __init__(self, root: Path = Path("/proc")) -> None:
        self._root = root
        self._proc = str(root)
        self._holders: dict[int, dict[ProcessId, int]] = {}
        """By inode: who holds the socket, and as which descriptor."""
        self._seen: frozenset[int] = frozenset()
        """Pids of the last table. One reused since is looked through when next everyone is."""
        self._closed: dict[int, ProcessId] = {}
        """Processes whose descriptor table may not be read."""
        self._missed: set[int] = set()
        """Inodes that nobody was seen to hold when everyone was looked through."""
        self._everywhere_at: float | None = None
        self._pause_s = EVERYWHERE_AGAIN_S
        self._in_haste = False
        self._last: tuple[tuple[object, ...], tuple[Port, ...]] | None = None

    def haste(self) -> None:
        """Let the next read tell the sockets only: who holds them takes longer than all else in a first screen."""
        self._in_haste = True

    def hand_over(self) -> HolderMemory:
        """Who was seen to hold what, for a source in another process."""
        return HolderMemory(self._holders, self._seen, self._closed, self._missed, self._everywhere_at)

    def take_over(self, memory: HolderMemory) -> None:
        """Go on from there, instead of a first look through everyone."""
        self._holders, self._seen, self._closed, self._missed, self._everywhere_at = memory
        self._in_haste = False

    def read(self, clock: Clock, table: Reading[ProcessTable]) -> Reading[tuple[Port, ...]]:
        """All ports that something listens on; unknown when the sockets or the processes are."""
        at = clock.wall()
        try:
            sockets = listening(self._root)
        except FileNotFoundError:
            from opsconsole.collect.listeners_psutil import read_by_psutil

            return read_by_psutil(at, table)
        except OSError as error:
            return unknown(f"listening sockets: {clean(str(error))}", at)
        if table.value is None:
            return carry(table)
        processes = table.value
        if self._in_haste:
            self._in_haste = False
        else:
            self._follow(processes, sockets, clock.monotonic())
        return ok(self._ports(processes, sockets), at)

    def _follow(self, table: ProcessTable, sockets: tuple[Socket, ...], now: float) -> None:
        inodes = {found.inode for found in sockets}
        self._verify(table, inodes)
        fresh: list[Process] = []
        if len(self._seen) != len(table) or not self._seen.issuperset(table.processes):
            fresh = [table.processes[pid] for pid in table.processes.keys() - self._seen]
            self._seen = frozenset(table.processes)
            self._closed = {pid: known for pid, known in self._closed.items() if table.find(known) is not None}
        unheld = {inode for inode in inodes if not self._holders.get(inode)}
        self._missed &= unheld
        if fresh and self._everywhere_at is not None:
            # Not through ourselves each time we started a client: we keep a thousand descriptors, and none listens.
            ourselves = os.getpid()
            likely = [process for process in _with_ancestors(table, fresh) if process.pid != ourselves]
            self._look_through(likely, inodes)
        unheld = {inode for inode in unheld if not self._holders.get(inode)}
        if unheld - self._missed and self._everywhere_at is not None:
            self._look_through(self._usual_holders(table), inodes)
            unheld = {inode for inode in unheld if not self._holders.get(inode)}
        if unheld and self._may_look_everywhere(unheld, now):
            self._look_through(table, inodes)
            left = {inode for inode in unheld if not self._holders.get(inode)}
            self._pause_s = (
                EVERYWHERE_AGAIN_S if left != self._missed else min(self._pause_s * PATIENCE, LONGEST_PAUSE_S)
            )
            self._missed = left
            self._everywhere_at = now

    def _may_look_everywhere(self, unheld: set[int], now: float) -> bool:
        if self._everywhere_at is None:
            return True
        since = now - self._everywhere_at
        return since >= (EVERYWHERE_AGAIN_S if unheld - self._missed else self._pause_s)

    def _verify(self, table: ProcessTable, inodes: set[int]) -> None:
        """Drop sockets that listen no more and holders that closed them, exec'ed them away or ended."""
        for inode in self._holders.keys() - inodes:
            del self._holders[inode]
        for inode, holders in self._holders.items():
            expected = f"socket:[{inode}]"
            for holder, descriptor in list(holders.items()):
                path = f"{self._proc}/{holder.pid}/fd/{descriptor}"
                if table.find(holder) is None or _link(path) != expected:
                    del holders[holder]

    def _usual_holders(self, table: ProcessTable) -> list[Process]:
        """Who was started lately; and who listens already may well listen elsewhere too."""
        holders = {holder.pid for found in self._holders.values() for holder in found}
        likely = [process for process in table if process.pid in holders or table.at - process.started_at < YOUNG_S]
        return _with_ancestors(table, likely)

    def _look_through(self, processes: Iterable[Process], inodes: set[int]) -> None:
        wanted = {f"socket:[{inode}]": inode for inode in inodes}
        for process in processes:
            folder = f"{self._proc}/{process.pid}/fd"
            try:
                descriptors = os.listdir(folder)  # noqa: PTH208  # hot: names are wanted, not Paths
            except PermissionError:
                self._closed[process.pid] = process.id
                continue
            except OSError:
                continue  # it has ended
            if not self._look_at(process, folder, descriptors, wanted):
                self._closed[process.pid] = process.id

    def _look_at(self, process: Process, folder: str, descriptors: list[str], wanted: Mapping[str, int]) -> bool:
        """Note what it holds; False when the kernel lists its descriptors but does not say what they are."""
        for descriptor in descriptors:
            try:
                inode = wanted.get(os.readlink(f"{folder}/{descriptor}"))  # noqa: PTH115  # hot, as in _link
            except PermissionError:
                return False
            except OSError:
                continue  # it was closed meanwhile
            if inode is not None:
                self._holders.setdefault(inode, {})[process.id] = int(descriptor)
        return True

    def _ports(self, table: ProcessTable, sockets: tuple[Socket, ...]) -> tuple[Port, ...]:
        # Owner objects are made of what may change from read to read: while nothing of it does, last time's serve.
        held = {
            inode: [process for holder in holders if (process := table.find(holder)) is not None]
            for inode, holders in self._holders.items()
        }
        key = (
            sockets,
            {inode: [(process.id, process.command, process.ppid) for process in held[inode]] for inode in held},
            dict(self._closed),
            set(self._missed),
        )
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        listeners = [self._listener(table, found, held.get(found.inode, [])) for found in sockets]
        ports = ports_of(listeners, table)
        self._last = (key, ports)
        return ports

    def _listener(self, table: ProcessTable, found: Socket, holders: list[Process]) -> Listener:
        ordered = sorted(
            holders, key=lambda process: (len(table.ancestors(process.pid)), process.id.start_ticks, process.pid)
        )
        return Listener(
            address=found.address,
            port=found.port,
            family=found.family,
            inode=found.inode,
            uid=found.uid,
            owners=tuple(Owner(process.id, process.command) for process in ordered),
            owners_known=self._are_known(table, found, holders, self._closed),
            sought=bool(holders) or found.inode in self._missed,
            v6_only=found.v6_only,
        )

    def _are_known(
        self, table: ProcessTable, found: Socket, holders: list[Process], closed: Mapping[int, ProcessId]
    ) -> bool:
        """Whether it has a holder that we see, and nobody whose descriptors are closed to us may hold it as well.

        A socket of our own with a holder of our own is taken as all known unless a child of the holder is closed to
        us: only inheritance would have carried it there.
        """
        if not holders:
            return False
        if not closed:
            return True
        children = (child for process in holders for child in table.children.get(process.pid, ()))
        return found.uid == os.geteuid() and not any(child in closed for child in children)


def _with_ancestors(table: ProcessTable, processes: Iterable[Process]) -> list[Process]:
    found: dict[int, Process] = {}
    for process in processes:
        current: Process | None = process
        while current is not None and current.pid not in found:
            found[current.pid] = current
            current = table.processes.get(current.ppid)
    return list(found.values())


def _link(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115  # hot: a Path costs more than the call
    except OSError:
        return ""
