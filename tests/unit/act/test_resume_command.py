"""How an agent's command is rebuilt to bring its conversation back."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.act.permission_mode import in_mode, is_laxer, mode_asked_for, mode_to_wake_in, named
from opsconsole.act.request import WhyNot
from opsconsole.act.resume_command import files_named, resume_command
from opsconsole.collect.agent_patterns import Mode
from opsconsole.collect.agents import builtin_agents

PROFILE = builtin_agents().profiles["claude-code"].resume
ID = "0b9f1d2e-0000-4000-8000-000000000001"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "bin" / "claude"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def rebuilt(program: Path, *words: str) -> tuple[str, ...]:
    assert PROFILE is not None
    return resume_command(("claude", *words), {"PATH": f"/nowhere:{program.parent}"}, "/", ID, PROFILE)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ((), ()),
        (("--model", "opus"), ("--model", "opus")),
        (("--model=opus", "mend the tests"), ("--model=opus",)),
        (("mend the tests", "--model", "opus"), ("--model", "opus")),
        (("--resume", "some-id", "--verbose"), ("--verbose",)),
        (("-r", "--verbose"), ("--verbose",)),
        (("-c", "--fork-session", "--session-id", ID, "go on"), ()),
        (("--resume=old", "--dangerously-skip-permissions"), ("--dangerously-skip-permissions",)),
        (
            ("--allowedTools", "Bash(ls:*)", "Edit", "--effort", "high"),
            ("--allowedTools", "Bash(ls:*)", "Edit", "--effort", "high"),
        ),
        (("--append-system-prompt", "-be brief-"), ("--append-system-prompt", "-be brief-")),
        (("--verbose", "--", "--model", "is a prompt"), ("--verbose",)),
    ],
)
def test_options_are_kept_and_prompts_are_not(program: Path, words: tuple[str, ...], kept: tuple[str, ...]) -> None:
    assert rebuilt(program, *words) == (str(program), *kept, "--resume", ID)


def test_the_script_of_an_interpreter_stays_its_script(program: Path) -> None:
    assert PROFILE is not None
    argv = (str(program), "/opt/claude-code/cli.js", "--model", "opus", "a prompt")
    assert resume_command(argv, {}, "/", ID, PROFILE) == (*argv[:4], "--resume", ID)


@pytest.mark.parametrize("words", [("--tmux",), ("--worktree", "x"), ("--of-tomorrow", "x"), ("-p", "x"), ("--model",)])
def test_an_option_that_may_mean_anything_refuses(program: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(WhyNot, match="its command line"):
        rebuilt(program, *words)


def test_what_cannot_be_started_again_refuses(program: Path) -> None:
    assert PROFILE is not None
    for argv, reason in (((), "cannot be read"), (("",), "cannot be read"), (("claude",), "cannot be found")):
        with pytest.raises(WhyNot, match=reason):
            resume_command(argv, {"PATH": "/nowhere"}, "/", ID, PROFILE)
    program.chmod(0o644)
    with pytest.raises(WhyNot, match="cannot be found"):
        rebuilt(program)


def mode(name: str) -> Mode:
    assert PROFILE is not None
    found = named(name, PROFILE)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("words", "seen", "expected"),
    [
        # As its options say already: they stay as they are.
        (("--dangerously-skip-permissions",), "bypassPermissions", ["--dangerously-skip-permissions"]),
        (("--permission-mode", "manual"), "default", ["--permission-mode", "manual"]),
        (("--permission-mode=plan",), "plan", ["--permission-mode=plan"]),
        # It was changed since.
        (
            ("--dangerously-skip-permissions", "--model", "opus"),
            "plan",
            ["--model", "opus", "--permission-mode", "plan"],
        ),
        (
            ("--permission-mode", "bypassPermissions", "--verbose"),
            "default",
            ["--verbose", "--permission-mode", "default"],
        ),
        (("--permission-mode=acceptEdits",), "plan", ["--permission-mode", "plan"]),
        (
            ("--permission-mode", "plan", "--dangerously-skip-permissions"),
            "plan",
            ["--permission-mode", "plan"],
        ),
        ((), "acceptEdits", ["--permission-mode", "acceptEdits"]),
        # It cannot be seen: never more than the usual one.
        (("--dangerously-skip-permissions",), "", ["--permission-mode", "default"]),
        (("--permission-mode", "plan"), "", ["--permission-mode", "plan"]),
        ((), "", ["--permission-mode", "default"]),
    ],
)
def test_it_wakes_in_the_mode_that_it_was_last_seen_in(words: tuple[str, ...], seen: str, expected: list[str]) -> None:
    assert PROFILE is not None
    wanted = mode_to_wake_in(mode(seen) if seen else None, mode_asked_for(words, PROFILE), PROFILE)
    assert list(in_mode(words, wanted, PROFILE)) == expected


def test_a_mode_is_laxer_than_those_before_it() -> None:
    assert PROFILE is not None
    assert is_laxer(mode("bypassPermissions"), mode("plan"), PROFILE)
    assert not is_laxer(mode("plan"), mode("default"), PROFILE)
    assert not is_laxer(mode("default"), mode("default"), PROFILE)


def test_the_files_that_its_command_names_have_to_be_there(tmp_path: Path) -> None:
    assert PROFILE is not None
    (tmp_path / "mcp.json").write_text("{}")
    (tmp_path / "more").mkdir()
    command = ("claude", "--mcp-config", "mcp.json", '{"a": {}}', "--add-dir=more", "--settings", '{"x/y": 1}')
    command += ("--model", "opus", "--debug-file", f"{tmp_path}/none")
    assert files_named(command, str(tmp_path), PROFILE) == (f"{tmp_path}/mcp.json", f"{tmp_path}/more")
    with pytest.raises(WhyNot, match=r"--settings gone\.json is gone"):
        files_named(("claude", "--settings", "gone.json"), str(tmp_path), PROFILE)
    with pytest.raises(WhyNot, match="open for it alone"):
        files_named(("claude", "--mcp-config", "/dev/fd/63"), str(tmp_path), PROFILE)
