"""Everything one Snapshot knows about the thing a row shows: facts with their sources, processes, ports, history.

Lines of a log are not here: presentation does no I/O. ``Details.logs`` says where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from opsconsole.model.reading import Reading
from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.cell import Cell
from opsconsole.present.facts import Section, field, fields, port_sections, process_sections, table, tree_pids
from opsconsole.present.finding_details import alert_sections, evidence_logs, finding_sections, target_sections
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.history import HistoryReader
from opsconsole.present.keys import find_process, keyed, kind_of
from opsconsole.present.panes import PANES, pane_content
from opsconsole.present.subjects import (
    environment_sections,
    service_sections,
    session_sections,
    site_sections,
    worker_sections,
)

__all__ = ["Details", "Section", "details"]


class Details(msgspec.Struct, frozen=True):
    title: str
    sections: tuple[Section, ...]
    gone: bool = False
    """True when the Snapshot no longer knows the row, or cannot tell."""
    logs: tuple[str, ...] = ()
    """Paths of its log files."""


def details(snapshot: Snapshot, row_key: str, history: HistoryReader, glyphs: Glyphs) -> Details:
    """What is known about the row; one section saying why, when nothing is."""
    found = _details(snapshot, row_key, history, glyphs)
    return found if found is not None else _absent(snapshot, row_key)


def _details(snapshot: Snapshot, key: str, history: HistoryReader, signs: Glyphs) -> Details | None:
    match kind_of(key):
        case "service":
            for found, service in keyed("service", ((one.name, one) for one in snapshot.services.value or ())):
                if found == key:
                    logs = (service.log,) if service.log else ()
                    return _made("Service", service.name, service_sections(service, snapshot, history, signs), logs)
        case "worker":
            for found, worker in keyed("worker", ((one.name, one) for one in snapshot.workers.value or ())):
                if found == key:
                    logs = (worker.log.path,) if worker.log is not None else ()
                    return _made("Worker", worker.name, worker_sections(worker, snapshot, history, signs), logs)
        case "session":
            for found, session in keyed("session", ((one.id, one) for one in snapshot.sessions.value or ())):
                if found == key:
                    return _made("Session", session.name, session_sections(session, snapshot, history, signs))
        case "env":
            listed = snapshot.environments.value
            for found, environment in keyed("env", ((one.id, one) for one in (listed.items if listed else ()))):
                if found == key:
                    return _made("Environment", environment.name, environment_sections(environment, snapshot, signs))
        case "site":
            for found, site in keyed("site", ((one.name, one) for one in snapshot.sites.value or ())):
                if found == key:
                    return _made("Site", site.name, site_sections(site))
        case "finding" | "alert" | "target":
            return _of_the_diagnosis(snapshot, key)
        case "process":
            return _process_details(snapshot, key, signs)
        case "system" | "queue" as pane_id:
            return _pane_details(snapshot, pane_id, history, signs)
    return None


def _of_the_diagnosis(snapshot: Snapshot, key: str) -> Details | None:
    diagnosis = snapshot.diagnosis
    if diagnosis is None:
        return None
    for found, finding in keyed("finding", ((one.id, one) for one in diagnosis.findings)):
        if found == key:
            logs = evidence_logs(finding, snapshot)
            return _made("Finding", finding.id, finding_sections(finding, diagnosis), logs)
    for found, alert in keyed("alert", ((one.name, one) for one in diagnosis.alerts)):
        if found == key:
            return _made("Alert", alert.name, alert_sections(alert))
    for found, target in keyed("target", ((one.name, one) for one in diagnosis.targets)):
        if found == key:
            return _made("Target", target.name, target_sections(target))
    return None


def _made(kind: str, name: str, sections: Iterable[Section], logs: tuple[str, ...] = ()) -> Details:
    return Details(title=f"{kind} {name}", sections=tuple(sections), logs=logs)


def _process_details(snapshot: Snapshot, key: str, signs: Glyphs) -> Details | None:
    processes = snapshot.processes.value
    process = find_process(key, processes)
    if process is None or processes is None:
        return None
    sections = [
        *fields("Process", [field("command", process.command), field("owner", f"uid {process.uid}")]),
        *process_sections("Its tree", [process.pid], snapshot, signs),
        *table(
            "Started by",
            ("pid", "started", "command"),
            (
                (Cell(str(one.pid)), Cell(humanise.date_time(one.started_at), "muted"), Cell(one.command))
                for one in processes.ancestors(process.pid)
            ),
        ),
        *port_sections(tree_pids([process.pid], processes), snapshot),
    ]
    return _made("Process", f"{process.pid} {process.comm}", sections)


def _pane_details(snapshot: Snapshot, pane_id: str, history: HistoryReader, signs: Glyphs) -> Details | None:
    """The whole pane: each row of the system or the queue is best read beside the others."""
    content = pane_content(pane_id, snapshot, history, glyphs=signs)
    if content.state != "ok":
        return None
    spec = PANES[pane_id]
    headings = tuple(column.title for column in spec.columns)
    sections = list(table(content.summary, headings, (row.cells for row in content.rows)))
    if pane_id == "system":
        sections += list(_system_extras(snapshot))
    return Details(title=spec.title, sections=tuple(sections))


def _system_extras(snapshot: Snapshot) -> Iterator[Section]:
    yield from table(
        "All disks",
        ("mount", "used", "free", "size", "device"),
        (
            (
                Cell(disk.mount),
                Cell(humanise.percent(disk.used_percent)),
                Cell(humanise.size(disk.available_bytes)),
                Cell(humanise.size(disk.total_bytes)),
                Cell(disk.device, "muted"),
            )
            for disk in snapshot.disks.value or ()
        ),
    )
    system = snapshot.system.value
    missing = system.missing if system is not None else ()
    yield from fields("Not known here", (field(name, "", reason.strip()) for name, _, reason in _parted(missing)))


def _parted(missing: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for one in missing:
        yield one.partition(":")


def _absent(snapshot: Snapshot, key: str) -> Details:
    kind, _, name = key.partition(":")
    readings: dict[str, Reading[Any]] = {
        "service": snapshot.services,
        "worker": snapshot.workers,
        "session": snapshot.sessions,
        "env": snapshot.environments,
        "site": snapshot.sites,
        "process": snapshot.processes,
        "system": snapshot.system,
        "queue": snapshot.queue,
    }
    reading = readings.get(kind)
    if reading is None or reading.ok:
        line = field("gone", "no longer there", f"as of {humanise.clock_time(snapshot.at)}", "warn")
    else:
        line = field("unknown", reading.reason or reading.hint, f"as of {humanise.clock_time(reading.at)}", "unknown")
    shown_name = name.partition("@")[0].rpartition("/")[2]
    return Details(title=f"{kind.capitalize()} {shown_name}".strip(), sections=(Section("", (line,)),), gone=True)
