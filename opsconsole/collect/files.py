"""Opening files of others without harm: no symlinks, no FIFOs, nobody else's, never more than was asked for."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class FileUnreadable(Exception):
    """Why a file was not read, in one line for people."""

    def __init__(self, reason: str, missing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing = missing


def open_regular(path: Path) -> int:
    """A descriptor of a regular file that is ours or root's; the caller closes it. Raises FileUnreadable.

    Never blocks: a FIFO is opened non-blocking and then refused.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise FileUnreadable(f"{path}: no such file", missing=True) from None
    except OSError as error:
        if os.path.islink(path):  # noqa: PTH114  # unlike Path.is_symlink, where its directory cannot be searched
            raise FileUnreadable(f"{path}: is a symbolic link; name the file it leads to") from None
        raise FileUnreadable(f"{path}: {error.strerror}") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise FileUnreadable(f"{path}: is {_kind(status.st_mode)}, not a regular file")
    if status.st_uid not in (0, os.geteuid()):
        os.close(descriptor)
        raise FileUnreadable(f"{path}: belongs to uid {status.st_uid}, neither to us nor to root")
    return descriptor


def read_capped(path: Path, limit: int) -> bytes:
    """The whole file, when it has at most ``limit`` bytes. Raises FileUnreadable."""
    descriptor = open_regular(path)
    try:
        size = os.fstat(descriptor).st_size
        if size > limit:
            raise FileUnreadable(f"{path}: has {size} bytes, more than the {limit} that are read")
        return os.pread(descriptor, limit, 0)
    except OSError as error:
        raise FileUnreadable(f"{path}: {error.strerror}") from None
    finally:
        os.close(descriptor)


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    return "a device"
