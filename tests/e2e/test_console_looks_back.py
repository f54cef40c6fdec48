"""History and timeline in a real terminal: kept by one console, there for the next one, and never written by watch."""

from __future__ import annotations

import sqlite3
import stat
import sys
import time
from pathlib import Path

import msgspec

from opsconsole.model.alert import Held
from tests.e2e.screen import PATIENCE_S, Screen, screen

OPSCONSOLE = str(Path(sys.executable).with_name("opsconsole"))


def count(file: Path) -> int:
    if not file.exists() or not file.stat().st_size:
        return 0
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        return int(connection.execute("select count(*) from events").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # it is being made
    finally:
        connection.close()


def run(terminal: Screen, folder: Path, *words: str) -> Path:
    """A console on a worker that is missing, with a state directory that outlives the terminal."""
    config, state = folder / "opsconsole.toml", folder / "state"
    if not state.exists():
        state.mkdir(mode=0o700)
        (state / "screen.json").write_text('{"tour_seen": true}', encoding="utf-8")
    config.write_text(
        f'[[worker]]\nname = "assigner"\ncommand = ["{sys.executable}", "{folder}/nobody.py"]\n', encoding="utf-8"
    )
    command = [OPSCONSOLE, "--config", str(config), *words]
    terminal.start(command, 120, 40, {"OPSCONSOLE_STATE_DIR": str(state)})
    return state / "history.sqlite3"


def test_what_one_console_saw_the_next_one_tells_and_watch_keeps_nothing(tmp_path: Path) -> None:
    with screen() as watching:
        kept = run(watching, tmp_path, "watch")
        watching.see("assigner", "not running")
        watching.press("i")
        watching.see("Timeline", "Nothing has happened")
        assert not kept.exists()
    with screen() as first:
        run(first, tmp_path)
        until = time.monotonic() + PATIENCE_S
        while not count(kept):
            assert time.monotonic() < until, f"nothing was recorded: {first.text()}"
            time.sleep(0.1)
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        first.press("q")
        first.see("ended with 0")
    with screen() as terminal:
        run(terminal, tmp_path)
        terminal.see("assigner", "not running")
        terminal.press("i")
        terminal.see("Timeline", "found", "assigner is not running")
        terminal.press("/")
        terminal.press("-l", "what = closed")
        terminal.see("nothing like that")
        terminal.press("Enter", "Escape")
        terminal.see("found", "assigner is not running")
        terminal.press("Escape")  # with a key right behind it would be one key
        terminal.wait(lambda text: "Timeline" not in text)
        terminal.press("h")
        terminal.see("History", "[15m]", "Load, 1 min", "now")
        terminal.press(">")
        terminal.see("[1h]")


ALERT = """
[[alert]]
name = "Busy"
when = "load1 >= 0"
do = "look at it"
escalate = [{ after = "2s", do = "call somebody" }]
"""


def test_an_active_alert_goes_on_in_the_next_console_and_counts_what_was_seen_only(tmp_path: Path) -> None:
    config, state = tmp_path / "opsconsole.toml", tmp_path / "state"
    config.write_text(ALERT, encoding="utf-8")
    kept = []
    for _ in range(2):
        with screen() as terminal:
            state.mkdir(mode=0o700, exist_ok=True)
            if not kept:
                (state / "screen.json").write_text('{"tour_seen": true}', encoding="utf-8")
            command = [OPSCONSOLE, "--config", str(config)]
            terminal.start(command, 120, 40, {"OPSCONSOLE_STATE_DIR": str(state)})
            terminal.see("1, 5, 15")
            terminal.press("9")
            terminal.see("Busy", "active", "call somebody")
            terminal.press("q")
            terminal.wait(lambda text: "call somebody" not in text)
            terminal.press("q")
            terminal.see("ended with 0")
        kept.append(msgspec.json.decode((state / "alerts.json").read_bytes(), type=dict[str, Held])["Busy"])
    first, second = kept
    assert second.since == first.since
    assert 2.0 <= first.active_s < second.active_s
    assert second.held_s < second.seen - second.since, "the time in which no console ran is not counted"
