"""``python -I -S limited.py NAME=SOFT:HARD,... PROGRAM ARGV...``: takes the limits upon itself, becomes the program.

Run as a file, with nothing of ours imported: it is there for an instant, between the fork and the program. What it has
to say when that fails goes to the program's own log.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys

FAILED = 126
"""Exit status: the program was not run."""


def main(limits: str, program: str, *argv: str) -> int:
    """Does not return when all is well: the process is the program then."""
    for number in (signal.SIGPIPE, getattr(signal, "SIGXFSZ", signal.SIGPIPE)):
        signal.signal(number, signal.SIG_DFL)  # the interpreter ignores them, and exec would hand that on
    try:
        for each in filter(None, limits.split(",")):
            name, _, pair = each.partition("=")
            soft, _, hard = pair.partition(":")
            resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (int(soft), int(hard)))
        _forget_own_locale()
        os.execv(program, argv)  # noqa: S606  # no shell is wanted
    except (OSError, ValueError, AttributeError) as error:
        sys.stderr.write(f"opsconsole: {program} was not run: {error}\n")
        return FAILED


def _forget_own_locale() -> None:
    """Where there is no locale the interpreter sets one for itself (PEP 538): the program is to have none either."""
    with contextlib.suppress(OSError), open("/proc/self/environ", "rb") as file:  # noqa: PTH123  # no more imports
        if not any(line.startswith(b"LC_CTYPE=") for line in file.read().split(b"\0")):
            os.environ.pop("LC_CTYPE", None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
