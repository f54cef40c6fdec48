"""Asking before anything changes: what the box shows, who has the focus, and what closes it."""

from __future__ import annotations

import msgspec
import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from opsconsole.config.types import Config
from opsconsole.model.plan import Refusal, Refused
from opsconsole.model.reading import ok
from opsconsole.present.plan import plan_lines
from opsconsole.ui.acting import Wish
from opsconsole.ui.app import ConsoleApp
from opsconsole.ui.dialogs.box import BoxScreen
from opsconsole.ui.dialogs.changes import what_changed
from opsconsole.ui.dialogs.plan import PlanBox
from opsconsole.ui.dialogs.refusal import RefusalBox
from tests import samples
from tests.makers import process_table
from tests.ui.consoles import console, duplicates_plan, on_row
from tests.ui.screens.readers import eventually

SIZES = [(200, 50), (120, 40), (80, 24), (40, 10)]


async def asked(pilot: Pilot[None], app: ConsoleApp, key: str = "D") -> PlanBox:
    """The box that a key on auto_confirm leads to."""
    await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
    on_row(app, "workers", "worker:auto_confirm")
    await pilot.press(key)
    await eventually(pilot, lambda: isinstance(app.screen, PlanBox) and app.screen.view.size.width > 0)
    assert isinstance(app.screen, PlanBox)
    return app.screen


def text_of(box: BoxScreen) -> str:
    lines = ["".join(text for text, _ in line) for line in box.lay_out(*box.size)]
    return "\n".join(lines)


async def test_cancel_has_the_focus_and_enter_cancels() -> None:
    app, door, _ = console()
    async with app.run_test(size=(120, 40)) as pilot:
        box = await asked(pilot, app)
        assert box.focused_button == "cancel"
        await pilot.press("enter")
        await eventually(pilot, lambda: app.screen is app.main)
        await eventually(pilot, lambda: len(door.withdrawn) == 1)
        assert door.submitted == []


@pytest.mark.parametrize("keys", [("y",), ("tab", "enter"), ("right", "enter")])
async def test_confirming_hands_the_plan_over_once(keys: tuple[str, ...]) -> None:
    app, door, _ = console()
    async with app.run_test(size=(120, 40)) as pilot:
        box = await asked(pilot, app)
        await pilot.press(*keys)
        await eventually(pilot, lambda: app.screen is not box)
        assert [plan.id for plan in door.submitted] == [box.plan.id]


@pytest.mark.parametrize("keys", [("escape",), ("n",), ("q",), ("ctrl+c",)])
async def test_every_way_out_does_nothing(keys: tuple[str, ...]) -> None:
    app, door, _ = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await asked(pilot, app)
        await pilot.press("tab", *keys)
        await eventually(pilot, lambda: app.screen is app.main)
        assert door.submitted == []


async def test_confirmed_twice_is_confirmed_once() -> None:
    """While the plan is being written down no key does anything: neither a second confirmation nor a cancel."""
    app, door, _ = console()
    door.may_submit.clear()
    async with app.run_test(size=(120, 40)) as pilot:
        box = await asked(pilot, app)
        await pilot.press("y", "y", "escape", "enter")
        assert app.screen is box
        assert "handing the plan" in text_of(box)
        door.may_submit.set()
        await eventually(pilot, lambda: app.screen is not box)
        assert len(door.submitted) == 1


async def test_a_key_pressed_twice_makes_one_plan() -> None:
    app, door, _ = console()
    door.may_plan.clear()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("D", "D", "D")
        door.may_plan.set()
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        assert len(door.wishes) == 1
        await pilot.press("D")
        assert len(door.wishes) == 1
        assert len(app.screen_stack) == 2


async def test_of_two_keys_the_later_one_is_asked_about() -> None:
    made = {verb: duplicates_plan(samples.incident(), id=verb, verb=verb) for verb in ("kill-duplicates", "restart")}
    app, door, _ = console(answer=lambda wish: made[wish.verb])
    door.may_plan.clear()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("D", "r")
        door.may_plan.set()
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        await eventually(pilot, lambda: [plan.verb for plan in door.withdrawn] == ["kill-duplicates"])
        assert isinstance(app.screen, PlanBox)
        assert app.screen.plan.verb == "restart"
        assert len(app.screen_stack) == 2


async def test_a_target_that_is_gone_from_a_newer_snapshot_closes_it() -> None:
    app, door, feed = console()
    async with app.run_test(size=(160, 40)) as pilot:
        await asked(pilot, app)
        feed.tell(without(88337))
        await eventually(pilot, lambda: app.screen is app.main)
        assert "nothing was done: instance 88337" in app.main.footer.said
        assert door.submitted == []


async def test_a_survivor_that_is_gone_closes_it_too() -> None:
    app, _, feed = console()
    async with app.run_test(size=(160, 40)) as pilot:
        await asked(pilot, app)
        feed.tell(without(8157))
        await eventually(pilot, lambda: app.screen is app.main)
        assert "8157" in app.main.footer.said
        assert "which was to stay, has ended" in app.main.footer.said


async def test_a_target_that_became_another_program_closes_it() -> None:
    """No snapshot tells that: the targets themselves are looked at while the question stands."""
    app, door, _ = console()
    async with app.run_test(size=(160, 40)) as pilot:
        await asked(pilot, app)
        door.changed = "88337 runs another program now: vi"
        await eventually(pilot, lambda: app.screen is app.main)
        assert "88337 runs another program now" in app.main.footer.said


def test_a_snapshot_that_could_not_be_read_contradicts_nothing() -> None:
    plan = duplicates_plan(samples.incident())
    assert what_changed(plan, samples.unknown_everywhere(at=plan.created + 5)) == ""
    assert "88337" in what_changed(plan, without(88337))
    assert what_changed(plan, samples.changed(without(88337), at=plan.created)) == "", "it is older than the plan"


async def test_what_could_not_be_handed_over_is_said_and_nothing_more_can_be_pressed() -> None:
    app, door, _ = console()
    door.failure = "journal /x/journal.sqlite3: the disk is full"
    async with app.run_test(size=(120, 40)) as pilot:
        box = await asked(pilot, app)
        await pilot.press("y")
        await eventually(pilot, lambda: "the disk is full" in text_of(box))
        await pilot.press("y", "tab")
        assert len(door.submitted) == 1
        await pilot.press("escape")
        await eventually(pilot, lambda: app.screen is app.main)


async def test_why_there_is_no_plan_is_said() -> None:
    app, _, _ = console(answer=lambda wish: Refused(wish.verb, "88337 is protected"))
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("D")
        await eventually(pilot, lambda: "88337 is protected" in app.main.footer.said)
        assert app.screen is app.main


async def test_a_plan_does_not_jump_at_who_has_gone_elsewhere() -> None:
    app, door, _ = console()
    door.may_plan.clear()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("D", "question_mark")
        door.may_plan.set()
        await eventually(pilot, lambda: len(door.withdrawn) == 1)
        assert not any(isinstance(screen, PlanBox) for screen in app.screen_stack)


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_everything_of_the_plan_is_there_at_every_size(width: int, height: int) -> None:
    """Every line fits, and by scrolling each part of the plan's text comes into view."""
    app, _, _ = console()
    async with app.run_test(size=(width, height)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        box = await asked(pilot, app)
        seen = ""
        for _ in range(40):
            for line in box.lay_out(width, height):
                assert cell_len("".join(text for text, _ in line)) <= width
            seen += text_of(box)
            assert "Cancel" in seen
            box.perform("down")
        words = {word for _, text in plan_lines(box.plan) for word in text.split() if len(word) < 20}
        assert {word for word in words if word not in seen.split()} == set()


def without(pid: int) -> samples.Snapshot:
    """A newer snapshot of the incident in which this process is gone."""
    snapshot = samples.incident()
    assert snapshot.processes.value is not None
    left = tuple(process for process in snapshot.processes.value if process.pid != pid)
    return msgspec.structs.replace(
        snapshot, at=snapshot.at + 5, sequence=43, processes=ok(process_table(left), snapshot.at + 5)
    )


async def test_targets_that_cannot_be_looked_at_are_not_asked_about() -> None:
    app, door, _ = console()
    async with app.run_test(size=(160, 40)) as pilot:
        await asked(pilot, app)
        door.changed = None  # type: ignore[assignment]  # what looks at them fails with it
        await eventually(pilot, lambda: app.screen is app.main)
        assert "cannot be looked at" in app.main.footer.said
        assert door.submitted == []


BLOCK = '[[worker]]\nname = "foo"\ncommand = ["python3", "foo.py"]\n# as 42 runs now: see that it is what you want'


async def test_r_on_what_no_config_can_start_shows_what_to_add_and_copies_it() -> None:
    def answer(wish: Wish) -> Refused:
        reason = "no command is configured for it; this in the config says it:"
        return Refused("restart", f"assigner: {reason}", refusals=(Refusal("assigner", reason, proposal=BLOCK),))

    app, door, _ = console(answer=answer, config=Config())
    async with app.run_test(size=(100, 30)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:assigner")
        assert app.actions["restart"].enabled(app.context()) == "no command configured"
        await pilot.press("r")
        await eventually(pilot, lambda: isinstance(app.screen, RefusalBox))
        assert [wish.verb for wish in door.wishes] == ["restart"]
        box = app.screen
        assert isinstance(box, RefusalBox)
        assert 'command = ["python3", "foo.py"]' in text_of(box)
        await pilot.press("y")
        await eventually(pilot, lambda: "sent to the terminal" in text_of(box))
        assert app.clipboard == f"{BLOCK}\n"
        await pilot.press("enter")
        await eventually(pilot, lambda: app.screen is app.main)
        assert door.submitted == []
