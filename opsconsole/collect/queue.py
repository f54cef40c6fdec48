"""The prompt queue: a SQLite database of somebody else, opened read-only and never created.

A WAL database whose writer is alive is read through its -shm like any reader's; where that cannot be opened
(read-only folder) SQLite refuses and the reading is unknown: opening it as immutable could show torn pages.
"""

from __future__ import annotations

import time
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
DAY_S = 24 * 3600
COMMON_ERRORS = 5
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
            database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1.0)
        except sqlite3.Error as error:
            return unknown(shown(f"{path}: {error}"), now)
        try:
            give_up_at = time.monotonic() + QUERY_LIMIT_S
            database.set_progress_handler(lambda: time.monotonic() > give_up_at, STEPS_PER_LOOK)
            return ok(self._queue(database, now), now)
        except sqlite3.Error as error:
            return unknown(shown(f"{path}: {self._explained(error)}"), now)
        finally:
            database.close()

    def _not_a_database(self) -> str:
        """Why the file cannot be a database, seen without SQLite; empty when it can."""
        import os

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

    def _explained(self, error: sqlite3.Error) -> str:
        text = str(error)
        table = self._table
        if "no such table" in text:
            return f"{text}; [queue] table names {table.table!r}"
        if "no such column" in text:
            return f"{text}; see status_column, created_column, ended_column and error_column of [queue]"
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
        named = (statuses.completed, statuses.failed, statuses.pending, statuses.active, statuses.cancelled)
        completed, failed, pending, active, cancelled = (sum(counts.get(name, 0) for name in group) for group in named)
        total = sum(counts.values())
        ended = completed + failed
        return Queue(
            total=total,
            completed=completed,
            failed=failed,
            failed_24h=self._failed_since(database, now - DAY_S),
            pending=pending,
            active=active,
            success_rate=completed / ended if ended else None,
            cancelled=cancelled,
            other=total - completed - failed - pending - active - cancelled,
            oldest_pending_s=self._oldest_pending(database, now),
            errors=self._common_errors(database),
        )

    def _failed_since(self, database: sqlite3.Connection, since: float) -> int:
        table = self._table
        moment = f"coalesce({_name(table.ended_column)}, {_name(table.created_column)})"
        return int(
            self._one(
                database,
                f"select count(*) from {_name(table.table)} where {_name(table.status_column)} in"  # noqa: S608
                f" ({_marks(table.statuses.failed)}) and {_epoch(moment)} >= ?",
                (*table.statuses.failed, since),
            )
        )

    def _oldest_pending(self, database: sqlite3.Connection, now: float) -> float | None:
        table = self._table
        oldest = self._one(
            database,
            f"select min({_epoch(_name(table.created_column))}) from {_name(table.table)}"  # noqa: S608
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


def _name(identifier: str) -> str:
    """An SQL identifier, quoted: the config's names are data, not SQL. Brackets, since a name in double quotes
    that is no column would silently become a string."""
    return "[" + identifier.replace("]", "") + "]"


def _epoch(column: str) -> str:
    """SQL for a time in seconds since the epoch: text of CURRENT_TIMESTAMP (UTC), or a number that is one already.

    As a number, a text that begins with a date is its year. ``unixepoch()`` is missing before SQLite 3.38.
    """
    name = _name(column)
    return (
        f"case when cast({name} as real) > 1e8 then cast({name} as real)"
        f" else cast(strftime('%s', {name}) as integer) end"
    )


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))
