"""Hibernated conversations whose pane is gone: its tmux server has ended, or the pane was closed.

What sleeps is known from the records in the state directory, which `act` writes and removes. A record tells of a
conversation that can be resumed only while its transcript, directory and program are there; what of that cannot be read
is told as unknown. Whoever has the conversation open, or has carried it on since, has woken it: then it sleeps no more.
"""

from __future__ import annotations

import os
import shlex
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from opsconsole.collect.agent_registry import EntryUnreadable, live_holders
from opsconsole.collect.agents import Agents
from opsconsole.collect.documents import NotJson, decoded_as
from opsconsole.collect.files import FileUnreadable, open_regular, read_capped
from opsconsole.config.types import SessionsTable
from opsconsole.model.clock import Clock
from opsconsole.model.identity import PaneId
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.session import Session, SessionState, TmuxServer
from opsconsole.model.sleeping import SavedSession
from opsconsole.model.text import clean, command_line, shown

FOLDER = "sleeping"
"""In the state directory, for its owner's eyes only."""
LAST_WORDS_S = 120.0
"""For so long after it was put to sleep its transcript may still have grown: what it writes when it ends."""
MOST_RECORDS = 200
MOST_BYTES = 4 * 1024 * 1024
SERVER_ENDED = "its tmux server ended"
PANE_CLOSED = "its pane was closed"


class Sleeper(msgspec.Struct, frozen=True):
    """What one record tells; nothing of the environment that it keeps."""

    saved_as: str
    """Path of the record."""
    conversation: str
    agent: str
    name: str
    pane: PaneId
    cwd: str
    since: float
    moved_at: float | None
    draft: str
    state: SessionState
    """``hibernated``: it can be resumed; ``dead``: it cannot; ``unknown``."""
    why: str
    """Why it cannot be, or may not be."""
    by_hand: str
    """The command that resumes it, or forgets what cannot be resumed; empty while that is not known."""


class SleepingSource:
    """Reads the records of one state directory."""

    name = "sleeping"
    every_s = 5.0
    deadline_s = 3.0

    def __init__(self, state_dir: Path, agents: Agents) -> None:
        self._folder = state_dir / FOLDER
        self._agents = agents

    def read(self, clock: Clock) -> Reading[tuple[Sleeper, ...]]:
        try:
            names = sorted(entry.name for entry in os.scandir(self._folder) if entry.name.endswith(".json"))
        except FileNotFoundError:
            return ok((), clock.wall())
        except OSError as error:
            return unknown(shown(f"{self._folder}: {error.strerror}"), clock.wall())
        found: list[Sleeper] = []
        unread = [f"{self._folder}: only {MOST_RECORDS} of {len(names)} records"] if len(names) > MOST_RECORDS else []
        for name in names[:MOST_RECORDS]:
            try:
                sleeper = self._sleeper(self._folder / name)
            except (FileUnreadable, NotJson) as failure:
                unread.append(f"{self._folder / name}: {failure}")
            else:
                found += [sleeper] if sleeper is not None else []
        return ok(tuple(found), clock.wall(), note=shown("; ".join(unread)))

    def _sleeper(self, record: Path) -> Sleeper | None:
        """What this record tells; None when somebody has woken it."""
        saved = decoded_as(read_capped(record, MOST_BYTES), SavedSession)
        profile = self._agents.profiles.get(saved.agent)
        if profile is None or profile.registry is None:
            return _made(record, saved, "unknown", f"there is no profile of {saved.agent} any more", "")
        try:
            if live_holders(Path(saved.home), profile.registry, saved.conversation):
                return None
        except EntryUnreadable as failure:
            return _made(record, saved, "unknown", f"who holds its conversation is not known: {failure}", "")
        transcript = Path(saved.transcript)
        try:
            descriptor = open_regular(transcript)
        except FileUnreadable as failure:
            if not failure.missing:
                return _made(record, saved, "unknown", f"its transcript cannot be read: {failure.reason}", "")
            forget = f"rm -- {shlex.quote(str(record.with_suffix('')))}.*"
            return _made(record, saved, "dead", f"its transcript {transcript} is gone: it cannot be resumed", forget)
        status = os.fstat(descriptor)
        os.close(descriptor)
        if status.st_mtime > saved.since + LAST_WORDS_S:
            return None
        if why := _why_doubtful(saved, status.st_size):
            return _made(record, saved, "unknown", why, "")
        usual = Path.home() / profile.registry.home
        settings = "" if Path(saved.home) == usual else f"{profile.registry.variable}={shlex.quote(saved.home)} "
        return _made(record, saved, "hibernated", "", settings)


def _why_doubtful(saved: SavedSession, transcript_bytes: int) -> str:
    if transcript_bytes < saved.transcript_bytes:
        return f"its transcript has {transcript_bytes} bytes, {saved.transcript_bytes} when it was put to sleep"
    if not Path(saved.cwd).is_dir():
        return f"its directory {saved.cwd} is gone"
    if not saved.resume or not os.access(saved.resume[0], os.X_OK):
        return f"its program {saved.resume[0] if saved.resume else ''} is gone"
    gone = [path for path in saved.files if not Path(path).exists()]
    return f"its command line names what is gone: {', '.join(gone)}" if gone else ""


def _made(record: Path, saved: SavedSession, state: SessionState, why: str, by_hand: str) -> Sleeper:
    if state == "hibernated":
        resume = command_line(tuple(map(shlex.quote, saved.resume)), 1000)
        by_hand = f"cd {shlex.quote(saved.cwd)} && {by_hand}{resume}"
    return Sleeper(
        saved_as=str(record),
        conversation=clean(saved.conversation, 128),
        agent=clean(saved.agent, 80),
        name=shown(saved.session_name),
        pane=saved.pane,
        cwd=shown(saved.cwd),
        since=saved.since,
        moved_at=saved.moved_at,
        draft=shown(saved.draft),
        state=state,
        why=shown(why, 400),
        by_hand=clean(by_hand, 1400),
    )


def without_pane(
    table: SessionsTable,
    sleepers: Reading[tuple[Sleeper, ...]],
    servers: Reading[tuple[TmuxServer, ...]],
    processes: Reading[ProcessTable],
    now: float,
) -> tuple[Session, ...]:
    """Those whose pane is known to be gone, as sessions. What cannot be told of a pane lists nobody twice: nothing."""
    if servers.value is None or processes.value is None:
        return ()
    found = []
    for one in sleepers.value or ():
        if lost := _why_no_pane(one.pane, servers.value, processes.value):
            found.append(_session(one, lost, table, now))
    return tuple(found)


def _why_no_pane(pane: PaneId, servers: tuple[TmuxServer, ...], processes: ProcessTable) -> str:
    """Empty while it is there, or that is not known."""
    for server in servers:
        if server.pid == pane.server_pid and server.socket == pane.socket and not server.error:
            if server.start != pane.server_start:
                return SERVER_ENDED
            return "" if any(each.id == pane for each in server.panes) else PANE_CLOSED
    process = processes.get(pane.server_pid)
    if process is not None and process.comm.startswith("tmux"):
        return ""  # it may be that server, which has not answered or was not asked
    return SERVER_ENDED


def _session(one: Sleeper, lost: str, table: SessionsTable, now: float) -> Session:
    moved_at = one.moved_at if one.moved_at is not None else one.since
    protect = (pattern.replace(":", "_").replace(".", "_") for pattern in table.protect)
    return Session(
        name=one.name,
        id=f"sleeping:{one.conversation}",
        socket=one.pane.socket,
        panes=(),
        agent=one.agent,
        state=one.state,
        reason=f"{lost}; {one.why}" if one.why else lost,
        idle_s=max(0.0, now - moved_at),
        cpu_percent=None,
        rss_bytes=0,
        swap_bytes=0,
        processes=0,
        attached=0,
        cwd=one.cwd,
        session_id=one.conversation,
        created_at=one.since,
        protected=any(fnmatchcase(one.name, pattern) for pattern in protect),
        draft=one.draft,
        lost=lost,
        by_hand=one.by_hand,
    )
