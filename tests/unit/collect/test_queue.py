"""The queue is counted on real databases, and each way of not being readable has words of its own."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from opsconsole.collect.queue import QueueSource
from opsconsole.config.types import QueueTable
from opsconsole.model.clock import SystemClock

SCHEMA = """create table prompts (id integer primary key, status text, error text,
    created_at text default current_timestamp, completed_at text)"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "assigner db?.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute(SCHEMA)
        rows = [("completed", None, "now")] * 37 + [("failed", "No available ports", "now")] * 40
        rows += [("failed", "already exists", "-2 days")] * 45 + [("odd", None, "now")]
        connection.executemany(
            "insert into prompts (status, error, completed_at) values (?, ?, datetime('now', ?))",
            [(status, error, "+0 days" if when == "now" else when) for status, error, when in rows],
        )
        connection.commit()
    return path


def read(path: Path, **settings: str) -> object:
    return QueueSource(QueueTable(path=path, **settings)).read(SystemClock())


def reason(path: Path, **settings: str) -> str:
    reading = QueueSource(QueueTable(path=path, **settings)).read(SystemClock())
    assert reading.state == "unknown"
    assert path.name in reading.reason
    return reading.reason


def test_the_incidents_numbers(database: Path) -> None:
    queue = QueueSource(QueueTable(path=database)).read(SystemClock()).value
    assert queue is not None
    assert (queue.total, queue.completed, queue.failed, queue.failed_24h, queue.other) == (123, 37, 85, 40, 1)
    assert queue.success_rate == pytest.approx(37 / 122)
    assert queue.errors == (("already exists", 45), ("No available ports", 40))


def test_what_ended_last_is_counted_by_when_it_ended_or_began(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executemany(
            "insert into prompts (status, completed_at, created_at) values (?, ?, datetime('now', ?))",
            [("completed", None, "+1 hours")] * 7
            + [("failed", None, "+2 hours")] * 2
            + [("pending", None, "+3 hours")],
        )
        connection.commit()
    queue = QueueSource(QueueTable(path=database)).read(SystemClock()).value
    assert queue is not None
    assert queue.recent is not None
    assert queue.recent[0] in (7, 8), "the tenth is one of the earlier ones"
    assert sum(queue.recent) == 10


def test_a_writer_that_is_alive_disturbs_nothing(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as writer:
        writer.execute("begin immediate")
        writer.execute("insert into prompts (status) values ('pending')")
        queue = QueueSource(QueueTable(path=database)).read(SystemClock()).value
        assert queue is not None
        assert queue.pending == 0


def test_missing_is_said_and_nothing_is_created(tmp_path: Path) -> None:
    path = tmp_path / "absent.db"
    assert "no such file" in reason(path)
    assert list(tmp_path.iterdir()) == []


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert "is empty" in reason(tmp_path / "empty.db")


def test_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("hello, this is no database at all")
    assert "not a SQLite database" in reason(tmp_path / "text.db")


def test_a_fifo_is_refused_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.db")
    assert "FIFO" in reason(tmp_path / "fifo.db")


def test_corrupt(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[100:4096] = b"\xff" * 3996
    database.write_bytes(content)
    assert "corrupt" in reason(database)


def test_locked_exclusively(tmp_path: Path) -> None:
    path = tmp_path / "locked.db"
    with contextlib.closing(sqlite3.connect(path)) as holder:
        holder.execute(SCHEMA)
        holder.commit()
        holder.execute("begin exclusive")
        assert "locked" in reason(path)


def test_another_table_or_column_is_named_with_where_to_say_so(database: Path) -> None:
    assert "[queue] table" in reason(database, table="jobs")
    assert "status_column" in reason(database, status_column="state")


def test_hostile_names_are_names_not_sql(database: Path) -> None:
    assert "no such table" in reason(database, table="prompts]; drop table prompts; --")
    assert read(database) is not None


def test_nothing_is_left_beside_a_database_that_nobody_has_open(database: Path) -> None:
    before = sorted(database.parent.iterdir())
    assert QueueSource(QueueTable(path=database)).read(SystemClock()).ok
    assert sorted(database.parent.iterdir()) == before


def test_what_stands_in_the_log_of_a_writer_is_counted(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as writer:
        writer.execute("insert into prompts (status) values ('pending')")
        writer.commit()
        queue = QueueSource(QueueTable(path=database)).read(SystemClock()).value
    assert queue is not None
    assert queue.pending == 1


def test_lesser_columns_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "lean.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("create table prompts (status text)")
        connection.execute("insert into prompts values ('failed'), ('pending')")
        connection.commit()
    queue = QueueSource(QueueTable(path=path)).read(SystemClock()).value
    assert queue is not None
    assert (queue.total, queue.failed, queue.failed_24h, queue.oldest_pending_s, queue.errors) == (2, 1, None, None, ())


def test_times_may_be_numbers(tmp_path: Path) -> None:
    path = tmp_path / "numbers.db"
    now = SystemClock().wall()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("create table prompts (status text, created_at real)")
        connection.executemany("insert into prompts values ('failed', ?)", [(now - 60,), (now - 3 * 86400,)])
        connection.commit()
    queue = QueueSource(QueueTable(path=path)).read(SystemClock()).value
    assert queue is not None
    assert queue.failed_24h == 1


def test_times_may_be_milliseconds_as_javascript_counts_them(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("update prompts set completed_at = strftime('%s', completed_at) * 1000")
        connection.commit()
    queue = QueueSource(QueueTable(path=database)).read(SystemClock()).value
    assert queue is not None
    assert queue.failed_24h == 40
