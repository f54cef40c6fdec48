"""Hibernate and wake with the real CLI: memory is freed, the conversation comes back whole, with its flags."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from opsconsole.config.agent_hooks import hooks_text
from opsconsole.config.load import load
from opsconsole.config.types import LoadedConfig
from opsconsole.model.plan import Refused
from tests.claude.conftest import Claude
from tests.e2e.acting import aged, done, long_ago, planned, sessions
from tests.e2e.demo_ground import argv, eventually

NAMES = ("own", "drafted", "shell")
WITHIN_S = 60.0


@pytest.fixture(scope="module")
def loaded(claude: Claude) -> LoadedConfig:
    """Three conversations at rest: in a pane of its own, with unsent text, and started from a shell."""
    for name in (*NAMES, "asking"):
        claude.project(name)
    (claude.home / ".claude").mkdir(exist_ok=True)
    (claude.home / ".claude" / "settings.json").write_text(hooks_text())
    claude.start("own", "SAY:the first answer", "--model", "opus", "--append-system-prompt", "be brief")
    claude.start("drafted", "SAY:the first answer")
    claude.start("shell", "SAY:the_first_answer", under_shell=True)
    claude.start("asking", 'CALL:{"name":"Bash","input":{"command":"touch x","description":"t"}}')
    config = claude.folder / "opsconsole.toml"
    table = f"[sessions]\nsocket = '{claude.socket}'\nattached_grace = '3s'\n"
    config.write_text(f"[console]\nallow_root = true\n{table}")
    config.chmod(0o600)
    eventually("the answers", lambda: all("● the" in claude.screen(name) for name in NAMES) or None, WITHIN_S)
    claude.type("drafted", "-l", "half a thought")
    # What was started less than 15 s ago is left alone, and it redraws itself once some 18 s after its start.
    started = time.monotonic()
    eventually("their age", lambda: time.monotonic() - started > 20.0 or None, WITHIN_S)
    at_rest(load(config))
    # Ten minutes of rest are asked for without exception: these are an hour older now.
    aged(claude.home, 3600.0)
    with config.open("a") as stream:
        stream.write(long_ago((*NAMES, "asking")))
    read = load(config)
    assert not read.actions_refused, read.actions_refused
    return read


def at_rest(loaded: LoadedConfig) -> None:
    def still() -> bool:
        found = sessions(loaded)
        return all(found[name].state == "idle" and (found[name].idle_s or 0.0) > 4.0 for name in NAMES)

    eventually("rest", lambda: still() or None, WITHIN_S)


def agents(loaded: LoadedConfig) -> dict[str, int]:
    found = sessions(loaded)
    return {name: process.pid for name in NAMES if (process := found[name].panes[0].agent_process) is not None}


def test_freed_and_brought_back(claude: Claude, loaded: LoadedConfig) -> None:
    state_dir = claude.folder / "state"
    before, pids, commands = sessions(loaded), agents(loaded), {}
    for name, pid in pids.items():
        commands[name] = argv(pid)
    for name, pid in pids.items():
        told = json.loads((claude.home / ".claude" / "opsconsole" / f"{pid}.json").read_text())
        assert (told["hook_event_name"], told["session_id"]) == ("Stop", before[name].session_id)
    entry = done("hibernate", NAMES, loaded, state_dir)
    assert entry.result is not None
    for part in entry.result.subresults:
        freed = next(line for line in part.evidence if "freed" in line)
        assert int(freed.rsplit(": ", 1)[1].split()[0]) > 100, freed
    asleep = sessions(loaded)
    for name in NAMES:
        assert (asleep[name].state, asleep[name].session_id) == ("hibernated", before[name].session_id)
        assert not Path(f"/proc/{pids[name]}").exists()
        assert str(before[name].session_id) in claude.screen(name)
        assert not (claude.home / ".claude" / "opsconsole" / f"{pids[name]}.json").exists()

    done("wake", NAMES, loaded, state_dir)
    awake = sessions(loaded)
    for name, pid in agents(loaded).items():
        assert (awake[name].state, awake[name].session_id) == ("idle", before[name].session_id), awake[name].reason
        kept = [word for word in commands[name] if not word.startswith("SAY:")]
        assert argv(pid)[1:] == [*kept[1:], "--resume", str(before[name].session_id)]
        assert "● the" in claude.screen(name), claude.screen(name)
        assert awake[name].cwd == before[name].cwd
    assert awake["drafted"].draft == "half a thought"

    claude.type("own", "-l", "SAY:the second answer")
    claude.type("own", "Enter")
    eventually("the second answer", lambda: "● the second answer" in claude.screen("own") or None, WITHIN_S)
    eventually("rest", lambda: sessions(loaded)["own"].state == "idle" or None, WITHIN_S)
    assert sessions(loaded)["own"].session_id == before["own"].session_id


def test_one_that_asks_is_refused(claude: Claude, loaded: LoadedConfig) -> None:
    eventually("the question", lambda: sessions(loaded)["asking"].state == "waiting" or None, WITHIN_S)
    refused = planned("hibernate", ("asking",), loaded)
    assert isinstance(refused, Refused)
    assert "waiting" in refused.reason
    assert not (claude.home / "asking" / "x").exists()
