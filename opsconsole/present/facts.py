"""Sections of facts: labelled values with where and when they were read, and tables of processes, panes and ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from opsconsole.model.listener import Port
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.cell import Cell, Status
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.history import HistoryReader
from opsconsole.present.sparkline import sparkline
from opsconsole.present.tree import branches, process_state

HISTORY_WIDTH = 48

Line = tuple[Cell, ...]


class Section(msgspec.Struct, frozen=True):
    title: str
    lines: tuple[Line, ...]
    """Of fields: label, value, source. Of a table: one cell per column, the first line its headings."""
    table: bool = False


def field(label: str, value: str, source: str = "", status: Status = "") -> Line:
    """One fact; an empty or ``?`` value is told as unknown unless a status is given."""
    text = value or humanise.UNKNOWN
    return (
        Cell(label, "muted"),
        Cell(text, status or ("unknown" if text == humanise.UNKNOWN else "")),
        Cell(source, "muted"),
    )


def read_at(what: str, at: float | None) -> str:
    """``tmux, 17:19:00``: the source of a fact and when it was read."""
    return f"{what}, {humanise.clock_time(at)}" if at is not None else what


def fields(title: str, lines: Iterable[Line]) -> Iterator[Section]:
    """A section of fields; none when there are no lines."""
    kept = tuple(lines)
    if kept:
        yield Section(title, kept)


def table(title: str, headings: tuple[str, ...], lines: Iterable[Line]) -> Iterator[Section]:
    """A section with a table; none when there are no lines."""
    kept = tuple(lines)
    if kept:
        yield Section(title, (tuple(Cell(heading, "muted") for heading in headings), *kept), table=True)


def history_section(
    history: HistoryReader, series: tuple[tuple[str, str, bool], ...], signs: Glyphs
) -> Iterator[Section]:
    """Sparklines; ``series`` holds (label, key, whether it counts bytes)."""
    lines = []
    for label, key, is_size in series:
        values = history.series(key)
        known = [value for value in values if value is not None]
        if not known:
            continue
        humanised = humanise.size if is_size else humanise.percent
        newest = humanised(values[-1])
        graph = sparkline(values, HISTORY_WIDTH, signs).lstrip()
        lines.append(field(label, graph or signs.spark[0], f"now {newest}, most {humanised(max(known))}", "accent"))
    yield from fields("Recently", lines)


def process_sections(title: str, roots: Iterable[int], snapshot: Snapshot, signs: Glyphs) -> Iterator[Section]:
    """The process trees, and where each of their processes runs from; the reason where the table is unknown."""
    listed = list(roots)
    processes = snapshot.processes.value
    if processes is None:
        yield from fields(title, [field("processes", "", snapshot.processes.reason)] if listed else [])
        return
    drawn = branches(listed, processes, signs)
    gone = [pid for pid in listed if processes.get(pid) is None]
    headings = ("pid", "ppid", "state", "cpu", "rss", "swap", "threads", "started", "command")
    yield from table(title, headings, (_process_line(drawing, process) for drawing, _, process in drawn))
    yield from table(
        "Where they run",
        ("pid", "executable", "directory"),
        (
            (_number(process.pid), _known(process.exe), _known(process.cwd))
            for _, _, process in drawn
            if process.exe is not None or process.cwd is not None
        ),
    )
    if gone:
        pids = ", ".join(str(pid) for pid in gone)
        yield from fields("", [field("not in the table", pids, "ended, or another's process namespace", "muted")])


def _process_line(drawing: str, process: Process) -> Line:
    state: Status = "warn" if process.state in "ZDT" else ""
    return (
        _number(process.pid),
        _number(process.ppid, "muted"),
        Cell(process_state(process.state), state),
        _known(humanise.percent(process.cpu_percent)),
        _known(humanise.size(process.rss_bytes)),
        _known(humanise.size(process.swap_bytes)),
        _number(process.threads),
        Cell(humanise.date_time(process.started_at), "muted"),
        Cell(drawing + process.command),
    )


def _number(value: int, status: Status = "") -> Cell:
    return Cell(str(value), status)


def _known(text: str | None) -> Cell:
    return Cell(text) if text and text != humanise.UNKNOWN else Cell(humanise.UNKNOWN, "unknown")


def tree_pids(roots: Iterable[int], processes: ProcessTable | None) -> set[int]:
    """Pids of the trees below the roots, roots included."""
    if processes is None:
        return set(roots)
    return {process.pid for root in roots for process in processes.tree(root)}


def port_sections(pids: set[int], snapshot: Snapshot) -> Iterator[Section]:
    """The TCP ports on which any of these processes listens."""
    if snapshot.ports.value is None:
        if snapshot.ports.state == "unknown":
            yield from fields("Listening ports", [field("ports", "", snapshot.ports.reason)])
        return
    yield from table(
        "Listening ports",
        ("port", "address", "pid", "owner", "shared"),
        (line for port in snapshot.ports.value for line in _port_lines(port, pids)),
    )


def _port_lines(port: Port, pids: set[int]) -> Iterator[Line]:
    if not any(owner.pid in pids for listener in port.listeners for owner in listener.owners):
        return
    for listener in port.listeners:
        for owner in listener.owners:
            ours = owner.pid in pids
            yield (
                _number(port.port),
                Cell(listener.address),
                _number(owner.pid, "" if ours else "warn"),
                Cell(owner.command, "" if ours else "warn"),
                Cell(port.sharing or "no", "warn" if port.sharing == "reuseport" else "muted"),
            )
