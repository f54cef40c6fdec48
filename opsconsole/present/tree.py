"""Process trees below the rows of a pane, drawn with branches in the name's column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from opsconsole.model.process import Process, ProcessTable, TreeUsage, usage
from opsconsole.present.cell import Cell, Column, Row, Status
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.keys import find_process, process_key
from opsconsole.present.pane import cell_by_column
from opsconsole.present.values import number_cell, percent_cell, size_cell, text_cell

MOST_ROWS = 200
"""Of one tree: a fork bomb must not become a table of ten thousand lines."""


class Trees(NamedTuple):
    """That process trees shall be shown, and how."""

    table: ProcessTable
    folded: frozenset[str] = frozenset()
    """Keys of the rows that stand for all that is below them."""


def branches(
    roots: Iterable[int], table: ProcessTable, signs: Glyphs, folded: frozenset[int] = frozenset()
) -> list[tuple[str, int, Process]]:
    """(branch drawing, depth from 1, process) of each process of the trees, parents before children.

    Roots that are gone are left out; a root inside another root's tree is drawn there only. What is below a folded pid
    is left out.
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
        children = table.children.get(pid, ()) if pid not in folded else ()
        waiting.extend(
            (child, below, depth + 1, position == len(children) - 1)
            for position, child in reversed(list(enumerate(children)))
        )
    return drawn


def tree_rows(
    key: str, roots: Iterable[int], trees: Trees | None, columns: tuple[Column, ...], signs: Glyphs
) -> list[Row]:
    """A row for each process of the trees below the row ``key``; none when the process table is unknown.

    A folded process stands for its whole tree, with its sums; below a folded row of its own there is nothing.
    """
    if trees is None or key in trees.folded:
        return []
    table = trees.table
    folded = frozenset(
        process.pid
        for one in trees.folded
        if one.endswith(f"@{key}")
        and (process := find_process(one, table)) is not None
        and table.children.get(process.pid)
    )
    return [
        Row(
            key=process_key(process.id, key),
            cells=cell_by_column(
                columns,
                _cells(drawing, process)
                if process.pid not in folded
                else _folded_cells(drawing, process, usage(table.tree(process.pid))),
            ),
            depth=depth,
            parent=key,
        )
        for drawing, depth, process in branches(roots, table, signs, folded)
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


_INTERPRETERS = ("python", "node", "bash", "sh", "dash", "zsh", "perl", "ruby", "php", "deno", "bun")


def brief_command(command: str) -> str:
    """The same for a narrow field: no directories, and of an interpreter's script the script first."""
    words = command.split(" ")
    program = _base(words[0])
    rest = words[1:]
    kind = program.rstrip("0123456789.")
    if kind in _INTERPRETERS and rest[:1] == ["-m"] and len(rest) > 1:
        return " ".join(rest[1:])
    if kind in _INTERPRETERS and rest and not rest[0].startswith("-"):
        return " ".join([_base(rest[0]), *rest[1:]])
    return " ".join([program, *rest])


def _base(path: str) -> str:
    return path if path.startswith("[") else path.rstrip("/").rpartition("/")[2] or path


def _name_cell(drawing: str, command: str, status: Status) -> Cell:
    return Cell(drawing + command, status, (1, 0.0, ""), short=drawing + brief_command(command))


def _cells(drawing: str, process: Process) -> dict[str, Cell]:
    pid = number_cell(process.pid, "muted")
    return {
        "name": _name_cell(drawing, process.command, "muted"),
        "state": text_cell(process_state(process.state), "warn" if process.state in "ZDT" else "muted"),
        "pid": pid,
        "pids": pid,
        "cpu": percent_cell(process.cpu_percent, "muted"),
        "mem": size_cell(process.rss_bytes, "muted"),
        "swap": size_cell(process.swap_bytes, "muted"),
    }


def _folded_cells(drawing: str, process: Process, whole: TreeUsage) -> dict[str, Cell]:
    """Of the process with all that is below it."""
    more = f"+{whole.processes - 1} "
    return {
        **_cells(drawing, process),
        "name": _name_cell(drawing + more, process.command, "accent"),
        "state": text_cell("folded", "accent"),
        "cpu": percent_cell(whole.cpu_percent, "accent"),
        "mem": size_cell(whole.rss_bytes, "accent"),
        "swap": size_cell(whole.swap_bytes, "accent"),
    }
