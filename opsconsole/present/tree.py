"""Process trees below the rows of a pane, drawn with branches in the name's column."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.model.process import Process, ProcessTable
from opsconsole.present.cell import Cell, Column, Row
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.keys import process_key
from opsconsole.present.pane import cell_by_column
from opsconsole.present.values import number_cell, percent_cell, plain_cell, size_cell, text_cell

MOST_ROWS = 200
"""Of one tree: a fork bomb must not become a table of ten thousand lines."""


def branches(roots: Iterable[int], table: ProcessTable, signs: Glyphs) -> list[tuple[str, int, Process]]:
    """(branch drawing, depth from 1, process) of each process of the trees, parents before children.

    Roots that are gone are left out; a root inside another root's tree is drawn there only.
    """
    pids = [pid for pid in dict.fromkeys(roots) if table.get(pid) is not None]
    inner = {process.pid for root in pids for process in table.tree(root)[1:]}
    tops = [pid for pid in pids if pid not in inner] or pids[:1]
    drawn: list[tuple[str, int, Process]] = []
    seen: set[int] = set()
    waiting = [(pid, "", 1, position == len(tops) - 1) for position, pid in enumerate(tops)][::-1]
    while waiting and len(drawn) < MOST_ROWS:
        pid, before, depth, last = waiting.pop()
        process = table.get(pid)
        if process is None or pid in seen:
            continue
        seen.add(pid)
        drawn.append((before + (signs.last_branch if last else signs.branch), depth, process))
        below = before + (signs.blank if last else signs.pipe)
        children = table.children.get(pid, ())
        waiting.extend(
            (child, below, depth + 1, position == len(children) - 1)
            for position, child in reversed(list(enumerate(children)))
        )
    return drawn


def tree_rows(
    key: str, roots: Iterable[int], table: ProcessTable | None, columns: tuple[Column, ...], signs: Glyphs
) -> list[Row]:
    """A row for each process of the trees below the row ``key``; none when the process table is unknown."""
    if table is None:
        return []
    return [
        Row(
            key=process_key(process.id, key),
            cells=cell_by_column(columns, _cells(drawing, process)),
            depth=depth,
            parent=key,
        )
        for drawing, depth, process in branches(roots, table, signs)
    ]


_STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "in disk wait",
    "Z": "zombie",
    "T": "stopped",
    "t": "traced",
    "I": "idle",
    "X": "dead",
}


def process_state(letter: str) -> str:
    """The word for proc(5)'s state letter."""
    return _STATES.get(letter, letter or "?")


def _cells(drawing: str, process: Process) -> dict[str, Cell]:
    pid = number_cell(process.pid, "muted")
    return {
        "name": plain_cell(drawing + process.command, (1, 0.0, ""), "muted"),
        "state": text_cell(process_state(process.state), "warn" if process.state in "ZDT" else "muted"),
        "pid": pid,
        "pids": pid,
        "cpu": percent_cell(process.cpu_percent, "muted"),
        "mem": size_cell(process.rss_bytes, "muted"),
        "swap": size_cell(process.swap_bytes, "muted"),
    }
