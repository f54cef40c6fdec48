"""The timeline: findings and plans of earlier consoles, newest first, filtered as any table, opened with enter."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
from textual.pilot import Pilot

from opsconsole.act.journal import Journal
from opsconsole.config.types import Config
from opsconsole.diagnose import diagnose
from opsconsole.engine.history_file import FILE_NAME, HistoryFile
from opsconsole.model.event import Event
from opsconsole.model.plan import PlanResult
from opsconsole.ui.app import ConsoleApp
from opsconsole.ui.screens.details import DetailsScreen, PastFindingScreen
from opsconsole.ui.screens.plan import PlanScreen
from opsconsole.ui.screens.timeline import TimelineScreen
from tests import samples
from tests.ui.consoles import console, duplicates_plan
from tests.ui.screens.readers import eventually, text_of

AT = time.time() - 10_000
DIAGNOSIS = diagnose(samples.incident(), Config())
GRAVEST, OTHER, *_ = DIAGNOSIS.findings


def what_happened(state: Path) -> None:
    """One finding opened, was noted and closed; another is open; a plan was confirmed and is done."""
    opened = [
        Event(at=AT, kind="opened", subject=f"finding:{one.id}", title=one.title, severity=one.severity, finding=one)
        for one in (msgspec.structs.replace(OTHER, title="what is over"), GRAVEST)
    ]
    gone = opened[0]
    noted = msgspec.structs.replace(gone, at=AT + 60, kind="acknowledged", by="ops", finding=None)
    closed = msgspec.structs.replace(gone, at=AT + 3720, kind="closed", finding=None)
    silenced = Event(at=AT + 30, kind="silenced", subject="alert:Load", title="Load", by="ops", until=AT + 3600)
    file = HistoryFile(state)
    file.write(AT, {}, (*opened, silenced, noted, closed))
    file.close()
    plan = duplicates_plan(samples.incident())
    journal = Journal(state)
    journal.intend(plan)
    journal.conclude(PlanResult(plan=plan.id, result="done", verified=True, ended=time.time() + 60))
    journal.close()


async def opened(pilot: Pilot[None], app: ConsoleApp) -> TimelineScreen:
    await eventually(pilot, lambda: app.main.shown is not None)
    await pilot.press("escape", "i")
    await eventually(pilot, lambda: isinstance(app.screen, TimelineScreen))
    screen = app.screen
    assert isinstance(screen, TimelineScreen)
    await eventually(pilot, lambda: len(screen.shown) >= 6)
    await pilot.pause()
    return screen


async def test_findings_and_plans_of_earlier_consoles_stand_there_newest_first(tmp_path: Path) -> None:
    state = tmp_path / "state"
    what_happened(state)
    before = (state / FILE_NAME).stat().st_mtime_ns
    app, _, _ = console(
        msgspec.structs.replace(samples.incident(), diagnosis=DIAGNOSIS), state_dir=state, read_only=True
    )
    async with app.run_test(size=(160, 30)) as pilot:
        screen = await opened(pilot, app)
        titles, *lines = [line.rstrip() for line in text_of(screen)[1:9]]
        assert titles.split() == ["When", "What", "About", "More", "By"]
        words = [" ".join(line.split()[2:4]) for line in lines]
        assert words[0] == "done, verified"
        assert words[1].startswith("confirmed")
        assert words[2].startswith("closed") and "after 1h 2m" in lines[2]  # noqa: PT018
        assert words[3].startswith("acknowledged") and lines[3].endswith("ops")  # noqa: PT018
        assert words[4] == "alert silenced" and "until" in lines[4]  # noqa: PT018
        assert {word.split()[0] for word in words[5:7]} == {"found"}
        assert GRAVEST.title in lines[5] + lines[6]
        assert not [line for line in lines if GRAVEST.rule in line], "only a filter knows ids"
    assert (state / FILE_NAME).stat().st_mtime_ns == before, "watch mode has only read it"


async def test_a_filter_chooses_and_enter_opens_what_it_was_about(tmp_path: Path) -> None:
    state = tmp_path / "state"
    what_happened(state)
    snapshot = msgspec.structs.replace(
        samples.incident(), diagnosis=msgspec.structs.replace(DIAGNOSIS, findings=(GRAVEST,))
    )
    app, _, _ = console(snapshot, state_dir=state)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app)
        assert all(len(line) == 80 for line in text_of(screen))
        await pilot.press("/", *"what = closed", "enter")
        assert [one.row.cells[1].text for one in screen.shown] == ["closed"]
        assert "1 of 7" in text_of(screen)[0]
        await pilot.press("enter")
        await eventually(pilot, lambda: isinstance(app.screen, PastFindingScreen))
        then = app.screen
        assert isinstance(then, PastFindingScreen)
        await pilot.pause()
        assert any("what is over" in line for line in text_of(then))
        await pilot.press("escape", "escape", "/", *"when < 1h", "enter")
        assert {one.row.cells[1].text for one in screen.shown} == {"done, verified", "confirmed"}
        await pilot.press("escape", "/", *"what ~ found and id ~", *GRAVEST.rule, "enter", "enter")
        await eventually(pilot, lambda: type(app.screen) is DetailsScreen)
        await pilot.press("escape", "escape", "g", "enter")
        await eventually(pilot, lambda: isinstance(app.screen, PlanScreen))
