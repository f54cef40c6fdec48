"""The Services pane: one row for each endpoint that should be up."""

from __future__ import annotations

from opsconsole.collect.services import NOT_YET
from opsconsole.model.reading import Reading
from opsconsole.model.service import Service, ServiceState
from opsconsole.present.cell import Cell, Column, Row, Status
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.keys import keyed
from opsconsole.present.pane import (
    EMPTY,
    READING,
    PaneContent,
    StatedRow,
    cell_by_column,
    content,
    counted,
    without_value,
)
from opsconsole.present.tree import Trees, tree_rows
from opsconsole.present.values import (
    answer_cell,
    duration_cell,
    latency_cell,
    number_cell,
    percent_cell,
    size_cell,
    state_cell,
    text_cell,
)

COLUMNS = (
    Column("name", "Service", 19, flex=8, max_width=28),
    Column("state", "State", 10),
    Column("port", "Port", 5, align="right", priority=2, kind="number"),
    Column("http", "HTTP", 4, align="right", priority=4, kind="number"),
    Column("latency", "Time", 5, align="right", priority=4, kind="milliseconds"),
    Column("uptime", "Up", 7, align="right", priority=5, kind="duration"),
    Column("pid", "Pid", 7, align="right", priority=6, kind="number"),
    Column("cpu", "CPU", 5, align="right", priority=7, kind="percent"),
    Column("mem", "Mem", 4, align="right", priority=7, kind="size"),
    Column("note", "Note", 13, priority=3, flex=4),
)

_STATUS: dict[ServiceState, Status] = {"up": "ok", "degraded": "warn", "down": "bad", "unknown": "unknown"}
STATES = ("up", "degraded", "down", "unknown")


def services_content(reading: Reading[tuple[Service, ...]], trees: Trees | None, signs: Glyphs) -> PaneContent:
    """``trees`` is given when the process trees shall be shown."""
    if reading.value is None:
        return without_value(reading)
    read: list[StatedRow] = []
    rows: list[Row] = []
    for key, service in keyed("service", ((one.name, one) for one in reading.value)):
        status = service_status(service)
        row = service_row(service, signs, key)
        read.append(StatedRow(row, status))
        rows.append(row)
        if trees is not None:
            rows.extend(tree_rows(key, (owner.pid for owner in service.owners), trees, COLUMNS, signs))
    summary = counted([service.state for service in reading.value], STATES, signs.separator)
    return content(read, summary, empty="no services", note=reading.note, tree=rows)


def service_status(service: Service) -> Status:
    """Its state's status; rivals on one port are a fault though it is up."""
    if _is_pending(service):
        return "muted"
    status = _STATUS[service.state]
    return "warn" if status == "ok" and service.sharing == "reuseport" else status


def _is_pending(service: Service) -> bool:
    """Whether it listens and its health URL has simply not been asked yet."""
    return service.state == "unknown" and service.reason == NOT_YET


def service_row(service: Service, signs: Glyphs, key: str) -> Row:
    status = service_status(service)
    unanswered = bool(service.url) and service.http_status is None
    cells = {
        "name": text_cell(service.name),
        "state": text_cell(READING, "muted")
        if _is_pending(service)
        else state_cell(_sign(status, signs), service.state, status),
        "port": number_cell(service.port),
        "http": EMPTY
        if not service.url or _is_pending(service) or (service.state == "down" and service.probed_at is None)
        else answer_cell(service.http_status, service.probed_at is not None, _http_status(service)),
        "latency": EMPTY if not service.url or unanswered else latency_cell(service.latency_ms),
        "uptime": _absent_when_down(service, duration_cell(service.uptime_s)),
        "pid": _absent_when_down(service, number_cell(service.pid)),
        "cpu": _absent_when_down(service, percent_cell(service.cpu_percent)),
        "mem": _absent_when_down(service, size_cell(service.rss_bytes)),
        "note": _note(service, status),
    }
    return Row(key=key, cells=cell_by_column(COLUMNS, cells), fault=status not in ("ok", "muted"))


def _sign(status: Status, signs: Glyphs) -> str:
    return {"ok": signs.ok, "warn": signs.warn, "bad": signs.bad}.get(status, signs.unknown)


def _http_status(service: Service) -> Status:
    return "" if service.state == "up" else _STATUS[service.state]


def _absent_when_down(service: Service, cell: Cell) -> Cell:
    """Where nothing listens there is no pid to be unknown, and where nobody was looked for none either."""
    if not service.owners_sought and not service.owners:
        return EMPTY
    return EMPTY if service.state == "down" and not service.owners and service.owners_known else cell


def rivals(service: Service) -> str:
    """Who else binds the port; empty when one program holds it alone."""
    if service.sharing != "reuseport":
        return ""
    others = ", ".join(f"{owner.command} ({owner.pid})" for owner in service.owners if owner.pid != service.pid)
    return f"port shared with {others}" if others else "port shared"


def _note(service: Service, status: Status) -> Cell:
    stopped = f"stopped: {', '.join(service.stopped)}" if service.stopped else ""
    unseen = "" if service.owners or service.owners_known or service.state == "down" else "owner not visible"
    if not service.owners_sought:
        unseen = ""
    parts = [part for part in (stopped or service.reason, rivals(service), unseen) if part]
    if parts == [unseen]:
        return text_cell(unseen, "muted")
    if not parts and service.discovered:
        return text_cell("discovered", "muted")
    return text_cell("; ".join(parts), status if status != "ok" else "")
