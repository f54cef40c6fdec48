"""`a` from inside tmux: the terminal's own client goes to the session, is told the way back; the console lives on."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.screen import Screen, screen


def holds(what: str, look: Callable[[], bool]) -> None:
    until = time.monotonic() + 30.0
    while not look():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def test_a_switches_the_client_and_the_users_own_key_comes_back(tmp_path: Path) -> None:
    """A client with a terminal of its own, in the same server as the session: prefix and key are the user's."""
    config = tmp_path / "opsconsole.toml"
    with screen() as inner, screen() as outer:
        console = [str(Path(sys.executable).with_name("opsconsole")), "--config", str(config)]
        config.write_text(f"[sessions]\nsocket = '{inner.socket}'\n")
        config.chmod(0o600)
        inner.start(console, 120, 35)
        inner.tmux("new-session", "-d", "-s", "work", "echo the work; exec cat")
        inner.tmux("set-option", "-g", "prefix", "C-a")
        inner.tmux("bind-key", "-T", "prefix", "b", "switch-client", "-l")
        inner.tmux("unbind-key", "-T", "prefix", "L")
        outer.start(["env", "-u", "TMUX", "tmux", "-u", "-S", str(inner.socket), "attach", "-t", "t"], 120, 36)
        outer.see("Sessions")
        outer.press("3", "z")
        outer.see("work", "Session")
        select(outer, "work")
        assert where(inner) == "t"
        outer.press("a")
        holds("the switch", lambda: where(inner) == "work")
        outer.see("the work", "opsconsole: C-a b comes back")
        outer.press("C-a", "b")
        holds("the way back", lambda: where(inner) == "t")
        outer.see("work", "Session")
        outer.press("?")
        outer.see("On a row")


def where(inner: Screen) -> str:
    return inner.tmux("list-clients", "-F", "#{session_name}").strip()


def select(outer: Screen, name: str) -> None:
    outer.press("g")
    until = time.monotonic() + 30.0
    while not re.search(rf"^│▌{name} ", outer.text(), re.MULTILINE):
        assert time.monotonic() < until, outer.text()
        outer.press("j")
        time.sleep(0.3)
