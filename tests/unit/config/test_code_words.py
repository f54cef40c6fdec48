"""A field in a word that a shell, an interpreter or a database client reads as code is no right config."""

from __future__ import annotations

import pytest

from opsconsole.config.code_words import field_in_code


@pytest.mark.parametrize(
    "command",
    [
        ("bash", "-c", "echo {name}"),
        ("/bin/sh", "-ec", "rm {id}"),
        ("sh", "-c", "{name}"),
        ("sh", "-c", "--", "echo {name}"),
        ("sh", "-c", "-x", "echo {name}"),
        ("bash", "-o", "pipefail", "-c", "echo {name}"),
        ("bash", "-c", "-o", "pipefail", "echo {name}"),
        ("env", "A=b", "sh", "-lc", "kill {pid}"),
        ("env", "-S", "tool {name}"),
        ("timeout", "5", "zsh", "-c", "x {url}"),
        ("sudo", "-u", "ops", "python3", "-c", "print('{name}')"),
        ("python3.13", "-I", "-W", "ignore", "-c", "print('{name}')"),
        ("python3", "-cprint('{name}')"),
        ("perl", "-we", "print '{name}'"),
        ("perl", "-e", "1", "-e", "print '{name}'"),
        ("node", "--eval", "x('{name}')"),
        ("node", "--eval=x('{name}')"),
        ("ssh", "host", "tool", "{name}"),
        ("nohup", "ssh", "{name}"),
        ("su", "ops", "-c", "tool {name}"),
        ("psql", "envs", "-c", "delete from envs where name = '{name}'"),
        ("sqlite3", "envs.db", "delete from envs where name = '{name}'"),
        ("docker", "exec", "box", "sh", "-c", "rm -r {name}"),
        ("{name}", "--stop"),
        ("/srv/{name}/bin/stop",),
    ],
)
def test_a_field_in_code_is_found(command: tuple[str, ...]) -> None:
    assert field_in_code(command) in command or field_in_code(command) == "x('{name}')"


@pytest.mark.parametrize(
    "command",
    [
        ("sh", "-c", 'tool "$1"', "sh", "{name}"),
        ("bash", "-ec", 'tool "$@"', "bash", "{id}", "{port}"),
        ("python3", "-c", "import sys; print(sys.argv)", "{name}"),
        ("python3", "remove.py", "-c", "{name}"),
        ("sh", "remove.sh", "-c", "{name}"),
        ("python3", "-m", "envs", "delete", "--", "{name}"),
        ("kill", "-KILL", "{pid}"),
        ("env", "NAME={name}", "tool"),
        ("envctl", "watch", "{name}"),
        ("curl", "-X", "DELETE", "http://127.0.0.1:9/envs/{id}"),
    ],
)
def test_a_field_as_an_argument_is_right(command: tuple[str, ...]) -> None:
    assert field_in_code(command) == ""
