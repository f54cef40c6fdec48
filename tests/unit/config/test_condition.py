"""The grammar of conditions: what it reads, what it refuses and how it says so; nothing is ever run as code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.config.condition import (
    AllOf,
    AnyOf,
    BadCondition,
    Comparison,
    Not,
    metrics_in,
    parse_condition,
    parse_metric,
    parse_wanted,
)
from opsconsole.config.metrics import METRICS, metric_names


@pytest.mark.parametrize(
    ("text", "metric", "operator", "value"),
    [
        ("load1 > 6.0", ("load1",), ">", 6.0),
        ("load1>6", ("load1",), ">", 6.0),
        ("memory.used >= 90%", ("memory", "used"), ">=", 90.0),
        ("queue.success_rate < 80%", ("queue", "success_rate"), "<", 0.8),
        ("queue.success_rate < 0.8", ("queue", "success_rate"), "<", 0.8),
        ("workers.longest_silence > 5m", ("workers", "longest_silence"), ">", 300.0),
        ("workers.longest_silence > 1h30m", ("workers", "longest_silence"), ">", 5400.0),
        ("workers.longest_silence > 300", ("workers", "longest_silence"), ">", 300.0),
        ("memory.available < 2GB", ("memory", "available"), "<", 2e9),
        ("swap.out > 1.5MiB", ("swap", "out"), ">", 1.5 * 1024**2),
        ("environments.ports_free = 0", ("environments", "ports_free"), "==", 0.0),
        ('worker."my worker".instances != 1', ("worker", "my worker", "instances"), "!=", 1.0),
        ('service."The Board".mailer == "running"', ("service", "The Board", "mailer"), "==", "running"),
        ("service.api.state != up", ("service", "api", "state"), "!=", "up"),
    ],
)
def test_a_comparison(text: str, metric: tuple[str, ...], operator: str, value: float | str) -> None:
    comparison = parse_condition(text)
    assert isinstance(comparison, Comparison)
    assert (comparison.metric, comparison.operator) == (metric, operator)
    assert comparison.value == (pytest.approx(value) if isinstance(value, float) else value)


def test_and_binds_closer_than_or_and_brackets_closest() -> None:
    either = parse_condition("load1 > 6 or load5 > 4 and cpu.idle < 10")
    assert isinstance(either, AnyOf)
    assert isinstance(either.conditions[1], AllOf)
    both = parse_condition("(load1 > 6 or load5 > 4) and not cpu.idle < 10")
    assert isinstance(both, AllOf)
    assert isinstance(both.conditions[0], AnyOf)
    assert isinstance(both.conditions[1], Not)
    assert list(metrics_in(both)) == [("load1",), ("load5",), ("cpu", "idle")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("load > 6", 'no metric is named "load"; did you mean'),
        ("lod1 > 6", 'did you mean "load1"?'),
        ("load1", "ends where one of > >= < <= == != is expected"),
        ("load1 >", "ends where a number such as 6.0 is expected"),
        ("load1 > 6 7", '"7" stands at character 11 where nothing more'),
        ("load1 > 6 and", "ends where a metric such as load1 is expected"),
        ("(load1 > 6", "ends where a ')' is expected"),
        ("load1 > high", '"high" is no value for it; a number such as 6.0'),
        ("load1 > 90%", '"90%" is no value for it'),
        ("queue.success_rate > 80", "80 is no share; write 0.0 to 1.0, or 80%"),
        ("memory.available > 2 apples", '"apples" stands at character 22'),
        ("memory.available > 2apples", '"2apples" is no value for it; a size such as 2GB'),
        ("service.api.state > up", "is a word: compare it with == or !="),
        ("worker.api.speed > 1", "`opsconsole check --metrics` lists them"),
        ("__import__('os').system('x')", "no metric is named"),
        ("load1 > 6; rm -rf /", '";" at character 10 has no meaning'),
        ("load1 + load5 > 6", '"+" at character 7 has no meaning'),
        ("", "ends where a metric such as load1 is expected"),
        ("(" * 30 + "load1 > 6" + ")" * 30, "nested deeper"),
        ("load1 > 6 or " * 60 + "load1 > 6", "characters"),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(text: str, said: str) -> None:
    with pytest.raises(BadCondition) as mistake:
        parse_condition(text)
    assert said in str(mistake.value)
    assert "\n" not in str(mistake.value)


WORDS = ("load1", ">", "6", "(", ")", "and", "or", "not", ".", "queue", "%", "5m")


@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_any_text_is_a_condition_or_a_mistake_in_words(text: str) -> None:
    try:
        condition = parse_condition(text)
    except BadCondition as mistake:
        said = str(mistake)
        assert said  # most texts are mistakes, and some are none
    else:
        assert list(metrics_in(condition))


def test_what_a_target_wants() -> None:
    assert parse_wanted("queue.success_rate", "> 0.8") == (("queue", "success_rate"), ">", 0.8, "share")
    assert parse_wanted("service.api.state", "up") == (("service", "api", "state"), "==", "up", "state")
    with pytest.raises(BadCondition):
        parse_wanted("load1", "> 4 and load5 < 3")


def test_every_metric_can_be_named() -> None:
    assert all(parse_metric(name) == tuple(name.split(".")) for name in METRICS)
    assert set(METRICS) < set(metric_names())
