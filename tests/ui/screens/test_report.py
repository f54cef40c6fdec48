"""The report as a screen: all of it fits every width, and the same key writes it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from opsconsole.config.types import Config, DemoTable, LoadedConfig
from opsconsole.ui.messages import SnapshotCollected
from opsconsole.ui.report_file import Written, told
from opsconsole.ui.screens.report import ReportScreen
from tests.ui.screens.readers import ReaderApp, eventually
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


@pytest.mark.parametrize("width", [80, 200])
async def test_where_it_was_written_is_told_whatever_the_width_and_it_is_written_once(
    tmp_path: Path, width: int
) -> None:
    state_dir = tmp_path / ("a-long-name-of-a-directory-" * 3) / "state"
    screen = ReportScreen(diagnosed(), state_dir, LoadedConfig(Config(), None))
    async with ReaderApp(screen).run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        await pilot.pause(0.2)
        screen.perform("report")
        await eventually(pilot, lambda: "written to" in screen.footer_line.said)
        (path,) = (state_dir / "reports").glob("*.md")
        shown = "".join(text for text, _ in screen.footer_line.pieces(width))
        assert cell_len(shown) <= width
        assert shown.rstrip().endswith(path.name)
        screen.perform("report")
        await eventually(pilot, lambda: "it is in" in screen.footer_line.said)
        assert len(list((state_dir / "reports").glob("*.md"))) == 1


async def test_a_demos_report_outlives_its_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, sandbox = tmp_path / "own", tmp_path / "sandbox"
    tmp_path.chmod(0o700)
    monkeypatch.setenv("OPSCONSOLE_STATE_DIR", str(own))
    loaded = LoadedConfig(Config(demo=DemoTable()), None)
    screen = ReportScreen(diagnosed(), sandbox, loaded)
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        screen.perform("report")
        await eventually(pilot, lambda: "written to" in screen.footer_line.said)
        (path,) = (own / "reports").glob("*.md")
        assert path.name.startswith("demo-report-")
        assert not (sandbox / "reports").exists()


async def test_a_demos_report_that_can_be_nowhere_else_says_that_it_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "own").write_text("a file, no directory")
    monkeypatch.setenv("OPSCONSOLE_STATE_DIR", str(tmp_path / "own"))
    screen = ReportScreen(diagnosed(), tmp_path / "sandbox", LoadedConfig(Config(demo=DemoTable()), None))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        screen.perform("report")
        await eventually(pilot, lambda: "it is deleted with the demo" in screen.footer_line.said)
        assert list((tmp_path / "sandbox" / "reports").glob("*.md"))


def test_a_path_is_shortened_from_the_left() -> None:
    short = told(Written("/a/very/long/way/to/report-1.md", "written to"), 30, ellipsis="…")
    assert (short, cell_len(short)) == ("written to …way/to/report-1.md", 30)


@pytest.mark.parametrize("width", [80, 200])
def test_no_cell_of_a_table_is_cut(width: int) -> None:
    screen = ReportScreen(diagnosed(), None, LoadedConfig(Config(), None))
    assert not [line for line in texts(screen, width) if "…" in line]


async def test_it_is_of_what_is_read_when_it_is_opened_and_only_that_is_written(tmp_path: Path) -> None:
    shown = diagnosed()
    screen = ReportScreen(shown, tmp_path, LoadedConfig(Config(), None), fresh=True)
    async with ReaderApp(screen).run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        screen.perform("report")
        screen.post_message(SnapshotCollected(shown))
        await pilot.pause(0.2)
        assert not list(tmp_path.glob("reports/*")), "nothing newer has come"
        assert shown.diagnosis is not None
        mended = msgspec.structs.replace(shown.diagnosis, findings=())
        screen.post_message(SnapshotCollected(msgspec.structs.replace(shown, at=shown.at + 2.0, diagnosis=mended)))
        await eventually(
            pilot, lambda: bool([*tmp_path.glob("reports/*.md")]) and "written to" in screen.footer_line.said
        )
        (path,) = tmp_path.glob("reports/*.md")
        assert "nothing is open" in path.read_text()
        screen.post_message(SnapshotCollected(msgspec.structs.replace(shown, at=shown.at + 4.0)))
        await pilot.pause(0.2)
        assert "nothing is open" in "".join(texts(screen, 100)), "it stands still while it is read"
