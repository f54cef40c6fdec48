"""``python -I -S limited.py NAME=SOFT:HARD,... PROGRAM ARGV...``: takes the limits upon itself, becomes the program.

Run as a file, with nothing of ours imported: it is there for an instant, between the fork and the program. What it has
to say when that fails goes to the program's own log.
"""

from __future__ import annotations

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
        os.execv(program, argv)  # noqa: S606  # no shell is wanted
    except (OSError, ValueError, AttributeError) as error:
        sys.stderr.write(f"opsconsole: {program} was not run: {error}\n")
        return FAILED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
