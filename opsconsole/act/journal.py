"""The journal, written: intent before anything is done, each step before it is taken, then what came of it.

SQLite in the state directory (0700, the file 0600), a rollback journal rather than a write-ahead log, so that a
reader needs no file of its own and writes nothing. Every commit is synced to the disk before it returns. When it
cannot be written, JournalFailed says why, and nothing that was to be recorded may be done.

One Journal is shared by the threads of an executor: what several of them write at once is committed at once.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from opsconsole.act.journal_fault import told, too_full
from opsconsole.act.journal_reader import TAKEN_WITHIN_S, journal_path
from opsconsole.collect.documents import NotJson, decoded_as
from opsconsole.config.locate import make_state_directory
from opsconsole.config.state_file import make_state_file
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Plan, PlanResult, StepRecord, StepState
from opsconsole.model.text import clean

LEAST_FREE_BYTES = 262_144
"""With less room on the disk a plan might begin that cannot be recorded to its end."""
BUSY_S = 10.0
KEPT_PLANS = 1000
"""Finished plans beyond these are dropped, oldest first."""

_SCHEMA = """
create table if not exists plans (
  id text primary key, submitted real not null, verb text not null, document blob not null,
  executor blob, result blob, final integer not null default 0);
create table if not exists steps (
  plan text not null, number integer not null, document blob not null, primary key (plan, number));
create table if not exists starts (subject text not null, at real not null, process blob);
create index if not exists plans_submitted on plans (submitted);
create index if not exists starts_subject on starts (subject, at);
"""


class JournalFailed(Exception):
    """Why nothing can be recorded, in one line."""


class _Pending:
    def __init__(self, statement: str, parameters: tuple[object, ...]) -> None:
        self.statement = statement
        self.parameters = parameters
        self.committed = False
        self.error: sqlite3.Error | None = None


class Journal:
    """One open journal. Threads share it; processes open it each for themselves."""

    def __init__(self, state_dir: Path, *, wall: Callable[[], float] = time.time) -> None:
        """Open it, made where there is none; ``wall`` tells seconds since the epoch. Raises JournalFailed."""
        self._wall = wall
        self._path = journal_path(state_dir)
        self._queue: list[_Pending] = []
        self._queued = threading.Lock()
        self._turn = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._opened: sqlite3.Connection | None = None
        try:
            make_state_directory(state_dir)
            make_state_file(self._path)
            self._connection = self._opened = sqlite3.connect(
                self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("pragma journal_mode = truncate")
            self._connection.execute("pragma synchronous = full")
            if not self._connection.execute("pragma table_info(starts)").fetchone():
                self._connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            if self._opened is not None:
                self._opened.close()
            raise JournalFailed(told(error, self._path)) from None

    def close(self) -> None:
        self._connection.close()

    def intend(self, plan: Plan) -> None:
        """Record the plan. On the disk when this returns. A plan is recorded once: JournalFailed the second time."""
        try:
            reason = too_full(self._path, LEAST_FREE_BYTES)
        except OSError as error:
            reason = told(error, self._path)
        if reason:
            raise JournalFailed(reason)
        self._write(
            "insert into plans (id, submitted, verb, document) values (?, ?, ?, ?)",
            (plan.id, self._wall(), plan.verb, _document(plan)),
        )

    def take(self, plan_id: str, executor: ProcessId) -> Plan | None:
        """Claim a plan for this executor; None when there is none or another has it, or it has waited too long."""
        with self._turn:
            try:
                self._connection.execute("begin immediate")
                row = self._connection.execute(
                    "select document from plans where id = ? and executor is null and final = 0 and submitted > ?",
                    (plan_id, self._wall() - TAKEN_WITHIN_S),
                ).fetchone()
                if row is not None:
                    self._connection.execute(
                        "update plans set executor = ? where id = ?", (_document(executor), plan_id)
                    )
                self._connection.execute("commit")
            except sqlite3.Error as error:
                self._roll_back()
                raise JournalFailed(told(error, self._path)) from None
        try:
            return decoded_as(row[0], Plan) if row is not None else None
        except NotJson as error:
            raise JournalFailed(f"journal {self._path}: what stands there as plan {plan_id} is none: {error}") from None

    def withdraw(self, plan_id: str) -> bool:
        """Take back a plan that no executor has: none will take it any more. False: one has it."""
        with self._turn:
            try:
                self._connection.execute("begin immediate")
                done = self._connection.execute(
                    "delete from plans where id = ? and executor is null and final = 0", (plan_id,)
                )
                self._connection.execute("commit")
            except sqlite3.Error as error:
                self._roll_back()
                raise JournalFailed(told(error, self._path)) from None
        return done.rowcount == 1

    def begin_step(self, plan_id: str, subject: str, text: str) -> StepRecord:
        """Record that a step is about to be taken. On the disk when this returns."""
        with self._queued:
            number = self._numbers[plan_id] = self._numbers.get(plan_id, 0) + 1
        step = StepRecord(number=number, subject=subject, text=clean(text, 600), began=self._wall())
        self._write("insert into steps (plan, number, document) values (?, ?, ?)", (plan_id, number, _document(step)))
        return step

    def end_step(
        self, plan_id: str, step: StepRecord, state: StepState, detail: str = "", process: ProcessId | None = None
    ) -> StepRecord:
        """Record what came of a step, and what it has started."""
        ended = msgspec.structs.replace(
            step, ended=self._wall(), state=state, detail=clean(detail, 600), process=process
        )
        self._write(
            "update steps set document = ? where plan = ? and number = ?",
            (_document(ended), plan_id, step.number),
        )
        return ended

    def conclude(self, result: PlanResult) -> None:
        """Record the result; final unless it is still being watched."""
        self._write(
            "update plans set result = ?, final = ? where id = ?",
            (_document(result), 0 if result.watching else 1, result.plan),
        )
        if not result.watching:
            self._forget_old()

    def record_start(self, subject: str, process: ProcessId | None) -> None:
        self._write(
            "insert into starts (subject, at, process) values (?, ?, ?)",
            (subject, self._wall(), _document(process) if process is not None else None),
        )

    def starts_since(self, subject: str, since: float) -> int:
        """How often this subject was started by us since then (seconds since the epoch)."""
        with self._turn:
            row = self._connection.execute(
                "select count(*) from starts where subject = ? and at >= ? and at <= ?", (subject, since, self._wall())
            ).fetchone()
        return int(row[0])

    def _forget_old(self) -> None:
        self._write(
            "delete from steps where plan in (select id from plans where final = 1"
            " order by submitted desc limit -1 offset ?)",
            (KEPT_PLANS,),
        )
        self._write(
            "delete from plans where id in (select id from plans where final = 1"
            " order by submitted desc limit -1 offset ?)",
            (KEPT_PLANS,),
        )

    def _write(self, statement: str, parameters: tuple[object, ...]) -> None:
        """Commit this statement, together with whatever other threads want committed at this moment."""
        mine = _Pending(statement, parameters)
        with self._queued:
            self._queue.append(mine)
        with self._turn:
            if not mine.committed and mine.error is None:
                with self._queued:
                    batch, self._queue = self._queue, []
                self._commit(batch)
        if mine.error is not None:
            raise JournalFailed(told(mine.error, self._path))

    def _commit(self, batch: list[_Pending]) -> None:
        try:
            self._connection.execute("begin immediate")
            for pending in batch:
                self._connection.execute(pending.statement, pending.parameters)
            self._connection.execute("commit")
        except sqlite3.Error as error:
            self._roll_back()
            for pending in batch:
                pending.error = error
            return
        for pending in batch:
            pending.committed = True

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("rollback")


def _document(value: msgspec.Struct) -> bytes:
    """Its JSON. Raises JournalFailed for text that is no UTF-8, as names of files may be."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise JournalFailed(f"it cannot be recorded: {ascii(error.object)[:200]} is no UTF-8 text") from None
