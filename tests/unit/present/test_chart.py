"""Charts: what is drawn where, gaps as gaps, zero on the ground, and what the axes say."""

from __future__ import annotations

import time

import msgspec
import pytest

from opsconsole.model.reading import ok
from opsconsole.model.sample import Sample
from opsconsole.present.chart import Frame, Point, curve, round_top, time_axis, told
from opsconsole.present.charts import charts
from tests import samples

START = 1_770_570_000.0


def points(*values: float | None, every_s: float = 60.0) -> list[Point]:
    return [Point(START + n * every_s, None if one is None else Sample(one, one)) for n, one in enumerate(values)]


def drawn(given: list[Point], frame: Frame, width: int, height: int, *, ascii_only: bool = False) -> list[str]:
    return ["".join(text for text, _ in line) for line in curve(given, frame, width, height, ascii_only=ascii_only)]


def test_a_gap_is_blank_and_a_zero_is_not() -> None:
    frame = Frame(START, START + 600, 4.0, 150.0)
    assert drawn(points(0, 0, 4, 4, None, None, None, 4, 2, 0), frame, 10, 2, ascii_only=True) == [
        "  ##   #. ",
        "..##   ##.",
    ]


def test_a_time_that_nobody_recorded_is_blank_and_a_single_missing_minute_is_joined() -> None:
    frame = Frame(START, START + 600, 4.0, 150.0)
    there = [point for point in points(*[4.0] * 10) if point.at not in (START + 60, START + 240, START + 300)]
    assert drawn(there, frame, 10, 1, ascii_only=True) == ["####  ####"]


def test_braille_has_two_columns_and_four_levels_of_dots_in_each_cell_and_peaks_above() -> None:
    frame = Frame(START, START + 240, 4.0, 150.0)
    assert drawn(points(0.0, 4 / 3, 8 / 3, 4.0), frame, 2, 1) == [chr(0x2800 | 0x40 | 0xA0) + chr(0x2800 | 0x46 | 0xB8)]
    ((text, status),) = curve([Point(START, Sample(0.0, 4.0))], Frame(START, START + 2, 4.0, 150.0), 1, 1)[0]
    assert (text, status) == (chr(0x2800 | 0x40 | 0x01), "accent")


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 3), (73, 5), (193, 20)])
def test_every_line_is_exactly_as_wide_as_asked(width: int, height: int, ascii_only: bool) -> None:
    many = points(*[None if n % 17 == 3 else (n * 37 % 101) - 5.0 for n in range(400)], every_s=11.0)
    lines = drawn(many, Frame(START + 500, START + 4000, 90.0, 40.0), width, height, ascii_only=ascii_only)
    assert [len(line) for line in lines] == [width] * height
    assert not ascii_only or all(line.isascii() for line in lines)


@pytest.mark.parametrize("span", [900, 3600, 6 * 3600, 86_400, 7 * 86_400])
@pytest.mark.parametrize("width", [20, 33, 60, 73, 190])
def test_the_axis_names_round_local_times_at_their_places(span: int, width: int) -> None:
    axis = time_axis(START - span, START, width)
    assert len(axis) == width
    assert axis.endswith("now")
    for label in axis[:-3].split():
        if ":" in label:
            at = time.mktime(time.strptime(time.strftime("%Y-%m-%d ", time.localtime(START)) + label, "%Y-%m-%d %H:%M"))
            assert at % 60 == 0
            place = axis.index(label) + len(label) // 2
            wanted = [(at - days * 86_400 - START + span) / span * width for days in (0, 1)]
            assert min(abs(place - one) for one in wanted) <= 1


def test_least_now_and_most_are_of_the_frame_and_now_is_unknown_when_it_is_old() -> None:
    def written(value: float | None) -> str:
        return "?" if value is None else f"{value:g}"

    frame = Frame(START + 60, START + 240, 9.0, 150.0)
    given = [Point(at, sample and Sample(sample.mean, sample.peak + 1)) for at, sample in points(99, 3, None, 5, 2)]
    assert told(given, frame, START + 240, written) == ("2", "2", "6")
    assert told(given, frame, START + 1000, written) == ("2", "?", "6")
    assert told([], frame, START, written) == ("?", "?", "?")


def test_the_upper_edge_reads_well_and_is_never_below() -> None:
    assert [round_top(one) for one in (0.0, 0.3, 1, 3, 7, 12, 101)] == [1.0, 0.5, 1.0, 5.0, 10.0, 20.0, 200.0]
    assert round_top(3.1 * 2**30, binary=True) == 5 * 2**30
    assert round_top(700, binary=True) == 1000


def test_there_is_a_chart_for_each_series_that_is_known_and_what_is_gone_says_so() -> None:
    snapshot = samples.incident()
    found = charts(["load1", "rss:worker:assigner", "cpu:worker:assigner", "cpu:worker:old", "queue_success"], snapshot)
    assert [one.title for one in found] == [
        *("Load, 1 min", "Queue: success rate", "assigner: CPU", "assigner: memory"),
        "old (no longer here): CPU",
    ]
    assert found[0].top(3.0) == 10.0, "as high as there are cores, at least"
    assert found[1].top(None) == 100.0
    assert found[2].row == "worker:assigner"
    assert snapshot.system.value is not None
    swapless = msgspec.structs.replace(snapshot.system.value, swap_total_bytes=0)
    without = msgspec.structs.replace(snapshot, system=ok(swapless, 0.0))
    keys = ["load1", "swap_used", "swap_in", "swap_out"]
    assert [one.key for one in charts(keys, without)] == ["load1"]
    assert len(charts(keys, snapshot)) == 4
    assert found[0].label(10.0) == "10.00"
    rate = charts(["swap_in"], snapshot)[0]
    assert (rate.label(1 << 20), rate.written(1 << 20)) == ("1.0M", "1.0M/s")
