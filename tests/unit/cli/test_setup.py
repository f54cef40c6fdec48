"""`check` tells every mistake of a config with its line, those in keys and colours too."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opsconsole.cli.root import opsconsole


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No config of whoever runs the tests is found."""
    monkeypatch.delenv("OPSCONSOLE_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    return CliRunner().invoke(opsconsole, words)


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "c.toml"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def test_a_right_config(tmp_path: Path) -> None:
    path = written(tmp_path, '[[service]]\nname = "a"\nport = 1\n')
    result = run("--config", path, "check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{path}: right. 1 service, 0 workers, 0 sites\n"


def test_mistakes_are_told_on_stderr_one_a_line(tmp_path: Path) -> None:
    path = written(tmp_path, '[[service]]\nname = "a"\nprot = 1\n[console]\nrefresh = "x"\n')
    result = run("check", "--config", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.split(": ")[:2] for line in result.stderr.splitlines()] == [
        [f"{path}:1", '[[service]] "a" port'],
        [f"{path}:3", '[[service]] "a" prot'],
        [f"{path}:5", "[console] refresh"],
    ]


def test_keys_and_colours_that_cannot_be_had_are_warned_about_with_their_line(tmp_path: Path) -> None:
    path = written(tmp_path, '[keys]\nquitt = "x"\nquit = "ctrl+b"\n\n[theme]\nfault = "reddish"\nfalt = "red"\n')
    result = run("--config", path, "check")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[:3] == [
        f"warning: {path}:2: [keys] quitt: no such action; did you mean quit?",
        f'warning: {path}:3: [keys] quit: "ctrl+b": it is the prefix of tmux',
        f'warning: {path}:6: [theme] fault: "reddish" is not a colour; write it as #rrggbb',
    ]
    assert result.stderr.splitlines()[3].startswith(
        f'warning: {path}:7: [theme] falt: no such colour; did you mean "fault"?'
    )


def test_a_config_that_others_may_write_is_warned_about(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    Path(path).chmod(0o622)
    result = run("--config", path, "check")
    assert result.exit_code == 0
    assert f"chmod go-w {path}" in result.stderr


def test_without_a_config_check_says_how_to_get_one() -> None:
    result = run("check")
    assert result.exit_code == 0
    assert "opsconsole init" in result.stdout
