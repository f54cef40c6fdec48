"""Numbers for people: bounded width, never out of order, unknown never zero."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsconsole.present import humanise

KNOWN: list[tuple[Callable[[float | None], str], int, dict[str, float]]] = [
    (humanise.size, 4, {unit: 1024.0**power for power, unit in enumerate("BKMGTPE")}),
    (humanise.count, 6, {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}),
    (humanise.percent, 5, {"%": 1.0, "k%": 1e3, "M%": 1e6}),
    (humanise.latency, 5, {"ms": 1.0, "s": 1000.0}),
    (humanise.duration_short, 4, {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "y": 31_536_000.0}),
    (humanise.duration, 7, {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}),
]


def read_back(text: str, units: dict[str, float]) -> float:
    """The number that a text tells."""
    total = 0.0
    for part in text.lstrip(">").replace(",", "").split():
        digits = part.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%")
        total += float(digits) * units[part[len(digits) :]]
    return total


numbers = st.one_of(
    st.floats(min_value=0, max_value=1e21),
    st.integers(min_value=0, max_value=2**70),
    st.floats(min_value=0, max_value=20_000),
)


@pytest.mark.parametrize(("humanised", "width", "_units"), KNOWN)
@given(value=numbers)
def test_width_is_bounded(
    humanised: Callable[[float | None], str], width: int, _units: dict[str, float], value: float
) -> None:
    """Whatever the number, its text fits the column made for it (one more where it says "more than")."""
    text = humanised(value)
    assert len(text) <= width + text.startswith(">")


@pytest.mark.parametrize(("humanised", "_width", "units"), KNOWN)
@given(one=numbers, other=numbers)
@example(one=3_660.0, other=6_000.0)
@example(one=99 * 3_600.0, other=100 * 3_600.0)
def test_a_larger_number_never_reads_smaller(
    humanised: Callable[[float | None], str], _width: int, units: dict[str, float], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert read_back(humanised(low), units) <= read_back(humanised(high), units)


@pytest.mark.parametrize("humanised", [*(case[0] for case in KNOWN), humanise.ratio, humanise.load, humanise.size_rate])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -1.0])
def test_what_is_no_measurement_reads_unknown(humanised: Callable[[float | None], str], value: float | None) -> None:
    assert humanised(value) == "?"


@pytest.mark.parametrize(
    "humanised", [*(case[0] for case in KNOWN), humanise.ratio, humanise.load, humanise.per_minute]
)
def test_a_measured_zero_is_told_from_unknown(humanised: Callable[[float | None], str]) -> None:
    assert humanised(0.0).startswith("0")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (humanise.size(309 * 2**20), "309M"),
        (humanise.size(int(1.2 * 2**30)), "1.2G"),
        (humanise.size(1000), "1.0K"),
        (humanise.size(10 * 1024 - 1), "10K"),
        (humanise.duration(70_140), "19h 29m"),
        (humanise.duration(273_600), "3d 4h"),
        (humanise.duration(12), "12s"),
        (humanise.duration(400 * 86_400), "400d"),
        (humanise.percent(6.41), "6.4%"),
        (humanise.percent(9.96), "10%"),
        (humanise.ratio(37 / 122), "30%"),
        (humanise.count(12_345), "12,345"),
        (humanise.latency(812.3), "812ms"),
        (humanise.latency(999.7), "1.0s"),
        (humanise.load(8.13), "8.13"),
        (humanise.size_rate(8.5 * 2**20), "8.5M/s"),
    ],
)
def test_examples(text: str, told: str) -> None:
    assert text == told


def test_a_time_no_calendar_has_is_unknown() -> None:
    assert humanise.date_time(1e30) == "?"
    assert humanise.clock_time(None) == "?"


def test_a_time_is_told_in_local_hours_minutes_seconds() -> None:
    assert len(humanise.clock_time(1_770_571_140.0)) == len("17:19:00")
