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


def test_keys_that_clash_are_told_own_commands_included(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[keys]\nfilter = "j"\n[[action]]\nname = "say hi"\ncommand = ["echo"]\nkey = "q"\n',
    )
    result = run("--config", path, "check")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        f'warning: {path}:2: [keys] filter: took "j" from down, which has ↓ left',
        f'warning: {path}:6: [[action]] "say hi" key: "q": quit has that key; [keys] may give that another; '
        "it is in the menu and the palette",
    ]
    assert "it can be used; 2 warnings" in result.stdout


def test_a_key_that_the_config_frees_is_free_for_an_own_command(tmp_path: Path) -> None:
    path = written(tmp_path, '[keys]\nwrap = "f9"\n[[action]]\nname = "say hi"\ncommand = ["echo"]\nkey = "w"\n')
    result = run("--config", path, "check")
    assert (result.exit_code, result.stderr) == (0, "")


def test_warnings_are_told_beside_the_errors_of_other_tables(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[console]\ntheme = "nigth"\n[keys]\nfiter = "x"\n[theme]\nfalt = "red"\nfault = "reed"\n'
        '[[action]]\nname = "broken"\n[[action]]\nname = "a"\ncommand = ["true"]\nkey = "q"\n',
    )
    result = run("--config", path, "check")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert [line.startswith("warning: ") for line in lines] == [False, False, True, True, True, True]
    assert [line.partition("c.toml:")[2].partition(":")[0] for line in lines] == ["2", "8", "4", "6", "7", "13"]
