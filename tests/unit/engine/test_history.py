"""What the numbers were: bounded, with gaps where they were unknown."""

from __future__ import annotations

import msgspec

from opsconsole.engine.history import FORGET_AFTER, History
from opsconsole.model.reading import unknown
from tests.makers import AT
from tests.samples import incident


def test_a_reading_that_is_unknown_leaves_a_gap_and_not_an_older_number() -> None:
    snapshot, history = incident(), History()
    assert snapshot.system.value is not None
    history.record(snapshot)
    history.record(msgspec.structs.replace(snapshot, system=unknown("gone", AT), workers=unknown("gone", AT)))
    assert history.series("load1") == (snapshot.system.value.load1, None)
    name = (snapshot.workers.value or ())[0].name
    assert history.series(f"cpu:worker:{name}")[-1] is None
    history.record(snapshot)
    assert history.series("load1") == (snapshot.system.value.load1, None, snapshot.system.value.load1)


def test_a_series_is_bounded_and_forgotten_when_its_row_is_gone_for_long() -> None:
    snapshot, history = incident(), History(keep=5)
    for _ in range(9):
        history.record(snapshot)
    assert len(history.series("load1")) == 5
    for _ in range(FORGET_AFTER + 1):
        history.record(msgspec.structs.replace(snapshot, system=unknown("gone", AT)))
    assert history.series("load1") == ()
