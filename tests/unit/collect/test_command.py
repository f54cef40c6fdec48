"""What an argv runs: interpreter options, launchers in front, shell code."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.collect.command import (
    EXECUTABLE,
    Invocation,
    interpreter_kind,
    parse,
    runs_multiprocessing,
    shell_commands,
    unwrap,
)

unhurried = settings(deadline=None)
"""Other work on the machine must not fail a test."""

KINDS = ("python", "shell", "node", "bun", "deno", "ruby", "perl", "php", EXECUTABLE)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/usr/bin/python3.11", "python"),
        ("/opt/Python.app/Contents/MacOS/Python", "python"),
        ("pypy3", "python"),
        ("-bash", "shell"),
        ("/bin/dash", "shell"),
        ("zsh-5.9", "shell"),
        ("node", "node"),
        ("php8.2", "php"),
        ("ruby3.1", "ruby"),
        ("/usr/bin/ssh", ""),
        ("vim", ""),
        ("python-config", ""),
        ("pythonista.sh", ""),
        ("tail", ""),
        ("", ""),
    ],
)
def test_interpreters_are_told_by_their_file_name(path: str, kind: str) -> None:
    assert interpreter_kind(path) == kind


@pytest.mark.parametrize(
    ("kind", "line", "expected"),
    [
        ("python", "python3 w.py --daemon", Invocation("python", "w.py", arguments=("--daemon",))),
        (
            "python",
            "python3 -u -X dev -W error -Wignore -OO -B w.py -c x",
            Invocation("python", "w.py", arguments=("-c", "x")),
        ),
        ("python", "python3 -um pkg.mod a", Invocation("python", module="pkg.mod", arguments=("a",))),
        ("python", "python3 -mpkg.mod a", Invocation("python", module="pkg.mod", arguments=("a",))),
        ("python", "python3 -c code w.py", Invocation("python", code="code", arguments=("w.py",))),
        ("python", "python3 --check-hash-based-pycs never w.py", Invocation("python", "w.py")),
        ("python", "python3 - w.py", Invocation("python", arguments=("-", "w.py"))),
        ("python", "python3", Invocation("python")),
        ("node", "node --inspect=1 -r dotenv w.js a", Invocation("node", "w.js", arguments=("a",))),
        ("node", "node -e code w.js", Invocation("node", code="code", arguments=("w.js",))),
        ("deno", "deno run --allow-net w.ts a", Invocation("deno", "w.ts", arguments=("a",))),
        ("ruby", "ruby -W2 -I lib -rset w.rb a", Invocation("ruby", "w.rb", arguments=("a",))),
        ("perl", "perl -Mstrict -I lib -w w.pl a", Invocation("perl", "w.pl", arguments=("a",))),
        ("perl", "perl -we code a", Invocation("perl", code="code", arguments=("a",))),
        ("php", "php -d a=b -f w.php a", Invocation("php", "w.php", arguments=("a",))),
        ("shell", "bash -e -o pipefail w.sh a", Invocation("shell", "w.sh", arguments=("a",))),
        ("shell", "bash -lc code name", Invocation("shell", code="code", arguments=("name",))),
        ("shell", "bash -c -e code", Invocation("shell", code="code")),
        ("shell", "sh -s w.sh", Invocation("shell", arguments=("w.sh",))),
        ("shell", "-bash", Invocation("shell")),
        (EXECUTABLE, "nginx -g x", Invocation(EXECUTABLE, arguments=("-g", "x"))),
    ],
)
def test_options_of_the_interpreter_are_not_the_programs(kind: str, line: str, expected: Invocation) -> None:
    assert parse(kind, tuple(line.split())) == expected


@unhurried
@given(kind=st.sampled_from(KINDS), argv=st.lists(st.text(max_size=8) | st.sampled_from(["-c", "-m", "--", "-", "-X"])))
def test_no_argv_makes_it_raise_and_nothing_is_invented(kind: str, argv: list[str]) -> None:
    invocation = parse(kind, tuple(argv))
    assert sum(map(bool, (invocation.script, invocation.module, invocation.code))) <= 1
    assert set(invocation.arguments) <= set(argv)
    unwrap(tuple(argv))
    runs_multiprocessing(tuple(argv))


OPTIONS = st.lists(st.sampled_from(["-u", "-B", "-OO", "-Werror", "-Xdev", "-uB", "-I"]), max_size=4)


@unhurried
@given(
    options=OPTIONS, script=st.from_regex(r"[a-z/]{1,8}\.py", fullmatch=True), arguments=st.lists(st.text(max_size=6))
)
def test_the_script_and_its_arguments_survive_any_options_before_them(
    options: list[str], script: str, arguments: list[str]
) -> None:
    assert parse("python", ("python3", *options, script, *arguments)) == Invocation(
        "python", script, arguments=tuple(arguments)
    )


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("env -u HOME A=1 B=2 python3 w.py", "python3 w.py"),
        ("nohup nice -n 5 timeout -k 3 60 python3 w.py", "python3 w.py"),
        ("nice -5 setsid stdbuf -oL python3 w.py", "python3 w.py"),
        ("flock -w 5 /tmp/lock python3 w.py", "python3 w.py"),
        ("uv run --with x w.py a", "python w.py a"),
        ("poetry run python w.py", "python w.py"),
        ("A=1 python3 w.py", "python3 w.py"),
        ("python3 w.py timeout 5", "python3 w.py timeout 5"),
        ("uv pip install", ""),
        ("nohup", ""),
    ],
)
def test_launchers_in_front_are_taken_off(line: str, left: str) -> None:
    assert " ".join(unwrap(tuple(line.split()))) == left


def test_shell_code_is_taken_apart_into_the_commands_it_runs() -> None:
    code = "cd /srv/app && while true; do\n python3 w.py --daemon >> /tmp/log 2>&1; sleep 5; done &"
    assert [(command.directory, " ".join(command.argv)) for command in shell_commands(code)] == [
        ("/srv/app", "true"),
        ("/srv/app", "python3 w.py --daemon"),
        ("/srv/app", "sleep 5"),
    ]


def test_what_an_editor_or_grep_is_given_is_no_command() -> None:
    code = "vim 'python3 w.py'; grep \"python3 w.py\" log | less"
    assert all(command.argv[0] in {"vim", "grep", "less"} for command in shell_commands(code))


@unhurried
@given(st.text(max_size=60))
def test_no_shell_code_makes_it_raise(code: str) -> None:
    for command in shell_commands(code):
        assert command.argv


def test_multiprocessing_helpers_are_told() -> None:
    code = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"
    assert runs_multiprocessing(("/usr/bin/python3", "-c", code, "--multiprocessing-fork"))
    assert runs_multiprocessing(("python3", "-B", "-c", "from multiprocessing.resource_tracker import main;main(4)"))
    assert not runs_multiprocessing(("python3", "w.py", "from multiprocessing"))
