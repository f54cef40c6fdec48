"""What the pid files of the config hold. A pid in a file is a hint, never proof: see ``collect.workers``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec

from opsconsole.collect.files import FileUnreadable, open_regular
from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, ok
from opsconsole.model.text import clean, shown

MAX_BYTES = 256
MAX_PID = 4_194_304
"""PID_MAX_LIMIT of a 64-bit Linux kernel."""


class PidFileContent(msgspec.Struct, frozen=True):
    """One look at one pid file."""

    path: Path
    pid: int | None
    """The pid in it; None unless ``error`` is empty."""
    written_at: float | None
    """Its modification time, seconds since the epoch; None when it is not there."""
    error: Literal["", "missing", "unreadable", "garbage"]
    reason: str
    """What is wrong with it, in one cleaned line; empty when nothing is."""


class PidFileSource:
    """Reads the pid files that workers are configured with."""

    name = "pid files"
    every_s = 4.0
    deadline_s = 3.0

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._paths = paths

    def read(self, clock: Clock) -> Reading[dict[Path, PidFileContent]]:
        return ok({path: read_pid_file(path) for path in self._paths}, clock.wall())


def read_pid_file(path: Path) -> PidFileContent:
    """What this file holds: a pid in its first line, or why there is none."""
    try:
        descriptor = open_regular(path)
    except FileUnreadable as failure:
        return PidFileContent(path, None, None, "missing" if failure.missing else "unreadable", clean(failure.reason))
    try:
        written_at = os.fstat(descriptor).st_mtime
        content = os.pread(descriptor, MAX_BYTES, 0)
    except OSError as error:
        return PidFileContent(path, None, None, "unreadable", clean(f"{path}: {error.strerror}"))
    finally:
        os.close(descriptor)
    lines = content.decode(errors="replace").split("\n", 1)
    first = lines[0].strip()
    if first.isascii() and first.isdigit() and 0 < int(first) <= MAX_PID:
        return PidFileContent(path, int(first), written_at, "", "")
    what = f"holds {shown(first, 40)!r}, not a pid" if first else "is empty"
    return PidFileContent(path, None, written_at, "garbage", clean(f"{path}: {what}"))
