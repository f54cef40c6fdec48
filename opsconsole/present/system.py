"""The System pane: load, CPU, memory, swap, pressure, the fullest disks, and who uses what."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from opsconsole.model.finding import Severity
from opsconsole.model.reading import Reading
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import Consumers, Disk, Pressure, System
from opsconsole.present import humanise
from opsconsole.present.cell import Cell, Column, Row, Status
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.history import HistoryReader
from opsconsole.present.pane import PaneContent, StatedRow, cell_by_column, content, without_value, worst
from opsconsole.present.sparkline import bar, sparkline
from opsconsole.present.values import text_cell

GRAPH_WIDTH = 10
_LOAD_TOP = 1.5
"""Load per core at the top of its graph, unless there was more: what is little load looks like little."""
DISKS = 3
"""The fullest ones shown."""

COLUMNS = (
    Column("name", "System", 15, flex=1, max_width=16),
    Column("value", "Now", 17),
    Column("graph", "", GRAPH_WIDTH, priority=2),
    Column("note", "Detail", 10, priority=3, flex=4),
)


def system_content(snapshot: Snapshot, history: HistoryReader, signs: Glyphs) -> PaneContent:
    """Machine rows need the system reading; disks and consumers are shown beside it where they are known."""
    system = snapshot.system.value
    if system is None:
        return without_value(snapshot.system)
    rows = [
        *(_as_judged(row, snapshot) for row in _machine_rows(system, history, signs)),
        *_disk_rows(snapshot.disks, signs),
        *_consumer_rows(snapshot.consumers, signs),
    ]
    note = snapshot.system.note
    return content(rows, _summary(system, signs), empty="nothing known", note=note)


def load_status(load: float | None, cores: int | None) -> Status:
    """A load against the cores there are: at or above them work waits for a core."""
    if load is None or cores is None:
        return "unknown"
    return "bad" if load >= cores else "warn" if load >= 0.75 * cores else "ok"


def memory_share(system: System) -> float | None:
    """Used share of memory, 0 to 1."""
    total, available = system.memory_total_bytes, system.memory_available_bytes
    return None if not total or available is None else (total - available) / total


def share_status(share: float | None) -> Status:
    """How full something is that must not fill up: a colour for the eye, no finding."""
    if share is None:
        return "unknown"
    return "bad" if share >= 0.95 else "warn" if share >= 0.85 else "ok"


def _row(part: str, name: str, value: str, graph: str, note: str, status: Status) -> StatedRow:
    tone: Status = "" if status == "ok" else status
    cells = {
        "name": text_cell(name),
        "value": text_cell(value, tone),
        "graph": text_cell(graph, status if status in ("ok", "warn", "bad") else "muted"),
        "note": text_cell(note, "muted"),
    }
    fault = status in ("bad", "warn", "unknown")
    return StatedRow(Row(key=f"system:{part}", cells=cell_by_column(COLUMNS, cells), fault=fault), status)


_RULES = {"load": "system-load", "cpu": "cpu-starved", "memory": "memory-pressure", "swap": "swap-thrash"}
"""Part of the machine to the rule that judges it."""
_GRAVITY: dict[Severity, Status] = {"critical": "bad", "high": "bad", "medium": "warn", "low": "warn"}


def _as_judged(stated: StatedRow, snapshot: Snapshot) -> StatedRow:
    """The row, looking no better than the diagnosis calls what it shows, whatever its share says."""
    rule = _RULES.get(stated.row.key.removeprefix("system:"))
    if rule is None or snapshot.diagnosis is None:
        return stated
    told: set[Status] = {stated.status}
    for finding in snapshot.diagnosis.findings:
        related = (*finding.symptoms, *finding.causes)
        told |= {_GRAVITY[finding.severity]} if finding.rule == rule else set()
        told |= {_GRAVITY[one.severity] for one in related if one.rule == rule}
    status = worst(told)
    if status == stated.status:
        return stated
    cells = list(stated.row.cells)
    for place, column in enumerate(COLUMNS):
        if column.id in ("value", "graph"):
            cells[place] = msgspec.structs.replace(cells[place], status=status)
    return StatedRow(msgspec.structs.replace(stated.row, cells=tuple(cells), fault=True), status)


def _machine_rows(system: System, history: HistoryReader, signs: Glyphs) -> Iterator[StatedRow]:
    yield _load_row(system, history, signs)
    yield _cpu_row(system, history, signs)
    yield _memory_row(system, signs)
    yield _swap_row(system, signs)
    for name, pressure in (
        ("cpu", system.pressure_cpu),
        ("memory", system.pressure_memory),
        ("io", system.pressure_io),
    ):
        if pressure is not None:
            yield _pressure_row(name, pressure, signs)


def _load_row(system: System, history: HistoryReader, signs: Glyphs) -> StatedRow:
    value = " ".join(humanise.load(load) for load in (system.load1, system.load5, system.load15))
    series = history.series("load1")
    top = max([_LOAD_TOP * (system.cores or 0), *(load for load in series if load is not None)])
    graph = sparkline(series, GRAPH_WIDTH, signs, top=top)
    note = f"1, 5, 15 min; {system.cores} cores" if system.cores is not None else "1, 5, 15 min; cores unknown"
    return _row("load", "Load", value, graph, note, load_status(system.load1, system.cores))


def _cpu_row(system: System, history: HistoryReader, signs: Glyphs) -> StatedRow:
    idle = system.cpu_idle
    status: Status = share_status(None if idle is None else (100.0 - idle) / 100.0)
    value = f"{humanise.percent(idle)} idle"
    parts = [f"user {humanise.percent(system.cpu_user)}", f"sys {humanise.percent(system.cpu_system)}"]
    parts += [
        f"{name} {humanise.percent(share)}"
        for name, share in (("iowait", system.cpu_iowait), ("steal", system.cpu_steal))
        if share is not None and share >= 0.05
    ]
    graph = sparkline(history.series("cpu_busy"), GRAPH_WIDTH, signs, top=100.0)
    return _row("cpu", "CPU", value, graph, "  ".join(parts), status)


def _memory_row(system: System, signs: Glyphs) -> StatedRow:
    total, available = system.memory_total_bytes, system.memory_available_bytes
    used = None if total is None or available is None else total - available
    share = memory_share(system)
    parts = [f"{humanise.size(available)} available"]
    if system.memory_compressed_bytes is not None:
        parts.append(f"{humanise.size(system.memory_compressed_bytes)} compressed")
    value = f"{humanise.size(used)} of {humanise.size(total)}"
    return _row("memory", "Memory", value, bar(share, GRAPH_WIDTH, signs), "  ".join(parts), share_status(share))


def _swap_row(system: System, signs: Glyphs) -> StatedRow:
    total, used = system.swap_total_bytes, system.swap_used_bytes
    if total == 0:
        return _row("swap", "Swap", "none", "", "", "muted")
    share = None if not total or used is None else used / total
    rates = f"in {humanise.size_rate(system.swap_in_per_s)}  out {humanise.size_rate(system.swap_out_per_s)}"
    value = f"{humanise.size(used)} of {humanise.size(total)}"
    return _row("swap", "Swap", value, bar(share, GRAPH_WIDTH, signs), rates, share_status(share))


def _pressure_row(name: str, pressure: Pressure, signs: Glyphs) -> StatedRow:
    full = "" if pressure.full10 is None else f"; all wait {humanise.percent(pressure.full10)}"
    value = f"{humanise.percent(pressure.some10)} waits"
    note = f"{humanise.percent(pressure.some60)} in 60 s{full}"
    graph = bar(pressure.some10 / 100.0, GRAPH_WIDTH, signs)
    return _row(f"pressure:{name}", f"PSI {name}", value, graph, note, "")


def _disk_rows(reading: Reading[tuple[Disk, ...]], signs: Glyphs) -> Iterator[StatedRow]:
    if reading.state == "unknown":
        yield _row("disks", "Disks", humanise.UNKNOWN, "", reading.reason, "unknown")
    for disk in sorted(reading.value or (), key=lambda one: -one.used_percent)[:DISKS]:
        share = disk.used_percent / 100.0
        value = f"{humanise.size(disk.available_bytes)} free"
        parts = [f"{humanise.percent(disk.used_percent)} used"]
        if disk.inodes_free_percent is not None and disk.inodes_free_percent < 10:
            parts.append(f"{humanise.percent(disk.inodes_free_percent)} of inodes free")
        if disk.read_only:
            parts.append("read-only")
        # A read-only image is full by nature.
        status: Status = "muted" if disk.read_only else share_status(share)
        yield _row(f"disk:{disk.mount}", disk.mount, value, bar(share, GRAPH_WIDTH, signs), "  ".join(parts), status)


def _consumer_rows(consumers: tuple[Consumers, ...], signs: Glyphs) -> Iterator[StatedRow]:
    largest = max((one.rss_bytes for one in consumers if one.rss_bytes is not None), default=0)
    for one in consumers:
        share = one.rss_bytes / largest if largest and one.rss_bytes is not None else None
        graph = "" if share is None else bar(share, GRAPH_WIDTH, signs).replace(signs.bar_empty, " ")
        value = f"{humanise.size(one.rss_bytes):>4} {_cpu_of(one):>5} CPU"
        members = f"{humanise.count(one.processes)} process{'es' * (one.processes != 1)}"
        how_many = members if one.count == one.processes else f"{humanise.count(one.count)} in {members}"
        note = f"{how_many}, {humanise.size(one.swap_bytes)} swapped"
        yield _row(f"consumer:{one.kind}", one.kind, value, graph, note, "")


def _cpu_of(one: Consumers) -> str:
    """``24%``; ``24%+`` where some of its processes are not measured yet."""
    if one.cpu_percent is None and one.cpu_measured_percent is not None:
        return f"{humanise.percent(one.cpu_measured_percent)}+"
    return humanise.percent(one.cpu_percent)


def _summary(system: System, signs: Glyphs) -> str:
    parts = []
    if system.uptime_s is not None:
        parts.append(f"up {humanise.duration(system.uptime_s)}")
    if system.processes is not None:
        parts.append(f"{humanise.count(system.processes)} process{'es' * (system.processes != 1)}")
    return f" {signs.separator} ".join(parts)


def load_cell(system: System, signs: Glyphs) -> Cell:
    """Load for a header: ``load 8.13/8``, with its sign when it is not well."""
    status = load_status(system.load1, system.cores)
    sign = {"bad": f"{signs.bad} ", "warn": f"{signs.warn} "}.get(status, "")
    cores = humanise.UNKNOWN if system.cores is None else str(system.cores)
    return Cell(
        f"{sign}load {humanise.load(system.load1)}/{cores}", status, short=f"{sign}load {humanise.load(system.load1)}"
    )


def memory_cell(system: System, signs: Glyphs) -> Cell:
    """Memory for a header: ``mem 99%``, with its sign when it is not well."""
    share = memory_share(system)
    status = share_status(share)
    sign = {"bad": f"{signs.bad} ", "warn": f"{signs.warn} "}.get(status, "")
    return Cell(f"{sign}mem {humanise.ratio(share)}", status, short=f"{sign}m {humanise.ratio(share)}")
