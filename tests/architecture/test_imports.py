"""What the house promises of its imports, on the running product rather than on paper."""

from __future__ import annotations

import subprocess
import sys

import pytest


def modules_after(statements: str) -> set[str]:
    """Names of all modules loaded after these statements in a fresh interpreter."""
    code = f"{statements}\nimport sys\nprint(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def of(package: str, modules: set[str]) -> list[str]:
    return sorted(name for name in modules if name == package or name.startswith(package + "."))


def test_watch_mode_has_no_way_to_act() -> None:
    """All that watch mode consists of, loaded: the executor's package is not there."""
    modules = modules_after("import opsconsole.cli.observe, opsconsole.cli.screen, opsconsole.ui.run")
    assert "opsconsole.ui.app" in modules
    assert of("opsconsole.act", modules) == []


def test_the_journal_is_read_with_what_can_only_read() -> None:
    """What watch mode loads once it shows the journal: its reader, and nothing else of the package."""
    statements = "import opsconsole.ui.screens.plan, opsconsole.ui.screens.journal, opsconsole.act.journal_reader"
    assert of("opsconsole.act", modules_after(statements)) == ["opsconsole.act", "opsconsole.act.journal_reader"]


@pytest.mark.parametrize("read_only", [True, False])
def test_only_a_console_that_may_act_opens_the_door(read_only: bool) -> None:
    """The console is opened by the command's own code, with the screen itself replaced: it says what it was given."""
    modules = modules_after(
        "import opsconsole.cli.screen as screen, opsconsole.ui.run as run\n"
        "from pathlib import Path\n"
        "from opsconsole.config.types import Config, LoadedConfig\n"
        f"run.run_console = lambda engine, **given: 1 if (given['acting'] is None) is {read_only} else 0\n"
        f"assert screen.show(LoadedConfig(config=Config(), path=None), Path('/nowhere'), {read_only}) == 1"
    )
    assert ("opsconsole.act.submit" in modules) is not read_only
    if read_only:
        assert of("opsconsole.act", modules) == []


def test_observing_imports_no_toolkit() -> None:
    """`status` loads neither textual nor more of rich than its table of character widths."""
    modules = modules_after("import opsconsole.cli.observe, opsconsole.present.json, opsconsole.present.plain")
    assert of("textual", modules) == []
    assert of("opsconsole.ui", modules) == [], "nor anything that remembers how a screen was looked at"
    assert "rich.console" not in modules


def test_dear_libraries_are_loaded_when_needed_only() -> None:
    modules = modules_after("import opsconsole.engine")
    assert [name for name in ("httpx", "libtmux", "sqlite3", "ssl", "psutil", "asyncio") if name in modules] == []


def test_the_first_screen_waits_for_nothing_that_looks_back() -> None:
    modules = modules_after("import opsconsole.cli.screen, opsconsole.ui.run")
    late = ("sqlite3", "opsconsole.engine.recorder", "opsconsole.engine.history_file", "opsconsole.present.chart")
    assert [name for name in late if name in modules] == []


def test_httpx_comes_without_its_command_line() -> None:
    """Its highlighter of source code costs memory and time that no probe needs."""
    modules = modules_after(
        "import asyncio\n"
        "from opsconsole.collect.http import HttpClient\n"
        "async def ask():\n"
        "    client = HttpClient()\n"
        "    answer = await client.ask('http://127.0.0.1:1/', timeout_s=5)\n"
        "    await client.close()\n"
        "    assert answer.error\n"
        "asyncio.run(ask())"
    )
    assert "httpx" in modules
    assert [*of("pygments", modules), *of("rich.progress", modules)] == []
