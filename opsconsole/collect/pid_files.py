"""What the pid files of the config hold. A pid in a file is a hint, never proof: see ``collect.workers``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec


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
