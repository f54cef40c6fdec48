"""The agents of all sessions, looked at: registry, screen, transcript, schedules, and what they cost in shared memory.

Which agents there are is told from outside (``attend``), by whoever knows the process table. Files are read again only
when they changed; screens are captured in one call, and only where something moved and it matters. Nothing is typed,
signalled or written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from opsconsole.collect import procfs
from opsconsole.collect.agent_registry import EntryUnreadable, agent_home, entry_path, read_entry, read_schedule
from opsconsole.collect.agent_screen import read_screen
from opsconsole.collect.agent_transcript import Transcript, find_transcript
from opsconsole.collect.agents import AgentProfile, Agents
from opsconsole.collect.captures import capture
from opsconsole.collect.files import FileUnreadable
from opsconsole.model.agent import AgentEvidence, AgentScreen, AgentsSeen, RegistryEntry, TranscriptTail
from opsconsole.model.clock import Clock
from opsconsole.model.identity import ProcessId
from opsconsole.model.reading import Reading, ok
from opsconsole.model.session import Pane

SEARCH_BYTES = 32 * 1024 * 1024
"""Of transcripts, searched for schedules in one look."""
LOOK_FOR_TRANSCRIPT_AGAIN_S = 20.0
MOVING_CAPTURE_EVERY_S = 10.0
"""A screen that moves and whose agent says that it works is looked at this often: it can only confirm."""
PSS_EVERY_S = 60.0


class Attended(msgspec.Struct, frozen=True):
    """One agent to look at."""

    pane: Pane
    process: ProcessId
    agent: str
    exe: str
    uid: int | None
    cwd: str
    started_at: float | None = None
    """Of the agent's process, seconds since the epoch."""
    tree: tuple[int, ...] = ()
    """Pids of the pane's whole tree."""


class _Followed:
    """What is remembered of one agent from look to look."""

    def __init__(self, attended: Attended) -> None:
        self.process = attended.process
        self.home: Path | None = None
        self.looked_home = False
        self.entry: RegistryEntry | None = None
        self.entry_missing = ""
        self.stamp: tuple[int, int, int] | None = None
        self.transcript: Transcript | None = None
        self.transcript_looked_at = float("-inf")
        self.captured_at: float | None = None
        """Wall clock."""
        self.captured_activity: float | None = None
        self.captured_stamp: tuple[int, int, int] | None = None
        self.screen = AgentScreen("unread")
        self.screen_missing = ""
        self.pss_bytes: int | None = None
        self.pss_read_at = float("-inf")


class AgentSource:
    """Looks at the agents it was told to attend."""

    name = "agents"
    every_s = 2.0
    deadline_s = 5.0

    def __init__(self, agents: Agents, root: Path = Path("/proc"), search_bytes: int = SEARCH_BYTES) -> None:
        """``search_bytes`` bounds how much of transcripts one look searches."""
        self._agents = agents
        self._search_bytes = search_bytes
        self._root = str(root)
        self._attended: tuple[Attended, ...] = ()
        self._servers: frozenset[int] = frozenset()
        self._followed: dict[tuple[object, ProcessId], _Followed] = {}

    def attend(self, agents: Iterable[Attended], servers: Iterable[int] = ()) -> bool:
        """Look at these from now on, and at these tmux servers; whether there is any that was not attended before."""
        # One pane may be in several sessions (linked windows, grouped sessions): it is looked at once.
        told = tuple({(one.pane.id, one.process): one for one in agents}.values())
        known = {(one.pane.id, one.process) for one in self._attended}
        self._attended, self._servers = told, frozenset(servers)
        return any((one.pane.id, one.process) not in known for one in told)

    def read(self, clock: Clock) -> Reading[AgentsSeen]:
        attended = self._attended
        keys = [(one.pane.id, one.process) for one in attended]
        known = self._followed
        self._followed = {key: known.get(key) or _Followed(one) for key, one in zip(keys, attended, strict=True)}
        pairs = list(zip(attended, self._followed.values(), strict=True))
        for one, followed in pairs:
            self._read_entry(one, followed)
        self._capture([(one, followed) for one, followed in pairs if self._wants_capture(one, followed, clock)], clock)
        self._read_pss(pairs, clock)
        budget = [self._search_bytes]
        seen = {one.pane.id: self._evidence(one, followed, budget, clock) for one, followed in pairs}
        return ok(AgentsSeen(seen, self._oom_scores()), clock.wall())

    def _profile(self, one: Attended) -> AgentProfile:
        return self._agents.profiles[one.agent]

    def _read_entry(self, one: Attended, followed: _Followed) -> None:
        registry = self._profile(one).registry
        if registry is None:
            return
        if one.uid not in (None, os.geteuid()):
            followed.entry, followed.entry_missing = None, "its registry is another user's"
            return
        if not followed.looked_home:
            followed.looked_home = True
            followed.home = agent_home(one.process.pid, registry, self._root)
        if followed.home is None:
            followed.entry, followed.entry_missing = None, "its environment cannot be read"
            return
        path = entry_path(followed.home, registry, one.process.pid)
        stamp = _stamp(path)
        if stamp is not None and stamp == followed.stamp:
            return
        followed.stamp = stamp
        try:
            followed.entry, followed.entry_missing = read_entry(path, one.process, one.started_at), ""
        except EntryUnreadable as failure:
            followed.entry, followed.entry_missing = None, str(failure)

    def _wants_capture(self, one: Attended, followed: _Followed, clock: Clock) -> bool:
        if not self._profile(one).screen:
            return False
        if followed.captured_at is None or followed.captured_stamp != followed.stamp:
            return True
        moved = one.pane.activity_at
        # Activity is told in whole seconds: more may have moved within the one in which it was captured.
        still = moved == followed.captured_activity and (moved is None or moved < int(followed.captured_at))
        if still:
            return False
        says_busy = followed.entry is not None and followed.entry.status in ("busy", "waiting")
        return not says_busy or clock.wall() - followed.captured_at >= MOVING_CAPTURE_EVERY_S

    def _capture(self, wanted: list[tuple[Attended, _Followed]], clock: Clock) -> None:
        if not wanted:
            return
        at = clock.wall()
        screens, failures = capture(one.pane.id for one, _ in wanted)
        for one, followed in wanted:
            pane = one.pane.id
            if pane in screens:
                profile = self._profile(one)
                version = self._version(one, followed)
                followed.screen = read_screen(screens[pane], profile.screen, version, at)
                followed.screen_missing = ""
                followed.captured_at, followed.captured_stamp = at, followed.stamp
                followed.captured_activity = one.pane.activity_at
            elif pane in failures:
                followed.screen, followed.screen_missing = AgentScreen("unread"), failures[pane]
                followed.captured_at = None

    def _version(self, one: Attended, followed: _Followed) -> str:
        if followed.entry is not None and followed.entry.version:
            return followed.entry.version
        # Natively installed versions are files named after themselves.
        folder, _, name = one.exe.rpartition("/")
        return name if folder.endswith("/versions") and name[:1].isdecimal() else ""

    def _evidence(self, one: Attended, followed: _Followed, budget: list[int], clock: Clock) -> AgentEvidence:
        transcript, missing = self._read_transcript(one, followed, budget, clock)
        entry, registry = followed.entry, self._profile(one).registry
        schedule = ""
        if entry is not None and registry is not None and entry.status in ("", "idle"):
            schedule = read_schedule(one.cwd, registry, one.process, entry.session_id)
        title = self._agents.title_works(one.agent, one.pane.title)
        return AgentEvidence(
            pane=one.pane.id,
            process=one.process,
            agent=one.agent,
            version=self._version(one, followed),
            entry=entry,
            entry_missing=followed.entry_missing,
            screen=followed.screen,
            screen_missing=followed.screen_missing,
            transcript=transcript,
            transcript_missing=missing,
            schedule=schedule,
            title_works=title,
            home=str(followed.home or ""),
            pss_bytes=followed.pss_bytes,
            at=clock.wall(),
        )

    def _read_transcript(
        self, one: Attended, followed: _Followed, budget: list[int], clock: Clock
    ) -> tuple[TranscriptTail | None, str]:
        registry, entry = self._profile(one).registry, followed.entry
        if registry is None or followed.home is None or entry is None or not entry.session_id:
            return None, "its conversation's id is not known"
        known = followed.transcript
        if known is None or known.path.stem != entry.session_id:
            followed.transcript = known = None
            if clock.monotonic() - followed.transcript_looked_at >= LOOK_FOR_TRANSCRIPT_AGAIN_S:
                followed.transcript_looked_at = clock.monotonic()
                path = find_transcript(followed.home / registry.transcripts, entry.session_id)
                followed.transcript = known = Transcript(path, registry.schedule_tools) if path else None
        if known is None:
            return None, "it has no transcript yet"
        try:
            tail = known.read(max(0, budget[0]))
        except FileUnreadable as failure:
            followed.transcript = None
            return None, failure.reason
        budget[0] -= known.searched_now
        return tail, ""

    def _read_pss(self, pairs: list[tuple[Attended, _Followed]], clock: Clock) -> None:
        """Of one pane's tree per look: the kernel walks all pages of a process for it."""
        due = [(one, each) for one, each in pairs if clock.monotonic() - each.pss_read_at >= PSS_EVERY_S]
        if not due:
            return
        one, followed = min(due, key=lambda pair: pair[1].pss_read_at)
        followed.pss_read_at = clock.monotonic()
        parts = [procfs.read_pss_bytes(f"{self._root}/{pid}") for pid in one.tree]
        known = [part for part in parts if part is not None]
        followed.pss_bytes = sum(known) if known and len(known) == len(parts) else None

    def _oom_scores(self) -> dict[int, int]:
        scores = {pid: procfs.read_small(f"{self._root}/{pid}/oom_score", 32) for pid in self._servers}
        return {pid: int(raw) for pid, raw in scores.items() if raw is not None and raw.strip().isdigit()}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is replaced or written."""
    try:
        status = os.stat(path, follow_symlinks=False)  # noqa: PTH116  # hot: a Path costs more than the call
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
