"""A link between a program and its terminal that can be slow, stop, or lose what it carries.

Run as a program in a terminal: ``python -S link.py FOLDER COMMAND...``. It gives the command a pseudoterminal of its
own and carries what it writes to standard output, as the file ``rate`` in the folder says at each moment: so many bytes
a second, ``0`` none (they wait), ``-1`` all are lost. What was carried so far is counted in the file ``carried``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time
import tty
from pathlib import Path

TICK_S = 0.05
LOST = -1
NO_RATE = 10_000_000


def main(folder: Path, command: list[str]) -> int:
    pid, line = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)

    def resized(*_: object) -> None:
        size = fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(line, termios.TIOCSWINSZ, size)

    signal.signal(signal.SIGWINCH, resized)
    resized()
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        carry(folder, line)
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def carry(folder: Path, line: int) -> None:
    """Until the program has closed its terminal."""
    carried, allowance = 0, 0.0
    while True:
        rate = rate_now(folder)
        allowance = min(allowance + rate * TICK_S, max(rate * TICK_S, 1.0)) if rate > 0 else 0.0
        until = time.monotonic() + TICK_S
        while (left := until - time.monotonic()) > 0:
            wanted = [0, *([line] if allowance >= 1 or rate == LOST else [])]
            ready = select.select(wanted, [], [], left)[0]
            if 0 in ready:
                os.write(line, os.read(0, 4096))
            if line in ready:
                try:
                    data = os.read(line, 65536 if rate == LOST else int(min(allowance, 65536)))
                except OSError:
                    return
                if rate != LOST:
                    os.write(1, data)
                    allowance -= len(data)
                    carried += len(data)
        # Moved into place: a reader finds the old number or the new one.
        (folder / "carried.new").write_text(str(carried))
        (folder / "carried.new").replace(folder / "carried")


def rate_now(folder: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int((folder / "rate").read_text())
    return NO_RATE


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
