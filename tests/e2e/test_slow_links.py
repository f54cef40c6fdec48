"""The console at the far end of a bad link, slow, stopped or lossy: it answers, stores nothing up, is right again."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.fleet import Fleet, fleet
from tests.e2e.screen import Screen, screen

OPSCONSOLE = str(Path(sys.executable).with_name("opsconsole"))
LINK = Path(__file__).with_name("link.py")
SLOW = 2048
"""Bytes a second."""
ONE_SCREEN = 6_000
"""Bytes that a whole screen of 80x24 takes, and what is let go beside it."""


class Remote:
    """A console at the other end of a link, as seen on the terminal at this end."""

    def __init__(self, terminal: Screen, folder: Path) -> None:
        self.terminal = terminal
        self._folder = folder

    def link(self, rate: int) -> None:
        (self._folder / "new").write_text(str(rate))
        (self._folder / "new").replace(self._folder / "rate")

    @property
    def carried(self) -> int:
        return int((self._folder / "carried").read_text())

    @property
    def console(self) -> int:
        link = self.terminal.process("link.py")
        return int(Path(f"/proc/{link}/task/{link}/children").read_text().split()[0])

    def settled(self) -> str:
        """The screen once the link has carried everything and only little comes."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            before = self.carried
            time.sleep(0.6)
            if self.carried - before < 300:
                break
        return self.terminal.text()


@pytest.fixture(scope="module")
def running() -> Iterator[Fleet]:
    with fleet() as started:
        text = started.config.read_text()
        started.config.write_text(f'[console]\nrefresh = "0.5s"\n{text}')
        yield started


@pytest.fixture
def remote(running: Fleet, tmp_path: Path) -> Iterator[Remote]:
    with screen() as terminal:
        console = [OPSCONSOLE, "--config", str(running.config)]
        terminal.start([sys.executable, "-S", str(LINK), str(tmp_path), *console], 80, 24)
        terminal.see("dashboard", "1 Services")
        yield Remote(terminal, tmp_path)


def rows(text: str) -> list[str]:
    """What stands on the screen but for clock, ages and load, which differ from look to look."""
    return [line[:24] for line in text.splitlines()[2:-2]]


def test_two_kilobytes_a_second_are_enough_and_nothing_queues_up(remote: Remote) -> None:
    terminal = remote.terminal
    remote.link(SLOW)
    remote.settled()
    before = remote.carried
    terminal.press("2")
    terminal.see("twin")
    assert remote.carried - before < ONE_SCREEN
    for key in "2z1z2z3z4z5z2z1z2z3z":
        terminal.press(key)
    before = remote.carried
    terminal.press("?")
    terminal.see("On a row")
    # What was on its way, and the help: of the twenty screens between, most were never written.
    assert remote.carried - before < 3 * ONE_SCREEN
    terminal.press("Escape")
    terminal.wait(lambda text: "On a row" not in text and "work-prod" in text)
    kept = rows(remote.settled())
    terminal.press("C-l")
    time.sleep(1.0)
    assert rows(remote.settled()) == kept, "what was kept back was not written later"
    terminal.press("q", "q")
    terminal.see("ended with 0")


def test_a_terminal_that_stops_reading_finds_the_console_alive_and_right_and_no_larger(remote: Remote) -> None:
    terminal = remote.terminal
    for key, seen in (("3", "work-prod"), ("4", "reading-ui"), ("5", "Memory"), ("1", "dashboard"), ("2", "twin")) * 2:
        terminal.press(key)
        terminal.see(seen)
    remote.settled()
    before_kb = own_memory_kb(remote.console)
    remote.link(0)
    for key in ("3", "1", "4", "5") * 5:
        terminal.press(key)
        time.sleep(0.4)
    stood = remote.carried
    assert own_memory_kb(remote.console) - before_kb < 12 * 1024
    terminal.press("3")
    terminal.tmux("resize-window", "-t", "t", "-x", "100", "-y", "30")
    remote.link(1_000_000)
    terminal.see("work-prod", "3 Sessions")
    assert remote.carried - stood < 10 * ONE_SCREEN
    assert all(len(line) <= 100 for line in terminal.text().splitlines())
    terminal.press("q")
    terminal.see("ended with 0")


def test_what_a_link_has_lost_is_drawn_again_by_ctrl_l_in_the_size_that_the_terminal_has_by_then(
    remote: Remote,
) -> None:
    terminal = remote.terminal
    remote.link(-1)
    terminal.press("2")
    time.sleep(0.5)
    terminal.tmux("resize-window", "-t", "t", "-x", "90", "-y", "26")
    # Whatever else writes to the terminal of a full-screen program: wall, a kernel message, a lost half of a sequence.
    tty = terminal.tmux("display-message", "-p", "-t", "t", "#{pane_tty}").strip()
    Path(tty).write_text("\x1b[5;5Hgarbage \x1b[7m" + "garbage " * 40 + "\x1b[3")
    terminal.see("garbage")
    remote.link(1_000_000)
    terminal.press("C-l")
    text = terminal.wait(lambda text: "garbage" not in text and "twin" in text)
    assert text.splitlines()[2].startswith("─ 2 Workers")
    terminal.press("q")
    terminal.see("ended with 0")


def own_memory_kb(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rollup.split("Private_Dirty:")[1].split()[0])
