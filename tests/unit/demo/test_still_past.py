"""The hours before a still are read by the console's own readers, and end as the still is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from opsconsole.act.journal_reader import JournalReader
from opsconsole.config.types import Config
from opsconsole.demo.still import NOW, Still
from opsconsole.demo.still_past import record_past
from opsconsole.diagnose import diagnose
from opsconsole.engine.history_file import read_events, read_past
from tests import samples
from tests.ui.consoles import duplicates_plan


@pytest.mark.parametrize("under_way", [True, False])
def test_a_past_is_there_for_every_screen_that_looks_back(under_way: bool, tmp_path: Path) -> None:
    incident = msgspec.structs.replace(samples.incident(), at=NOW)
    snapshot = msgspec.structs.replace(incident, diagnosis=diagnose(incident, Config()))
    plan = msgspec.structs.replace(duplicates_plan(snapshot), created=NOW)
    state = tmp_path / "state"
    looked_at = record_past(Still(snapshot, {}, plan), state, under_way=under_way)
    entry = JournalReader(state).entry(plan.id).value
    assert entry is not None
    assert (entry.state, entry.confirmed) == ("running" if under_way else "finished", NOW + 2.0)
    past = read_past(state, NOW - 7200.0, looked_at).value
    assert past is not None
    last = past.series["load1"][-1]
    assert snapshot.system.value is not None
    assert last is not None
    assert last.mean == pytest.approx(snapshot.system.value.load1)
    assert all(one is None or one.peak <= last.peak for one in past.series["load1"])
    kinds = [event.kind for event in read_events(state, 100, looked_at).value or ()]
    assert ("closed" in kinds) is not under_way
    assert kinds.count("opened") == len(snapshot.diagnosis.findings if snapshot.diagnosis else ())
