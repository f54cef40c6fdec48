"""Whether a condition holds: true, false, or unknown where it hangs on what is not known (Kleene's three values)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opsconsole.config.condition import AnyOf, Comparison, Condition, Name, Not, Operator
from opsconsole.model.alert import MetricValue

_COMPARE: dict[Operator, Callable[[float, float], bool]] = {
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
}


def holds(condition: Condition, values: Mapping[Name, MetricValue]) -> bool | None:
    """``values`` has every metric that the condition names; None where it is not known."""
    if isinstance(condition, Comparison):
        return compare(condition, values[condition.metric])
    if isinstance(condition, Not):
        inside = holds(condition.condition, values)
        return None if inside is None else not inside
    parts = [holds(part, values) for part in condition.conditions]
    decisive = isinstance(condition, AnyOf)
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def compare(comparison: Comparison, value: MetricValue) -> bool | None:
    """One comparison; None where the value is not known."""
    if value is None:
        return None
    if isinstance(value, str) or isinstance(comparison.value, str):
        same = str(value).lower() == str(comparison.value).lower()
        return same if comparison.operator == "==" else not same
    return _COMPARE[comparison.operator](value, comparison.value)
