"""Several that sleep: woken in turn, each only while there is memory; and what is told of them when their server ends.

The tests share one tmux server and go in the order in which they stand: the last ones end it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from opsconsole.act.glance import glance
from opsconsole.act.journal import Journal
from opsconsole.act.journal_reader import JournalReader
from opsconsole.act.planning import make_plan
from opsconsole.config.types import LoadedConfig
from opsconsole.engine import Engine
from opsconsole.model.plan import JournalEntry, Plan, Refused
from opsconsole.model.session import Session
from tests.e2e.acting import carried_out, done, planned, sessions
from tests.e2e.demo_ground import eventually
from tests.e2e.sleepers import Sleepers
from tests.e2e.test_sleeping_panes import agents_below

NAMES = ("one", "two", "three", "large")
ASLEEP = ("kept", "lost", "closed")
"""Left asleep when the others are woken."""
IMPATIENT = """
import sys
from pathlib import Path
from opsconsole.act.carry import carry_out
from opsconsole.act.verbs import wake
wake.ROOM_WITHIN_S = 3.0
sys.exit(carry_out(Path(sys.argv[1]), sys.argv[2]))
"""
"""An executor that does not wait for memory as long as others do."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Sleepers]:
    folder = Path(tempfile.mkdtemp(prefix="ocs", dir="/tmp"))
    built = Sleepers(folder)
    try:
        for name in (*NAMES, *ASLEEP):
            built.start(name, "{claude}")
        for name in (*NAMES, *ASLEEP):
            built.shows(name, "❯")
        yield built
    finally:
        built.close()
        eventually("their end", lambda: not agents_below(folder) or None)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def loaded(stage: Sleepers) -> LoadedConfig:
    told = stage.later()
    done("hibernate", (*NAMES, *ASLEEP), told, stage.state_dir)
    return told


def waking(entry: JournalEntry) -> list[tuple[float, float]]:
    """When each of its sessions was being woken: from the look at memory until the mark was removed."""
    spans = []
    for subject in {step.subject for step in entry.steps}:
        steps = [step for step in entry.steps if step.subject == subject]
        begin = min(step.began for step in steps if "memory for it" in step.text)
        end = max(step.ended or 0.0 for step in steps if "remove the mark" in step.text)
        spans.append((begin, end))
    return spans


def test_several_executors_wake_one_session_after_the_other_and_none_for_which_there_is_no_memory(
    stage: Sleepers, loaded: LoadedConfig
) -> None:
    record = stage.record("large")
    kept = record.read_bytes()
    record.write_bytes(json.dumps({**json.loads(kept), "memory_bytes": 1 << 50}).encode())
    plans = [planned("wake", names, loaded) for names in (("large",), ("one", "two"), ("three",))]
    entries: dict[int, JournalEntry] = {}

    def carry(number: int) -> None:
        entries[number] = carried_out(plans[number], stage.state_dir)

    too_large = plans[0]
    assert isinstance(too_large, Plan)
    with contextlib.closing(Journal(stage.state_dir)) as journal:
        journal.intend(too_large)
    others = [threading.Thread(target=carry, args=(number,)) for number in (1, 2)]
    impatient = subprocess.Popen([sys.executable, "-c", IMPATIENT, str(stage.state_dir), too_large.id])
    for other in others:
        other.start()
    impatient.wait(60.0)
    for other in others:
        other.join()
    spans = sorted(span for entry in entries.values() for span in waking(entry))
    assert len(spans) == 3
    assert all(before[1] <= after[0] for before, after in pairwise(spans)), spans
    assert all(entry.result is not None and entry.result.verified for entry in entries.values())
    failed = JournalReader(stage.state_dir).entry(too_large.id).value
    assert failed is not None
    assert failed.result is not None
    (result,) = failed.result.subresults
    assert (result.result, "are available after 3 s; nothing was done" in result.reason) == ("failed", True)
    assert not any("resume" in step.text for step in failed.steps)
    now = sessions(loaded)
    assert [now[name].state for name in NAMES] == ["idle", "idle", "idle", "hibernated"]
    stage.shows("large", "zZ  large")
    record.write_bytes(kept)
    done("wake", ("large",), loaded, stage.state_dir)


def seen(stage: Sleepers, loaded: LoadedConfig) -> dict[str, Session]:
    """What one look of the engine tells of sessions that have no pane any more."""
    found = Engine(loaded, state_dir=stage.state_dir).collect_once().sessions
    assert found.value is not None, found.reason
    return {session.name: session for session in found.value if session.lost}


def test_what_sleeps_is_told_when_its_server_ends_and_its_command_resumes_it(
    stage: Sleepers, loaded: LoadedConfig
) -> None:
    assert seen(stage, loaded) == {}, "asleep in their panes"
    stage.tmux("kill-session", "-t", "=closed")
    assert {name: one.reason for name, one in seen(stage, loaded).items()} == {"closed": "its pane was closed"}
    server = int(stage.tmux("display-message", "-p", "#{pid}"))
    stage.tmux("kill-server")
    eventually("the server's end", lambda: not Path(f"/proc/{server}").exists() or None)
    transcript = stage.transcript("lost")
    transcript.rename(transcript.with_suffix(".away"))
    found = seen(stage, loaded)
    assert set(found) == set(ASLEEP), "what was awake is no sleeper"
    assert (found["kept"].state, found["kept"].reason) == ("hibernated", "its tmux server ended")
    assert found["kept"].session_id == stage.ids["kept"]
    assert f"cd {stage.home / 'kept'} && " in found["kept"].by_hand
    assert found["kept"].by_hand.endswith(f" --resume {stage.ids['kept']}")
    assert found["lost"].state == "dead"
    assert f"its transcript {transcript} is gone" in found["lost"].reason
    refused = make_plan("wake", ("kept",), glance(loaded, "wake", stage.state_dir), loaded)
    assert isinstance(refused, Refused)
    assert (refused.outcome, found["kept"].by_hand in refused.refusals[0].reason) == ("refused", True)
    # By hand, in a new server: it is awake, and so no sleeper any more.
    scenario = ("-e", f"OPSCONSOLE_DEMO_AGENT={stage.folder / 'kept.json'}")
    stage.tmux("new-session", "-d", "-s", "back", "-x", "220", "-y", "40", *scenario, found["kept"].by_hand)
    stage.shows("back", "❯")
    eventually("its conversation", lambda: sessions(loaded)["back"].session_id == stage.ids["kept"] or None)
    assert set(seen(stage, loaded)) == {"lost", "closed"}
    # What cannot be resumed is forgotten by the command that says so, and nothing else.
    subprocess.run(["sh", "-c", found["lost"].by_hand], check=True)
    assert set(seen(stage, loaded)) == {"closed"}
