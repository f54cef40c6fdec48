"""Plans made and carried out as the console does it, by a real executor; what tests of hibernation share."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
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


def aged(home: Path, seconds: float) -> None:
    """Everything that agents keep below this HOME is so much older: what their entries say, and their transcripts."""
    for path in (home / ".claude" / "sessions").glob("*.json"):
        entry = json.loads(path.read_text())
        entry["statusUpdatedAt"] -= int(seconds * 1000)
        new = path.with_suffix(".aged")
        new.write_text(json.dumps(entry))
        new.rename(path)
    for path in (home / ".claude" / "projects").glob("*/*.jsonl"):
        moved = path.stat().st_mtime - seconds
        os.utime(path, (moved, moved))


def long_ago(windows: Iterable[str]) -> str:
    """A [demo] table, as the sandbox has it: what these sessions' windows have shown until now is an hour old."""
    return "\n".join(
        ("[demo]", f"built_at = {time.time()}", "[demo.idle]", *(f'"{name}" = "1h"' for name in windows), "")
    )


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
