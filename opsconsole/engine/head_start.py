"""The first look through all processes, made by a child while this process imports its screen.

On a machine with a thousand processes that look, and who holds the listening sockets, takes as long as the toolkit's
imports and first layout. Both want the interpreter, so a thread would only make them take turns.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

from opsconsole.collect.forked import Forked
from opsconsole.collect.listeners import HolderMemory, ListenerSource
from opsconsole.collect.processes import ProcessMemory, ProcessSource, TableSource
from opsconsole.collect.source import asked
from opsconsole.model.clock import Clock
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading


class _Seen(NamedTuple):
    table: Reading[ProcessTable]
    processes: ProcessMemory
    holders: HolderMemory


class HeadStart:
    """A first look under way for these two sources. Make it before this process has any second thread."""

    def __init__(self, processes: ProcessSource, ports: ListenerSource, clock: Clock) -> None:
        def look() -> _Seen | None:
            table = asked(processes.name, lambda: processes.read(clock), clock)
            if not table.ok:
                return None
            asked(ports.name, lambda: ports.read(clock, table), clock)
            return _Seen(table, processes.hand_over(), ports.hand_over())

        self._processes, self._ports = processes, ports
        self._child = Forked(look)

    def finish(self) -> Reading[ProcessTable] | None:
        """The table that the child read, with both sources gone on from there; None when they must read themselves.

        Waits for the child as long as a read of the table may take, and then ends it.
        """
        seen = self._child.result(self._processes.deadline_s)
        if seen is None:
            return None
        self._processes.take_over(seen.processes)
        self._ports.take_over(seen.holders)
        return seen.table

    def cancel(self) -> None:
        self._child.close()


def head_start(processes: TableSource, ports: ListenerSource, clock: Clock) -> HeadStart | None:
    """Begin one where that can be done: a child of macOS may not use what its parent has loaded."""
    if not sys.platform.startswith("linux") or not isinstance(processes, ProcessSource):
        return None
    return HeadStart(processes, ports, clock)
