"""Which processes are coding agents, and which only look like one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsconsole.collect.agents import BUILTIN, builtin_agents, find_agent, load_agents
from opsconsole.model.process import Process
from tests.makers import process

NODE = "/usr/bin/node"
PYTHON = "/usr/bin/python3.11"


def running(*argv: str, exe: str | None = None, comm: str | None = None, **changes: Any) -> Process:
    default = argv[0].rsplit("/", 1)[-1] if argv else ""
    return process(5, "x", argv=argv, exe=exe, comm=(default if comm is None else comm)[:15], **changes)


def named(candidate: Process) -> str:
    found = find_agent((candidate,))
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("candidate", "name"),
    [
        (running("claude"), "claude-code"),
        (running("claude", "--resume", "x", exe="/opt/claude-code/bin/claude.exe", comm="claude.exe"), "claude-code"),
        (running("/h/.local/bin/claude", exe="/h/.local/share/claude/versions/2.1.330", comm="2.1.330"), "claude-code"),
        (running("claude", exe="/opt/bin/claude (deleted)", comm="renamed"), "claude-code"),
        (running("claude", "", "", exe=NODE, comm="claude"), "claude-code"),
        (running("node", "/usr/bin/claude", exe=NODE), "claude-code"),
        (running("node", "--expose-gc", "/x/@anthropic-ai/claude-code/cli.js", exe=NODE), "claude-code"),
        (running("codex", exe="/x/vendor/codex/codex"), "codex"),
        (running("node", "/usr/local/bin/codex", exe=NODE), "codex"),
        (running("node", "/x/@openai/codex/bin/codex.js", "resume", "--last", exe=NODE), "codex"),
        (running("node", "--no-warnings=DEP0040", "/usr/bin/gemini", exe=NODE), "gemini-cli"),
        (running("node", "-r", "/x/hook.js", "/x/@google/gemini-cli/dist/index.js", exe=NODE), "gemini-cli"),
        (running("opencode", exe="/h/.opencode/bin/opencode"), "opencode"),
        (running("node", "/x/opencode-ai/bin/opencode", exe=NODE), "opencode"),
        (running("/v/bin/python", "/v/bin/aider", "--model", "x", exe=PYTHON), "aider"),
        (running("python", "-X", "utf8", "-m", "aider", "file.py", exe=PYTHON), "aider"),
        (running("python3", "-maider", exe=None, comm="python3"), "aider"),
    ],
)  # fmt: skip
def test_agents_are_told_however_they_were_started(candidate: Process, name: str) -> None:
    assert named(candidate) == name


@pytest.mark.parametrize(
    "candidate",
    [
        running("vim", "claude", exe="/usr/bin/vim"),
        running("tail", "-f", "/tmp/claude", exe="/usr/bin/tail"),
        running("grep", "codex", exe="/usr/bin/grep"),
        running("tmux", "new-session", "-d", "claude", exe="/usr/bin/tmux"),
        running("bash", "-c", "claude", exe="/usr/bin/bash"),
        running("node", "server.js", "claude", exe=NODE),
        running("node", "-e", "0", "/usr/bin/gemini", exe=NODE),
        running("python3", "worker.py", "aider", exe=PYTHON),
        running("python3", "-c", "pass", "aider", exe=PYTHON),
        running("python3", "-m", "http.server", "aider", exe=PYTHON),
        running("claude-monitor", exe="/usr/bin/claude-monitor"),
        running("node", exe=NODE),
        running(exe=None, comm=""),
    ],
)
def test_what_only_mentions_an_agent_is_none(candidate: Process) -> None:
    """Editors, pagers, wrappers and servers that carry an agent's name in their arguments."""
    assert named(candidate) == ""


def test_an_unreadable_argv_is_told_by_the_kernels_name() -> None:
    assert named(process(5, "claude", argv=None, exe=None)) == "claude-code"
    assert named(process(5, "node /usr/bin/gemini", argv=None, exe=None)) == ""


def test_a_zombie_is_no_agent() -> None:
    assert named(running("claude", state="Z")) == ""


def test_the_first_of_the_tree_is_the_agent() -> None:
    """The node script that starts the native program comes before it; tool shells come after."""
    shell = process(1, "bash", exe="/usr/bin/bash")
    wrapper = process(2, "node /usr/bin/codex", exe=NODE)
    native = process(3, "codex", exe="/x/codex")
    assert find_agent((shell, wrapper, native)) == ("codex", wrapper)
    assert find_agent((shell,)) is None
    assert find_agent(()) is None


def test_a_shell_script_of_that_name_gives_way_to_the_agent_it_starts() -> None:
    """What is later asked to end must be the agent, not the script around it."""
    script = process(1, "claude", argv=("/bin/bash", "/h/bin/claude"), exe="/usr/bin/bash")
    agent = process(2, "claude", exe="/x/claude.exe")
    assert find_agent((script, agent)) == ("claude-code", agent)
    assert find_agent((script,)) == ("claude-code", script)


def test_the_same_program_is_told_the_same_again_and_an_exec_is_noticed() -> None:
    """Answers are remembered by what the process is, not by its pid."""
    before = process(7, "node /usr/bin/x", exe=NODE)
    after = process(7, "node /usr/bin/gemini", exe=NODE)
    assert [named(before), named(before), named(after), named(before)] == ["", "", "gemini-cli", ""]


def test_every_profile_that_comes_with_the_package_is_read() -> None:
    agents = builtin_agents()
    assert agents.problems == ()
    assert set(agents.profiles) == {path.stem for path in BUILTIN.glob("*.toml")}
    assert set(agents.profiles) == {"claude-code", "codex", "gemini-cli", "opencode", "aider"}
    assert agents.label("claude-code") == "Claude"


def test_own_profiles_are_added_and_win_over_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\nlabel = "Mine"\n[[match]]\ncomm = ["my-agent*"]\n')
    (tmp_path / "codex.toml").write_text('name = "codex"\nlabel = "Ours"\n[[match]]\ncomm = ["our-codex"]\n')
    agents = load_agents(tmp_path)
    assert agents.name_of(running("my-agent-2")) == "mine"
    assert agents.name_of(running("our-codex")) == "codex"
    assert agents.name_of(running("codex", exe="/x/codex")) == ""
    assert agents.name_of(running("claude")) == "claude-code"
    assert agents.problems == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("name = ", "mine.toml"),
        ('name = "x"\nlabel = "x"\n', "match"),
        ('name = "x"\nlabel = "x"\n[[match]]\ncom = ["x"]\n', "com"),
        ('name = "x"\nlabel = "x"\n[[match]]\n', "every process"),
        (b"\xff\xfe", "mine.toml"),
    ],
)
def test_a_broken_profile_is_told_and_left_out(tmp_path: Path, content: str | bytes, says: str) -> None:
    (tmp_path / "mine.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    agents = load_agents(tmp_path)
    assert len(agents.problems) == 1
    assert says in agents.problems[0]
    assert agents.name_of(running("claude")) == "claude-code"


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    assert "no such directory" in load_agents(tmp_path / "none").problems[0]
