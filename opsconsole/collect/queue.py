"""The prompt queue: a SQLite database of somebody else, opened read-only and never created.

A WAL database whose writer is alive is read through its -wal and -shm like any reader's; where those cannot be
opened (read-only folder) SQLite refuses and the reading is unknown. One that nobody has open has neither: SQLite would
make them, so it is read as immutable, and read again if a writer came meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from opsconsole.collect.files import FileUnreadable, open_regular
from opsconsole.config.types import QueueTable
from opsconsole.model.clock import Clock
from opsconsole.model.environment import Queue
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.text import shown

if TYPE_CHECKING:
    import sqlite3

HEADER = b"SQLite format 3\0"
WRITE_VERSION_AT = 18
"""Offset in the header of the byte that is 2 in WAL mode (SQLite's file format, 1.3)."""
DAY_S = 24 * 3600
COMMON_ERRORS = 5
RECENT = 10
"""Prompts that ended last, by which it is told whether it still fails."""
QUERY_LIMIT_S = 2.0
STEPS_PER_LOOK = 10_000
"""SQLite virtual machine steps between two looks at the clock."""


class QueueSource:
    """Counts the prompts of one queue by status."""

    name = "queue"
    deadline_s = 4.0

    def __init__(self, table: QueueTable) -> None:
        self._table = table
        self.every_s = float(table.every)

    def read(self, clock: Clock) -> Reading[Queue]:
        import sqlite3

        now = clock.wall()
        path = self._table.path
        if problem := self._not_a_database():
            return unknown(shown(problem), now)
        try:
            before = _at_rest(path)
            queue = self._counted(now, immutable=before is not None)
            if before is not None and _at_rest(path) != before:
                queue = self._counted(now, immutable=False)
        except (sqlite3.Error, OSError) as error:
            return unknown(shown(f"{path}: {self._explained(error)}"), now)
        return ok(queue, now)

    def _counted(self, now: float, *, immutable: bool) -> Queue:
        import sqlite3

        address = f"file:{quote(str(self._table.path))}?mode=ro{'&immutable=1' if immutable else ''}"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=1.0)) as database:
            give_up_at = time.monotonic() + QUERY_LIMIT_S
            database.set_progress_handler(lambda: time.monotonic() > give_up_at, STEPS_PER_LOOK)
            return self._queue(database, now)

    def _not_a_database(self) -> str:
        """Why the file cannot be a database, seen without SQLite; empty when it can."""
        path = self._table.path
        try:
            descriptor = open_regular(path)
        except FileUnreadable as failure:
            return failure.reason
        try:
            header = os.pread(descriptor, len(HEADER), 0)
        except OSError as error:
            return f"{path}: {error.strerror}"
        finally:
            os.close(descriptor)
        if not header:
            return f"{path}: is empty, not yet a database"
        return "" if header == HEADER else f"{path}: is not a SQLite database"

    def _explained(self, error: sqlite3.Error | OSError) -> str:
        text = str(error)
        table = self._table
        if "no such table" in text:
            return f"{text}; [queue] table names {table.table!r}"
        if "no such column" in text:
            return f"{text}; see status_column of [queue]"
        if "locked" in text or "busy" in text:
            return f"{text}: somebody holds it exclusively"
        if "malformed" in text or "not a database" in text:
            return f"corrupt: {text}"
        if "interrupted" in text:
            return f"counting took longer than {QUERY_LIMIT_S:g} s"
        return text

    def _queue(self, database: sqlite3.Connection, now: float) -> Queue:
        table, statuses = self._table, self._table.statuses
        source, status = _name(table.table), _name(table.status_column)
        counts: dict[str, int] = dict(database.execute(f"select {status}, count(*) from {source} group by 1"))  # noqa: S608
        columns = {str(row[1]) for row in database.execute(f"pragma table_info({source})")}
        named = (statuses.completed, statuses.failed, statuses.pending, statuses.active, statuses.cancelled)
        completed, failed, pending, active, cancelled = (sum(counts.get(name, 0) for name in group) for group in named)
        total = sum(counts.values())
        ended = completed + failed
        return Queue(
            total=total,
            completed=completed,
            failed=failed,
            failed_24h=self._failed_since(database, now - DAY_S, columns),
            pending=pending,
            active=active,
            success_rate=completed / ended if ended else None,
            cancelled=cancelled,
            other=total - completed - failed - pending - active - cancelled,
            oldest_pending_s=self._oldest_pending(database, now) if table.created_column in columns else None,
            recent=self._recent(database, columns),
            errors=self._common_errors(database) if table.error_column in columns else (),
        )

    def _failed_since(self, database: sqlite3.Connection, since: float, columns: set[str]) -> int | None:
        """Failed since then, by when they ended or else began; None where the table tells no times."""
        table = self._table
        moments = [_epoch(name) for name in (table.ended_column, table.created_column) if name in columns]
        if not moments:
            return None
        # coalesce() takes two arguments at least.
        return int(
            self._one(
                database,
                f"select count(*) from {_name(table.table)} where {_name(table.status_column)} in"  # noqa: S608
                f" ({_marks(table.statuses.failed)}) and coalesce({', '.join(moments)}, null) >= ?",
                (*table.statuses.failed, since),
            )
        )

    def _recent(self, database: sqlite3.Connection, columns: set[str]) -> tuple[int, int] | None:
        """Completed and failed of those that ended last, by when they ended or else began; None without times."""
        table = self._table
        moments = [_epoch(name) for name in (table.ended_column, table.created_column) if name in columns]
        if not moments:
            return None
        ended = (*table.statuses.completed, *table.statuses.failed)
        moment = f"coalesce({', '.join(moments)}, null)"
        rows = database.execute(
            f"select {_name(table.status_column)} from {_name(table.table)} where {_name(table.status_column)} in"  # noqa: S608
            f" ({_marks(ended)}) and {moment} is not null order by {moment} desc limit {RECENT}",
            ended,
        ).fetchall()
        completed = sum(row[0] in table.statuses.completed for row in rows)
        return completed, len(rows) - completed

    def _oldest_pending(self, database: sqlite3.Connection, now: float) -> float | None:
        table = self._table
        oldest = self._one(
            database,
            f"select min({_epoch(table.created_column)}) from {_name(table.table)}"  # noqa: S608
            f" where {_name(table.status_column)} in ({_marks(table.statuses.pending)})",
            table.statuses.pending,
        )
        return None if oldest is None else max(now - float(oldest), 0.0)

    def _common_errors(self, database: sqlite3.Connection) -> tuple[tuple[str, int], ...]:
        table = self._table
        error = f"substr({_name(table.error_column)}, 1, 500)"
        rows = database.execute(
            f"select {error}, count(*) from {_name(table.table)} where {_name(table.status_column)} in"  # noqa: S608
            f" ({_marks(table.statuses.failed)}) and {_name(table.error_column)} is not null"
            f" group by 1 order by 2 desc, 1 limit {COMMON_ERRORS}",
            table.statuses.failed,
        )
        return tuple((shown(str(text), 200), count) for text, count in rows)

    def _one(self, database: sqlite3.Connection, query: str, values: tuple[Any, ...]) -> Any:
        return database.execute(query, values).fetchone()[0]


def _at_rest(path: Path) -> tuple[int, int, int] | None:
    """What tells one state of a WAL database that nobody has open from the next; None for any other database."""
    if path.with_name(path.name + "-wal").exists():
        return None
    with path.open("rb") as file:
        in_wal_mode = file.read(WRITE_VERSION_AT + 1)[WRITE_VERSION_AT:] == b"\2"
        status = os.fstat(file.fileno())
    return (status.st_ino, status.st_size, status.st_mtime_ns) if in_wal_mode else None


def _name(identifier: str) -> str:
    """An SQL identifier, quoted: the config's names are data, not SQL. Brackets, since a name in double quotes
    that is no column would silently become a string."""
    return "[" + identifier.replace("]", "") + "]"


def _epoch(column: str) -> str:
    """SQL for a time in seconds since the epoch: text of CURRENT_TIMESTAMP (UTC), or a number of seconds or, as
    JavaScript counts, of milliseconds.

    As a number, a text that begins with a date is its year. ``unixepoch()`` is missing before SQLite 3.38.
    """
    name = _name(column)
    return (
        f"case when cast({name} as real) > 1e11 then cast({name} as real) / 1000"
        f" when cast({name} as real) > 1e8 then cast({name} as real)"
        f" else cast(strftime('%s', {name}) as integer) end"
    )


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))
