"""The table of what the targets' metrics were: bounded, one a minute, for us alone, and the first is never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.engine.target_samples import EVERY_S, FILE_NAME, LARGEST, MOST_SAMPLES, TargetSamples
from opsconsole.model.alert import MetricValue, Target, TargetSample


def target(current: MetricValue, metric: str = "load1") -> Target:
    return Target(
        name=metric, metric=metric, want="< 4", kind="number", current=current, first=current, met=None, trend="same"
    )


def test_there_is_one_sample_a_minute_at_most_and_none_of_what_is_unknown(tmp_path: Path) -> None:
    table = TargetSamples(tmp_path / "state")
    taken = [table.record((target(8.0), target(None, "cpu.idle")), 1000.0 + at, at) for at in (0.0, 2.0, 59.0, 60.0)]
    assert taken == [True, False, False, True]
    assert table.samples == {"load1": (TargetSample(1000.0, 8.0), TargetSample(1060.0, 8.0))}


def test_the_table_stays_small_and_keeps_its_first_and_its_last(tmp_path: Path) -> None:
    table = TargetSamples(tmp_path / "state")
    for minute in range(2000):
        table.record((target(float(minute)),), minute * EVERY_S, minute * EVERY_S)
        assert len(table.samples["load1"]) <= MOST_SAMPLES
    assert table.first() == {"load1": TargetSample(0.0, 0.0)}
    assert table.samples["load1"][-1].value == 1999.0
    ages = [sample.at for sample in table.samples["load1"]]
    assert ages == sorted(ages)


def test_what_was_saved_is_there_for_the_next_console(tmp_path: Path) -> None:
    table = TargetSamples(tmp_path / "state")
    table.record((target(8.0), target("stopped", "service.x")), 1000.0, 0.0)
    assert table.save() == ""
    path = tmp_path / "state" / FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    again = TargetSamples(tmp_path / "state")
    assert again.read() == ""
    assert again.samples == table.samples


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"load1": 1}', b"[" * 5000, b" " * (LARGEST + 1)])
def test_a_broken_table_is_told_and_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    table = TargetSamples(tmp_path)
    assert "begins anew" in table.read()
    assert table.first() == {}


def test_two_consoles_keep_one_sample_a_minute_between_them_and_lose_none(tmp_path: Path) -> None:
    one, other = TargetSamples(tmp_path), TargetSamples(tmp_path)
    one.record((target(8.0), target(2.0, "of one")), 1000.0, 0.0)
    other.record((target(8.1),), 1020.0, 0.0)
    assert (one.save(), other.save()) == ("", "")
    one.record((target(7.0),), 1060.0, 60.0)
    other.record((target(7.1),), 1080.0, 60.0)
    assert (one.save(), other.save()) == ("", "")
    third = TargetSamples(tmp_path)
    assert third.read() == ""
    assert third.samples["load1"] == (TargetSample(1000.0, 8.0), TargetSample(1060.0, 7.0))
    assert third.samples["of one"] == (TargetSample(1000.0, 2.0),)


def test_the_table_on_disk_is_as_bounded_as_that_in_memory_and_forgets_a_future_that_was_none(tmp_path: Path) -> None:
    one, other = TargetSamples(tmp_path), TargetSamples(tmp_path)
    for minute in range(300):
        writer = (one, other)[minute % 2]
        writer.record((target(float(minute)),), minute * EVERY_S, minute * EVERY_S)
        assert writer.save() == ""
    late = TargetSamples(tmp_path)
    assert late.read() == ""
    assert len(late.samples["load1"]) <= MOST_SAMPLES
    assert late.first() == {"load1": TargetSample(0.0, 0.0)}
    before = TargetSamples(tmp_path)
    before.record((target(1.0),), 90.0, 0.0)
    assert before.save() == ""
    assert late.read() == ""
    assert late.samples["load1"][-1] == TargetSample(90.0, 1.0)
