"""As root without allow_root nothing is changed, which is no reason not to answer what changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opsconsole.cli.root import opsconsole

WORKER = (
    '[sessions]\nsocket = "/nowhere/tmux"\n[[worker]]\nname = "idler"\ncommand = ["/bin/sleep", "86399"]\ncwd = "/"\n'
)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "opsconsole.toml"
    path.write_text(WORKER)
    path.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("OPSCONSOLE_READ_ONLY", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return path


def run(config: Path, *words: str) -> Result:
    options = ["--config", str(config), "--state-dir", str(config.parent / "state")]
    return CliRunner().invoke(opsconsole, [*options, *words])


def test_a_dry_run_shows_its_plan(config: Path) -> None:
    shown = run(config, "start", "idler", "--dry-run")
    assert (shown.exit_code, "idler" in shown.output) == (0, True), shown.output
    assert "root" not in shown.output


@pytest.mark.parametrize(
    "words", [("restart", "nosuch"), ("start", "nosuch", "--dry-run"), ("wake", "nosuch"), ("fix", "nosuch")]
)
def test_a_name_that_nothing_has_is_told_as_such(config: Path, words: tuple[str, ...]) -> None:
    told = run(config, *words, "--yes")
    assert told.exit_code == 2, told.output
    assert "nosuch" in told.output
    assert "root" not in told.output


@pytest.mark.parametrize("words", [("start", "idler"), ("fix", "worker-missing:idler"), ("fix", "--all")])
def test_what_would_be_done_is_refused(config: Path, words: tuple[str, ...]) -> None:
    told = run(config, *words, "--yes")
    assert told.exit_code == 4, told.output
    assert "running as root" in told.output
    assert not (config.parent / "state" / "journal.sqlite3").exists()
