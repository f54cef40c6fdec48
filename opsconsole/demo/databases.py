"""The databases of the sandbox, in the schemas of the machine of the incident: the prompt queue, the environments."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from opsconsole.demo.expected import ExpectedQueue

ERRORS = (
    "RuntimeError: No available ports for new environment",
    "ValueError: Environment 'reading-ui-improvement' already exists",
    "Failed to get environment info: Expecting value: line 1 column 1 (char 0)",
)
HOUR_S = 3600.0

_QUEUE_SCHEMA = """
create table prompts (
    id integer primary key autoincrement, content text not null, source text, priority integer default 0,
    status text default 'pending', assigned_session text, created_at timestamp default current_timestamp,
    assigned_at timestamp, completed_at timestamp, response text, error text, metadata text, target_session text,
    target_provider text, retry_count integer default 0, max_retries integer default 3,
    timeout_minutes integer default 30
);
create index prompts_status on prompts (status);
create table sessions (
    name text primary key, status text default 'unknown', last_activity timestamp, current_task_id integer,
    working_dir text, provider text default 'claude'
);
create table assignment_history (
    id integer primary key autoincrement, prompt_id integer, session_name text, action text,
    created_at timestamp default current_timestamp
);
"""
_ENVIRONMENTS_SCHEMA = """
create table environments (
    id text primary key, name text not null, port integer not null, url text, branch text, status text, pid integer,
    start integer, created_at text not null
);
create table settings (name text primary key, value text);
"""


class EnvironmentRow(msgspec.Struct, frozen=True):
    id: str
    name: str
    port: int
    age_s: float
    pid: int | None
    start: int | None
    """Start ticks of that process."""


def make_queue(path: Path, queue: ExpectedQueue) -> None:
    """The queue with these numbers, the failures of the last 24 h spread over them, the older ones before."""
    now = time.time()
    with _made(path, _QUEUE_SCHEMA) as database:
        rows = [("completed", ended, "") for ended in _spread(now, 2 * HOUR_S, 200 * HOUR_S, queue.completed)]
        recent = _spread(now, 0.5 * HOUR_S, 23 * HOUR_S, queue.failed_24h)
        older = _spread(now, 26 * HOUR_S, 200 * HOUR_S, queue.failed - queue.failed_24h)
        rows += [("failed", ended, ERRORS[i % len(ERRORS)]) for i, ended in enumerate(recent + older)]
        rows += [("pending", now - 60, "")] * queue.pending + [("in_progress", now - 60, "")] * queue.active
        rows += [("cancelled", now - 60, "")] * (queue.total - len(rows))
        database.executemany(
            "insert into prompts (content, source, status, created_at, assigned_at, completed_at, error)"
            " values (?, 'api', ?, ?, ?, ?, ?)",
            [
                (
                    f"Improve the reading app, part {number}",
                    status,
                    sql_time(moment - 600),
                    None if status == "pending" else sql_time(moment - 500),
                    sql_time(moment) if status in ("completed", "failed") else None,
                    error or None,
                )
                for number, (status, moment, error) in enumerate(rows, 1)
            ],
        )


def make_environments(path: Path, rows: list[EnvironmentRow], pool_size: int) -> None:
    now = time.time()
    with _made(path, _ENVIRONMENTS_SCHEMA) as database:
        database.execute("insert into settings values ('pool_size', ?)", (str(pool_size),))
        database.executemany(
            "insert into environments values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    row.id,
                    row.name,
                    row.port,
                    f"http://127.0.0.1:{row.port}/",
                    f"feature/{row.name}",
                    "stopped" if row.pid is None else "running",
                    row.pid,
                    row.start,
                    time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - row.age_s)),
                )
                for row in rows
            ],
        )


@contextlib.contextmanager
def _made(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = off")
        database.executescript(schema)
        yield database
        database.commit()


def _spread(now: float, youngest_s: float, oldest_s: float, count: int) -> list[float]:
    step = (oldest_s - youngest_s) / max(1, count)
    return [now - youngest_s - step * i for i in range(count)]


def sql_time(moment: float) -> str:
    """As SQLite's CURRENT_TIMESTAMP writes it: UTC, no zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))
