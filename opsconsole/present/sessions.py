"""The Sessions pane: one row for each tmux session, with the state of the coding agent in it."""

from __future__ import annotations

from opsconsole.collect.sessions import NOT_LOOKED_AT
from opsconsole.model.reading import Reading
from opsconsole.model.session import Session, SessionState
from opsconsole.present import humanise
from opsconsole.present.cell import Cell, Column, Row, Status, by_number
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.keys import keyed
from opsconsole.present.pane import READING, PaneContent, StatedRow, cell_by_column, content, counted, without_value
from opsconsole.present.tree import Trees, tree_rows
from opsconsole.present.values import duration_cell, percent_cell, plain_cell, size_cell, state_cell, text_cell

COLUMNS = (
    Column("name", "Session", 18, flex=2, max_width=24),
    Column("state", "State", 12),
    Column("agent", "Agent", 11, priority=4),
    Column("idle", "Idle", 7, align="right", priority=2, kind="duration"),
    Column("mem", "Mem", 4, align="right", priority=3, kind="size"),
    Column("swap", "Swap", 4, align="right", priority=3, kind="size"),
    Column("cpu", "CPU", 5, align="right", priority=4, kind="percent"),
    Column("attached", "Att", 3, align="right", priority=6, kind="number"),
    Column("cwd", "Directory", 10, priority=6, flex=2, max_width=40),
    Column("note", "Note", 12, priority=3, flex=3),
)

_STATUS: dict[SessionState, Status] = {
    "working": "ok",
    "waiting": "accent",
    "idle": "muted",
    "shell": "muted",
    "hung": "bad",
    "hibernated": "muted",
    "dead": "bad",
    "logged-out": "warn",
    "unknown": "unknown",
    "none": "muted",
}
STATES = ("working", "waiting", "idle", "shell", "hung", "hibernated", "dead", "logged-out", "unknown")


def sessions_content(reading: Reading[tuple[Session, ...]], trees: Trees | None, signs: Glyphs) -> PaneContent:
    """``trees`` is given when the process trees shall be shown."""
    if reading.value is None:
        return without_value(reading)
    read: list[StatedRow] = []
    rows: list[Row] = []
    for key, session in keyed("session", ((one.id, one) for one in reading.value)):
        row = session_row(session, signs, key)
        read.append(StatedRow(row, session_status(session)))
        rows.append(row)
        if trees is not None:
            roots = (pane.pid for pane in session.panes if pane.pid is not None)
            rows.extend(tree_rows(key, roots, trees, COLUMNS, signs))
    summary = counted([session.state for session in reading.value], STATES, signs.separator)
    if reading.value and not summary:
        summary = f"{len(reading.value)} without an agent"
    return content(read, summary, empty="no tmux sessions", note=reading.note, tree=rows)


def session_sign(state: SessionState, signs: Glyphs) -> str:
    """Each state's own sign."""
    by_state = {
        "working": signs.ok,
        "waiting": signs.waiting,
        "idle": signs.idle,
        "hibernated": signs.asleep,
        "hung": signs.bad,
        "dead": signs.bad,
        "logged-out": signs.warn,
        "unknown": signs.unknown,
    }
    return by_state.get(state, signs.none)


def session_status(session: Session) -> Status:
    """Its state's status; an agent that has simply not been looked at yet is no fault."""
    return "muted" if _is_pending(session) else _STATUS[session.state]


def _is_pending(session: Session) -> bool:
    return session.state == "unknown" and session.reason == NOT_LOOKED_AT


def session_state(session: Session, signs: Glyphs) -> Cell:
    if _is_pending(session):
        return text_cell(READING, "muted")
    word = "no agent" if session.state == "none" else session.state
    return state_cell(session_sign(session.state, signs), word, _STATUS[session.state])


def session_row(session: Session, signs: Glyphs, key: str) -> Row:
    status = session_status(session)
    cells = {
        "name": text_cell(session.name),
        "state": session_state(session, signs),
        "agent": text_cell(session.agent),
        "idle": duration_cell(session.idle_s),
        "mem": size_cell(session.rss_bytes),
        "swap": size_cell(session.swap_bytes, "muted" if session.swap_bytes == 0 else ""),
        "cpu": percent_cell(session.cpu_percent),
        "attached": plain_cell(humanise.count(session.attached), by_number(session.attached), "accent")
        if session.attached
        else plain_cell("", by_number(session.attached)),
        "cwd": text_cell(session.cwd, "muted") if session.cwd is not None else text_cell(humanise.UNKNOWN, "unknown"),
        "note": _note(session, status),
    }
    return Row(key=key, cells=cell_by_column(COLUMNS, cells), fault=status in ("bad", "warn", "unknown"))


def _note(session: Session, status: Status) -> Cell:
    parts = ["protected"] if session.protected else []
    if (status in ("bad", "warn", "unknown", "accent") or session.lost) and session.reason:
        parts.append(session.reason)
    if session.state == "idle" and session.draft:
        parts.append(f"draft: {session.draft}")
    return text_cell("; ".join(parts), status if status in ("bad", "warn", "unknown") else "muted")
