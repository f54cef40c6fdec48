"""Panes in which hibernating or waking could touch more than the agent: it is left alone, or only it is touched."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from opsconsole.act.agent_look import AgentLooker
from opsconsole.act.sleeping_store import read_record
from opsconsole.act.waking import type_draft
from opsconsole.config.types import LoadedConfig
from opsconsole.model.plan import JournalEntry, Plan, Refused, SubplanResult
from opsconsole.present.plan import plan_text
from tests.e2e.acting import carried_out, done, planned, sessions
from tests.e2e.demo_ground import argv, eventually
from tests.e2e.sleepers import Sleepers

DRAFT = "a thought that is longer than what is told of it in a table: " + "word after word " * 9 + "end"


@pytest.fixture(scope="module")
def stage() -> Iterator[Sleepers]:
    folder = Path(tempfile.mkdtemp(prefix="ocs", dir="/tmp"))
    built = Sleepers(folder)
    try:
        built.start("wrapped", "sh", "-c", f"{{claude}}; echo bye >> {folder}/ran")
        launcher = built.script("launch.sh", f"{{claude}}\necho next >> {folder}/ran\nread -r answer\n")
        built.start("launched", *built.shell(), typed=f"bash {launcher}")
        built.start("followed", *built.shell(), typed="{claude}; read -r -p 'Deploy now? ' answer")
        built.start("synchronised", *built.shell(), typed="{claude}", draft="kept words")
        settings = built.home / "settings.json"
        settings.write_text("{}")
        given = ("--dangerously-skip-permissions", "--settings", str(settings))
        built.start("lax", "{claude}", *given)
        built.start("carded", "{claude}", draft=DRAFT)
        built.start("paired", "{claude}", draft=DRAFT)
        built.start("brief", "{claude}")
        built.start("stale", "{claude}", draft="an old thought")
        for name in built.names:
            built.shows(name, "❯")
        yield built
    finally:
        built.close()
        eventually("their end", lambda: not agents_below(folder) or None)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def loaded(stage: Sleepers) -> LoadedConfig:
    stage.keys("lax", "BTab")
    stage.shows("lax", "manual mode on")
    # A second pane of the same window, in which whatever is typed is seen.
    stage.tmux("split-window", "-d", "-t", "=synchronised:", "cat")
    stage.tmux("split-window", "-d", "-t", "=paired:", "cat")
    return stage.later()


def agents_below(folder: Path) -> list[str]:
    mine = (f"{folder}/".encode(), f"OPSCONSOLE_DEMO_AGENT={folder}".encode())
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(word in (process / "environ").read_bytes() for word in mine):
                found.append(process.name)
        except OSError:
            continue
    return found


def why_not(name: str, loaded: LoadedConfig) -> str:
    refused = planned("hibernate", (name,), loaded)
    assert isinstance(refused, Refused), refused
    assert refused.outcome == "refused"
    return refused.refusals[0].reason


def result_of(entry: JournalEntry) -> SubplanResult:
    assert entry.result is not None
    (result,) = entry.result.subresults
    return result


@pytest.mark.parametrize("name", ["wrapped", "launched"])
def test_what_waits_for_the_agents_end_would_go_on_and_so_it_is_refused(
    stage: Sleepers, loaded: LoadedConfig, name: str
) -> None:
    assert "would go on with whatever comes then" in why_not(name, loaded)
    assert not (stage.folder / "ran").exists()


def test_a_shell_that_goes_on_with_something_else_gets_no_card(stage: Sleepers, loaded: LoadedConfig) -> None:
    """What is typed behind an agent cannot be seen before it ends; then it is, and nothing is printed over it."""
    plan = planned("hibernate", ("followed",), loaded)
    assert isinstance(plan, Plan)
    assert "cannot be seen before" in plan_text(plan)
    result = result_of(carried_out(plan, stage.state_dir))
    assert result.result == "failed"
    assert "went on with something else" in result.reason
    stage.shows("followed", "Deploy now?")
    assert "zZ" not in stage.pane_text("followed")
    assert stage.told("followed", "pane_input_off") == "0"
    # And nothing is typed as the answer to its question.
    woken = result_of(carried_out(planned("wake", ("followed",), loaded), stage.state_dir))
    assert (woken.result, "nothing was typed" in woken.reason) == ("failed", True)
    # What its prompt looks like is not known: by hand, as is said then.
    stage.keys("followed", "no", "Enter")
    woken = result_of(carried_out(planned("wake", ("followed",), loaded), stage.state_dir))
    script = stage.record("followed").with_suffix(".sh")
    assert (woken.result, f"sh {script}" in woken.reason) == ("failed", True)
    stage.keys("followed", f"sh {script}", "Enter")
    eventually("its record's end", lambda: not stage.record("followed").exists() or None, 60.0)
    assert sessions(loaded)["followed"].state == "idle"


def test_nothing_is_typed_into_the_other_panes_of_a_window(stage: Sleepers, loaded: LoadedConfig) -> None:
    done("hibernate", ("synchronised",), loaded, stage.state_dir)
    stage.tmux("set-option", "-w", "-t", "=synchronised:", "synchronize-panes", "on")
    stage.tmux("copy-mode", "-t", "=synchronised:0.0")
    refused = planned("wake", ("synchronised",), loaded)
    assert isinstance(refused, Refused)
    assert "copy mode" in refused.reason
    stage.tmux("send-keys", "-t", "=synchronised:0.0", "-X", "cancel")
    done("wake", ("synchronised",), loaded, stage.state_dir)
    assert sessions(loaded)["synchronised"].draft == "kept words"
    assert stage.pane_text("synchronised", 1).strip() == ""
    # As its user has it.
    assert stage.told("synchronised", "pane_synchronized") == "1"
    assert stage.tmux("show-options", "-p", "-t", "=synchronised:0.0") == ""


def test_what_was_taken_from_it_is_not_given_back(stage: Sleepers, loaded: LoadedConfig) -> None:
    """Started with all permissions, then put into a mode that asks; in a pane that its user has made deaf. And a file
    that its command line names has to be there."""
    stage.tmux("select-pane", "-d", "-t", "=lax:0.0")
    plan = planned("hibernate", ("lax",), loaded)
    assert isinstance(plan, Plan)
    assert "manual mode (not bypass permissions, in which it was started)" in plan_text(plan)
    assert result_of(carried_out(plan, stage.state_dir)).verified
    assert stage.told("lax", "pane_input_off") == "1"
    settings = stage.home / "settings.json"
    settings.rename(settings.with_suffix(".away"))
    missing = result_of(carried_out(planned("wake", ("lax",), loaded), stage.state_dir))
    assert (missing.result, str(settings) in missing.reason) == ("failed", True)
    assert "zZ  lax" in stage.pane_text("lax")
    assert f"claude --settings {settings} --permission-mode default --resume" in stage.pane_text("lax")
    settings.with_suffix(".away").rename(settings)
    done("wake", ("lax",), loaded, stage.state_dir)
    assert "manual mode on" in stage.pane_text("lax")
    process = stage.pane(loaded, "lax").agent_process
    assert process is not None
    expected = ["--settings", str(settings), "--permission-mode", "default", "--resume", stage.ids["lax"]]
    assert argv(process.pid)[1:] == expected
    assert stage.told("lax", "pane_input_off") == "1"


def test_the_card_stays_whatever_is_pressed_and_whatever_fails(stage: Sleepers, loaded: LoadedConfig) -> None:
    """Then Enter wakes it: its unsent text is back, whole, and neither mark nor record is left."""
    done("hibernate", ("carded",), loaded, stage.state_dir)
    stage.shows("carded", "unsent text   a thought")
    card = stage.told("carded", "pane_pid")
    for key in ("C-c", "C-d", "C-\\", "C-z", "C-d"):
        stage.keys("carded", key)
    folder = stage.home / "carded"
    folder.rename(folder.with_suffix(".away"))
    stage.keys("carded", "Enter")
    stage.shows("carded", f"cannot wake this session: its directory {folder} is gone")
    assert (stage.told("carded", "pane_pid"), stage.told("carded", "pane_dead")) == (card, "0")
    assert sessions(loaded)["carded"].state == "hibernated"
    folder.with_suffix(".away").rename(folder)
    stage.keys("carded", "Enter")
    eventually("its record's end", lambda: not stage.record("carded").exists() or None, 60.0)
    assert sessions(loaded)["carded"].state == "idle"
    assert DRAFT in stage.pane_text("carded")
    assert stage.tmux("show-options", "-p", "-t", "=carded:0.0") == ""
    assert stage.told("carded", "pane_input_off") == "0"


def test_one_that_ends_at_once_leaves_its_card_which_says_so(stage: Sleepers, loaded: LoadedConfig) -> None:
    """Woken by hand, with a conversation that the agent does not know any more."""
    if sessions(loaded)["brief"].state != "hibernated":  # a second try finds it asleep
        done("hibernate", ("brief",), loaded, stage.state_dir)
    program = stage.program.with_suffix(".away")
    stage.program.rename(program)
    stage.program.write_text("#!/bin/sh\necho No conversation found\nexit 1\n")
    stage.program.chmod(0o755)
    try:
        stage.keys("brief", "Enter")
        stage.shows("brief", "it ended at once: No conversation found")
    finally:
        program.rename(stage.program)
    assert sessions(loaded)["brief"].state == "hibernated"
    done("wake", ("brief",), loaded, stage.state_dir)


def test_unsent_text_goes_into_an_empty_box_only_and_not_when_it_is_of_long_ago(
    stage: Sleepers, loaded: LoadedConfig
) -> None:
    """Carried on by somebody else meanwhile: its unsent text is of before that, and is kept where it is."""
    done("hibernate", ("stale",), loaded, stage.state_dir)
    moved = time.time() + 3600.0
    os.utime(stage.transcript("stale"), (moved, moved))
    result = result_of(carried_out(planned("wake", ("stale",), loaded), stage.state_dir))
    assert (result.result, result.verified) == ("done", False)
    assert "carried on since: an old thought; it is kept in " in result.reason
    assert sessions(loaded)["stale"].draft == ""
    saved = read_record(stage.record("stale"))
    stage.keys("stale", "-l", "rm the old ")
    stage.shows("stale", "rm the old")
    assert not type_draft(AgentLooker(loaded.config), saved).holds
    assert sessions(loaded)["stale"].draft == "rm the old"


def test_one_wakes_beside_another_agent_while_somebody_types(stage: Sleepers, loaded: LoadedConfig) -> None:
    """What is typed meanwhile reaches it only when its unsent text is back, all of it, however long it is."""
    done("hibernate", ("paired",), loaded, stage.state_dir)
    stage.tmux("respawn-pane", "-k", "-t", "=paired:0.1", str(stage.program), "--session-id", str(uuid4()))
    eventually("the other agent", lambda: "❯" in stage.pane_text("paired", 1) or None)
    assert sessions(loaded)["paired"].state != "hibernated"
    over = threading.Event()

    def type_away() -> None:
        while not over.wait(0.1):
            stage.keys("paired", "-l", "x")

    somebody = threading.Thread(target=type_away)
    somebody.start()
    try:
        done("wake", ("paired",), loaded, stage.state_dir)
    finally:
        over.set()
        somebody.join()
    eventually("its unsent text", lambda: f"❯\xa0{DRAFT}" in stage.pane_text("paired") or None)
