"""Small files of our own in the state directory: read with a limit, never waiting; replaced whole, for us alone."""

from __future__ import annotations

import os
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
