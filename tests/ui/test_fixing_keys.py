"""From what is wrong to putting it right by the screen's own hints: footers, marks, details, alerts."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opsconsole.act.journal import Journal
from opsconsole.diagnose.order import in_order
from opsconsole.model.alert import Alert, Rung
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.plan import VERBS, JournalEntry, PlanResult, Refusal, Refused
from opsconsole.model.reading import unconfigured
from opsconsole.model.snapshot import Snapshot
from opsconsole.present.findings_pane import findings_content
from opsconsole.present.glyphs import UNICODE
from opsconsole.ui.app import ConsoleApp
from opsconsole.ui.dialogs.menu import MenuBox
from opsconsole.ui.dialogs.plan import PlanBox
from opsconsole.ui.dialogs.refusal import RefusalBox
from opsconsole.ui.fixes import next_step, steps_of, tried_text
from opsconsole.ui.screens.details import DetailsScreen
from opsconsole.ui.screens.plan import PlanScreen
from opsconsole.ui.screens.session import SessionScreen
from tests import samples
from tests.ui.consoles import console, duplicates_plan, on_row
from tests.ui.screens.readers import eventually
from tests.unit.present.test_findings import diagnosed


def judged() -> Snapshot:
    """The incident with all its processes, diagnosed."""
    return diagnosed(samples.incident())


def footer(app: ConsoleApp) -> str:
    return "".join(text for text, _ in app.main.footer.pieces(app.main.size.width))


def with_diagnosis(**changes: Any) -> Snapshot:
    snapshot = diagnosed()
    assert snapshot.diagnosis is not None
    return msgspec.structs.replace(snapshot, diagnosis=msgspec.structs.replace(snapshot.diagnosis, **changes))


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_the_way_to_findings_their_keys_and_the_report_is_told_on_the_screen(size: tuple[int, int]) -> None:
    app, _, _ = console(diagnosed())
    async with app.run_test(size=size) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        strip = "".join(text for line in app.main.findings.lines for text, _ in line.pieces(size[0]))
        assert "more (8)" in strip
        await pilot.press("8")
        await pilot.pause()
        for told in ("enter details", "space mark", "M mark all", "f fix", "E report", "? help", "q quit"):
            assert told in footer(app)
        for told in ("v verify", "a acknowledge"):
            assert (told in footer(app)) is (size[0] > 80), "in the menu and in the details there is room for them"
        assert "tree" not in footer(app)
        assert app.main.arrangement is not None
        assert "strip-1" not in app.main.arrangement.boxes


async def test_marked_findings_are_put_right_plan_by_plan_in_the_order_of_dependence() -> None:
    snapshot = judged()
    assert snapshot.diagnosis is not None
    app, door, _ = console(snapshot)
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        marked = ["worker-duplicates:auto_confirm", "env-ports-exhausted:pool"]
        for finding_id in marked:
            on_row(app, "findings", f"finding:{finding_id}")
            await pilot.press("space")
        await pilot.press("f")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        expected = [one for one in in_order(snapshot.diagnosis.findings) if one.id in marked]
        assert [door.wishes[0].findings, door.wishes[0].verb] == [(expected[0].id,), expected[0].remedy.action]
        box = app.screen
        assert isinstance(box, PlanBox)
        assert "2 findings are marked" in "".join(text for line in box.body(100) for text, _ in line)
        await pilot.press("y")
        await eventually(pilot, lambda: app.screen is app.main)
        assert app.main.table.marked == (f"finding:{expected[1].id}",)
        await pilot.press("f")
        await eventually(pilot, lambda: len(door.wishes) == 2)
        assert door.wishes[1].findings == (expected[1].id,)


async def test_a_marked_finding_with_nothing_to_do_gives_way_to_the_next() -> None:
    app, door, _ = console(diagnosed(), answer=lambda wish: Refused(wish.verb, "it is so already", kind="nothing"))
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        for finding_id in ("worker-duplicates:auto_confirm", "env-ports-exhausted:pool"):
            on_row(app, "findings", f"finding:{finding_id}")
            await pilot.press("space")
        await pilot.press("f")
        await eventually(pilot, lambda: "1 marked left" in footer(app))
        await pilot.press("f")
        await eventually(pilot, lambda: len(door.wishes) == 2 and not app.main.table.marked)
        assert door.wishes[0].findings != door.wishes[1].findings


async def test_the_details_of_a_finding_have_its_keys_and_they_work() -> None:
    app, door, feed = console(judged())
    noted: list[str] = []
    feed.acknowledge = lambda finding_id: bool(noted.append(finding_id)) or True  # type: ignore[attr-defined]
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        on_row(app, "findings", "finding:worker-duplicates:auto_confirm")
        await pilot.press("enter")
        await eventually(pilot, lambda: isinstance(app.screen, DetailsScreen))
        screen = app.screen
        assert isinstance(screen, DetailsScreen)
        hints = "".join(text for text, _ in screen.footer_line.pieces(80))
        for told in ("f fix", "v verify", "a acknowledge", "esc back"):
            assert told in hints
        await pilot.press("a")
        await pilot.pause()
        assert noted == ["worker-duplicates:auto_confirm"]
        assert "acknowledged" in screen.footer_line.said
        await pilot.press("v")
        await pilot.pause()
        assert feed.probed
        await pilot.press("f")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        assert door.wishes[0].findings == ("worker-duplicates:auto_confirm",)


def a_consequence(snapshot: Snapshot) -> Finding:
    """A finding that can be put right here and whose cause, which can be too, is still open."""
    assert snapshot.diagnosis is not None
    return next(
        one
        for one in snapshot.diagnosis.findings
        if one.remedy.automatic and any(not cause.muted for cause in one.causes)
    )


async def test_a_consequence_is_put_right_after_its_cause_which_is_asked_about_first() -> None:
    snapshot = judged()
    caused = a_consequence(snapshot)
    app, door, _ = console(snapshot)
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        on_row(app, "findings", f"finding:{caused.id}")
        await pilot.press("f")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        box = app.screen
        assert isinstance(box, PlanBox)
        assert set(door.wishes[0].findings) <= {cause.id for cause in caused.causes}
        told = "".join(text for line in box.body(140) for text, _ in line)
        assert f"this causes what you asked about: {caused.title}. It comes first" in told
        assert "1 of 2" in box.heading()[0]
        await pilot.press("y")
        await eventually(pilot, lambda: app.screen is app.main)
        assert app.main.table.marked == (f"finding:{caused.id}",), "what was asked for comes after it"
        await pilot.press("f")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        assert door.wishes[1].findings == (caused.id,)
        assert isinstance(app.screen, PlanBox)
        assert "2 of 2" in app.screen.heading()[0]


async def test_a_consequence_that_is_marked_by_itself_is_put_right_alone_with_a_warning() -> None:
    snapshot = judged()
    caused = a_consequence(snapshot)
    app, door, _ = console(snapshot)
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        on_row(app, "findings", f"finding:{caused.id}")
        await pilot.press("space", "f")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        assert door.wishes[0].findings == (caused.id,)
        assert isinstance(app.screen, PlanBox)
        assert "its cause is still open" in "".join(text for line in app.screen.body(140) for text, _ in line)


async def test_what_an_alert_proposes_has_a_key_and_a_menu() -> None:
    alert = Alert(
        name="Memory",
        condition="memory.used > 90%",
        state="active",
        since=0.0,
        for_s=0.0,
        measured=(),
        ladder=(Rung(0.0, "prune-environments", reached=True),),
    )
    by_hand = msgspec.structs.replace(alert, name="Load", ladder=(Rung(0.0, "investigate", reached=True),))
    app, door, _ = console(with_diagnosis(alerts=(alert, by_hand)))
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["alerts"].rows))
        on_row(app, "alerts", "alert:Load")
        assert app.actions["fix"].enabled(app.context()) == "by hand: investigate"
        on_row(app, "alerts", "alert:Memory")
        await pilot.press("x")
        await eventually(pilot, lambda: isinstance(app.screen, MenuBox))
        assert isinstance(app.screen, MenuBox)
        assert [(entry.key, entry.why_not) for entry in app.screen.entries] == [("f", ""), ("a", ""), ("s", "")]
        assert app.screen.entries[0].help == "delete stale environments"
        assert "f: delete stale environments" in [cell.text for cell in app.main.table.rows[0].cells]
        await pilot.press("f")
        await eventually(pilot, lambda: len(door.wishes) == 1)
        assert (door.wishes[0].verb, door.wishes[0].names) == ("prune-environments", ())


async def test_the_tour_tells_the_way_from_what_is_wrong_to_the_report() -> None:
    app, _, _ = console(diagnosed())
    async with app.run_test(size=(80, 40)):
        told = [text for _, text in app.looks.tour.lines()]
        assert any(
            "8 shows what is wrong" in line and "f puts it right" in line and "E reports" in line for line in told
        )
        assert all(len(line) < 79 for line in told)


def test_a_cause_that_recovers_is_no_reason_to_wait() -> None:
    snapshot = judged()
    assert snapshot.diagnosis is not None
    caused = [one for one in snapshot.diagnosis.findings if any(not cause.muted for cause in one.causes)][:1]
    cause, title = caused[0].causes[0].id, caused[0].causes[0].title
    open_still, recovering = next_step(caused, VERBS), next_step(caused, VERBS, (cause,))
    assert open_still is not None
    assert recovering is not None
    assert f"its cause is still open: {title}. Put" in open_still.notes[0]
    assert recovering.notes == ()


@pytest.mark.parametrize("width", [80, 200])
async def test_sources_of_evidence_stand_there_whole_and_no_word_is_broken(width: int) -> None:
    source = "/srv/agents/home/architect/data/assigner/" + "queue-of-prompts/" * 2 + "assigner.db, table prompts"
    fact = "Failed to create environment: ValueError: Environment reading-ui-improvement already exists, once more"
    snapshot = judged()
    assert snapshot.diagnosis is not None
    first = snapshot.diagnosis.findings[0]
    evidence = (Evidence(source, None, fact), Evidence(source, None, "a second fact"))
    changed = msgspec.structs.replace(first, evidence=evidence)
    app, _, _ = console(with_diagnosis(findings=(changed,)))
    async with app.run_test(size=(width, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        on_row(app, "findings", f"finding:{first.id}")
        await pilot.press("enter")
        await eventually(pilot, lambda: isinstance(app.screen, DetailsScreen))
        assert isinstance(app.screen, DetailsScreen)
        lines = ["".join(text for text, _ in line).strip() for line in app.screen.lines(width)]
        whole = "".join(line.replace(" ", "") for line in lines)
        assert whole.count(source.replace(" ", "")) == 1
        assert set(fact.split()) <= {word for line in lines for word in line.split()}


def test_what_was_tried_stands_beside_a_finding_that_is_still_there() -> None:
    snapshot = judged()
    plan = duplicates_plan(snapshot)
    done = PlanResult(plan=plan.id, result="done", verified=True, ended=1770567600.0)
    for result, told in ((done, "still open"), (msgspec.structs.replace(done, verified=False), "NOT verified")):
        tried = tried_text(JournalEntry(plan=plan, state="ended", result=result, steps=()))
        content = findings_content(snapshot, UNICODE, {"worker-duplicates:auto_confirm": tried})
        row = next(row for row in content.rows if row.key == "finding:worker-duplicates:auto_confirm")
        assert told in row.cells[-1].text
        assert row.cells[-1].text.startswith("kill duplicates")


@pytest.mark.parametrize("verified", [True, False])
async def test_leaving_a_plan_that_is_done_asks_about_the_next_marked_finding(tmp_path: Path, verified: bool) -> None:
    tmp_path.chmod(0o700)
    snapshot = judged()
    plans = iter(duplicates_plan(snapshot, id=f"20260208-17190{number}-abc123") for number in range(4))
    app, door, _ = console(snapshot, state_dir=tmp_path, answer=lambda _wish: next(plans))
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        app.looks.close_tour()
        for finding_id in ("worker-duplicates:auto_confirm", "env-ports-exhausted:pool"):
            on_row(app, "findings", f"finding:{finding_id}")
            await pilot.press("space")
        await pilot.press("f")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        await pilot.press("y")
        await eventually(pilot, lambda: isinstance(app.screen, PlanScreen))
        plan = door.submitted[0]
        with closing(Journal(tmp_path)) as journal:
            journal.intend(plan)
            journal.conclude(PlanResult(plan=plan.id, result="done", verified=verified, ended=plan.created))
        screen = app.screen
        assert isinstance(screen, PlanScreen)
        await eventually(pilot, lambda: screen.entry is not None and screen.entry.result is not None)
        told = "".join(text for text, _ in screen.footer_line.pieces(160))
        assert ("enter esc next: " in told and "(1 to go)" in told) is verified
        await pilot.press("enter" if verified else "escape")
        if verified:
            await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
            assert len(door.wishes) == 2
        else:
            await eventually(pilot, lambda: "1 marked left" in footer(app))
            assert app.screen is app.main


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_marked_finding_that_is_refused_tells_its_whole_reason_and_the_way_on(size: tuple[int, int]) -> None:
    """The reason is read whole at every width; the key that was pressed goes on with what is left."""
    refusals = tuple(
        Refusal(name, "its agent was started less than 15 s ago") for name in ("claude_comet", "qa_dom_api", "qa_bus")
    )
    snapshot = judged()
    assert snapshot.diagnosis is not None
    reason = "; ".join(f"{each.subject}: {each.reason}" for each in refusals)
    answers = [Refused("hibernate", reason, refusals=refusals), duplicates_plan(snapshot)]
    app, door, _ = console(snapshot, answer=lambda _wish: answers[len(door.wishes) - 1])
    async with app.run_test(size=size) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        for finding_id in ("worker-duplicates:auto_confirm", "env-ports-exhausted:pool"):
            on_row(app, "findings", f"finding:{finding_id}")
            await pilot.press("space")
        await pilot.press("f")
        await eventually(pilot, lambda: isinstance(app.screen, RefusalBox))
        box = app.screen
        assert isinstance(box, RefusalBox)
        told = "\n".join("".join(text for text, _ in line) for line in box.lay_out(*size))
        for each in refusals:
            assert f"{each.subject}: {each.reason}" in told
        assert "another finding is marked: f goes on" in told
        assert "f go on   esc stop" in told
        await pilot.press("f")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        assert len(door.wishes) == 2


async def test_a_refusal_that_does_not_fit_the_line_is_told_in_a_box() -> None:
    why = "its file is written by somebody else at this very moment, and nobody knows who that is or when it ends"
    app, _, _ = console(judged(), answer=lambda wish: Refused(wish.verb, why, refusals=(Refusal("a", why),)))
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        on_row(app, "findings", "finding:worker-duplicates:auto_confirm")
        await pilot.press("f")
        await eventually(pilot, lambda: isinstance(app.screen, RefusalBox))
        await pilot.press("f")
        assert isinstance(app.screen, RefusalBox)
        await pilot.press("escape")
        await eventually(pilot, lambda: app.screen is app.main)


async def test_where_nothing_is_configured_for_the_first_pane_the_console_opens_on_one_with_rows() -> None:
    """And the keys that lead on stand in the footer before those that do nothing here."""
    snapshot = msgspec.structs.replace(diagnosed(samples.incident()), services=unconfigured("[[service]]"))
    app, _, feed = console(snapshot)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        await eventually(pilot, lambda: app.main.active == "workers")
        assert "8 findings" in footer(app)
        await pilot.press("1")
        assert app.main.active == "services"
        assert all(told in footer(app) for told in ("8 findings", "tab next pane", ": palette"))
        feed.tell(msgspec.structs.replace(snapshot, sequence=snapshot.sequence + 1))
        await pilot.pause()
        assert app.main.active == "services", "what was chosen stays"


@pytest.mark.parametrize("width", [100, 200])
async def test_the_footer_of_the_findings_tells_how_to_mark_them(width: int) -> None:
    app, _, _ = console(diagnosed())
    async with app.run_test(size=(width, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        await pilot.press("8")
        await pilot.pause()
        assert "M mark all" in footer(app)
        assert "zoom" not in footer(app)


def test_what_comes_after_a_plan_is_told_once_however_many_findings_want_it() -> None:
    first = one_that("wants an end", Remedy("kill-duplicates", ("auto_confirm",), True, ()))
    others = [
        one_that("fails", Remedy("restart", ("assigner",), True, ())),
        one_that("has limits", Remedy("restart", ("assigner", "monitor"), True, ())),
    ]
    step = next_step((first, *others), frozenset({"kill-duplicates", "restart"}))
    assert step is not None
    assert [note for note in step.notes if "After this" in note] == [
        "3 findings are marked. After this: restart assigner, monitor"
    ]


def one_that(title: str, remedy: Remedy) -> Finding:
    return found(
        "worker-failing",
        "low",
        title,
        title,
        evidence=(),
        root_cause="",
        impact="",
        remedy=remedy,
        verify="",
    )


def test_what_recovers_is_neither_done_again_nor_announced() -> None:
    first = one_that("wants an end", Remedy("kill-duplicates", ("auto_confirm",), True, ()))
    done = one_that("was cleaned up", Remedy("prune-environments", ("env-2",), True, ()))
    last = one_that("fails", Remedy("restart", ("assigner",), True, ()))
    recovering = msgspec.structs.replace(done, recovering=True)
    for marked, settled in (((recovering, first, last), ()), ((done, first, last), (done.id,))):
        steps = steps_of(marked, VERBS, settled)
        assert [step.verb for step in steps] == ["kill-duplicates", "restart"]
        assert steps[0].notes == ("2 findings are marked. After this: restart assigner",)


async def test_a_finding_that_recovers_says_so_and_is_not_put_right_again() -> None:
    snapshot = judged()
    assert snapshot.diagnosis is not None
    first = msgspec.structs.replace(snapshot.diagnosis.findings[0], recovering=True)
    diagnosis = msgspec.structs.replace(snapshot.diagnosis, findings=(first,))
    app, door, _ = console(msgspec.structs.replace(snapshot, diagnosis=diagnosis))
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        on_row(app, "findings", f"finding:{first.id}")
        await pilot.press("f")
        await pilot.pause()
        assert "recovering" in footer(app)
        assert door.wishes == []
        row = app.main.table.rows[0]
        severity = row.cells[[one.id for one in app.main.table.columns].index("severity")]
        assert (severity.text, severity.status) == (f"{UNICODE.ok} {first.severity}", "muted")


def about_session(snapshot: Snapshot, rule: str, remedy: Remedy) -> Snapshot:
    """The same with one finding, on the first session or on all of them."""
    assert snapshot.diagnosis is not None
    assert snapshot.sessions.value
    subject = "sessions" if rule == "sessions-many" else snapshot.sessions.value[0].name
    one = found(
        rule,
        "medium",
        subject,
        f"{subject} is not as it should be",
        evidence=(),
        root_cause="",
        impact="",
        remedy=remedy,
        verify="",
    )
    return msgspec.structs.replace(
        snapshot, diagnosis=msgspec.structs.replace(snapshot.diagnosis, findings=(one,), muted=())
    )


@pytest.mark.parametrize("width", [80, 200])
async def test_the_finding_on_a_session_leads_to_its_screen_and_into_it(width: int) -> None:
    by_hand = Remedy("", (), False, ("attach to it, interrupt it: tmux attach -t '=work'", "escape interrupts it"))
    snapshot = about_session(judged(), "session-hung", by_hand)
    app, door, _ = console(snapshot)
    async with app.run_test(size=(width, 24)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        await pilot.press("8", "f")
        await pilot.pause()
        assert "fix: by hand: attach to it, interrupt it" in footer(app)
        assert door.wishes == []
        app.main.footer.say("")
        assert "l its screen" in footer(app)
        await pilot.press("l")
        await eventually(pilot, lambda: isinstance(app.screen, SessionScreen))
        assert isinstance(app.screen, SessionScreen)
        assert "a attach" in "".join(text for text, _ in app.screen.footer_line.pieces(width))
        await pilot.press("escape", "enter")
        await eventually(pilot, lambda: isinstance(app.screen, DetailsScreen))
        assert isinstance(app.screen, DetailsScreen)
        assert "l its screen" in "".join(text for text, _ in app.screen.footer_line.pieces(width))
        await pilot.press("l")
        await eventually(pilot, lambda: isinstance(app.screen, SessionScreen))


async def test_where_a_person_must_choose_what_sleeps_the_list_of_sessions_is_the_remedy() -> None:
    steps = ("reduce the agent sessions to at most 8: end or hibernate what nobody uses",)
    snapshot = about_session(judged(), "sessions-many", Remedy("hibernate", (), False, steps))
    app, door, _ = console(snapshot)
    async with app.run_test(size=(160, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        await pilot.press("8")
        await pilot.pause()
        assert "hibernate sessions, chosen from a list" in [cell.text for cell in app.main.table.rows[0].cells]
        await pilot.press("f")
        await eventually(pilot, lambda: len(door.wishes) == 1)
        assert (door.wishes[0].verb, door.wishes[0].names, door.wishes[0].listed) == ("hibernate", (), True)


async def test_a_message_leaves_the_next_keys_in_the_footer() -> None:
    app, _, _ = console(diagnosed())
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["findings"].rows))
        await pilot.press("8", "M")
        await pilot.pause()
        for told in ("7 marked", "f fix", "? help", "q quit"):
            assert told in footer(app)
