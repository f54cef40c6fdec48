"""The list of what may sleep: what is marked beforehand, what can be marked, and that the list is the confirmation."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from opsconsole.model.finding import Diagnosis, Remedy, found
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Plan, Preflight, ProcessMark, Refusal, Refused, Subplan, Target
from opsconsole.model.snapshot import Snapshot
from opsconsole.ui.acting import Wish
from opsconsole.ui.app import ConsoleApp
from opsconsole.ui.dialogs.hibernation import HibernationBox
from opsconsole.ui.dialogs.menu import MenuBox
from opsconsole.ui.dialogs.plan import PlanBox
from tests import samples
from tests.makers import BOOT
from tests.ui.consoles import RecordingDoor, console, duplicates_plan, on_row
from tests.ui.screens.readers import eventually

GIB = 1 << 30
CLEAN = tuple(
    Preflight(told, True)
    for told in ("id", "transcript, 29d", "directory", "no draft", "no shell", "nobody there", "git clean")
)
SESSIONS = {
    # name: GiB resident, GiB swapped, hours idle, what a person has to judge
    "qa_tester2": (2.0, 1.2, 9, ()),
    "foundation": (1.7, 1.0, 5, ()),
    "dev_worker2": (1.5, 0.0, 3, (Preflight("draft, will be kept", False),)),
    "claude_comet": (1.4, 0.0, 2, ()),
}


def subplan(number: int, name: str) -> Subplan:
    memory, swap, idle, doubts = SESSIONS[name]
    pid = 700 + number
    mark = ProcessMark(ProcessId(BOOT, pid, pid), "/bin/claude", "", 1000, 1, "claude")
    data: dict[str, Any] = {"rss_bytes": int(memory * GIB), "swap_bytes": int(swap * GIB), "idle_s": idle * 3600.0}
    target = Target(kind="process", role="agent", name=name, reason="idle", process=mark, command="claude")
    return Subplan(subject=name, subject_kind="session", targets=(target,), preflight=(*doubts, *CLEAN), data=data)


def sleep_plan(snapshot: Snapshot) -> Plan:
    left_out = (
        Refusal("dev_worker1", "it is working: registry: busy for 3 min", "nothing"),
        Refusal("orchestrator_main", "it is protected (protect under [sessions])", "nothing"),
    )
    return duplicates_plan(
        snapshot,
        verb="hibernate",
        created=time.time() + 3600,  # made up: no snapshot knows its processes
        subplans=tuple(subplan(number, name) for number, name in enumerate(SESSIONS)),
        left_out=left_out,
    )


def sleepy(snapshot: Snapshot | None = None) -> tuple[ConsoleApp, RecordingDoor]:
    shown = snapshot or samples.incident()
    app, door, _ = console(shown, answer=lambda _wish: sleep_plan(shown))
    return app, door


def findings(*rules: str) -> Snapshot:
    """The incident with findings of these rules alone."""
    remedy = Remedy(action="hibernate", targets=(), automatic=True, steps=())
    told = {"title": "", "evidence": (), "root_cause": "", "impact": "", "remedy": remedy, "verify": ""}
    left = tuple(found(rule, "medium", "sessions", **told) for rule in rules)  # type: ignore[arg-type]
    incident = samples.incident()
    diagnosis = Diagnosis(at=incident.at, score=9.0, parts=(), findings=left, unknown=())
    return msgspec.structs.replace(incident, diagnosis=diagnosis)


async def listed(pilot: Pilot[None], app: ConsoleApp, key: str = "S") -> HibernationBox:
    await eventually(pilot, lambda: bool(app.main.tables["sessions"].rows))
    app.main.enter("sessions")
    await pilot.press(key)
    await eventually(pilot, lambda: isinstance(app.screen, HibernationBox) and app.screen.view.size.width > 0)
    assert isinstance(app.screen, HibernationBox)
    return app.screen


def text_of(box: HibernationBox) -> str:
    return "\n".join("".join(text for text, _ in line) for line in box.lay_out(*box.size))


def names(plan: Plan) -> list[str]:
    return [each.subject for each in plan.subplans]


async def test_marked_beforehand_are_those_of_which_all_is_known_to_be_clean() -> None:
    app, door = sleepy()
    async with app.run_test(size=(120, 40)) as pilot:
        box = await listed(pilot, app)
        assert (door.wishes[0].names, door.wishes[0].listed) == ((), True)
        assert names(box.plan) == ["qa_tester2", "foundation", "claude_comet"]
        text = text_of(box)
        assert "These 3: frees about 5.1G of memory and 2.2G of swap; idle 2h to 9h" in text
        assert "[x] qa_tester2" in text
        assert "[ ] dev_worker2" in text
        assert "draft, will be kept" in text
        assert "id · transcript, 29d · directory · no draft · no shell · nobody there · git clean" in text
        assert "Hibernate 3 sessions" in text


async def test_the_headline_and_the_button_follow_the_marks() -> None:
    app, _ = sleepy()
    async with app.run_test(size=(120, 40)) as pilot:
        box = await listed(pilot, app)
        await pilot.press("space", "j", "space")
        assert names(box.plan) == ["claude_comet"]
        assert "This one: frees about 1.4G of memory; idle 2h" in text_of(box)
        assert "Hibernate claude_comet" in text_of(box)
        await pilot.press("a")
        assert len(box.plan.subplans) == 4
        await pilot.press("U")
        assert "none is marked" in text_of(box)
        await pilot.press("y", "tab", "enter")
        await eventually(pilot, lambda: app.screen is app.main)


async def test_one_that_cannot_sleep_says_why_and_cannot_be_marked() -> None:
    app, _ = sleepy()
    async with app.run_test(size=(120, 40)) as pilot:
        box = await listed(pilot, app)
        before = box.marked
        await pilot.press("G", "space")
        assert box.marked == before
        assert "it is protected" in text_of(box)
        assert "it is working: registry: busy for 3 min" in text_of(box)


async def test_the_list_is_the_one_confirmation_and_only_what_is_marked_is_handed_over() -> None:
    app, door = sleepy()
    async with app.run_test(size=(120, 40)) as pilot:
        box = await listed(pilot, app)
        assert box.focused_button == "cancel"
        await pilot.press("space", "tab", "enter")
        await eventually(pilot, lambda: len(door.submitted) == 1)
        (plan,) = door.submitted
        assert names(plan) == ["foundation", "claude_comet"]
        assert {each.subject: each.reason for each in plan.left_out}["qa_tester2"] == "not marked"


async def test_changed_marks_take_the_focus_from_the_confirming_button() -> None:
    app, door = sleepy()
    async with app.run_test(size=(120, 40)) as pilot:
        box = await listed(pilot, app)
        await pilot.press("tab", "space", "enter")
        await eventually(pilot, lambda: app.screen is not box)
        assert door.submitted == []


@pytest.mark.parametrize("size", [(200, 50), (120, 40), (80, 24), (60, 15)])
async def test_it_fits_and_every_row_comes_into_view(size: tuple[int, int]) -> None:
    app, _ = sleepy()
    async with app.run_test(size=size) as pilot:
        box = await listed(pilot, app)
        for key, last in (("j", "protected"), ("k", "qa_t")):
            seen = ""
            for _ in range(8):
                lines = ["".join(text for text, _ in line) for line in box.lay_out(*box.size)]
                assert all(cell_len(line) <= size[0] for line in lines)
                assert len(lines) == size[1]
                seen = "\n".join(lines)
                await pilot.press(key)
            assert last in seen


async def test_under_pressure_the_key_for_one_opens_the_list() -> None:
    app, door = sleepy(findings("sessions-many"))
    async with app.run_test(size=(120, 40)) as pilot:
        await listed(pilot, app, "H")
        assert door.wishes[0].listed


async def test_without_pressure_or_with_a_mark_it_is_about_the_row() -> None:
    for snapshot, keys in ((findings(), ("H",)), (findings("sessions-many"), ("space", "H"))):
        app, door = sleepy(snapshot)
        async with app.run_test(size=(120, 40)) as pilot:
            await eventually(pilot, lambda app=app: bool(app.main.tables["sessions"].rows))  # type: ignore[misc]
            idle = next(each for each in snapshot.sessions.value or () if each.state == "idle" and not each.protected)
            on_row(app, "sessions", f"session:{idle.id}")
            await pilot.press(*keys)
            await eventually(pilot, lambda app=app: isinstance(app.screen, PlanBox))  # type: ignore[misc]
            assert not isinstance(app.screen, HibernationBox)
            assert (door.wishes[0].names, door.wishes[0].listed) == ((idle.id,), False)


async def test_the_menu_of_a_row_is_about_that_row_under_pressure_too() -> None:
    snapshot = findings("sessions-many")
    app, door = sleepy(snapshot)
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["sessions"].rows))
        idle = next(each for each in snapshot.sessions.value or () if each.state == "idle" and not each.protected)
        on_row(app, "sessions", f"session:{idle.id}")
        await pilot.press("x", "H")
        await eventually(pilot, lambda: bool(door.wishes))
        assert door.wishes[0].names == (idle.id,)


async def test_when_none_can_sleep_the_reasons_are_listed() -> None:
    def answer(wish: Wish) -> Refused:
        refusals = (Refusal("dev_worker1", "it is working", "nothing"), Refusal("other", "it is hung", "nothing"))
        return Refused(wish.verb, "nothing", "nothing", refusals)

    app, _, _ = console(answer=answer)
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["sessions"].rows))
        app.main.enter("sessions")
        await pilot.press("S")
        await eventually(pilot, lambda: isinstance(app.screen, MenuBox))
        assert isinstance(app.screen, MenuBox)
        assert [(each.label, each.why_not) for each in app.screen.entries] == [
            ("dev_worker1", "it is working"),
            ("other", "it is hung"),
        ]
        await pilot.press("enter")
        assert isinstance(app.screen, MenuBox)
