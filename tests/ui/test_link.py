"""What is on its way to the terminal: counted by its answers, held back when they are late, never for ever."""

from __future__ import annotations

import pytest

from opsconsole.ui.link import ASK_AFTER, FIRST_ANSWER_S, LAST_ANSWER_S, LEAST_ON_THE_WAY, MOST_ON_THE_WAY, Link


def write(link: Link, count: int, now: float) -> None:
    link.wrote(count)
    if link.asks:
        link.asked(now)


def answering(rate: float) -> Link:
    """A link whose terminal has answered once, after taking 10,000 bytes at ``rate`` a second."""
    link = Link()
    write(link, 10_000, 0.0)
    link.answered(10_000 / rate)
    return link


def test_a_terminal_that_never_answers_is_not_waited_for() -> None:
    link = Link()
    for second in range(100):
        write(link, 5_000, float(second))
        assert not link.is_behind(float(second))
    assert link.owes


def test_on_a_slow_link_one_screen_may_be_on_its_way_and_the_next_waits_for_the_answer() -> None:
    link = answering(rate=2_000)
    write(link, 4_000, 10.0)
    assert link.is_behind(10.0)
    assert link.is_behind(11.9)
    link.answered(12.0)
    assert not link.is_behind(12.0)


def test_small_changes_pass_without_an_answer() -> None:
    link = answering(rate=2_000)
    for _ in range(LEAST_ON_THE_WAY // 100):
        write(link, 100, 10.0)
        assert not link.is_behind(10.0)
    write(link, ASK_AFTER, 10.0)
    assert link.is_behind(10.0)


def test_a_fast_link_has_several_screens_on_their_way_but_never_without_bound() -> None:
    link = answering(rate=1_000_000)
    write(link, MOST_ON_THE_WAY, 10.0)
    assert not link.is_behind(10.0)
    write(link, ASK_AFTER, 10.0)
    assert link.is_behind(10.0)


def test_a_link_that_turns_slow_is_known_for_it_by_its_next_answer() -> None:
    link = answering(rate=1_000_000)
    write(link, 4_000, 10.0)
    link.answered(12.0)
    write(link, 4_000, 20.0)
    assert link.is_behind(20.0)


@pytest.mark.parametrize(("rate", "waited_s"), [(4_000, 12.2), (1_000_000, 3.0), (100, 20.0)])
def test_a_lost_answer_is_waited_for_by_what_the_link_carries_and_later_ones_count_again(
    rate: float, waited_s: float
) -> None:
    link = answering(rate)
    now = 1000.0
    write(link, MOST_ON_THE_WAY, now)
    link.answered(now + MOST_ON_THE_WAY / rate)
    now = 2000.0
    write(link, 4_000, now)
    write(link, MOST_ON_THE_WAY, now)
    assert link.is_behind(now + waited_s - 0.1)
    assert not link.is_behind(now + waited_s + 0.1)
    assert link.owes
    write(link, 4_000, 3000.0)
    assert not link.is_behind(3000.0)
    link.answered(3001.0)
    write(link, MOST_ON_THE_WAY + ASK_AFTER, 3002.0)
    assert link.is_behind(3002.0)


def test_an_answer_that_nobody_asked_for_changes_nothing() -> None:
    link = Link()
    link.answered(1.0)
    write(link, 4_000, 2.0)
    assert not link.is_behind(2.0)


def test_at_the_end_a_terminal_that_answers_is_waited_for_however_late_and_one_that_never_did_for_a_moment() -> None:
    link = answering(rate=1_000_000)
    assert not link.owes
    write(link, 4_000, 10.0)
    assert not link.is_behind(19.0), "its answer counts as lost"
    assert link.owes
    assert link.waits_until(19.0) == 19.0 + LAST_ANSWER_S
    link.answered(19.1)
    assert not link.owes
    mute = Link()
    write(mute, 4_000, 10.0)
    assert mute.waits_until(10.1) == 10.0 + FIRST_ANSWER_S
    assert mute.waits_until(12.0) < 12.0
    assert mute.waits_until(100.0) == 100.0
    assert not mute.owes
