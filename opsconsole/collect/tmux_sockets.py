"""Where this user's tmux servers listen, and whether anybody is behind a socket, without starting a process.

Looks into the usual directory ($TMUX_TMPDIR or /tmp, then ``tmux-UID``) and at the server that we run in ($TMUX), or
only at the one socket the config names. Other servers started with ``-S`` elsewhere are found by ``sessions.socket``.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from opsconsole.config.types import SessionsTable
from opsconsole.model.text import shown


class Sockets(msgspec.Struct, frozen=True):
    """Sockets a server may listen on; or, with ``error``, why that cannot be told."""

    paths: tuple[str, ...] = ()
    error: str = ""
    note: str = ""
    """Why there are none, when somebody who expected some would want to know."""


class Knock(msgspec.Struct, frozen=True):
    """What connecting to a socket showed: a listener, certainly nobody, or (``error``) neither."""

    listening: bool
    error: str = ""


def usual_directory() -> Path:
    """The directory in which tmux keeps the sockets of this user, as tmux(1) tells under ``-L``."""
    return Path(os.environ.get("TMUX_TMPDIR") or "/tmp") / f"tmux-{os.getuid()}"  # noqa: S108 - tmux's own choice


def surrounding_socket() -> Path | None:
    """The socket of the tmux server that we run in, by its own word; None outside of tmux."""
    path = os.environ.get("TMUX", "").rpartition(",")[0].rpartition(",")[0]
    return Path(path) if path.startswith("/") else None


def find_sockets(table: SessionsTable, directory: Path, surrounding: Path | None = None) -> Sockets:
    """The sockets the config asks for, sorted by path; by default all of ours in this directory, and this one."""
    if table.socket is not None:
        return _one(table.socket, "sessions.socket")
    if table.name:
        return _one(directory / table.name, "sessions.name")
    usual = _all_in(directory)
    if surrounding is None or not _is_ours(surrounding):
        return usual
    known = {os.path.realpath(path) for path in usual.paths}
    if usual.error or os.path.realpath(surrounding) in known:
        return usual
    return Sockets(paths=tuple(sorted((*usual.paths, str(surrounding)))))


def _all_in(directory: Path) -> Sockets:
    try:
        owner = directory.stat().st_uid
        if owner != os.getuid():
            return Sockets(error=f"{directory} belongs to uid {owner}, not to us ({os.getuid()}): tmux refuses it")
        with os.scandir(directory) as entries:
            paths = sorted(entry.path for entry in entries if _is_ours(entry))
    except FileNotFoundError:
        return Sockets(note=f"there is no {directory}, where tmux servers of this user would listen")
    except OSError as error:
        return Sockets(error=f"cannot look for tmux sockets in {directory}: {error.strerror}")
    return Sockets(paths=tuple(paths))


def _one(path: Path, key: str) -> Sockets:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return Sockets(note=f"no tmux server at {path} ({key})")
    except OSError as error:
        return Sockets(error=f"cannot look at {path} ({key}): {error.strerror}")
    if not stat.S_ISSOCK(mode):
        return Sockets(error=f"{path} ({key}) is not a socket; it should be the path given to tmux -S, or a -L name")
    return Sockets(paths=(str(path),))


def _is_ours(entry: os.DirEntry[str] | Path) -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return False  # gone meanwhile
    return stat.S_ISSOCK(status.st_mode) and status.st_uid == os.getuid()


def knock(path: str) -> Knock:
    """Connect without waiting. A refusal or a missing file is proof that no server is there; nothing else is."""
    import socket

    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)
            connection.connect(path)
    except BlockingIOError:
        return Knock(listening=True)  # its queue is full: somebody listens and does not accept
    except (ConnectionRefusedError, FileNotFoundError):
        return Knock(listening=False)
    except OSError as error:
        return Knock(listening=False, error=shown(f"cannot connect to {path}: {error.strerror or error}"))
    return Knock(listening=True)
