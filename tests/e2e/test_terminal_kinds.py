"""The console in terminals of several kinds: it starts, shows what is there by what the kind can, and gives it back."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.fleet import Fleet, fleet
from tests.e2e.screen import Screen, screen

OPSCONSOLE = str(Path(sys.executable).with_name("opsconsole"))
KINDS = {"xterm": 8, "xterm-256color": 256, "screen-256color": 256, "tmux-256color": 256, "linux": 8, "vt220": 0}
"""How many colours each has; those of eight have them bright too."""
FONT_OF_ITS_OWN = ("linux", "vt220")
"""With letters and little else."""


@pytest.fixture(scope="module")
def running() -> Iterator[Fleet]:
    with fleet() as started:
        yield started


@pytest.fixture
def terminal() -> Iterator[Screen]:
    with screen() as opened:
        yield opened


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_terminal_is_served_by_what_it_can_and_given_back(
    running: Fleet, terminal: Screen, kind: str
) -> None:
    written = terminal.state_dir.parent / "written"
    command = shlex.join([OPSCONSOLE, "--config", str(running.config)])
    # Recorded from the first byte on, as the program wrote it: tmux would translate colours for its own terminal.
    line = f"sleep 0.2; stty -a > {written}.before; {command}; stty -a > {written}.after"
    terminal.start(["sh", "-c", line], 100, 30, {"TERM": kind, "COLORTERM": ""})
    terminal.tmux("pipe-pane", "-t", "t", f"cat > {written}")
    text = terminal.see("dashboard", "degraded", "2 Workers")
    terminal.press("2")
    terminal.see("twin", "absent")
    terminal.press("q")
    after = terminal.see("ended with 0")
    assert "dashboard" not in after, "the screen that was there before is back"
    assert Path(f"{written}.before").read_text() == Path(f"{written}.after").read_text()
    codes = set(re.findall(r"\x1b\[([\d;]*)m", written.read_text(errors="replace")))
    parts = [code.split(";") for code in codes]
    if KINDS[kind] < 256:
        assert not any("38" in part or "48" in part for part in parts), codes
    if kind in FONT_OF_ITS_OWN:
        assert text.isascii()
    if not KINDS[kind]:
        colours = {str(code) for code in (*range(30, 38), *range(40, 48), *range(90, 108))}
        assert not any(colours & set(part) for part in parts), codes
    else:
        assert codes - {"", "0"}


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50)])
def test_in_a_tmux_inside_a_tmux_all_is_as_in_one(running: Fleet, terminal: Screen, width: int, height: int) -> None:
    inner = ["tmux", "-u", "-S", str(terminal.state_dir.parent / "inner"), "-f", "/dev/null"]
    console = shlex.join([OPSCONSOLE, "--config", str(running.config), "--state-dir", str(terminal.state_dir)])
    # Without a status line of its own it has the whole of the outer window.
    started = [*inner, "new-session", "-s", "inner", f"{console}; echo inner $?; exec cat"]
    terminal.start(["env", "-u", "TMUX", *started, ";", "set", "status", "off"], width, height)
    terminal.see("dashboard", "degraded")
    for key, seen in (("2", "twin"), ("3", "work-prod"), ("?", "On a row")):
        terminal.press(key)
        lines = terminal.see(seen).splitlines()
        assert max(len(line) for line in lines) <= width
    terminal.press("Escape")
    terminal.wait(lambda text: "On a row" not in text and "work-prod" in text)
    terminal.tmux("resize-window", "-t", "t", "-x", "120", "-y", "36")
    terminal.wait(lambda text: all(pane in text for pane in ("Services", "Workers", "Sessions", "System", "twin")))
    terminal.press("q")
    terminal.see("inner 0")
    terminal.press("C-d")
    terminal.see("ended with 0")
