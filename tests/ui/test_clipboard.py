"""Copying: to the terminal, and inside of tmux to its buffer too; told as far as it is known."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.ui.clipboard import to_tmux
from tests.ui.consoles import console, on_row
from tests.ui.screens.readers import eventually


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """A server of our own; the words that begin a command for it."""
    if shutil.which("tmux") is None:
        pytest.skip("no tmux here")
    words = ("tmux", "-f", "/dev/null", "-S", str(tmp_path / "socket"))
    subprocess.run((*words, "new-session", "-d", "sleep", "600"), check=True, timeout=20)
    yield words
    subprocess.run((*words, "kill-server"), check=False, timeout=20)


async def test_in_tmux_a_copied_row_is_in_its_buffer(
    tmux: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", f"{tmp_path / 'socket'},1,0")
    app, _, _ = console()
    async with app.run_test(size=(200, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:assigner")
        await pilot.press("y")
        await eventually(pilot, lambda: "and is in tmux's buffer" in app.main.footer.said)
        held = subprocess.run((*tmux, "show-buffer"), check=True, capture_output=True, text=True, timeout=20).stdout
        assert held == app.clipboard
        assert "assigner" in held


async def test_outside_of_tmux_it_is_said_to_be_sent_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    app, _, _ = console()
    async with app.run_test(size=(200, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:assigner")
        await pilot.press("y")
        assert app.main.footer.said == "row sent to the terminal's clipboard"


def test_a_tmux_that_has_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", f"{tmp_path / 'gone'},1,0")
    assert to_tmux("x")
