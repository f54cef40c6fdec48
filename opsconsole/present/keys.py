"""Keys of rows: the identity of what a row shows, as text that is the same from snapshot to snapshot.

``service:NAME``, ``worker:NAME``, ``session:ID``, ``env:ID``, ``site:NAME``, ``system:PART``, ``queue:PART``,
``finding:ID``, ``alert:NAME``, ``target:NAME``; a process
below a row is ``process:PID:START_TICKS@KEY_OF_THE_ROW``, since one process may stand below several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import TypeVar

from opsconsole.model.identity import ProcessId
from opsconsole.model.process import Process, ProcessTable

T = TypeVar("T")


def keyed(kind: str, items: Iterable[tuple[str, T]]) -> Iterator[tuple[str, T]]:
    """Each item with its key; a name that comes again gets ``#2``, ``#3``, … in the order of the items."""
    seen: set[str] = set()
    for identity, item in items:
        key = f"{kind}:{identity}"
        if key in seen:
            key = next(other for times in count(2) if (other := f"{kind}:{identity}#{times}") not in seen)
        seen.add(key)
        yield key, item


def process_key(process_id: ProcessId, below: str = "") -> str:
    key = f"process:{process_id.pid}:{process_id.start_ticks}"
    return f"{key}@{below}" if below else key


def kind_of(key: str) -> str:
    return key.partition(":")[0]


def find_process(key: str, table: ProcessTable | None) -> Process | None:
    """The very process a ``process:`` key names; None when it is gone or another has its pid."""
    kind, _, rest = key.partition(":")
    pid, _, start = rest.partition("@")[0].partition(":")
    if kind != "process" or table is None or not (pid.isdecimal() and start.isdecimal()):
        return None
    process = table.get(int(pid))
    return process if process is not None and process.id.start_ticks == int(start) else None
