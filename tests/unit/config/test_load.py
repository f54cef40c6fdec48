"""Every mistake in a config names file, line, key and what would be right; nothing else does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsconsole.config.load import ConfigError, load, parse

EXAMPLE = Path(__file__).parents[2] / "data" / "opsconsole.example.toml"


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, Path("/etc/x.toml"))
    return str(caught.value).splitlines()


def test_the_incidents_machine_is_described_whole() -> None:
    config = load(EXAMPLE).config
    assert [service.name for service in config.service] == ["Architect Dashboard", "Reading App (Eden)"]
    assert config.worker[1].replaces == ("workers/auto_confirm_worker.py",)
    assert config.worker[0].cwd == Path.home() / "architect"
    assert (config.worker[2].silent_after, config.worker[2].limits.memory) == (300.0, 500_000_000)
    assert config.alert[0].for_ == 120.0
    assert config.environments is not None
    assert config.environments.ttl == 86400.0


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[[worker]]\nname = "a"\ncommand = ["x"]\npidfile = "p"', 4, ["worker[1].pidfile", "did you mean 'pid_file'"]),
        ('[[worker]]\nname = "a"\n', 1, ["worker[1].command", "is missing"]),
        ('[console]\nrefresh = "5 parsecs"', 2, ["5 parsecs", "'90s'"]),
        ('[[service]]\nname = "a"\nport = 99999', 3, ["99999 is no port", "1 to 65535"]),
        ('[[service]]\nname = "a"\nport = "x"', 3, ["a whole number", "text in quotes"]),
        ('[[service]]\nname = "a"\nport = 1\n[[service]]\nname = "a"\nport = 2', 5, ["service[2].name", "twice"]),
        ('[consol]\nrefresh = "2s"', 1, ["unknown key", "'console'"]),
        ('[environments]\nurl = "http://h/"\nfile = "f"', 1, ["one of url, command, file"]),
        ('[environments]\nfile = "f"\nport_pool = "9-1"', 3, ["FIRST-LAST"]),
        ('[[site]]\nname = "a"\nurl = "ftp://h"', 3, ["http://"]),
        ('[[site]]\nname = "a"\nurl = "http://h:99999999/"', 3, ["1 to 65535"]),
        ('[[worker]]\nname = "a"\ncommand = []', 3, ["argv list"]),
        ('[[worker]]\nname = "a"\ncommand = ["x"]\ncomponent = "b:c"', 4, ["no service is named 'b'"]),
        ('worker = "x"', 1, ["[[worker]]"]),
        ("[console\n", 1, ["not TOML"]),
        ('[[action]]\nname = "a"\ncommand = ["x"]\nkey = "ctrl+b"', 4, ["belongs to"]),
    ],
)
def test_a_mistake_is_named_by_line_and_key(text: str, line: int, words: list[str]) -> None:
    (message,) = mistakes(text)
    assert message.startswith(f"/etc/x.toml:{line}: ")
    assert all(word in message for word in words), message


def test_all_mistakes_are_told_at_once() -> None:
    assert len(mistakes('[console]\nfoo = 1\nrefresh = "x"\n[[service]]\nport = "x"')) == 4


def test_relative_paths_start_at_the_tables_cwd_or_the_file(tmp_path: Path) -> None:
    config = parse('[[worker]]\nname="a"\ncommand=["x"]\ncwd="w"\nlog="l"\n[queue]\npath="q.db"', tmp_path / "c.toml")
    assert config.worker[0].log == tmp_path / "w" / "l"
    assert config.queue is not None
    assert config.queue.path == tmp_path / "q.db"


def test_files_that_are_no_config(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "latin").write_bytes(b"# caf\xe9")
    (tmp_path / "huge").write_bytes(b"#" * 2_000_000)
    for name, words in (("absent", "No such file"), ("fifo", "regular"), ("latin", "UTF-8"), ("huge", "bytes")):
        with pytest.raises(ConfigError, match=words):
            load(tmp_path / name)
    with pytest.raises(ConfigError):
        load(tmp_path)


def test_a_file_that_others_may_write_is_watched_with_but_not_acted_on(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("")
    path.chmod(0o666)
    loaded = load(path)
    assert "chmod go-w" in loaded.actions_refused
    path.chmod(0o600)
    assert load(path).actions_refused == ""
