"""The journal, read: plans, their steps, their results, and what is true now of those that were left unfinished.

The only part of ``act`` that watch mode may import: it opens the journal read-only and can do nothing else.
The file is ``journal.sqlite3`` in the state directory; documents in it are the JSON of ``model.plan``.
"""

from __future__ import annotations

import shlex
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from opsconsole.collect import procfs
from opsconsole.collect.documents import NotJson, decoded_as
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import EntryState, JournalEntry, Plan, PlanResult, StepRecord
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.text import clean

FILE = "journal.sqlite3"
TAKEN_WITHIN_S = 60.0
"""A plan that no executor has taken by then is abandoned, and none takes it any more."""
BUSY_S = 2.0


def journal_path(state_dir: Path) -> Path:
    return state_dir / FILE


class JournalReader:
    """Reads one journal. Holds nothing open between two calls; any thread's."""

    def __init__(self, state_dir: Path) -> None:
        self._path = journal_path(state_dir)

    def entries(self, limit: int = 100) -> Reading[tuple[JournalEntry, ...]]:
        """The newest plans first. No journal yet is an empty one."""
        return self._read("select id from plans order by submitted desc, rowid desc limit ?", (limit,))

    def unfinished(self) -> Reading[tuple[JournalEntry, ...]]:
        """Plans without a final result, newest first; those under way and those left behind."""
        return self._read("select id from plans where final = 0 order by submitted desc, rowid desc", ())

    def entry(self, plan_id: str) -> Reading[JournalEntry]:
        """One plan with all its steps so far; unknown when there is none of this id."""
        found: Reading[tuple[JournalEntry, ...]] = self._read("select id from plans where id = ?", (plan_id,))
        if not found.value:
            return unknown(found.reason or f"journal: no plan {clean(plan_id, 40)}", found.at)
        return ok(found.value[0], found.at or time.time())

    def _read(self, query: str, parameters: tuple[object, ...]) -> Reading[tuple[JournalEntry, ...]]:
        at = time.time()
        if not self._path.exists():
            return ok((), at)
        try:
            with self._connected() as connection:
                ids = [row[0] for row in connection.execute(query, parameters)]
                return ok(tuple(_entry(connection, plan_id) for plan_id in ids), at)
        except (sqlite3.Error, NotJson, OSError) as error:
            return unknown(f"journal {self._path}: {clean(str(error), 200)}", at)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        uri = f"{self._path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S)) as connection:
            connection.execute("begin")  # one moment's state for all that is read
            yield connection


def _entry(connection: sqlite3.Connection, plan_id: str) -> JournalEntry:
    submitted, document, executor_document, result_document, final = connection.execute(
        "select submitted, document, executor, result, final from plans where id = ?", (plan_id,)
    ).fetchone()
    rows = connection.execute("select document from steps where plan = ? order by number", (plan_id,)).fetchall()
    plan = decoded_as(document, Plan)
    executor = decoded_as(executor_document, ProcessId) if executor_document else None
    result = decoded_as(result_document, PlanResult) if result_document else None
    return JournalEntry(
        plan=plan,
        state=_state(submitted, executor, result, bool(final)),
        steps=tuple(decoded_as(row[0], StepRecord) for row in rows),
        result=result,
        executor=executor,
        confirmed=submitted,
        took_s=_took(result, submitted) if result is not None else None,
    )


def _took(result: PlanResult, confirmed: float) -> float:
    """Seconds until it was as wanted; where it never was, or did not stay so, until that was known."""
    settled = result.settled if result.settled is not None and result.verified is True else result.ended
    return max(settled - confirmed, 0.0)


def _state(submitted: float, executor: ProcessId | None, result: PlanResult | None, final: bool) -> EntryState:
    if final:
        return "finished"
    if executor is None:
        return "waiting" if abs(time.time() - submitted) < TAKEN_WITHIN_S else "abandoned"
    if not lives(executor):
        return "abandoned"
    return "running" if result is None else "watching"


def truth_now(entry: JournalEntry) -> tuple[str, ...]:
    """What has become of a plan's process targets, one line each: read now, whatever the journal says.

    What it had started beside: that is nobody's child now, and its pid file may not have been written. And what a
    hibernation may have left half done: no tmux is asked here, but how it is put right is said.
    """
    fates = tuple(
        f"{target.role} {mark.pid} ({mark.command}): {_fate(mark.id)}"
        for target in entry.plan.targets
        if (mark := target.process) is not None
    )
    return (*fates, *_started(entry), *_half_asleep(entry))


def _started(entry: JournalEntry) -> Iterator[str]:
    for step in entry.steps:
        if not step.text.startswith("start "):
            continue
        if step.process is None:
            if step.state == "started":
                yield f"{step.subject}: {step.text} may or may not have been done: look whether it runs"
            continue
        pid = step.process.pid
        yield f"{step.subject}: {pid}, which it had started, {_fate(step.process)}"
        written = any(
            each.text.startswith(f"write {pid} to the pid file") and each.state == "done" for each in entry.steps
        )
        planned = any("write its pid to" in text for part in entry.plan.subplans for text in part.steps)
        if planned and not written and lives(step.process):
            command = f"opsconsole write-pid-file {step.subject}"
            yield f"{step.subject}: its pid file may be missing: `{command}` writes it"


def _half_asleep(entry: JournalEntry) -> Iterator[str]:
    for target in entry.plan.targets:
        if target.pane is None or entry.plan.verb != "hibernate":
            continue
        steps = [step for step in entry.steps if step.subject == target.name]
        blocked = any(step.text.startswith("block typing") for step in steps)
        freed = any(step.text.startswith("allow typing") and step.state == "done" for step in steps)
        if blocked and not freed:
            free = f"tmux -S {shlex.quote(target.pane.socket)} select-pane -e -t {target.pane.pane}"
            yield f"pane {target.pane.pane} of {target.name}: typing in it may still be blocked; {free}"
        ended = any(step.text.startswith("SIGTERM ") for step in steps)
        if any(step.text.startswith("mark ") for step in steps) and not ended:
            pane = f"pane {target.pane.pane} of {target.name}"
            back = f"`opsconsole wake {shlex.quote(target.name)}` takes that back"
            yield f"{pane} may be marked as asleep though its agent was not ended, and stay when that ends: {back}"
        record = next((step.detail for step in steps if step.text.startswith("save ") and step.state == "done"), "")
        if ended and record and not any(step.text.startswith("mark ") and step.state == "done" for step in steps):
            wake = f"sh {shlex.quote(record.removesuffix('.json') + '.sh')}"
            yield f"the conversation of {target.name} is kept; in its directory, once nothing has it open: {wake}"


def _fate(process: ProcessId) -> str:
    if lives(process):
        return "still runs"
    return "has ended"


def lives(process: ProcessId) -> bool:
    """Whether this very process runs (a zombie does not)."""
    if not sys.platform.startswith("linux"):
        import psutil

        try:
            found = psutil.Process(process.pid)
            return round(found.create_time() * 1e6) == process.start_ticks and found.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
    stat = procfs.parse_stat(procfs.read_stat(f"/proc/{process.pid}/stat") or b"")
    if stat is None or stat.start_ticks != process.start_ticks:
        return False
    return procfs.read_boot_id(Path("/proc")) == process.boot_id and (stat.state not in "ZX" or stat.threads > 1)


def user_names(entries: Iterable[JournalEntry]) -> dict[int, str]:
    """Names of the users who confirmed these plans, by uid; who has gone has none. Asks the system's user database."""
    import pwd

    names = {}
    for uid in {entry.plan.uid for entry in entries}:
        with suppress(KeyError):
            names[uid] = clean(pwd.getpwuid(uid).pw_name, 80)
    return names
