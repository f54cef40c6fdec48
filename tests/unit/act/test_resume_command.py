"""How an agent's command is rebuilt to bring its conversation back."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.act.request import WhyNot
from opsconsole.act.resume_command import resume_command
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
