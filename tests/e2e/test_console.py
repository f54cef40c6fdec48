"""The console as its operator meets it: in a real terminal, by keys, read back from the screen."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.fleet import Fleet, fleet
from tests.e2e.screen import Screen, screen

OPSCONSOLE = str(Path(sys.executable).with_name("opsconsole"))
PANES = ("Services", "Workers", "Sessions", "Environments", "System")


@pytest.fixture(scope="module")
def running() -> Iterator[Fleet]:
    with fleet() as started:
        yield started


@pytest.fixture
def terminal() -> Iterator[Screen]:
    with screen() as opened:
        yield opened


def console(running: Fleet, *words: str) -> list[str]:
    return [OPSCONSOLE, "--config", str(running.config), *words]


def test_a_large_terminal_shows_all_five_panes_with_what_is_there(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running), 200, 50)
    terminal.see(*PANES, "dashboard", "twin", "work-prod", "reading-ui")
    terminal.press("q")
    terminal.see("ended with 0")


def test_an_exported_size_that_is_not_the_terminals_is_no_matter(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running), 120, 40, {"COLUMNS": "80", "LINES": "24"})
    terminal.see("dashboard", "twin", "work-prod")
    terminal.press("q")
    terminal.see("ended with 0")


def test_a_small_terminal_shows_one_pane_and_names_the_others(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running), 80, 24)
    terminal.see("dashboard")
    terminal.press("2")
    terminal.see("twin")
    terminal.press("3")
    terminal.see("work-prod")
    terminal.press("q")
    terminal.see("ended with 0")


def test_help_filter_and_details_answer_to_their_keys(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running), 120, 40)
    terminal.see("dashboard")
    terminal.press("?")
    terminal.see("On a row", "Show everything")
    terminal.press("Escape")
    terminal.press("1", "/")
    terminal.press("-l", "absent")
    terminal.wait(lambda text: "dashboard" not in text)
    terminal.press("Escape", "Escape")
    terminal.see("dashboard")
    terminal.press("Enter")
    terminal.see("127.0.0.1")
    terminal.press("q")
    terminal.press("q")
    terminal.see("ended with 0")


def test_what_is_typed_in_one_burst_goes_where_it_belongs(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running), 120, 40)
    terminal.see("dashboard", "twin")
    terminal.press("2", "z", "/", *"qz!absent")
    terminal.see("qz!absent", "0 of 2")
    terminal.press("Escape")
    # Escape alone is told from alt and a key by the time after it: not before the screen has answered it.
    terminal.wait(lambda text: "▌twin" in text and "qz!absent" not in text)
    terminal.press("l")
    terminal.see("twin.log")
    terminal.press("/", *"qwZ[")
    terminal.see("/qwZ[ 0")
    terminal.press("Escape")
    terminal.wait(lambda text: "n N matches" in text)
    terminal.press("Escape")
    terminal.wait(lambda text: "qwZ[" not in text)
    terminal.press("q")
    terminal.see("Worker", "twin", "1 Services")


def test_watch_mode_says_so(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running, "watch"), 120, 40)
    terminal.see("READ-ONLY", "dashboard")


def test_resizes_never_crash_it(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running), 200, 50)
    terminal.see("dashboard")
    for width, height in ((80, 24), (20, 5), (2, 2), (1, 1), (120, 40), (39, 9), (300, 80), (200, 50)):
        terminal.tmux("resize-window", "-t", "t", "-x", str(width), "-y", str(height))
    terminal.see(*PANES)


def test_too_small_is_said_politely(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running), 30, 8)
    terminal.see("too small")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_signals_restore_the_terminal(running: Fleet, terminal: Screen, ending: signal.Signals) -> None:
    terminal.start(console(running), 120, 40)
    terminal.see("dashboard")
    os.kill(terminal.process("opsconsole"), ending)
    text = terminal.see("ended with")
    assert "dashboard" not in text


def test_a_locale_without_utf8_gets_ascii_only(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running), 120, 40, {"LC_ALL": "C", "LANG": "C"})
    assert terminal.see("dashboard", "Workers").isascii()


def test_no_color_gives_no_colour(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running), 120, 40, {"NO_COLOR": "1"})
    terminal.see("dashboard")
    coloured = terminal.tmux("capture-pane", "-e", "-p", "-t", "t")
    assert "\x1b[38;" not in coloured
    assert "\x1b[48;" not in coloured
    assert not any(f"\x1b[{code}m" in coloured for code in (*range(31, 38), *range(41, 48), *range(91, 98)))


def test_a_dumb_terminal_is_told_what_works_there(running: Fleet, terminal: Screen) -> None:
    terminal.start(console(running), 120, 24, {"TERM": "dumb"})
    terminal.see("watch --plain", "ended with 2")


def test_how_panes_are_looked_at_outlives_the_console_and_the_mouse_is_let_go_by_a_key(
    running: Fleet, terminal: Screen
) -> None:
    (terminal.state_dir / "screen.json").unlink()
    terminal.start(console(running), 120, 40)
    terminal.see("dashboard", "twin", "First time here?")
    assert terminal.tmux("display-message", "-p", "-t", "t", "#{mouse_any_flag}").strip() == "1"
    terminal.press("q")
    terminal.wait(lambda text: "First time here?" not in text)
    terminal.press("m")
    terminal.see("the terminal's own again")
    assert terminal.tmux("display-message", "-p", "-t", "t", "#{mouse_any_flag}").strip() == "0"
    terminal.press("2", "/", *"run>1")
    terminal.see("/run>1")
    terminal.press("Enter", "q")
    terminal.see("ended with 0")
    terminal.tmux("kill-session", "-t", "t")
    terminal.start(console(running), 120, 40)
    terminal.see("dashboard", "/run>1")
    assert "First time here?" not in terminal.text()
    assert terminal.tmux("display-message", "-p", "-t", "t", "#{mouse_any_flag}").strip() == "0"
    terminal.press("q")
    terminal.see("ended with 0")
