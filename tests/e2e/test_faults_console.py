"""The console in a terminal among faults: hostile text from everywhere, a terminal that stops reading, storms, ends.

The console's own output is read byte by byte from a pty: what a hostile name would do to a terminal is seen there,
where a screen read back by tmux would hide it.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.server
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.ground import PYTHON

OPSCONSOLE = str(Path(sys.executable).with_name("opsconsole"))
PATIENCE_S = 30.0
HOSTILE = "EVIL\x1b]0;pwned\x07\x1b[2J[/][@click=app.quit]\u202egnp\u200b\x9b31m"
OWN_COMMANDS = {"\x1b]22;default"}
"""What the toolkit itself tells the terminal beside text and colours: the pointer's shape."""
MARKUP = "[/][@click=app.quit]"


class Terminal:
    """A program on a pty of its own, and every byte that it wrote."""

    def __init__(self, argv: list[str], width: int, height: int, **environment: str) -> None:
        self.written = bytearray()
        self._ours, theirs = pty.openpty()
        self.resize(width, height)
        self.settings = termios.tcgetattr(theirs)
        self.child = subprocess.Popen(
            argv,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._theirs = theirs

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, seconds: float) -> None:
        """Take what comes for so long."""
        until = time.monotonic() + seconds
        waits = select.poll()  # not select(2), which knows the first 1024 descriptors only
        waits.register(self._ours, select.POLLIN)
        while (left := until - time.monotonic()) > 0:
            if waits.poll(left * 1000):
                with contextlib.suppress(OSError):
                    self.written += os.read(self._ours, 65536)

    def read_until(self, holds: Callable[[bytes], bool], what: str) -> bytes:
        until = time.monotonic() + PATIENCE_S
        while not holds(bytes(self.written)):
            assert time.monotonic() < until, f"{what}: {bytes(self.written[-2000:])!r}"
            self.read(0.05)
        return bytes(self.written)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def ended(self) -> int:
        """Its exit status, its last output read."""
        until = time.monotonic() + PATIENCE_S
        while self.child.poll() is None:
            assert time.monotonic() < until, "it does not end"
            self.read(0.05)
        self.read(0.1)
        return self.child.returncode

    def is_restored(self) -> bool:
        """Whether the terminal's settings are as they were before."""
        return termios.tcgetattr(self._theirs) == self.settings

    def close(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait(PATIENCE_S)
        os.close(self._ours)
        os.close(self._theirs)


class Hostile(http.server.BaseHTTPRequestHandler):
    """Puts hostile text into status line, header and body."""

    def do_GET(self) -> None:
        text = HOSTILE.encode("unicode_escape").replace(b"\\x", b"\\u00")
        body = b'{"status": "' + text + b'", "EVIL[/]": "stopped"}'
        head = f"HTTP/1.0 200 {MARKUP}\x1b[2J\r\nX-EVIL: \x1b]0;pwned\x07\r\n\r\n".encode()
        self.wfile.write(head + body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A config of hostile things that are really there: a process, a tmux title, a log, a server."""
    folder = tmp_path_factory.mktemp("hostile")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    (folder / "w.py").write_text("import time; time.sleep(600)")
    (folder / "w.log").write_text(f"2026-02-08 09:04:45 ERROR {HOSTILE}\n")
    worker = subprocess.Popen([PYTHON, "w.py", HOSTILE], cwd=folder, stdin=subprocess.DEVNULL)
    socket = folder / "s"
    tmux = ["tmux", "-u", "-S", str(socket), "-f", "/dev/null"]
    titled = f"printf '\\033]2;{MARKUP}EVIL\\007'; sleep 600"
    subprocess.run([*tmux, "new-session", "-d", "-s", "s1", titled], check=True)
    config = folder / "opsconsole.toml"
    config.write_text(
        f"""
[console]
refresh = "300ms"
[[service]]
name = "EVIL{MARKUP}"
port = {server.server_port}
url = "http://127.0.0.1:{server.server_port}/health"
[[worker]]
name = "victim"
command = ["{PYTHON}", "w.py", {_toml(HOSTILE)}]
cwd = "{folder}"
log = "{folder}/w.log"
[sessions]
socket = "{socket}"
"""
    )
    config.chmod(0o600)
    try:
        yield config
    finally:
        worker.kill()
        worker.wait()
        server.shutdown()
        server.server_close()
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


def _toml(text: str) -> str:
    return '"' + "".join(c if c.isascii() and c.isprintable() and c != '"' else f"\\u{ord(c):04x}" for c in text) + '"'


@contextlib.contextmanager
def console(config: Path, width: int = 120, height: int = 40, **environment: str) -> Iterator[Terminal]:
    terminal = Terminal([OPSCONSOLE, "--config", str(config)], width, height, **environment)
    try:
        yield terminal
    finally:
        terminal.close()


def inert(written: bytes) -> None:
    """Nothing of what came from outside reached the terminal as more than text."""
    text = written.decode(errors="replace")
    assert "\x1b]0;pwned" not in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\x80-\x9f]", text)
    assert set(re.findall(r"\x1b\][^\x07\x1b]*", text)) <= OWN_COMMANDS


def test_hostile_text_from_every_source_is_inert_on_every_screen(machine: Path) -> None:
    with console(machine) as terminal:
        terminal.read_until(lambda seen: b"victim" in seen and b"s1" in seen and b"degraded" in seen, "the panes")
        for keys in ("1", "\r", "\x1b", "2", "t", "\r", "\x1b", "l", "/EVIL\r", "n", "\x1b", "q", "3", "t", "\r", "q"):
            terminal.press(keys)
            terminal.read(0.4)
        terminal.read_until(lambda seen: b"click=app.quit" in seen, "hostile text shown as text")
        inert(bytes(terminal.written))
        assert terminal.child.poll() is None
        terminal.press("q")
        assert terminal.ended() == 0
        assert terminal.is_restored()


def test_plain_lines_and_json_carry_nothing_hostile(machine: Path) -> None:
    for words in (["status"], ["status", "--json"], ["probe"], ["probe", "--json"]):
        command = [OPSCONSOLE, "--config", str(machine), *words]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert "EVIL" in said.stdout
        inert(said.stdout.encode())


def test_a_resize_storm_down_to_one_cell_is_survived(machine: Path) -> None:
    sizes = random.Random(7)
    with console(machine, 200, 50) as terminal:
        terminal.read_until(lambda seen: b"victim" in seen, "the panes")
        for _ in range(60):
            terminal.resize(sizes.choice((1, 2, 5, 39, 40, 80, 107, 108, 300)), sizes.choice((1, 2, 9, 10, 24, 50, 90)))
            terminal.read(0.02)
        terminal.resize(1, 1)
        terminal.read(0.3)
        terminal.resize(120, 40)
        del terminal.written[:]
        terminal.read_until(lambda seen: b"victim" in seen, "the panes again")
        terminal.press("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminal_that_stops_reading_keeps_no_signal_from_ending_it(machine: Path, ending: signal.Signals) -> None:
    with console(machine, 200, 50) as terminal:
        terminal.read_until(lambda seen: b"victim" in seen, "the panes")
        for turn in range(40):
            # Nobody reads: each resize makes it write a whole screen, until the pty is full.
            terminal.resize(199 + turn % 2, 50)
            time.sleep(0.05)
        os.kill(terminal.child.pid, ending)
        assert terminal.child.wait(PATIENCE_S) == 128 + ending
        assert terminal.is_restored()


def test_a_terminal_that_reads_again_gets_the_screen_as_it_is_now(machine: Path) -> None:
    with console(machine, 200, 50) as terminal:
        terminal.read_until(lambda seen: b"victim" in seen, "the panes")
        for turn in range(40):
            terminal.resize(199 + turn % 2, 50)
            time.sleep(0.05)
        del terminal.written[:]
        terminal.read_until(lambda seen: b"victim" in seen, "the panes again")
        terminal.press("q")
        assert terminal.ended() == 0


def test_a_terminal_that_has_gone_ends_it(machine: Path) -> None:
    with console(machine) as terminal:
        terminal.read_until(lambda seen: b"victim" in seen, "the panes")
        os.close(terminal._ours)
        os.close(terminal._theirs)
        terminal._ours, terminal._theirs = os.open("/dev/null", os.O_RDONLY), os.open("/dev/null", os.O_RDONLY)
        terminal.child.wait(PATIENCE_S)


def test_standard_output_that_is_a_pipe_and_a_dumb_terminal_get_words(machine: Path) -> None:
    piped = subprocess.run([OPSCONSOLE, "--config", str(machine)], capture_output=True, text=True, timeout=60)
    assert (piped.returncode, piped.stdout) == (2, "")
    assert "watch --plain" in piped.stderr
    with console(machine, TERM="dumb") as terminal:
        assert terminal.ended() == 2
        assert b"watch --plain" in terminal.written
        assert b"\x1b" not in terminal.written
