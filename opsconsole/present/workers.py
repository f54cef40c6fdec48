"""The Workers pane: one row for each background program that should run a set number of times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opsconsole.model.reading import Reading
from opsconsole.model.worker import NOT_READ, Log, PidFile, Worker, WorkerState
from opsconsole.present import humanise
from opsconsole.present.cell import Cell, Column, Row, Status, by_number
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.history import HistoryReader
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
from opsconsole.present.sparkline import sparkline
from opsconsole.present.tree import Trees, tree_rows
from opsconsole.present.values import STAMP, duration_cell, percent_cell, plain_cell, size_cell, state_cell, text_cell

TREND_WIDTH = 8

COLUMNS = (
    Column("name", "Worker", 12, flex=8, max_width=24),
    Column("state", "State", 12),
    Column("count", "Run", 4, align="right", priority=2, kind="number"),
    Column("cpu", "CPU", 5, align="right", priority=4, kind="percent"),
    Column("trend", "", TREND_WIDTH, priority=6),
    Column("mem", "Mem", 4, align="right", priority=3, kind="size"),
    Column("uptime", "Up", 7, align="right", priority=5, kind="duration"),
    Column("log_age", "Log age", 7, align="right", priority=5, kind="duration"),
    Column("errors", "Err/m", 5, align="right", priority=6, kind="number"),
    Column("pid_file", "Pidfile", 10, priority=7),
    Column("pids", "Pids", 7, priority=5, flex=1, max_width=20, kind="words"),
    Column("versions", "Versions", 8, priority=8, flex=2, max_width=48, kind="words"),
    Column("note", "Note", 16, priority=3, flex=5),
)

_STATUS: dict[WorkerState, Status] = {"running": "ok", "missing": "bad", "duplicates": "warn", "unknown": "unknown"}
STATES = ("running", "duplicates", "missing", "unknown")
_SUMMARY = {"duplicates": "with duplicates"}
"""What is said of so many workers where the state's own word would not do."""
_PID_FILE_STATUS: dict[str, Status] = {
    "ok": "muted",
    "missing": "warn",
    "stale": "warn",
    "wrong": "warn",
    "unreadable": "unknown",
}


def workers_content(
    reading: Reading[tuple[Worker, ...]],
    history: HistoryReader,
    trees: Trees | None,
    signs: Glyphs,
    failing: Mapping[str, str] | None = None,
) -> PaneContent:
    """``trees`` is given when the process trees shall be shown; ``failing`` says by name whose work fails, and how."""
    if reading.value is None:
        return without_value(reading)
    read: list[StatedRow] = []
    rows: list[Row] = []
    for key, worker in keyed("worker", ((one.name, one) for one in reading.value)):
        fails = (failing or {}).get(worker.name, "")
        status = _graver(worker_status(worker), fails)
        row = worker_row(worker, history, signs, key, fails)
        read.append(StatedRow(row, status))
        rows.append(row)
        if trees is not None:
            rows.extend(tree_rows(key, member_pids(worker), trees, COLUMNS, signs))
    words = [_SUMMARY.get(worker.state, worker.state) for worker in reading.value]
    summary = counted(words, tuple(_SUMMARY.get(state, state) for state in STATES), signs.separator)
    return content(read, summary, empty="no workers", note=reading.note, tree=rows)


def worker_status(worker: Worker) -> Status:
    """Its state's status; a running one with a bad pid file, a silent log or remnants is a fault too."""
    status = _STATUS[worker.state]
    if status == "ok" and any(_complaints(worker)):
        return "warn"
    return status


def member_pids(worker: Worker) -> Iterator[int]:
    """Pids of all that belongs to it: instances first, then wrappers, remnants and suspects."""
    for instance in worker.instances:
        yield instance.pid
    for helper in (*worker.wrappers, *worker.remnants, *worker.suspects):
        yield helper.pid


def _complaints(worker: Worker) -> Iterator[str]:
    """What is wrong with it beside its state."""
    if worker.pid_file is not None and _PID_FILE_STATUS[worker.pid_file.state] == "warn":
        yield f"pid file {worker.pid_file.state}"
    if worker.log is not None and worker.log.state == "missing":
        yield "log missing"
    if worker.silent:
        yield "silent"
    if worker.remnants:
        yield f"{len(worker.remnants)} remnant{'s' if len(worker.remnants) > 1 else ''}"


def _graver(status: Status, fails: str) -> Status:
    return "warn" if fails and status == "ok" else status


def worker_row(worker: Worker, history: HistoryReader, signs: Glyphs, key: str, fails: str = "") -> Row:
    """``fails`` says that it runs and its work fails."""
    status = _graver(worker_status(worker), fails)
    sign = {"ok": signs.ok, "warn": signs.warn, "bad": signs.bad}.get(status, signs.unknown)
    runs = worker.state != "missing"
    cells = {
        "name": text_cell(worker.name),
        "state": state_cell(sign, worker.state, status),
        "count": _count(worker),
        "cpu": percent_cell(worker.cpu_percent) if runs else EMPTY,
        "trend": text_cell(sparkline(history.series(f"cpu:worker:{worker.name}"), TREND_WIDTH, signs), "muted"),
        "mem": size_cell(worker.rss_bytes) if runs else EMPTY,
        "uptime": duration_cell(worker.uptime_s) if runs else EMPTY,
        "log_age": _log_age(worker.log, worker.silent),
        "errors": _errors(worker.log),
        "pid_file": _pid_file(worker.pid_file),
        "pids": _pids(worker),
        "versions": _versions(worker),
        "note": _note(worker, status, fails),
    }
    return Row(key=key, cells=cell_by_column(COLUMNS, cells), fault=status != "ok")


def _count(worker: Worker) -> Cell:
    status = _STATUS[worker.state]
    running = humanise.UNKNOWN if worker.state == "unknown" else str(len(worker.instances))
    sort = by_number(None if worker.state == "unknown" else len(worker.instances))
    count = running if worker.discovered else f"{running}/{worker.wanted}"
    return plain_cell(count, sort, "" if status == "ok" else status)


def _pids(worker: Worker) -> Cell:
    pids = [one.pid for one in worker.instances]
    if not pids:
        return EMPTY
    more = f"{pids[0]} +{len(pids) - 1}" if len(pids) > 1 else ""
    return Cell(" ".join(str(pid) for pid in pids), "", by_number(pids[0]), more)


def _versions(worker: Worker) -> Cell:
    versions = list(dict.fromkeys(one.version for one in worker.instances))
    return text_cell(", ".join(versions), "warn") if len(versions) > 1 else EMPTY


def _log_age(log: Log | None, silent: bool | None) -> Cell:
    if log is None:
        return EMPTY
    if log.state == "missing":
        return text_cell("missing", "warn")
    return duration_cell(log.age_s, "warn" if silent else "")


def _errors(log: Log | None) -> Cell:
    if log is None or log.state == "missing":
        return EMPTY
    rate = log.errors_per_min
    return plain_cell(
        humanise.per_minute(rate), by_number(rate), "unknown" if rate is None else "warn" if rate > 0 else "muted"
    )


def _pid_file(pid_file: PidFile | None) -> Cell:
    if pid_file is not None and pid_file.reason == NOT_READ:
        return text_cell(READING, "muted")
    return EMPTY if pid_file is None else text_cell(pid_file.state, _PID_FILE_STATUS[pid_file.state])


def _note(worker: Worker, status: Status, fails: str) -> Cell:
    parts = [part for part in (worker.reason, fails, *_complaints(worker)) if part]
    if parts:
        return text_cell("; ".join(parts), status)
    if worker.discovered:
        return text_cell("discovered", "muted")
    # The time of its last line is told by the log's age.
    return text_cell(STAMP.sub("", worker.log.last_line, count=1), "muted") if worker.log is not None else EMPTY
