"""What numbers were and what happened, on the disk: `history.sqlite3` in the state directory, for us alone.

A minute is one row with the samples of all series. After ``KEPT_MINUTES_S`` only means of ten minutes are left, after
``KEPT_TENS_S`` nothing; of events the newest ``KEPT_EVENTS``. Two consoles may write: a minute that one has recorded
is only completed by the other, and an event that changes nothing is left out. It has a rollback journal, so that a
reader writes nothing; nothing here is synced as the journal of plans is, whose file this is not for that reason.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec

from opsconsole.config.locate import make_state_directory
from opsconsole.config.state_file import make_state_file
from opsconsole.model.event import Event, EventKind
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.sample import Past, Sample
from opsconsole.model.text import clean

FILE_NAME = "history.sqlite3"
MINUTE_S = 60
TEN_S = 600
KEPT_MINUTES_S = 48 * 3600
KEPT_TENS_S = 30 * 86_400
KEPT_EVENTS = 2000
AHEAD_S = 600
"""Rows later than now by more were written under a clock that was wrong."""
BUSY_S = 5.0

_SCHEMA = """
create table if not exists minutes (at integer primary key, samples blob not null);
create table if not exists tens (at integer primary key, samples blob not null);
create table if not exists events (
  id integer primary key, at real not null, kind text not null, subject text not null, document blob not null);
create index if not exists events_subject on events (subject, id);
pragma user_version = 1;
"""
_ASPECTS: tuple[tuple[frozenset[EventKind], frozenset[EventKind]], ...] = (
    (frozenset({"opened"}), frozenset({"closed"})),
    (frozenset({"acknowledged"}), frozenset({"unacknowledged", "closed", "quiet"})),
    (frozenset({"raised"}), frozenset({"quiet"})),
    (frozenset({"silenced"}), frozenset({"unsilenced"})),
)
"""What begins something, and what ends it."""

Samples = dict[str, Sample | None]
T = TypeVar("T")


class HistoryFile:
    """The file open for writing. One thread's. sqlite3.Error and OSError come through."""

    def __init__(self, directory: Path) -> None:
        make_state_directory(directory)
        path = directory / FILE_NAME
        make_state_file(path)
        self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        try:
            self._connection.execute("pragma journal_mode = truncate")
            self._connection.execute("pragma synchronous = normal")
            if not self._connection.execute("pragma user_version").fetchone()[0]:
                self._connection.executescript(_SCHEMA)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def write(self, at: float, samples: Mapping[str, Sample | None], events: Iterable[Event]) -> None:
        """Record a minute's samples (none: no minute) and these events, and forget what is too old. All or nothing."""
        self._connection.execute("begin immediate")
        try:
            if samples:
                self._add_minute(int(at // MINUTE_S * MINUTE_S), samples)
                self._forget("at > ?", dict.fromkeys(("minutes", "tens"), at + AHEAD_S))
                self._sum_up(at)
                self._forget("at < ?", {"minutes": at - KEPT_MINUTES_S, "tens": at - KEPT_TENS_S})
            for event in events:
                self._add_event(event)
            self._connection.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise

    def standing(self) -> dict[tuple[EventKind, str], Event]:
        """What has begun and not ended by what is recorded, by kind and subject: open findings and the like."""
        begun: dict[tuple[EventKind, str], int] = {}
        for number, kind, subject in self._connection.execute("select id, kind, subject from events order by id"):
            for starts, ends in _ASPECTS:
                if kind in starts:
                    begun[kind, subject] = number
                elif kind in ends:
                    for started in starts:
                        begun.pop((started, subject), None)
        return {key: self._event(number) for key, number in begun.items()}

    def _event(self, number: int) -> Event:
        row = self._connection.execute("select document from events where id = ?", (number,)).fetchone()
        return _event_of(row[0])

    def _add_minute(self, at: int, samples: Mapping[str, Sample | None]) -> None:
        row = self._connection.execute("select samples from minutes where at = ?", (at,)).fetchone()
        there = msgspec.json.decode(row[0], type=Samples) if row else {}
        missing = {key: sample for key, sample in samples.items() if there.get(key) is None}
        if row is None or any(missing.values()):
            document = msgspec.json.encode({**there, **{key: _rounded(sample) for key, sample in missing.items()}})
            self._connection.execute("insert or replace into minutes (at, samples) values (?, ?)", (at, document))

    def _sum_up(self, now: float) -> None:
        """Means of every ten minutes that are over since the last ones that have one."""
        wanted = self._connection.execute(
            "select distinct at / 600 * 600 from minutes"
            " where at >= coalesce((select max(at) from tens) + 600, 0) and at < ?",
            (int(now // TEN_S * TEN_S),),
        ).fetchall()
        for (ten,) in wanted:
            rows = self._connection.execute("select samples from minutes where at >= ? and at < ?", (ten, ten + TEN_S))
            mean = _mean([msgspec.json.decode(row[0], type=Samples) for row in rows])
            self._connection.execute("insert into tens (at, samples) values (?, ?)", (ten, msgspec.json.encode(mean)))

    def _forget(self, condition: str, bounds: Mapping[str, float]) -> None:
        """Rows of these tables, and events beyond those kept."""
        for table, bound in bounds.items():
            self._connection.execute(f"delete from {table} where {condition}", (bound,))  # noqa: S608  # names of ours
        self._connection.execute(
            "delete from events where id <= (select id from events order by id desc limit 1 offset ?)", (KEPT_EVENTS,)
        )

    def _add_event(self, event: Event) -> None:
        """Unless it changes nothing: another console may have told it first."""
        for starts, ends in _ASPECTS:
            if event.kind not in starts and event.kind not in ends:
                continue
            last = self._last_of(event.subject, starts | ends)
            stands = last is not None and last.kind in starts
            if (event.kind in starts) != stands or (last is not None and stands and last.until != event.until):
                break
        else:
            return
        self._connection.execute(
            "insert into events (at, kind, subject, document) values (?, ?, ?, ?)",
            (event.at, event.kind, event.subject, msgspec.json.encode(event)),
        )

    def _last_of(self, subject: str, kinds: frozenset[EventKind]) -> Event | None:
        marks = ", ".join("?" * len(kinds))
        row = self._connection.execute(
            f"select document from events where subject = ? and kind in ({marks}) order by id desc limit 1",  # noqa: S608
            (subject, *kinds),
        ).fetchone()
        return _event_of(row[0]) if row else None


def read_past(directory: Path, since: float, now: float) -> Reading[Past]:
    """The samples since then: of minutes where they are still kept, else of ten minutes. Writes nothing."""
    in_tens = since < now - KEPT_MINUTES_S
    every_s = float(TEN_S if in_tens else MINUTE_S)

    def read(connection: sqlite3.Connection) -> Past:
        query, given = "select at, samples from minutes where at >= ? and at <= ?", [since, now]
        if in_tens:
            # The ten minutes under way have no mean yet.
            query += " and at >= coalesce((select max(at) from tens) + 600, 0)"
            query += " union all select at, samples from tens where at >= ? and at <= ?"
            given *= 2
        rows = connection.execute(f"{query} order by at", given).fetchall()
        decoder = msgspec.json.Decoder(Samples)
        documents = [decoder.decode(row[1]) for row in rows]
        keys = dict.fromkeys(key for document in documents for key in document)
        series = {key: tuple(document.get(key) for document in documents) for key in keys}
        return Past(tuple(float(row[0]) for row in rows), every_s, series)

    return _read(directory, read, Past((), every_s, {}), now)


def read_events(directory: Path, limit: int, now: float) -> Reading[tuple[Event, ...]]:
    """The newest events first. Writes nothing."""

    def read(connection: sqlite3.Connection) -> tuple[Event, ...]:
        rows = connection.execute("select document from events order by at desc, id desc limit ?", (limit,))
        return tuple(_event_of(row[0]) for row in rows)

    return _read(directory, read, (), now)


def _read(directory: Path, read: Callable[[sqlite3.Connection], T], nothing: T, now: float) -> Reading[T]:
    path = directory / FILE_NAME
    try:
        if not path.exists():
            return ok(nothing, now)
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as connection:
            return ok(read(connection), now)
    except (sqlite3.Error, OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        return unknown(f"{path}: {clean(str(error), 200)}", now)


def _event_of(document: bytes) -> Event:
    """A finding as another version told it is left out of its event."""
    try:
        return msgspec.json.decode(document, type=Event)
    except msgspec.ValidationError:
        told = msgspec.json.decode(document)
        if not isinstance(told, dict) or "finding" not in told:
            raise
        return msgspec.convert({**told, "finding": None}, Event)


def _mean(documents: list[Samples]) -> Samples:
    """Of the known samples of each series; None where there is none."""
    means: Samples = {}
    for key in dict.fromkeys(key for document in documents for key in document):
        known = [sample for document in documents if (sample := document.get(key)) is not None]
        mean = sum(sample.mean for sample in known) / len(known) if known else 0.0
        means[key] = _rounded(Sample(mean, max(sample.peak for sample in known))) if known else None
    return means


def _rounded(sample: Sample | None) -> Sample | None:
    """Four digits are more than a chart shows, and half of what would have to be stored."""
    return Sample(float(f"{sample.mean:.4g}"), float(f"{sample.peak:.4g}")) if sample is not None else None
