"""When cycles are due: an early one is no excuse for a late next one; what was asked for is looked at again soon."""

from __future__ import annotations

from opsconsole.engine.turns import AGAIN_S, Turns


def test_the_first_cycles_warm_up_and_then_keep_the_cadence() -> None:
    turns = Turns(100.0, (0.25, 1.0))
    assert not turns.warm
    assert turns.after(100.0, 100.1, 8.0) == (100.25, False)
    assert turns.after(100.25, 100.3, 8.0) == (101.0, False)
    assert turns.warm
    assert turns.after(101.0, 101.1, 8.0) == (109.0, False)


def test_a_missed_turn_is_dropped() -> None:
    turns = Turns(100.0)
    assert turns.after(100.0, 125.0, 8.0) == (125.0, False)


def test_a_cycle_out_of_turn_does_not_put_the_next_one_off_by_two_turns() -> None:
    turns = Turns(100.0)
    turns.after(100.0, 100.1, 8.0)
    assert turns.after(101.0, 101.1, 8.0) == (109.0, False)


def test_however_slow_the_pace_what_was_asked_for_is_looked_at_again_within_seconds() -> None:
    turns = Turns(100.0)
    turns.after(100.0, 100.1, 8.0)
    turns.look_again(103.0)
    first = turns.after(103.0, 103.1, 8.0)
    assert first == (103.0 + AGAIN_S[0], False), "the sources were asked for this one already"
    second = turns.after(first[0], first[0] + 0.1, 8.0)
    assert second == (103.0 + AGAIN_S[1], True)
    assert turns.after(second[0], second[0] + 0.1, 8.0) == (second[0] + 8.0, False)


def test_a_quick_pace_is_not_slowed_down_by_looking_again() -> None:
    turns = Turns(100.0)
    turns.look_again(100.0)
    assert turns.after(100.0, 100.1, 0.5) == (100.5, False)
