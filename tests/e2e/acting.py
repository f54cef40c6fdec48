"""Plans made and carried out as the console does it, by a real executor; what tests of hibernation share."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from opsconsole.act.agent_look import AgentLooker
from opsconsole.act.glance import glance
from opsconsole.act.journal_reader import JournalReader
from opsconsole.act.planning import make_plan
from opsconsole.act.submit import Submitted, submit
from opsconsole.config.types import LoadedConfig
from opsconsole.model.plan import JournalEntry, Plan, Refused, Verb
from opsconsole.model.session import Session

WITHIN_S = 90.0


def planned(verb: Verb, names: tuple[str, ...], loaded: LoadedConfig, **more: Any) -> Plan | Refused:
    return make_plan(verb, names, glance(loaded, verb), loaded, **more)


def carried_out(plan: Plan | Refused, state_dir: Path) -> JournalEntry:
    """The plan's entry in the journal once it has ended."""
    assert isinstance(plan, Plan), plan
    assert submit(plan, state_dir) == Submitted(plan.id)
    reader = JournalReader(state_dir)
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        entry = reader.entry(plan.id).value
        if entry is not None and entry.state == "finished":
            return entry
        time.sleep(0.1)
    raise AssertionError(f"plan {plan.id} did not end: {reader.entry(plan.id)}")


def done(verb: Verb, names: tuple[str, ...], loaded: LoadedConfig, state_dir: Path) -> JournalEntry:
    """Done and verified."""
    entry = carried_out(planned(verb, names, loaded), state_dir)
    assert entry.result is not None
    assert (entry.result.result, entry.result.verified) == ("done", True), (entry.result, entry.steps)
    return entry


def sessions(loaded: LoadedConfig) -> dict[str, Session]:
    reading = AgentLooker(loaded.config).look().sessions
    assert reading.value is not None, reading.reason
    return {session.name: session for session in reading.value}
