"""What rules look up again and again: the config's table of a thing, where a reading came from."""

from __future__ import annotations

import re
from pathlib import Path

from opsconsole.config.types import Config, QueueTable, ServiceTable, WorkerTable
from opsconsole.diagnose.words import command, look_at_log, quoted
from opsconsole.model.session import Session
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.text import clean, shown

_LOOPBACK = re.compile(
    r"https?://(?:[^/@]*@)?(?:127\.\d+\.\d+\.\d+|localhost|\[::1\]|0\.0\.0\.0)(?::(\d+))?(?:[/?#]|$)"
)


def service_table(config: Config, name: str) -> ServiceTable | None:
    return next((table for table in config.service if table.name == name), None)


def worker_table(config: Config, name: str) -> WorkerTable | None:
    """By the name as snapshots have it: cleaned."""
    return next((table for table in config.worker if table.name == name or clean(table.name) == name), None)


def queue_worker(config: Config, queue: QueueTable) -> str:
    """The worker that works a queue off: as configured, else the one its database's file is named after; else empty."""
    if queue.worker:
        return clean(queue.worker)
    return next((clean(table.name) for table in config.worker if table.name == queue.path.stem), "")


def session_subject(session: Session, snapshot: Snapshot) -> str:
    """A session's name; where several tmux servers have one of that name, with its server."""
    if session.lost:
        return f"{session.name} ({session.session_id})"
    return session.name if _is_alone(session, snapshot) else f"{session.name} on {session.socket}"


def session_asked_as(session: Session, snapshot: Snapshot) -> str:
    """What an action is asked for a session by: its name, or its identity where that is no one session's."""
    return session.name if _is_alone(session, snapshot) else session.id


def _is_alone(session: Session, snapshot: Snapshot) -> bool:
    if session.lost:
        return False
    others = (one for one in snapshot.sessions.value or () if not one.lost)
    return all(one.name != session.name or one.id == session.id for one in others)


def local_port(url: str) -> int | None:
    """The port of a URL that leads to this machine's loopback; None for any other: what it reaches is not known."""
    match = _LOOPBACK.match(url)
    if match is None:
        return None
    return int(match[1]) if match[1] else 443 if url.startswith("https") else 80


def start_steps(argv: tuple[str, ...], cwd: Path | None, log: str) -> tuple[str, ...]:
    """How a person starts it by hand. Secrets in the command are masked: the config has them."""
    line = shown(command(argv), 1000)
    steps = [f"cd {quoted(cwd)} && {line}" if cwd is not None else line]
    return (f"look at the end of its log: {look_at_log(log)}", *steps) if log else tuple(steps)
