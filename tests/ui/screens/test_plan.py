"""A plan followed in a real journal while it is written: steps, result, who started things again, what is true now."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from rich.cells import cell_len

from opsconsole.act.journal import Journal
from opsconsole.act.living import boot_id, look_at
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import EntryState, JournalEntry, Plan, PlanResult, Respawner, SubplanResult
from opsconsole.model.reading import ok
from opsconsole.ui.app import ConsoleApp
from opsconsole.ui.dialogs.menu import MenuBox
from opsconsole.ui.dialogs.plan import PlanBox
from opsconsole.ui.remedies import remedies
from opsconsole.ui.screens.journal import JournalScreen
from opsconsole.ui.screens.plan import Looked, PlanScreen
from opsconsole.ui.under_way import LIVE
from tests import samples
from tests.ui.consoles import console, duplicates_plan, on_row
from tests.ui.screens.readers import ReaderApp, eventually, text_of


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """Of a console that has been here before: its first key is for no tour."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "screen.json").write_text('{"tour_seen": true}')
    return state


@pytest.fixture
def journal(state_dir: Path) -> Iterator[Journal]:
    opened = Journal(state_dir)
    yield opened
    opened.close()


@pytest.fixture
def plan() -> Plan:
    """Made now: one that is older is taken for abandoned."""
    return duplicates_plan(samples.incident(), created=time.time())


def alive() -> ProcessId:
    """An executor that runs: this process."""
    found = look_at(os.getpid(), boot_id())
    assert found is not None
    return found.mark.id


def gone() -> ProcessId:
    return ProcessId("another boot", 4_000_000, 1)


def result(plan: Plan, **changes: object) -> PlanResult:
    fields: dict[str, object] = {"plan": plan.id, "result": "done", "verified": True, "ended": plan.created + 1.5}
    return PlanResult(**{**fields, **changes})  # type: ignore[arg-type]


SUPERVISOR = 68651
"""Pid of the incident's supervisor."""


def respawned(plan: Plan) -> PlanResult:
    table = samples.incident().processes.value
    assert table is not None
    supervisor = table.processes[SUPERVISOR]
    back = Respawner("auto_confirm", 99_001, supervisor.id, supervisor.command)
    return result(plan, verified=False, reason="it came back", respawners=(back,))


async def test_follows_the_steps_as_they_are_written_and_says_the_result(
    state_dir: Path, journal: Journal, plan: Plan
) -> None:
    journal.intend(plan)
    screen = PlanScreen(plan.id, state_dir)
    async with ReaderApp(screen).run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: "waiting for its executor" in " ".join(text_of(screen)))
        journal.take(plan.id, alive())
        step = journal.begin_step(plan.id, "auto_confirm", "SIGTERM 87841 (wrapper)")
        await eventually(pilot, lambda: "○" in " ".join(text_of(screen)) and "running" in text_of(screen)[0])
        journal.end_step(plan.id, step, "done", "ended")
        failing = journal.begin_step(plan.id, "auto_confirm", "SIGTERM 88337 (instance)")
        journal.end_step(plan.id, failing, "failed", "it is another process now")
        await eventually(pilot, lambda: "it is another process now" in " ".join(text_of(screen)))
        journal.conclude(
            result(plan, result="failed", verified=None, failed_step=2, reason="it is another process now")
        )
        await eventually(pilot, lambda: "failed at step 2" in " ".join(text_of(screen)))
        assert "failed" in text_of(screen)[0]


async def test_what_it_took_counts_from_the_confirming_key(state_dir: Path, journal: Journal, plan: Plan) -> None:
    plan = msgspec.structs.replace(plan, created=time.time() - 3600)
    journal.intend(plan)
    journal.take(plan.id, alive())
    screen = PlanScreen(plan.id, state_dir)
    async with ReaderApp(screen).run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: "running" in text_of(screen)[0])
        assert "h " not in text_of(screen)[0]
        journal.conclude(result(plan, ended=time.time() + 1.0))
        await eventually(pilot, lambda: "after it was confirmed" in " ".join(text_of(screen)))
        assert "h " not in text_of(screen)[0]
        assert "  confirmed " in " ".join(text_of(screen))


async def test_leaving_it_changes_nothing(state_dir: Path, journal: Journal, plan: Plan) -> None:
    journal.intend(plan)
    journal.take(plan.id, alive())
    screen = PlanScreen(plan.id, state_dir)
    app = ReaderApp(screen)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: any(hint.label == "back, it goes on" for hint in screen.hints()))
        await pilot.press("escape")
        await eventually(pilot, lambda: app.screen is not screen)


async def test_what_was_left_unfinished_says_what_is_true_now_and_resumes_nothing(
    state_dir: Path, journal: Journal, plan: Plan
) -> None:
    journal.intend(plan)
    journal.take(plan.id, gone())
    journal.begin_step(plan.id, "auto_confirm", "SIGTERM 87841 (wrapper)")
    screen = PlanScreen(plan.id, state_dir)
    async with ReaderApp(screen).run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: "Nothing is resumed" in " ".join(text_of(screen)))
        text = " ".join(text_of(screen))
        assert "left unfinished" in text_of(screen)[0]
        assert "instance 88337" in text
        assert "has ended" in text


async def test_a_journal_that_cannot_be_read_is_said(state_dir: Path, plan: Plan) -> None:
    state_dir.mkdir(exist_ok=True)
    (state_dir / "journal.sqlite3").write_text("this is no database, whatever its name says" * 40)
    screen = PlanScreen(plan.id, state_dir)
    async with ReaderApp(screen).run_test(size=(120, 40)) as pilot:
        # The reason holds a path whose length decides where it is wrapped.
        await eventually(pilot, lambda: "not a database" in " ".join(" ".join(text_of(screen)).split()))
        assert "unknown" in text_of(screen)[0]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_lines_fit_the_width(plan: Plan, width: int) -> None:
    entry = JournalEntry(plan=plan, state="finished", steps=(), result=respawned(plan))
    screen = PlanScreen(plan.id, Path("/nowhere"), remedies=lambda entry: remedies(entry, samples.incident()))
    screen._looked = Looked(ok(entry, 0.0), ())
    for line in screen.lines(width):
        assert cell_len("".join(part for part, _ in line).rstrip()) <= width, line


async def test_who_started_it_again_is_named_and_can_be_stopped(state_dir: Path, journal: Journal, plan: Plan) -> None:
    """The remedy goes the same way as everything: a wish, a plan, a question."""
    journal.intend(plan)
    journal.take(plan.id, alive())
    journal.conclude(respawned(plan))
    app, door, _ = console(state_dir=state_dir)
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        app.deeds.open_plan(plan.id)
        await eventually(pilot, lambda: isinstance(app.screen, PlanScreen) and app.screen.entry is not None)
        assert isinstance(app.screen, PlanScreen)
        text = " ".join(text_of(app.screen))
        assert f"99001 was started again by {SUPERVISOR}" in text
        assert "stop supervisor?" in text
        await pilot.press("x")
        await eventually(pilot, lambda: isinstance(app.screen, MenuBox))
        await pilot.press("enter")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        assert (door.wishes[0].verb, door.wishes[0].names) == ("stop", ("worker:supervisor",))


def test_remedies_end_a_respawner_that_is_no_worker_and_kill_again(plan: Plan) -> None:
    table = samples.incident().processes.value
    assert table is not None
    shell = table.processes[10_010]
    back = msgspec.structs.replace(respawned(plan).respawners[0], parent=shell.id, command=shell.command)
    entry = JournalEntry(plan=plan, state="finished", steps=(), result=result(plan, respawners=(back,)))
    found = remedies(entry, samples.incident())
    assert [(one.verb, one.names, one.expected) for one in found] == [
        ("terminate", ("10010",), (shell.id,)),
        ("kill-duplicates", ("worker:auto_confirm",), ()),
    ]
    init = msgspec.structs.replace(back, parent=ProcessId(shell.id.boot_id, 1, 0))
    only = JournalEntry(plan=plan, state="finished", steps=(), result=result(plan, respawners=(init,)))
    assert [one.verb for one in remedies(only, samples.incident())] == ["kill-duplicates"], "init is not to be stopped"


async def test_the_journal_lists_the_newest_first_and_opens_what_is_under_the_cursor(
    state_dir: Path, journal: Journal, plan: Plan
) -> None:
    plans = [msgspec.structs.replace(plan, id=f"{number}", created=plan.created + number) for number in range(3)]
    for one in plans:
        journal.intend(one)
        journal.take(one.id, alive())
        part = SubplanResult(subject="auto_confirm", result="done", verified=True)
        journal.conclude(result(one, subresults=(part,)))
    opened: list[str] = []
    screen = JournalScreen(state_dir, opened.append)
    app = ReaderApp(screen)
    async with app.run_test(size=(100, 24)) as pilot:
        await eventually(pilot, lambda: len(screen.entries) == 3)
        assert [entry.plan.id for entry in screen.entries] == ["2", "1", "0"]
        assert "done, verified" in text_of(screen)[1]
        await pilot.press("j")
        late = msgspec.structs.replace(plan, id="9", created=plan.created + 9)
        journal.intend(late)
        await eventually(pilot, lambda: len(screen.entries) == 4)
        await pilot.press("enter")
        assert opened == ["1"], "the cursor stays on its plan when a newer one comes"


async def test_no_journal_yet_is_an_empty_one(state_dir: Path) -> None:
    screen = JournalScreen(state_dir, lambda _id: None)
    async with ReaderApp(screen).run_test(size=(100, 24)) as pilot:
        await eventually(pilot, lambda: "Nothing has been done yet." in " ".join(text_of(screen)))


async def test_the_main_screen_notes_what_is_under_way_and_says_how_it_ended(
    state_dir: Path, journal: Journal, plan: Plan
) -> None:
    app, _, _ = console(read_only=True, state_dir=state_dir)
    async with app.run_test(size=(160, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        journal.intend(plan)
        journal.take(plan.id, alive())
        await eventually(pilot, lambda: "auto_confirm: running" in footer(app))
        journal.conclude(result(plan))
        await eventually(pilot, lambda: app.main.footer.said == "Kill duplicates: auto_confirm: done, verified")


async def test_a_plan_left_unfinished_is_told_at_the_start_until_the_journal_was_looked_at(
    state_dir: Path, journal: Journal, plan: Plan
) -> None:
    journal.intend(plan)
    journal.take(plan.id, gone())
    app, door, _ = console(state_dir=state_dir)
    async with app.run_test(size=(160, 40)) as pilot:
        await eventually(pilot, lambda: "1 plan was left unfinished: J shows" in footer(app))
        await pilot.press("J")
        await eventually(pilot, lambda: isinstance(app.screen, JournalScreen) and bool(app.screen.entries))
        assert "left unfinished" in " ".join(text_of(app.screen))  # type: ignore[arg-type]
        await pilot.press("escape")
        await eventually(pilot, lambda: "left unfinished" not in footer(app))
        assert door.wishes == []


async def test_confirming_leads_to_the_plan(state_dir: Path, journal: Journal, plan: Plan) -> None:
    journal.intend(plan)
    app, _, _ = console(answer=lambda _wish: plan, state_dir=state_dir)
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("space", "k", "D")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        await pilot.press("y")
        await eventually(pilot, lambda: isinstance(app.screen, PlanScreen) and app.screen.entry is not None)
        assert app.main.tables["workers"].marked == (), "what was marked has been dealt with"


def footer(app: ConsoleApp) -> str:
    return app.main.footer.render_line(0).text


def test_states_of_a_plan_under_way_are_the_models() -> None:
    assert set(LIVE) < set(get_args(EntryState))
