"""Why the journal could not be opened or written, in true words: full is said of a disk that is, and of no other fault.

SQLite tells an I/O error without its errno. So a few bytes are then written beside the journal and taken away again:
what comes of that is what the disk says now.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from pathlib import Path

from opsconsole.model.text import clean, shown

_BYTES = 16_384
"""More than one page of a journal."""
_PRIMARY = 0xFF
"""Of SQLite's result codes: the primary one is the lowest byte of an extended one."""


def told(error: Exception, path: Path) -> str:
    """One line about an OSError or sqlite3.Error that this journal met. May write beside it for a moment."""
    if isinstance(error, sqlite3.IntegrityError) and _code(error) == sqlite3.SQLITE_CONSTRAINT:
        return "this plan has been submitted before"
    if isinstance(error, OSError) and not error.errno:
        return f"journal {shown(str(path))}: {clean(error.strerror or str(error), 200)}"  # our own words
    said = clean(error.strerror if isinstance(error, OSError) and error.strerror else str(error), 200)
    name = getattr(error, "sqlite_errorname", "")
    if _is_full(error):
        return f"journal {shown(str(path))}: the disk is full ({said})"
    if _code(error) == sqlite3.SQLITE_IOERR:
        found = _try(path.parent)
        if found == errno.ENOSPC:
            return f"journal {shown(str(path))}: the disk is full ({said})"
        beside = os.strerror(found) if found else "passes"
        said = f"{said} ({name}); a test write beside it: {beside}"
    elif _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        said = f"{said} (another process has held it for too long)"
    return f"journal {shown(str(path))}: could not be written: {said}"


def too_full(path: Path, least: int) -> str:
    """Why the disk has too little room for a plan and all its steps; empty when it has. Raises OSError."""
    room = os.statvfs(path)
    free = room.f_bavail * room.f_frsize
    if free >= least:
        return ""
    return f"journal {shown(str(path))}: the disk is full ({free // 1024} KiB are free, {least // 1024} KiB are needed)"


def _code(error: Exception) -> int:
    """SQLite's primary result code; 0 for none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY if isinstance(error, sqlite3.Error) else 0


def _is_full(error: Exception) -> bool:
    return _code(error) == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == errno.ENOSPC


def _try(folder: Path) -> int:
    """errno of writing some bytes to a file without a name in this folder; 0 when that passes."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            left = memoryview(b"\0" * _BYTES)
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno or errno.EIO
    return 0
