"""The man page and the completions: made from the commands that there are, and read by the programs they are for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from opsconsole import __version__
from opsconsole.cli.completion import SHELLS
from opsconsole.cli.man import man_page
from opsconsole.cli.root import COMMANDS, opsconsole

PAGE = Path(__file__).parents[3] / "man" / "opsconsole.1"
OPSCONSOLE = Path(sys.executable).with_name("opsconsole")


def page(command: click.Group) -> str:
    return man_page(command, "opsconsole", __version__, "a console")


def test_the_page_that_is_shipped_tells_of_the_commands_that_there_are() -> None:
    made, shipped = page(opsconsole).splitlines(), PAGE.read_text().splitlines()
    about = [line for line in shipped if line.startswith("opsconsole \\- ")]
    made = [about[0] if line.startswith("opsconsole \\- ") else line for line in made]
    assert shipped == made, "a command or an option is another: `make man` writes the page again"


def test_every_command_has_its_part() -> None:
    text = page(opsconsole)
    for name in COMMANDS:
        assert f".SS opsconsole {name}".replace("-", "\\-") in text


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not here to read it")
def test_groff_reads_it_without_a_complaint() -> None:
    read = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8"], input=page(opsconsole), capture_output=True, text=True, check=True
    )
    assert read.stderr == ""
    assert "--state-dir" in read.stdout


def test_no_text_of_a_command_becomes_a_request_or_an_escape() -> None:
    @click.group()
    @click.option("--x", help="'quoted' \\fB and `code`")
    def awkward() -> None:
        """.TH evil

        'so \\n evil
        """

    text = page(awkward)
    assert not [line for line in text.splitlines() if line.startswith((".TH evil", "'"))]
    assert "\\(rsfB" in text


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_its_completion(shell: str) -> None:
    result = CliRunner().invoke(opsconsole, ["completion", shell])
    assert result.exit_code == 0
    assert f"_OPSCONSOLE_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_bash_completes_commands_and_options() -> None:
    script = f"""
        eval "$({OPSCONSOLE} completion bash)"
        COMP_WORDS=(opsconsole di) COMP_CWORD=1; _opsconsole_completion opsconsole; echo "${{COMPREPLY[*]}}"
        COMPREPLY=()
        COMP_WORDS=(opsconsole status --js) COMP_CWORD=2; _opsconsole_completion opsconsole; echo "${{COMPREPLY[*]}}"
    """
    path = f"{OPSCONSOLE.parent}:{os.environ['PATH']}"
    completed = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, env={**os.environ, "PATH": path}
    )
    assert completed.stdout.split() == ["diagnose", "--json"]
