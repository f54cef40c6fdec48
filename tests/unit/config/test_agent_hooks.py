"""The hooks offered for Claude Code: run by a real shell as the agent runs them, and read back."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from opsconsole.cli.root import opsconsole
from opsconsole.collect.agent_hooks import hooks_object
from opsconsole.config.agent_hooks import hooks_text
from opsconsole.model.agent import RegistryEntry


def run_hook(home: Path, event: str, **fields: object) -> None:
    """As the agent does: through a shell, the event on standard input. We are its parent, as the agent would be."""
    (group,) = json.loads(hooks_text())["hooks"][event]
    told = json.dumps({"session_id": "s1", "hook_event_name": event, **fields})
    command = ["sh", "-c", group["hooks"][0]["command"]]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(command, input=told, text=True, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def objection(home: Path, session: str = "s1", started_at: float = 0.0, status_at: float | None = None) -> str:
    entry = RegistryEntry(session_id=session, status="idle", status_at=status_at)
    return hooks_object(home / ".claude", os.getpid(), entry, started_at)


def test_a_turn_under_way_and_work_that_outlives_one_speak_against_sleep(tmp_path: Path) -> None:
    assert objection(tmp_path) == ""
    run_hook(tmp_path, "UserPromptSubmit", prompt="go on")
    assert "UserPromptSubmit" in objection(tmp_path, status_at=time.time() - 60)
    assert objection(tmp_path, status_at=time.time() + 60) == "", "interrupted: its own word is newer"
    run_hook(tmp_path, "Stop", background_tasks=[], session_crons=[])
    assert objection(tmp_path) == ""
    run_hook(tmp_path, "Stop", background_tasks=[{"id": "b1"}])
    assert "background tasks" in objection(tmp_path)
    run_hook(tmp_path, "Stop", session_crons=[{"id": "c1"}])
    assert "schedules" in objection(tmp_path)
    (kept,) = (tmp_path / ".claude" / "opsconsole").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_only_the_words_of_this_very_process_and_conversation_count(tmp_path: Path) -> None:
    run_hook(tmp_path, "UserPromptSubmit")
    assert objection(tmp_path, session="another") == ""
    assert objection(tmp_path, started_at=time.time() + 60) == ""
    run_hook(tmp_path, "SessionEnd")
    assert objection(tmp_path) == ""
    assert not list((tmp_path / ".claude" / "opsconsole").iterdir())


def test_what_cannot_be_read_speaks_against_sleep(tmp_path: Path) -> None:
    run_hook(tmp_path, "Stop")
    (kept,) = (tmp_path / ".claude" / "opsconsole").iterdir()
    kept.write_text("{")
    assert "not JSON" in objection(tmp_path)


def test_they_are_printed_or_written_and_never_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    printed = CliRunner().invoke(opsconsole, ["init", "--hooks"])
    assert json.loads(printed.stdout) == json.loads(hooks_text())
    assert "by hand" in printed.stderr
    written = CliRunner().invoke(opsconsole, ["init", "--hooks", "-o", str(tmp_path / "hooks.json")])
    assert written.exit_code == 0
    assert (tmp_path / "hooks.json").read_text() == hooks_text()
    own = tmp_path / ".claude" / "settings.json"
    refused = CliRunner().invoke(opsconsole, ["init", "--hooks", "-o", str(own)])
    assert refused.exit_code == 2
    assert not own.parent.exists()
    assert CliRunner().invoke(opsconsole, ["init", "--hooks", "--units"]).exit_code == 2
