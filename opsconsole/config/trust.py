"""Whether a config may name commands to run: only when nobody but us and root could have written it."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

_MAX_LINKS = 40


def why_not_trusted(path: Path, read: os.stat_result | None = None) -> str:
    """Why others may have written what stands at this absolute path, with the mend; empty when they cannot.

    Looks at every directory and link on the way, from the root: whoever may change one of them may put another file
    at the end. One look suffices, since nobody else can change anything on a way that is found good. ``read`` is
    the status of the file whose content was read: it must be the one that stands there.
    """
    last: os.stat_result | None = None
    try:
        for place, last in _way(path):
            if reason := _why_not(place, last):
                return reason
    except OSError as error:
        return f"{error.filename or path}: {error.strerror}"
    if read is not None and last is not None and not os.path.samestat(read, last):
        return f"{path} was replaced while it was read; look again"
    return ""


def _way(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every directory and link that is passed on the way, and where it ends, each with its own status."""
    here, links = Path(path.anchor or "/"), 0
    yield here, here.lstat()
    rest = [part for part in reversed(path.parts) if part != path.anchor]
    while rest:
        if (part := rest.pop()) == "..":
            here = here.parent
            continue
        place = here / part
        status = place.lstat()
        yield place, status
        if not stat.S_ISLNK(status.st_mode):
            here = place
            continue
        if (links := links + 1) > _MAX_LINKS:
            raise OSError(0, "too many symbolic links", str(path))
        target = place.readlink()
        here = Path("/") if target.is_absolute() else here
        rest += [part for part in reversed(target.parts) if part != target.anchor]


def _why_not(place: Path, status: os.stat_result) -> str:
    if status.st_uid not in (0, os.geteuid()):
        return f"{place} belongs to uid {status.st_uid}, neither to us (uid {os.geteuid()}) nor to root"
    mode = stat.S_IMODE(status.st_mode)
    # A link's own mode means nothing. In a sticky directory such as /tmp others add files but cannot replace ours.
    harmless = stat.S_ISLNK(mode_of := status.st_mode) or (stat.S_ISDIR(mode_of) and mode & stat.S_ISVTX)
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not harmless:
        return f"{place} can be written by others (mode {mode:o}); chmod go-w {shlex.quote(str(place))}"
    return ""
