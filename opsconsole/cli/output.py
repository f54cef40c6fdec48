"""Standard output that tells its own failures: a full disk below a redirection is no bug of ours and gets one line.

Where stdout is no terminal, ``watch_output`` puts a stream in its place whose failing writes raise ``OutputFailed``, so
that they are told from every other OSError. A reader of a pipe who has gone stays what click makes of it: a quiet end.
"""

from __future__ import annotations

import io
import sys


class OutputFailed(OSError):
    """A write to standard output failed; errno and strerror are the system's."""


class _Descriptor(io.FileIO):
    def write(self, data: object, /) -> int | None:  # type: ignore[override]  # any buffer, handed on as it is
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            raise OutputFailed(error.errno, error.strerror) from error


def watch_output() -> None:
    """Have failing writes to stdout raise ``OutputFailed`` from now on."""
    before = sys.stdout
    if before is None or before.isatty():
        return
    before.flush()
    raw = _Descriptor(before.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), encoding=before.encoding, errors=before.errors)


def give_up(error: OutputFailed) -> None:
    """Say in one line why there is no more output, and have nothing try again at exit."""
    sys.stdout = None
    if sys.stderr is not None:
        sys.stderr.write(f"opsconsole: standard output cannot be written: {error.strerror}\n")
