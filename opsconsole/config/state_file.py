"""Files of our own in the state directory, for us alone.

Small ones are read with a limit, never waiting, and replaced whole; databases are made empty and left to SQLite.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from opsconsole.config.locate import make_state_directory


def read_state_file(path: Path, largest: int) -> bytes:
    """Its content; OSError where there is none, it is no plain file, or larger than ``largest`` bytes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is no plain file")
        content = file.read(largest + 1)
    if len(content) > largest:
        raise OSError("it is too large")
    return content


def replace_state_file(path: Path, content: bytes) -> None:
    """Write it whole or not at all (0600); makes the directory (0700). OSError where that cannot be."""
    make_state_directory(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def make_state_file(path: Path) -> None:
    """Make it where there is none; else see that it is a file of ours, for us alone. Raises OSError.

    For a database: one that is there is never opened here. With any descriptor of it that is closed, the whole process
    loses the locks that its connections hold on it (fcntl(2)), and two could write at once.
    """
    if not os.path.lexists(path):
        _put_empty(path)
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        raise OSError(0, "is not a regular file of ours")
    if stat.S_IMODE(status.st_mode) & 0o077:
        path.chmod(0o600)


def _put_empty(path: Path) -> None:
    """An empty file under this name, in one motion; another's that came first stays."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    try:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(new)
    finally:
        new.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    os.fsync(folder)
    os.close(folder)
