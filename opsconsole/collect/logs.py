"""Logs: the last 64 KB of a file, what its lines say of time and errors, and following it as it grows.

Never more than a bounded piece is read, whatever the file's size; rotation, truncation and binary content are
survived. Lines are cleaned and masked here, where they enter.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from opsconsole.collect.files import FileUnreadable, open_regular
from opsconsole.collect.log_patterns import mine
from opsconsole.collect.log_times import line_time, zone_of
from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, ok
from opsconsole.model.text import shown
from opsconsole.model.worker import Log

TAIL_BYTES = 65536
MOST_AGAIN = 32
"""Logs that are read again in one cycle, those that have grown taking turns: what the others tell is a cycle older."""
FOLLOW_BYTES = 262144
"""The most that one poll of a follower reads; what grew beyond it is skipped, and said."""
LINE_LIMIT = 2000
SHOWN_ERRORS = 30
SHOWN_LINE = 400

_SEVERE = frozenset({"error", "err", "critical", "crit", "fatal", "panic", "emerg", "alert", "severe", "50", "60"})
_LEVELS = "trace|debug|info|notice|warn|warning|error|err|critical|crit|fatal|panic|emerg|alert|severe"
_LEVEL = re.compile(
    # level=error, "severity": "ERROR", "level":50; [error]; ERROR. The first one is the line's own.
    rf"\b(?:log_?)?(?:level|lvl|severity)[\"']?\s*[=:]\s*[\"']?(?P<named>(?i:{_LEVELS})|[1-6]0)\b"
    rf"|[\[<(](?P<bracketed>(?i:{_LEVELS}))[\])>]"
    rf"|(?<!\b0 )(?<!\bno )\b(?P<word>{_LEVELS.upper()})\b"
)
_LEVEL_WITHIN = 300
_ERROR = re.compile(
    r"\b(?:Traceback|Unhandled|Exception)\b|^\s*[\w.]*(?:Error|Exception):"
    # error: it broke, after a time and the name of a program
    r"|^[\s\d:.,T/\[\]Z+-]*(?:[\w./-]+(?:\[\d+\])?: )?(?i:error|fatal|panic):"
)


class Tail(msgspec.Struct, frozen=True):
    """The end of a file."""

    lines: tuple[str, ...]
    size_bytes: int
    modified_at: float
    complete: bool
    """False when the file is longer than what was read."""


def is_error(line: str) -> bool:
    """Whether a log line tells of an error: by its level where it has one, else by the words that errors come with."""
    level = _LEVEL.search(line[:_LEVEL_WITHIN])
    if level is not None:
        return level[level.lastgroup or 0].lower() in _SEVERE
    return _ERROR.search(line) is not None


def read_tail(path: Path, limit: int = TAIL_BYTES) -> Tail:
    """The last ``limit`` bytes of a file as whole lines. Raises FileUnreadable."""
    descriptor = open_regular(path)
    try:
        status = os.fstat(descriptor)
        start = max(status.st_size - limit, 0)
        content = os.pread(descriptor, limit, start)
    except OSError as error:
        raise FileUnreadable(f"{path}: {error.strerror}") from None
    finally:
        os.close(descriptor)
    pieces = content.split(b"\n")
    if start > 0 and len(pieces) > 1:
        pieces = pieces[1:]
    if pieces and not pieces[-1]:
        pieces = pieces[:-1]
    return Tail(tuple(map(_line, pieces)), status.st_size, status.st_mtime, complete=start == 0)


def summary(path: Path, tail: Tail, now: float) -> Log:
    """What a tail tells: age of the last write, error lines, and their rate from its first line's time until now."""
    erring = [line for line in tail.lines if is_error(line)]
    errors = len(erring)
    # How far two times are apart is known whatever their zone.
    zone = zone_of(tail.lines, tail.modified_at)
    moments = [line_time(line, tail.modified_at) for line in (*tail.lines[:5], *tail.lines[-5:])]
    times = [moment for moment in moments if moment is not None]
    span_s = max(times) - min(times) if len(times) > 1 else 0.0
    age_s = max(now - tail.modified_at, 0.0)
    return Log(
        path=str(path),
        state="ok",
        size_bytes=tail.size_bytes,
        age_s=age_s,
        last_line=tail.lines[-1] if tail.lines else "",
        errors_per_min=errors * 60.0 / (span_s + age_s) if span_s > 0 else None,
        errors=errors,
        lines=len(tail.lines),
        patterns=mine(((line, line_time(line, tail.modified_at, zone or "local")) for line in erring), bool(zone)),
        error_lines=tuple(line[:SHOWN_LINE] for line in erring[-SHOWN_ERRORS:]),
    )


def _aged(log: Log, age_s: float) -> Log:
    """The same with nothing written since: its errors lie further back, and were fewer a minute."""
    rate = log.errors_per_min
    if rate and log.errors and log.age_s is not None:
        span_s = log.errors * 60.0 / rate - log.age_s
        rate = log.errors * 60.0 / (span_s + age_s)
    return msgspec.structs.replace(log, age_s=age_s, errors_per_min=rate)


class LogSource:
    """Reads the logs of the config again only when they have changed, and of these no more than a few at a time."""

    name = "logs"
    every_s = 4.0
    deadline_s = 5.0

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._paths = paths
        self._seen: dict[Path, tuple[tuple[int, int, int], Log]] = {}
        self._first = 0
        """Position of the path whose turn is first in the next read."""
        self._left = MOST_AGAIN

    def read(self, clock: Clock) -> Reading[dict[Path, Log]]:
        now = clock.wall()
        self._left = MOST_AGAIN
        read: dict[Path, Log] = {}
        for place in (*range(self._first, len(self._paths)), *range(self._first)):
            had_turns = self._left > 0
            read[self._paths[place]] = self._log(self._paths[place], now)
            if had_turns and self._left == 0:
                self._first = (place + 1) % len(self._paths)
        return ok({path: read[path] for path in self._paths}, now)

    def _log(self, path: Path, now: float) -> Log:
        with contextlib.suppress(OSError):
            status = path.lstat()
            state = (status.st_ino, status.st_size, status.st_mtime_ns)
            known = self._seen.get(path)
            if known is not None and (known[0] == state or self._left == 0):
                return _aged(known[1], max(now - status.st_mtime, 0.0))
            if known is not None:
                self._left -= 1
            return self._fresh(path, state, now)
        return self._fresh(path, None, now)

    def _fresh(self, path: Path, state: tuple[int, int, int] | None, now: float) -> Log:
        try:
            tail = read_tail(path)
        except FileUnreadable as failure:
            self._seen.pop(path, None)
            return Log(
                path=str(path), state="missing" if failure.missing else "unreadable", reason=shown(failure.reason)
            )
        log = summary(path, tail, now)
        if state is not None:
            self._seen[path] = (state, log)
        return log


class LogFollower:
    """Follows one file by inode and size. Holds no descriptor between two polls."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode: tuple[int, int] | None = None
        self._offset = 0
        self._unfinished = b""
        self._missing_said = False

    def poll(self) -> tuple[list[str], str]:
        """The lines that came since the last poll (first: the file's tail), and a note when something happened.

        Notes: rotated, truncated, skipped, or why the file cannot be read now.
        """
        try:
            descriptor = open_regular(self._path)
        except FileUnreadable as failure:
            note = "" if self._missing_said else shown(failure.reason)
            self._missing_said = True
            return [], note
        self._missing_said = False
        try:
            return self._read(descriptor)
        except OSError as error:
            return [], shown(f"{self._path}: {error.strerror}")
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int) -> tuple[list[str], str]:
        status = os.fstat(descriptor)
        inode = (status.st_dev, status.st_ino)
        note = ""
        if self._inode is None:
            self._offset = max(status.st_size - TAIL_BYTES, 0)
            start_cut = self._offset > 0
        else:
            start_cut = False
            if inode != self._inode:
                note, self._offset, self._unfinished = "the log was rotated: this is the new file", 0, b""
            elif status.st_size < self._offset:
                note, self._offset, self._unfinished = "the log was truncated", 0, b""
        self._inode = inode
        if status.st_size - self._offset > FOLLOW_BYTES:
            skipped = status.st_size - FOLLOW_BYTES - self._offset
            note = f"skipped {skipped} bytes that came faster than they are shown"
            self._offset, self._unfinished, start_cut = status.st_size - FOLLOW_BYTES, b"", True
        content = os.pread(descriptor, FOLLOW_BYTES, self._offset)
        self._offset += len(content)
        pieces = (self._unfinished + content).split(b"\n")
        # An unfinished line is kept for the next poll, but a bounded piece of it only.
        self._unfinished = pieces.pop()[-LINE_LIMIT * 4 :]
        if start_cut and pieces:
            pieces = pieces[1:]
        return [_line(piece) for piece in pieces], note


def error_lines(lines: Sequence[str]) -> list[int]:
    """Positions of the lines that tell of an error."""
    return [position for position, line in enumerate(lines) if is_error(line)]


def _line(raw: bytes) -> str:
    return shown(raw[: LINE_LIMIT * 4].decode(errors="replace").rstrip("\r"), LINE_LIMIT)
