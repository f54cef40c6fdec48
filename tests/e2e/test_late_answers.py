"""What a terminal answers late, on a busy machine, is taken by the console and not left to what runs after it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path

from opsconsole.ui.link import ANSWER, ASK
from opsconsole.ui.memory import Memory

LATE_S = 0.9
DEADLINE_S = 40.0


def test_a_status_answer_that_comes_after_quitting_is_not_typed_into_the_shell(tmp_path: Path) -> None:
    config = tmp_path / "opsconsole.toml"
    config.write_text('[sessions]\nsocket = "/nowhere/tmux"\n')
    config.chmod(0o600)
    tmp_path.chmod(0o700)
    memory = Memory(tmp_path)
    memory.change(tour_seen=True)
    assert memory.save() == ""
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    command = [str(Path(sys.executable).with_name("opsconsole")), "--config", str(config), "--state-dir", str(tmp_path)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    console = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    try:
        assert answer_late(ours, console), "it asked"
        assert console.wait(DEADLINE_S) == 0
        time.sleep(2 * LATE_S)  # whatever is still on its way would have come by now
        assert left_typed(theirs) == b""
    finally:
        console.kill()
        console.wait()
        os.close(ours)
        os.close(theirs)


def answer_late(terminal: int, console: subprocess.Popen[bytes]) -> int:
    """Be the terminal until the console has ended, and press q at once after a request; how often it was answered."""
    due: list[float] = []
    answered = seen = 0
    quitting, written, until = False, b"", time.monotonic() + DEADLINE_S
    while time.monotonic() < until and (console.poll() is None or due):
        if select.select([terminal], [], [], 0.02)[0]:
            written += os.read(terminal, 65536)
        asked = written.count(ASK.encode())
        due += [time.monotonic() + LATE_S] * (asked - seen)
        if asked > seen and answered and not quitting:
            quitting = True
            os.write(terminal, b"q")
        seen = asked
        while due and due[0] <= time.monotonic():
            due.pop(0)
            answered += 1
            os.write(terminal, ANSWER.encode())
    return answered


def left_typed(terminal: int) -> bytes:
    tty.setcbreak(terminal, termios.TCSANOW)
    return os.read(terminal, 4096) if select.select([terminal], [], [], 0.2)[0] else b""
