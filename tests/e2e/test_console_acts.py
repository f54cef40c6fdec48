"""Putting the incident right from the keyboard: a real terminal, the demo's real processes, the real executor."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from opsconsole.act.journal_reader import JournalReader
from opsconsole.demo.sandbox import Sandbox
from opsconsole.model.plan import JournalEntry
from tests.e2e.demo_ground import argv, eventually, exists
from tests.e2e.screen import Screen, screen

OPSCONSOLE = str(Path(sys.executable).with_name("opsconsole"))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The incident; in the end no executor is left watching."""
    with Sandbox.build() as built:
        # The first key would close the tour, and do nothing else.
        (built.state_dir / "screen.json").write_text('{"tour_seen": true}')
        yield built
        eventually("the end of all plans", lambda: all(entry.state == "finished" for entry in journal(built)), 40.0)


@pytest.fixture
def terminal() -> Iterator[Screen]:
    with screen() as opened:
        yield opened


def journal(sandbox: Sandbox) -> tuple[JournalEntry, ...]:
    return JournalReader(sandbox.state_dir).entries().value or ()


def console(sandbox: Sandbox, terminal: Screen, *words: str) -> None:
    terminal.start(
        [OPSCONSOLE, "--config", str(sandbox.config_path), "--state-dir", str(sandbox.state_dir), *words], 120, 40
    )
    terminal.see("auto_confirm", "assigner")
    terminal.press("2")


def to_row(terminal: Screen, name: str) -> None:
    """Move the cursor of the workers' pane onto the row of this name."""
    terminal.wait(lambda text: under_cursor(text) in WORKERS)
    terminal.press("g")
    terminal.wait(lambda text: under_cursor(text) == WORKERS[0])
    for above, below in pairwise(WORKERS):
        if above == name:
            return
        terminal.press("j")
        terminal.wait(lambda text, below=below: under_cursor(text) == below)
    assert WORKERS[-1] == name


WORKERS = ("orchestrator", "assigner", "auto_confirm", "process_supervisor", "site_health_monitor")


def under_cursor(text: str) -> str:
    found = re.search(r"▌(\S+)", text)
    return found[1] if found else ""


def pids_of(sandbox: Sandbox, script: str) -> list[int]:
    return [process.pid for process in sandbox.pids() if exists(process.pid) and script in argv(process.pid)]


def test_watch_mode_has_the_keys_dimmed_and_does_nothing(sandbox: Sandbox, terminal: Screen) -> None:
    console(sandbox, terminal, "watch")
    to_row(terminal, "auto_confirm")
    terminal.press("D")
    terminal.see("kill duplicates: read-only")
    assert journal(sandbox) == ()


def test_duplicates_are_killed_by_key_and_verified(sandbox: Sandbox, terminal: Screen) -> None:
    (first,) = pids_of(sandbox, "workers/auto_confirm_worker.py")
    (second,) = pids_of(sandbox, "workers/auto_confirm_worker_v2.py")
    console(sandbox, terminal)
    to_row(terminal, "auto_confirm")
    terminal.press("D")
    asked = terminal.see("Kill duplicates: auto_confirm", "[ Cancel ]")
    goes, _, stays = asked.partition("Stays")
    assert f"instance {first}" in goes
    assert f"● {second}" in stays
    assert "the configured version" in stays
    assert exists(first), "asking does nothing"
    pressed = time.time()
    terminal.press("y")
    terminal.see("done, verified")
    (entry,) = journal(sandbox)
    assert entry.result is not None
    assert (entry.plan.verb, entry.result.result, entry.result.verified) == ("kill-duplicates", "done", True)
    assert not exists(first)
    assert exists(second)
    print(f"from the key to the first step: {(entry.steps[0].began - pressed) * 1000:.0f} ms")  # noqa: T201
    terminal.press("Escape")
    terminal.see("4 running · 1 missing")
    terminal.press("J")
    terminal.see("Journal", "Kill duplicates: auto_confirm")


def test_a_link_that_drops_in_the_middle_does_not_stop_what_was_confirmed(sandbox: Sandbox, terminal: Screen) -> None:
    """Restarting takes some seconds; the console is hung up on after the first step."""
    before = pids_of(sandbox, "workers/assigner_worker.py")
    console(sandbox, terminal)
    to_row(terminal, "assigner")
    terminal.press("r")
    terminal.see("Restart: assigner", "[ Cancel ]")
    known = len(journal(sandbox))
    terminal.press("y")
    eventually("the first step", lambda: len(found := journal(sandbox)) > known and found[0].steps)
    assert journal(sandbox)[0].result is None, "it is in the middle"
    os.kill(terminal.process("opsconsole"), signal.SIGHUP)
    terminal.see("ended with")
    entry = eventually("the result", lambda: next((one for one in journal(sandbox)[:1] if one.result), None))
    assert entry.result is not None
    assert (entry.plan.verb, entry.result.result, entry.result.verified) == ("restart", "done", True), entry.result
    after = pids_of(sandbox, "workers/assigner_worker.py")
    assert len(before) == len(after) == 1
    assert before != after
