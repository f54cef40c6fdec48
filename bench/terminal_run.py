"""One program in a 200x50 pseudoterminal, measured: when it shows what, what it costs, how soon it answers a key."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import random
import select
import shutil
import signal
import struct
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

COLUMNS, LINES = 200, 50
REFRESH_S = 2.0
SETTLED_S = 12.0
"""After the start; from then on the steady cost is measured."""
PAUSE_S = 0.2
"""A screen is taken for full when its program first writes nothing for so long."""
LEAST_SCREEN_BYTES = 3000
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
LEFT_OUT = ("PYTHONDONTWRITEBYTECODE", "NO_COLOR", "TMUX", "TMUX_PANE")
"""Of the environment: none of them is set where a user starts such a program."""


class Came(NamedTuple):
    at: float
    """Monotonic."""
    data: bytes


class Run(NamedTuple):
    """One run of one program."""

    first_ms: float
    """Until the first visible bytes."""
    full_ms: float
    """Until the first full screen with data; nan when there was none."""
    start_cpu_ms: float
    """User and system time up to then, children that have ended included."""
    cpu_ms: float
    """User and system time of the program and its ended children, per two seconds."""
    bytes_per_refresh: float
    """Written to the terminal per two seconds."""
    rss_mb: float


class Program:
    """A program running in a terminal that is read here."""

    def __init__(self, pid: int, terminal: int, began: float) -> None:
        self.pid, self.terminal, self.began = pid, terminal, began

    def read_until(self, until: float) -> list[Came]:
        came: list[Came] = []
        while (left := until - time.monotonic()) > 0 and (data := self.read(left)) is not None:
            if data:
                came.append(Came(time.monotonic(), data))
        return came

    def read(self, within_s: float) -> bytes | None:
        """What comes next; empty when nothing did, None when the program has closed its terminal."""
        if not select.select([self.terminal], [], [], within_s)[0]:
            return b""
        try:
            return os.read(self.terminal, 65536) or None
        except OSError:
            return None

    def cpu_s(self) -> float:
        """From /proc/PID/stat: its own, and that of children it has waited for."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:15]) / CLOCK_TICKS

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def answer_ms(self, key: bytes, expected: bytes, within_s: float) -> float:
        """Between sending ``key`` and the arrival of ``expected``; nan when it does not come."""
        sent = time.monotonic()
        os.write(self.terminal, key)
        said = b""
        while (left := sent + within_s - time.monotonic()) > 0 and (data := self.read(left)) is not None:
            said += data
            if expected in said:
                return (time.monotonic() - sent) * 1000
        return float("nan")


@contextlib.contextmanager
def program(command: Sequence[str]) -> Iterator[Program]:
    """Start it; end it at the end of the block, by its own pid."""
    path = shutil.which(command[0]) or command[0]
    environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    environment |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    for name in ("COLUMNS", "LINES"):
        environment.pop(name, None)
    ours, theirs = pty.openpty()
    # Sized before anybody can ask: a program that starts on an unsized terminal draws its first screen for nothing.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.login_tty(theirs)
        os.execve(path, list(command), environment)
    os.close(theirs)
    running = Program(pid, ours, began)
    try:
        yield running
    finally:
        os.kill(pid, signal.SIGTERM)
        running.read_until(time.monotonic() + 1.0)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(ours)


def measure(command: Sequence[str], seconds: float, marks: Sequence[bytes] = ()) -> Run:
    """Run it for its start and ``seconds`` more; full is when all ``marks`` were written, or by the first pause."""
    with program(command) as running:
        output, full, start_cpu = _until_full(running, marks)
        first = next((came.at for came in output if len(came.data) > 20), float("nan"))
        running.read_until(running.began + SETTLED_S)
        cpu, since = running.cpu_s(), time.monotonic()
        steady = running.read_until(since + seconds)
        cycles = (time.monotonic() - since) / REFRESH_S
        return Run(
            first_ms=(first - running.began) * 1000,
            full_ms=(full - running.began) * 1000,
            start_cpu_ms=start_cpu * 1000,
            cpu_ms=(running.cpu_s() - cpu) * 1000 / cycles,
            bytes_per_refresh=sum(len(came.data) for came in steady) / cycles,
            rss_mb=running.rss_mb(),
        )


def _until_full(running: Program, marks: Sequence[bytes]) -> tuple[list[Came], float, float]:
    """What came, when the screen was full (nan: it never was), and the CPU seconds used by then."""
    output: list[Came] = []
    written, full, cpu = b"", float("nan"), float("nan")
    end = running.began + SETTLED_S
    while (now := time.monotonic()) < end and (data := running.read(PAUSE_S)) is not None:
        if data:
            output.append(Came(time.monotonic(), data))
            written += data
            if not marks or all(mark in written for mark in marks):
                full, cpu = output[-1].at, running.cpu_s()
        if marks and full < now:
            break
        if not marks and not data and len(written) > LEAST_SCREEN_BYTES:
            break
    return output, full, cpu


def answers_ms(command: Sequence[str], keys: Sequence[bytes], expected: bytes, count: int) -> list[float]:
    """How long each of so many key presses, at odd moments, waited for its answer on the screen."""
    odd = random.Random(7)  # the same moments each time, no secret
    with program(command) as running:
        running.read_until(running.began + SETTLED_S)
        times = []
        for number in range(count):
            running.read_until(time.monotonic() + odd.uniform(0.03, 0.15))
            times.append(running.answer_ms(keys[number % len(keys)], expected, within_s=2.0))
        return times
