"""Workers: background programs that should run a set number of times."""

from __future__ import annotations

from typing import Literal

import msgspec

from opsconsole.model.identity import ProcessId
from opsconsole.model.log_pattern import LogPattern

WorkerState = Literal["running", "missing", "duplicates", "unknown"]
PidFileState = Literal["ok", "missing", "stale", "wrong", "unreadable"]
LogState = Literal["ok", "missing", "unreadable"]


class Instance(msgspec.Struct, frozen=True):
    """One running copy: a root process and its tree. Usage is of the whole tree."""

    id: ProcessId
    pid: int
    start: float
    """When the root started, seconds since the epoch."""
    command: str
    version: str
    """Which of the worker's programs this is: the script or executable's file name."""
    uptime_s: float
    cpu_percent: float | None
    rss_bytes: int | None
    swap_bytes: int | None
    children: tuple[int, ...]
    """Pids of the rest of its tree."""
    replaced: bool = False
    """True when it runs a program that the config says this worker replaces."""


class Helper(msgspec.Struct, frozen=True):
    """A process that belongs to a worker and is no instance: a wrapper around one, or a remnant of one."""

    id: ProcessId
    pid: int
    start: float
    command: str
    reason: str
    """What makes it one, for people: ``shell loop around 4242``, ``orphan: same program, parent is pid 1``."""


NOT_READ = "not read yet"
"""Reason of a pid file that nobody has looked at so far."""


class PidFile(msgspec.Struct, frozen=True):
    path: str
    state: PidFileState
    pid: int | None
    """The pid it holds, when it holds one."""
    reason: str = ""


class Log(msgspec.Struct, frozen=True):
    path: str
    state: LogState
    size_bytes: int | None = None
    age_s: float | None = None
    """Since the last write."""
    last_line: str = ""
    """Cleaned and masked."""
    errors_per_min: float | None = None
    """Error lines per minute from the tail's first line with a time until now; None when its lines carry none."""
    errors: int | None = None
    """Error lines in the tail that was read."""
    lines: int | None = None
    """Lines in that tail."""
    reason: str = ""
    patterns: tuple[LogPattern, ...] = ()
    """What repeats among the error lines of that tail, commonest first."""
    error_lines: tuple[str, ...] = ()
    """The newest error lines of that tail, oldest first."""


class Worker(msgspec.Struct, frozen=True):
    name: str
    wanted: int
    state: WorkerState
    reason: str
    instances: tuple[Instance, ...]
    wrappers: tuple[Helper, ...]
    remnants: tuple[Helper, ...]
    suspects: tuple[Helper, ...]
    """Look like it, cannot be told for certain (unreadable argv, set title): shown, never counted, never killed."""
    pid_file: PidFile | None
    log: Log | None
    critical: bool
    silent: bool | None
    """Its log is older than the config's ``silent_after``; None when that is not configured or not known."""
    uptime_s: float | None
    """Of the oldest instance."""
    cpu_percent: float | None
    rss_bytes: int | None
    swap_bytes: int | None
    discovered: bool = False
    starts: tuple[float, ...] = ()
    """When instances started that came while we watched, within the last ten minutes, seconds since the epoch."""
    ends: tuple[float, ...] = ()
    """When such instances were seen gone again, within the last ten minutes: they lived no longer than that."""
