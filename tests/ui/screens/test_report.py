"""The report as a screen: all of it fits every width, and the same key writes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from opsconsole.config.types import Config, LoadedConfig
from opsconsole.ui.screens.report import ReportScreen
from tests.ui.screens.readers import ReaderApp
from tests.unit.present.test_findings import diagnosed
from tests.unit.present.test_report import SECTIONS


def texts(screen: ReportScreen, width: int) -> list[str]:
    return ["".join(part for part, _ in line) for line in screen.lines(width)]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_section_stands_there_and_no_line_is_wider_than_the_screen(width: int) -> None:
    lines = texts(ReportScreen(diagnosed(), None, LoadedConfig(Config(), None)), width)
    assert [title for title in SECTIONS if title not in lines] == []
    assert all(cell_len(line.rstrip()) <= width for line in lines)


async def test_the_key_that_opened_it_writes_it(tmp_path: Path) -> None:
    screen = ReportScreen(diagnosed(), tmp_path, LoadedConfig(Config(), None))
    async with ReaderApp(screen).run_test(size=(100, 30)) as pilot:
        assert screen.perform("report")
        for _ in range(200):
            await pilot.pause(0.05)
            if written := list((tmp_path / "reports").glob("*.md")):
                break
        (path,) = written
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_text().startswith("# Unstable Servers and Workers")
