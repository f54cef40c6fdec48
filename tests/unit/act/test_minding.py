"""The order of a plan's subjects: who minds something is done before it."""

from __future__ import annotations

from opsconsole.act.minding import by_minding
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Minder, Subplan


def subplan(name: str, *minders: str) -> Subplan:
    told = tuple(Minder(f"worker:{each}", each, ProcessId("boot", 7, 7), 8) for each in minders)
    return Subplan(subject=name, subject_kind="worker", minders=told)


def order(*subplans: Subplan) -> list[list[str]]:
    return [[subplans[place].subject for place in group] for group in by_minding(subplans)]


def test_what_minds_nothing_is_done_at_once_and_a_minder_before_what_it_minds() -> None:
    assert order(subplan("a"), subplan("b")) == [["a", "b"]]
    assert order(subplan("a", "m"), subplan("b"), subplan("m")) == [["b", "m"], ["a"]]
    assert order(subplan("c", "b"), subplan("b", "a"), subplan("a")) == [["a"], ["b"], ["c"]]


def test_a_minder_outside_of_the_plan_or_in_a_circle_holds_nothing_up() -> None:
    assert order(subplan("a", "elsewhere"), subplan("b", "b")) == [["a", "b"]]
    circle = order(subplan("a", "b"), subplan("b", "a"), subplan("c"))
    assert sorted(name for group in circle for name in group) == ["a", "b", "c"]
