"""Findings on the screen: the lines above the footer, the view with its keys, at every height."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from opsconsole.config.types import Config, LoadedConfig
from opsconsole.model.alert import AlertNote, Notes
from opsconsole.ui.app import ConsoleApp
from opsconsole.ui.layout import FINDING_LINES, arrange, finding_lines
from opsconsole.ui.memory import FILE_NAME
from opsconsole.ui.repaint import picture
from opsconsole.ui.screens.checklist import ChecklistScreen
from opsconsole.ui.screens.report import ReportScreen
from tests.ui.screens.readers import SampleFeed
from tests.unit.present.test_findings import diagnosed


class NotingFeed(SampleFeed):
    def __init__(self) -> None:
        super().__init__(diagnosed())
        self.noted: list[str] = []

    def acknowledge(self, finding_id: str) -> bool:
        self.noted.append(finding_id)
        return True

    def acknowledge_alert(self, name: str) -> bool:
        self.noted.append(f"alert {name}")
        return True

    def silence_alert(self, name: str, for_s: float) -> None:
        self.noted.append(f"alert {name} silent for {for_s:g} s")


class KeptFeed(SampleFeed):
    def __init__(self, kept: Notes) -> None:
        super().__init__(diagnosed())
        self.kept = kept
        self.taken: Notes | None = None

    def notes(self) -> Notes:
        return self.kept

    def take_notes(self, notes: Notes) -> None:
        self.taken = notes


def console(feed: NotingFeed) -> ConsoleApp:
    return ConsoleApp(feed, read_only=True, loaded=LoadedConfig(config=Config(), path=None), ascii_only=False)


def line(app: ConsoleApp, number: int) -> str:
    width = app.main.size.width
    return "".join(text for text, _ in app.main.findings.lines[number].pieces(width)).rstrip()


@pytest.mark.parametrize(("height", "shown"), [(24, 1), (40, 3), (50, 5)])
async def test_findings_stand_above_the_footer_gravest_first(height: int, shown: int) -> None:
    app = console(NotingFeed())
    async with app.run_test(size=(140, height)) as pilot:
        app.main.collected(diagnosed())
        await pilot.pause()
        assert app.main.arrangement is not None
        assert [name in app.main.arrangement.boxes for name in FINDING_LINES] == [n < shown for n in range(5)]
        assert "assigner: 70% of its prompts fail" in line(app, 0)
        if shown > 1:
            assert line(app, 1).split()[:2] == ["✖", "critical"]
            assert "start orchestrator" in line(app, 1)
            assert f"{7 - shown} more (8)" in line(app, shown - 1)
        else:
            assert "more (8)" in line(app, 0)


async def test_a_finding_is_acknowledged_in_its_view_and_nowhere_else() -> None:
    feed = NotingFeed()
    app = console(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        app.main.collected(diagnosed())
        await pilot.press("a")
        assert feed.noted == []
        await pilot.press("8", "a", "9", "a")
        await pilot.pause()
        assert feed.noted == ["worker-failing:assigner", "alert load"]


async def test_an_alert_is_silenced_for_a_chosen_time() -> None:
    feed = NotingFeed()
    app = console(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        app.main.collected(diagnosed())
        await pilot.press("9", "s", "j", "enter")
        await pilot.pause()
        assert feed.noted == ["alert load silent for 3600 s"]
        await pilot.press("s", "escape")
        await pilot.pause()
        assert len(feed.noted) == 1


async def test_the_checklist_opens_from_the_findings() -> None:
    app = console(NotingFeed())
    async with app.run_test(size=(120, 40)) as pilot:
        app.main.collected(diagnosed())
        await pilot.press("8", "d")
        await pilot.pause()
        assert isinstance(app.screen, ChecklistScreen)
        shown = "\n".join("".join(text for text, _ in line) for line in app.screen.lines(116))
        assert "Open (" in shown
        assert "[ ]" in shown


async def test_what_is_noted_is_there_for_the_next_console_and_watch_mode_leaves_it_alone(tmp_path: Path) -> None:
    noted = Notes(("env-stale:environments",), {"load": AlertNote(silenced_until=4e9)})
    tmp_path.chmod(0o700)
    for read_only in (False, True):
        feed = KeptFeed(noted if not read_only else Notes())
        app = ConsoleApp(
            feed,
            read_only=read_only,
            loaded=LoadedConfig(config=Config(), path=None),
            ascii_only=False,
            state_dir=tmp_path,
        )
        async with app.run_test(size=(120, 40)):
            app.looks.stop()
        if read_only:
            assert not (tmp_path / "targets.json").exists()
    last = KeptFeed(Notes())
    ConsoleApp(
        last, read_only=True, loaded=LoadedConfig(config=Config(), path=None), ascii_only=False, state_dir=tmp_path
    )
    assert last.taken == noted
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


async def test_details_of_a_finding_open_from_its_row() -> None:
    app = console(NotingFeed())
    async with app.run_test(size=(120, 40)) as pilot:
        app.main.collected(diagnosed())
        await pilot.press("8", "j", "enter")
        await pilot.pause()
        assert app.screen is not app.main
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert app.main.active == "services"


@pytest.mark.parametrize("height", range(10, 70))
def test_the_lines_never_take_a_panes_place(height: int) -> None:
    arrangement = arrange(150, height, active="services")
    assert sum(name in arrangement.boxes for name in FINDING_LINES) == finding_lines(height)
    rows = [set(range(box.y, box.y + box.height)) for name, box in arrangement.boxes.items() if name in FINDING_LINES]
    panes = {y for name in arrangement.panes() for y in range(*_span(arrangement.boxes[name]))}
    assert not set().union(*rows) & panes


def _span(box: object) -> tuple[int, int]:
    return box.y, box.y + box.height  # type: ignore[attr-defined]


async def test_fixing_says_why_it_cannot_in_a_console_that_only_looks() -> None:
    app = console(NotingFeed())
    async with app.run_test(size=(120, 40)) as pilot:
        app.main.collected(diagnosed())
        await pilot.press("8")
        await pilot.pause()
        assert app.actions["fix"].enabled(app.context()) == "read-only"
        await pilot.press("1")
        await pilot.pause()
        assert app.actions["fix"].enabled(app.context()) == "only on a finding, or an alert that proposes something"


async def test_the_report_opens_from_its_key() -> None:
    app = console(NotingFeed())
    async with app.run_test(size=(120, 40)) as pilot:
        app.main.collected(diagnosed())
        await pilot.press("E")
        await pilot.pause()
        assert isinstance(app.screen, ReportScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is app.main


@pytest.mark.parametrize("size", [(200, 50), (80, 24)])
async def test_what_was_put_right_meanwhile_is_gone_from_the_overview_the_moment_it_comes_back(
    size: tuple[int, int],
) -> None:
    """While the findings have the screen, the lines have none: they must not come back as they were."""
    app = console(NotingFeed())
    async with app.run_test(size=size) as pilot:
        app.main.collected(diagnosed())
        await pilot.pause()
        assert "assigner: 70% of its prompts fail" in "\n".join(picture(app.main))
        await pilot.press("8")
        await pilot.pause()
        snapshot = diagnosed()
        assert snapshot.diagnosis is not None
        left = tuple(one for one in snapshot.diagnosis.findings if one.severity == "low")
        mended = msgspec.structs.replace(snapshot.diagnosis, findings=left)
        app.main.collected(msgspec.structs.replace(snapshot, diagnosis=mended))
        await pilot.press("1")
        await pilot.pause()
        shown = "\n".join(picture(app.main))
        assert "assigner: 70% of its prompts fail" not in shown
        assert left[0].title[:20] in shown
