"""Whether a config may name commands to run: only when nobody but us and root could have written it."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def why_not_trusted(path: Path) -> str:
    """Why others may have written this file, naming path, mode and the mend; empty when they cannot."""
    real = Path(os.path.realpath(path))
    for place in (real, *real.parents):
        try:
            status = place.stat()
        except OSError as error:
            return f"{place}: {error.strerror}"
        if status.st_uid not in (0, os.geteuid()):
            return f"{place} belongs to uid {status.st_uid}, neither to us nor to root"
        writable = stat.S_IMODE(status.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
        # In a sticky directory such as /tmp others can add files but not replace ours.
        sticky_directory = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        if writable and not sticky_directory:
            return f"{place} can be written by others (mode {stat.S_IMODE(status.st_mode):o}); chmod go-w {place}"
    return ""
