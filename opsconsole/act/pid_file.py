"""Pid files, written and removed: only ever regular files of ours, only ever holding what they were read to hold."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from opsconsole.collect.pid_files import read_pid_file


def write_pid_file(path: Path, pid: int) -> None:
    """Put the pid there in one motion (a new file, renamed). Raises OSError."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        try:
            os.write(descriptor, f"{pid}\n".encode())
        finally:
            os.close(descriptor)
        new.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def create_pid_file(name: str, pid: int, folder: int) -> None:
    """The same as a file that was not there before, in the directory with this descriptor, readable by all.

    Whatever has the name stays as it is: FileExistsError, for a link too, wherever that leads. Raises OSError.
    """
    new = f".opsconsole-{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(new, flags, 0o644, dir_fd=folder)
    try:
        os.fchmod(descriptor, 0o644)  # whatever the umask is
        os.write(descriptor, f"{pid}\n".encode())
        os.link(new, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    finally:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            os.unlink(new, dir_fd=folder)


def remove_pid_file(path: Path, pid: int) -> bool:
    """Remove it if it still holds this pid; False when it does not, or is not there. Raises OSError."""
    content = read_pid_file(path)
    if content.pid != pid:
        return False
    path.unlink(missing_ok=True)
    return True
