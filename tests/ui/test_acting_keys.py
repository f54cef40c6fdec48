"""The keys that change things: what they ask for, what they are aimed at, and when they do nothing and say why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.config.types import ActionTable, Config
from opsconsole.model.plan import VERBS as ALL_VERBS
from opsconsole.model.plan import Plan, Refusal, Refused, Survivor
from opsconsole.model.reading import ok
from opsconsole.model.worker import Helper, PidFile
from opsconsole.present.panes import PANES
from opsconsole.ui.acting import Wish
from opsconsole.ui.actions import ACTIONS, actions_by_id
from opsconsole.ui.context import Context
from opsconsole.ui.dialogs.choice import ChoiceBox
from opsconsole.ui.dialogs.menu import MenuBox
from opsconsole.ui.dialogs.plan import PlanBox
from opsconsole.ui.own_actions import own_actions
from opsconsole.ui.subjects import subjects_of
from opsconsole.ui.verbs import VERBS
from tests import makers, samples
from tests.ui.consoles import CONFIG, console, duplicates_plan, on_row
from tests.ui.screens.readers import eventually

CHANGING = [action for action in ACTIONS if action.verb is not None]
READY = frozenset[str](ALL_VERBS)


def subjects(*keys: str, snapshot: samples.Snapshot | None = None) -> Context:
    """The context of a console on the incident whose marked rows are these."""
    shown = samples.incident() if snapshot is None else snapshot
    return Context(read_only=False, verbs=READY, subjects=subjects_of(shown, keys, CONFIG))


def reason(action_id: str, context: Context) -> str:
    return actions_by_id()[action_id].enabled(context)


def test_every_verb_has_its_action() -> None:
    """But for probing and own commands, which have actions of other kinds."""
    assert {spec.verb for spec in VERBS} | {"probe", "command"} == READY


def test_no_two_actions_have_one_key_in_one_pane() -> None:
    for key in {key for action in ACTIONS for key in action.keys}:
        sharing = [action for action in ACTIONS if key in action.keys]
        panes = [pane for action in sharing for pane in action.panes]
        assert len(sharing) == 1 or all(action.panes for action in sharing), key
        assert len(panes) == len(set(panes)), key


@pytest.mark.parametrize(
    ("action_id", "row", "why_not"),
    [
        ("kill-duplicates", "worker:auto_confirm", ""),
        ("kill-duplicates", "worker:supervisor", "one instance running"),
        ("kill-duplicates", "worker:orchestrator", "not running"),
        ("kill-duplicates", "worker:titled", "state unknown"),
        ("kill-duplicates", "service:Static files", ""),
        ("kill-duplicates", "service:Monitor Dashboard", "one program holds the port"),
        ("restart", "worker:supervisor", ""),
        ("restart", "service:Architect Dashboard", ""),
        ("restart", "service:Monitor Dashboard", "no command configured"),
        ("start", "worker:orchestrator", ""),
        ("start", "worker:supervisor", "already running"),
        ("stop", "worker:orchestrator", "not running"),
        ("start-stop", "worker:orchestrator", ""),
        ("start-stop", "worker:supervisor", ""),
        ("kill-duplicates", "session:none", "no worker or service selected"),
    ],
)
def test_why_a_verb_cannot_be_done_now(action_id: str, row: str, why_not: str) -> None:
    assert reason(action_id, subjects(row)) == why_not


BESIDE = Helper(makers.process_id(9), 9, makers.AT, "python3 a.py", "orphan")


@pytest.mark.parametrize(
    ("given", "why_not"),
    [
        ({}, ""),
        ({"pid_file": None}, "no pid file configured"),
        ({"pid_file": PidFile("/run/a.pid", "ok", 7)}, "it names the running instance"),
        ({"pid_file": PidFile("/run/a.pid", "stale", 7)}, "there is one already"),
        ({"pid_file": PidFile("/run/a.pid", "wrong", 7)}, "there is one already"),
        ({"pid_file": PidFile("/run/a.pid", "unreadable", None)}, "it cannot be read"),
        ({"instances": (makers.instance(1), makers.instance(2))}, "2 instances running"),
        ({"wanted": 2}, "2 instances wanted: one file cannot name them all"),
        ({"instances": ()}, "not running"),
        ({"instances": (), "state": "unknown"}, "state unknown"),
        ({"remnants": (BESIDE,)}, "9 may be it as well"),
        ({"suspects": (BESIDE,)}, "9 may be it as well"),
    ],
)
def test_a_pid_file_is_written_for_one_certain_instance_only(given: dict[str, Any], why_not: str) -> None:
    missing = {"name": "assigner", "pid_file": PidFile("/run/a.pid", "missing", None), **given}
    shown = msgspec.structs.replace(samples.incident(), workers=ok((makers.worker(**missing),), makers.AT))
    assert reason("write-pid-file", subjects("worker:assigner", snapshot=shown)) == why_not


async def test_the_menu_of_a_worker_writes_its_pid_file() -> None:
    app, door, feed = console()
    one = makers.worker(name="assigner", pid_file=PidFile("/run/a.pid", "missing", None))
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        feed.tell(msgspec.structs.replace(samples.incident(sequence=43), workers=ok((one,), makers.AT)))
        await eventually(pilot, lambda: len(app.main.tables["workers"].rows) == 1)
        on_row(app, "workers", "worker:assigner")
        await pilot.press("x")
        await eventually(pilot, lambda: isinstance(app.screen, MenuBox))
        assert isinstance(app.screen, MenuBox)
        place = [entry.label for entry in app.screen.entries].index("write pid file")
        await pilot.press("g", *["j"] * place, "enter")
        await eventually(pilot, lambda: bool(door.wishes))
        assert (door.wishes[0].verb, door.wishes[0].names) == ("write-pid-file", ("worker:assigner",))


def test_of_workers_merely_found_nobody_knows_how_many_are_too_many() -> None:
    workers = samples.incident().workers.value or ()
    found = tuple(msgspec.structs.replace(one, discovered=True, state="running") for one in workers)
    shown = msgspec.structs.replace(samples.incident(), workers=ok(found, makers.AT))
    assert "not in the config" in reason("kill-duplicates", subjects("worker:auto_confirm", snapshot=shown))


def test_a_verb_that_nothing_does_yet_lights_up_by_itself() -> None:
    session = samples.incident().sessions.value
    assert session is not None
    idle = next(one for one in session if one.state == "idle" and not one.protected)
    context = subjects(f"session:{idle.id}")
    assert reason("hibernate", context) == ""
    without = Context(read_only=False, verbs=READY - {"hibernate"}, subjects=context.subjects)
    assert reason("hibernate", without) == "not available"


def test_of_several_marked_rows_one_that_can_be_done_is_enough() -> None:
    assert reason("kill-duplicates", subjects("worker:supervisor", "worker:auto_confirm")) == ""
    assert reason("kill-duplicates", subjects("worker:supervisor", "worker:orchestrator")) == "one instance running"


@given(
    st.lists(st.sampled_from(["worker:auto_confirm", "worker:orchestrator", "service:Static files", "nothing:there"])),
    st.sampled_from([*PANES]),
)
def test_read_only_no_action_of_the_registry_can_change_anything(rows: list[str], pane: str) -> None:
    """Whatever is selected, wherever: each says that it is read-only, own commands too."""
    own = own_actions(CONFIG_WITH_OWN.action, ACTIONS).actions
    seen = subjects_of(samples.incident(), rows, CONFIG)
    context = Context(read_only=True, pane=pane, verbs=READY, subjects=seen, of_pane=seen)
    assert {action.enabled(context) for action in (*CHANGING, *own)} == {"read-only"}


CONFIG_WITH_OWN = Config(
    worker=CONFIG.worker,
    action=(
        ActionTable(name="Tail the log", key="V", on="worker", command=("tail", "x.log"), changes=False),
        ActionTable(name="Vacuum", key="D", command=("vacuum",)),
    ),
)


@pytest.mark.parametrize("pane", [*PANES])
async def test_read_only_no_key_does_anything_to_the_machine(pane: str) -> None:
    """Every key of every action, pressed on a console that is read-only though it was handed a door."""
    app, door, _ = console(read_only=True, config=CONFIG_WITH_OWN)
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        app.main.enter(pane)
        for action in app.registry:
            if action.verb is not None or action.own or action.id in ("actions", "mark"):
                app.action_perform(action.id)
                await pilot.pause()
                if action.id != "mark" and action.id != "actions":
                    assert "read-only" in app.main.footer.said, action.id
            while app.screen is not app.main:
                if isinstance(app.screen, MenuBox):
                    reasons = {entry.why_not for entry in app.screen.entries if entry.action_id != "probe"}
                    assert reasons <= {"read-only"}
                await pilot.press("escape")
        assert door.wishes == []


def test_own_commands_get_their_keys_unless_the_console_has_them() -> None:
    made = own_actions(CONFIG_WITH_OWN.action, ACTIONS)
    assert [action.keys for action in made.actions] == [("V",), ()]
    assert [action.id for action in made.actions] == ["own-tail-the-log", "own-vacuum"]
    assert "kill-duplicates has that key" in made.warnings[0]
    context = subjects("worker:auto_confirm")
    assert made.actions[0].enabled(context) == ""
    assert made.actions[0].enabled(subjects("service:Static files")) == "no worker selected"


async def test_an_own_command_is_asked_for_by_its_key() -> None:
    app, door, _ = console(config=CONFIG_WITH_OWN)
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("V")
        await eventually(pilot, lambda: bool(door.wishes))
        wish = door.wishes[0]
        assert (wish.verb, wish.names, wish.action) == ("command", ("auto_confirm",), "Tail the log")


async def test_marked_rows_make_one_plan_whatever_the_cursor_and_the_filter_do() -> None:
    app, door, _ = console()
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("space")
        on_row(app, "workers", "worker:supervisor")
        await pilot.press("space")
        on_row(app, "workers", "worker:orchestrator")
        app.main.set_filter("orchestrator")
        await pilot.press("r")
        await eventually(pilot, lambda: bool(door.wishes))
        assert door.wishes[0].names == ("worker:auto_confirm", "worker:supervisor")
        assert door.wishes[0].snapshot is app.main.shown


async def test_marks_are_shown_counted_and_taken_away() -> None:
    app, _, feed = console()
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("space")
        table = app.main.tables["workers"]
        lines = [table.render_lines(table.size.region)[y].text for y in range(table.size.height)]
        assert "1 marked" in lines[0]
        assert next(line for line in lines if "auto_confirm" in line).startswith("│◉")
        assert table.cursor_row is not None
        assert table.cursor_row.key != "worker:auto_confirm", "the cursor goes on"
        feed.tell(samples.healthy(sequence=43, workers=samples.incident().workers))
        await pilot.pause()
        assert table.marked == ("worker:auto_confirm",)
        await pilot.press("U")
        assert table.marked == ()


async def test_a_mark_does_not_come_back_with_its_row() -> None:
    app, _, feed = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("space")
        feed.tell(samples.ok_workers(makers.worker("another"), sequence=43))
        await eventually(pilot, lambda: app.main.tables["workers"].rows[0].key == "worker:another")
        feed.tell(samples.incident(sequence=44))
        await eventually(pilot, lambda: len(app.main.tables["workers"].rows) > 1)
        assert app.main.tables["workers"].marked == ()


async def test_marks_survive_a_reading_that_failed() -> None:
    app, _, feed = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("space")
        feed.tell(samples.unknown_everywhere(sequence=43))
        await eventually(pilot, lambda: not app.main.tables["workers"].rows)
        feed.tell(samples.incident(sequence=44))
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        assert app.main.tables["workers"].marked == ("worker:auto_confirm",)


async def test_the_menu_has_every_verb_of_the_row_with_its_key_or_why_not() -> None:
    app, door, _ = console(config=CONFIG_WITH_OWN)
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:supervisor")
        await pilot.press("x")
        await eventually(pilot, lambda: isinstance(app.screen, MenuBox))
        assert isinstance(app.screen, MenuBox)
        entries = {entry.label: entry for entry in app.screen.entries}
        assert entries["kill duplicates"].why_not == "one instance running"
        assert (entries["restart"].key, entries["restart"].why_not) == ("r", "")
        assert (entries["start"].key, entries["start"].why_not) == ("", "already running")
        assert (entries["stop"].key, entries["stop"].why_not) == ("s", "")
        assert entries["Tail the log"].key == "V"
        assert "hibernate" not in entries
        await pilot.press("D")
        assert isinstance(app.screen, MenuBox), "what cannot be done does nothing"
        await pilot.press("s")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        assert (door.wishes[0].verb, door.wishes[0].names) == ("stop", ("worker:supervisor",))


async def test_a_menu_whose_row_has_gone_does_nothing_to_the_row_in_its_place() -> None:
    app, door, feed = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:supervisor")
        await pilot.press("x")
        await eventually(pilot, lambda: isinstance(app.screen, MenuBox))
        later = samples.incident(sequence=43)
        workers = tuple(each for each in later.workers.value or () if each.name != "supervisor")
        feed.tell(msgspec.structs.replace(later, workers=msgspec.structs.replace(later.workers, value=workers)))
        rows = app.main.tables["workers"]
        await eventually(pilot, lambda: not any(row.key == "worker:supervisor" for row in rows.rows))
        await pilot.press("r")
        await eventually(pilot, lambda: "not what is selected any more" in app.main.footer.said)
        assert not door.wishes


async def test_s_starts_what_does_not_run_and_refuses_a_mixture() -> None:
    app, door, _ = console()
    async with app.run_test(size=(160, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:orchestrator")
        await pilot.press("s")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        assert (door.wishes[0].verb, door.wishes[0].names) == ("start", ("worker:orchestrator",))
        await pilot.press("escape", "space")
        on_row(app, "workers", "worker:supervisor")
        await pilot.press("space", "s")
        await eventually(pilot, lambda: "some do not" in app.main.footer.said)
        assert len(door.wishes) == 1


async def test_ending_a_process_asks_which_and_names_the_very_one_that_was_seen() -> None:
    app, door, _ = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("K")
        await eventually(pilot, lambda: isinstance(app.screen, ChoiceBox))
        assert isinstance(app.screen, ChoiceBox)
        member = app.screen.members[1]
        await pilot.press("j", "enter")
        await eventually(pilot, lambda: bool(door.wishes))
        assert (door.wishes[0].verb, door.wishes[0].names) == ("terminate", (str(member.id.pid),))
        assert door.wishes[0].expected == (member.id,)


async def test_a_process_of_the_tree_is_ended_by_its_identity() -> None:
    app, door, _ = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("t")
        row = next(row for row in app.main.table.rows if row.key.startswith("process:") and "8157" in row.key)
        on_row(app, "workers", row.key)
        await pilot.press("K")
        await eventually(pilot, lambda: bool(door.wishes))
        table = samples.incident().processes.value
        assert table is not None
        assert door.wishes[0].expected == (table.processes[8157].id,)


async def test_cleaning_up_is_about_every_stale_environment() -> None:
    app, door, _ = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["environments"].rows))
        app.main.enter("environments")
        await pilot.press("c")
        await eventually(pilot, lambda: bool(door.wishes))
        assert (door.wishes[0].verb, door.wishes[0].names) == ("prune-environments", ())


async def test_an_environment_is_named_by_its_id() -> None:
    """Two have one name: the name would not do."""
    app, door, _ = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["environments"].rows))
        listed = samples.incident().environments.value
        assert listed is not None
        twin = listed.items[1]
        on_row(app, "environments", f"env:{twin.id}")
        await pilot.press("x", "x")
        await eventually(pilot, lambda: bool(door.wishes))
        assert (door.wishes[0].verb, door.wishes[0].names) == ("delete-environment", (twin.id,))


async def test_what_nothing_tells_apart_is_asked_and_the_answer_makes_the_plan() -> None:
    table = samples.incident().processes.value
    assert table is not None
    tied = tuple(
        Survivor(table.processes[pid].id, table.processes[pid].command, makers.AT, 30 << 20, "")
        for pid in (8157, 88337)
    )

    def answer(wish: Wish) -> Plan | Refused:
        if wish.keep is not None:
            return duplicates_plan(samples.incident())
        refusal = Refusal("auto_confirm", "nothing tells 8157, 88337 apart", choices=tied)
        return Refused(wish.verb, refusal.reason, refusals=(refusal,))

    app, door, _ = console(answer=answer)
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        await pilot.press("D")
        await eventually(pilot, lambda: isinstance(app.screen, ChoiceBox))
        await pilot.press("j", "enter")
        await eventually(pilot, lambda: isinstance(app.screen, PlanBox))
        assert [wish.keep for wish in door.wishes] == [None, 88337]


@pytest.mark.parametrize(
    ("pane", "row", "probed"),
    [
        ("services", "service:Architect Dashboard", ["service:Architect Dashboard"]),
        ("workers", "worker:assigner", []),
        ("sites", "site:Monitor", []),
    ],
)
async def test_p_probes_the_service_under_the_cursor_or_else_everything(pane: str, row: str, probed: list[str]) -> None:
    app, _, feed = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, pane, row)
        await pilot.press("p")
        assert feed.probed == [probed]


async def test_p_probes_the_marked_sites() -> None:
    app, _, feed = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "sites", "site:Monitor")
        await pilot.press("space", "p")
        assert feed.probed == [["site:Monitor"]]


async def test_a_row_that_has_moved_before_the_key_is_still_the_one_that_is_meant() -> None:
    app, door, feed = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))
        on_row(app, "workers", "worker:auto_confirm")
        before = [row.key for row in app.main.table.rows].index("worker:auto_confirm")
        shown = samples.incident()
        assert shown.workers.value is not None
        turned = msgspec.structs.replace(shown, workers=ok(shown.workers.value[::-1], shown.at))
        feed.tell(turned)
        await eventually(pilot, lambda: app.main.shown is turned)
        assert [row.key for row in app.main.table.rows].index("worker:auto_confirm") != before
        await pilot.press("D")
        await eventually(pilot, lambda: bool(door.wishes))
        assert door.wishes[0].names == ("worker:auto_confirm",)


async def test_a_row_that_nothing_can_be_done_to_has_no_empty_menu() -> None:
    """Of the machine's own figures the key is off, and says why; with an own command for them it is a menu."""
    app, _, _ = console()
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["system"].rows))
        on_row(app, "system", "system:load")
        await pilot.press("x")
        await pilot.pause()
        assert app.screen is app.main
        assert app.main.footer.said == "actions: nothing can be done to this row"
    own = Config(action=(ActionTable(name="say hi", command=("echo", "hi")),))
    app, _, _ = console(config=own)
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: bool(app.main.tables["system"].rows))
        on_row(app, "system", "system:load")
        await pilot.press("x")
        await eventually(pilot, lambda: isinstance(app.screen, MenuBox))
        assert isinstance(app.screen, MenuBox)
        assert [entry.label for entry in app.screen.entries] == ["say hi"]
