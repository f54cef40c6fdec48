"""The config is what is named, else the nearest that is there; state goes where it is asked to, for us alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsconsole.config.load import ConfigError, load
from opsconsole.config.locate import find_config, make_state_directory, state_directory, user_config_directory


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a working directory of this test's own."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    for variable in ("OPSCONSOLE_CONFIG", "OPSCONSOLE_STATE_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "xdg"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


def test_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_config(None) is None
    user = user_config_directory() / "opsconsole.toml"
    user.parent.mkdir(parents=True)
    user.touch()
    assert find_config(None) == user
    (tmp_path / "work" / "opsconsole.toml").touch()
    assert find_config(None) == tmp_path / "work" / "opsconsole.toml"
    monkeypatch.setenv("OPSCONSOLE_CONFIG", "~/absent.toml")
    assert find_config(None) == tmp_path / "home" / "absent.toml"
    assert find_config(Path("x.toml")) == tmp_path / "work" / "x.toml"


def test_an_empty_variable_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSCONSOLE_CONFIG", "")
    assert find_config(None) is None


def test_a_dangling_link_is_not_passed_over(tmp_path: Path) -> None:
    link = tmp_path / "work" / "opsconsole.toml"
    link.symlink_to("gone")
    assert find_config(None) == link


def test_a_home_that_nobody_has_is_no_crash() -> None:
    assert str(find_config(Path("~nobody-of-that-name/x.toml"))).endswith("~nobody-of-that-name/x.toml")


def test_a_working_directory_that_is_gone_is_no_crash(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert find_config(None) is None
    assert find_config(Path("x.toml")) == Path("x.toml")
    with pytest.raises(ConfigError, match="there is no such file"):
        load(Path("x.toml"))


def test_where_state_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_directory(None).is_relative_to(tmp_path / "home")
    monkeypatch.setenv("OPSCONSOLE_STATE_DIR", "~/state")
    assert state_directory(None) == tmp_path / "home" / "state"
    assert state_directory(Path("here")) == tmp_path / "work" / "here"
    assert not state_directory(None).exists()


def test_the_state_directory_is_for_us_alone(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    for _ in range(2):
        make_state_directory(directory)
        assert directory.stat().st_mode & 0o777 == 0o700
    assert directory.parent.stat().st_mode & 0o777 == 0o700


def test_a_directory_that_is_open_to_others_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """Somebody may have named /tmp: closing it to everybody else would be worse than refusing."""
    directory = tmp_path / "open"
    directory.mkdir()
    for mode in (0o755, 0o1777):
        directory.chmod(mode)
        with pytest.raises(PermissionError, match=rf"mode {mode:o}.*chmod 700 "):
            make_state_directory(directory)
        assert directory.stat().st_mode & 0o7777 == mode


def test_a_directory_that_others_could_replace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "work").chmod(0o777)
    with pytest.raises(PermissionError, match="work can be written by others"):
        make_state_directory(tmp_path / "work" / "state")


def test_what_is_no_directory_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "work")
    for name in ("file", "link"):
        with pytest.raises(OSError, match=name):
            make_state_directory(tmp_path / name)
    if os.geteuid() == 0:
        os.chown(tmp_path / "work", 12345, -1)
        with pytest.raises(PermissionError, match="uid 12345"):
            make_state_directory(tmp_path / "work")
