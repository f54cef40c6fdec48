"""Series as blocks and shares as bars: always as wide as asked for, unknown never drawn as zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.present.glyphs import ASCII, UNICODE, Glyphs
from opsconsole.present.sparkline import bar, sparkline

values = st.lists(st.one_of(st.none(), st.floats(min_value=0, max_value=1e12)), max_size=60)


@given(series=values, width=st.integers(0, 40), top=st.one_of(st.none(), st.floats(0, 1e9)))
@pytest.mark.parametrize("signs", [UNICODE, ASCII])
def test_exactly_as_wide_as_asked_for_and_blank_where_unknown(
    series: list[float | None], width: int, top: float | None, signs: Glyphs
) -> None:
    drawn = sparkline(series, width, signs, top)
    assert len(drawn) == width
    recent = series[-width:] if width else []
    for sign, value in zip(drawn[width - len(recent) :], recent, strict=True):
        assert (sign == " ") == (value is None)


def test_scaled_to_its_own_largest_value() -> None:
    assert sparkline([0, 4, 8], 3, UNICODE) == "▁▄▇"


def test_scaled_to_a_given_top_and_cut_there() -> None:
    assert sparkline([50, 100, 300], 3, UNICODE, top=100) == "▄▇▇"


def test_short_series_stand_at_the_right() -> None:
    assert sparkline([1.0], 4, UNICODE) == "   ▇"


@given(share=st.floats(0, 1), width=st.integers(2, 30))
def test_a_bar_is_full_only_for_all_and_empty_only_for_nothing(share: float, width: int) -> None:
    drawn = bar(share, width, UNICODE)
    assert len(drawn) == width
    assert (UNICODE.bar_empty not in drawn) == (share == 1.0)
    assert (UNICODE.bar_full not in drawn) == (share == 0.0)


def test_an_unknown_share_is_no_bar() -> None:
    assert bar(None, 4, UNICODE) == "?   "


def test_ascii_signs_are_ascii_and_states_have_signs_of_their_own() -> None:
    import msgspec

    assert all(text.isascii() for text in msgspec.structs.astuple(ASCII))
    for signs in (UNICODE, ASCII):
        states = (signs.ok, signs.warn, signs.bad, signs.unknown, signs.none, signs.waiting, signs.idle, signs.asleep)
        assert len(set(states)) == len(states)
