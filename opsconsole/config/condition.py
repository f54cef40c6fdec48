"""The conditions of alerts and targets: a small grammar over named metrics, parsed here and never evaluated as code.

condition  = and {"or" and}
and        = not {"and" not}
not        = ["not"] ( comparison | "(" condition ")" )
comparison = metric operator value
metric     = word {"." (word | quoted)}          load1, queue.success_rate, worker."my worker".instances
operator   = ">" | ">=" | "<" | "<=" | "==" | "!="
value      = number [unit] | word | quoted        6.0, 80%, 5m, 2GB, running
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

from opsconsole.config.metrics import Kind, Metric, metric_named, metric_names
from opsconsole.config.problem import nearest, quoted
from opsconsole.config.units import parse_duration, parse_size

Operator = Literal[">", ">=", "<", "<=", "==", "!="]
Name = tuple[str, ...]
LONGEST = 500
DEEPEST = 20


class BadCondition(ValueError):
    """What is wrong with a condition and what would be right, in one line."""


class Comparison(NamedTuple):
    metric: Name
    operator: Operator
    value: float | str
    """In the metric's own unit."""
    kind: Kind


class Not(NamedTuple):
    condition: Condition


class AllOf(NamedTuple):
    conditions: tuple[Condition, ...]


class AnyOf(NamedTuple):
    conditions: tuple[Condition, ...]


Condition = Comparison | Not | AllOf | AnyOf


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:\s*%|[A-Za-z]+(?:\d+[A-Za-z]+)*)?)"
    r"|(?P<word>[A-Za-z_][\w-]*)|(?P<quoted>\"[^\"]*\"|'[^']*')"
    r"|(?P<operator>>=|<=|==|!=|>|<|=)|(?P<sign>[().]))"
)


@lru_cache(maxsize=256)
def parse_condition(text: str) -> Condition:
    """The condition in this text. Raises BadCondition."""
    return _Parser(text).condition_alone()


@lru_cache(maxsize=256)
def parse_wanted(metric: str, want: str) -> Comparison:
    """A target: ``want`` is an operator and a value, or a value alone that it must equal. Raises BadCondition."""
    name = parse_metric(metric)
    parser = _Parser(want)
    operator = parser.operator() if parser.peek("operator") else "=="
    comparison = parser.compared(name, operator)
    parser.must_end()
    return comparison


@lru_cache(maxsize=256)
def parse_metric(text: str) -> Name:
    """The metric of this name. Raises BadCondition."""
    parser = _Parser(text)
    name = parser.metric()
    parser.must_end()
    return name


def metrics_in(condition: Condition) -> Iterator[Name]:
    """The metrics that a condition names."""
    if isinstance(condition, Comparison):
        yield condition.metric
    elif isinstance(condition, Not):
        yield from metrics_in(condition.condition)
    else:
        for part in condition.conditions:
            yield from metrics_in(part)


def longest_age(condition: Condition) -> float:
    """The longest time that a condition compares an age with, in seconds: who slept that long tells nothing of it."""
    if isinstance(condition, Comparison):
        return condition.value if condition.kind == "seconds" and isinstance(condition.value, float) else 0.0
    if isinstance(condition, Not):
        return longest_age(condition.condition)
    return max(map(longest_age, condition.conditions), default=0.0)


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise BadCondition(f"has {len(text)} characters; a condition has at most {LONGEST}")
        self._text = text
        self._tokens = list(_tokens(text))
        self._place = 0
        self._depth = 0

    def condition_alone(self) -> Condition:
        condition = self._condition()
        self.must_end()
        return condition

    def _condition(self) -> Condition:
        parts = [self._conjunction()]
        while self._take("word", "or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _conjunction(self) -> Condition:
        parts = [self._negation()]
        while self._take("word", "and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _negation(self) -> Condition:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadCondition(f"is nested deeper than {DEEPEST} levels")
        try:
            if self._take("word", "not"):
                return Not(self._negation())
            if self._take("sign", "("):
                inside = self._condition()
                if not self._take("sign", ")"):
                    raise self._wrong("a ')'")
                return inside
            name = self.metric()
            return self.compared(name, self.operator())
        finally:
            self._depth -= 1

    def metric(self) -> Name:
        if not self.peek("word"):
            raise self._wrong("a metric such as load1")
        parts = [self._next().text]
        while self._take("sign", "."):
            if not (self.peek("word") or self.peek("quoted") or self.peek("number")):
                raise self._wrong("a name after the '.'")
            parts.append(_bare(self._next().text))
        name = tuple(parts)
        if metric_named(name) is None:
            raise BadCondition(_no_metric(name))
        return name

    def operator(self) -> Operator:
        if not self.peek("operator"):
            raise self._wrong("one of > >= < <= == !=")
        written = self._next().text
        operator = "==" if written == "=" else written
        assert operator in get_args(Operator)  # noqa: S101  # the tokens know no other
        return operator  # type: ignore[return-value]

    def compared(self, name: Name, operator: Operator) -> Comparison:
        metric = metric_named(name)
        assert metric is not None  # noqa: S101  # looked up when the name was read
        if not (self.peek("number") or self.peek("word") or self.peek("quoted")):
            raise self._wrong(_example(metric))
        token = self._next()
        value = _state(token) if metric.kind == "state" else _number(token, metric)
        if metric.kind == "state" and operator not in ("==", "!="):
            raise BadCondition(f"{'.'.join(name)} is a word: compare it with == or !=")
        return Comparison(name, operator, value, metric.kind)

    def must_end(self) -> None:
        if self._place < len(self._tokens):
            raise self._wrong("nothing more, or 'and' or 'or'")

    def peek(self, kind: str) -> bool:
        return self._place < len(self._tokens) and self._tokens[self._place].kind == kind

    def _take(self, kind: str, text: str) -> bool:
        if self.peek(kind) and self._tokens[self._place].text == text:
            self._place += 1
            return True
        return False

    def _next(self) -> _Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _wrong(self, wanted: str) -> BadCondition:
        if self._place >= len(self._tokens):
            return BadCondition(f"{quoted(self._text)} ends where {wanted} is expected")
        token = self._tokens[self._place]
        return BadCondition(f"{quoted(token.text)} stands at character {token.at + 1} where {wanted} is expected")


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            rest = text[place:].lstrip()
            raise BadCondition(
                f"{quoted(rest[:1])} at character {len(text) - len(rest) + 1} has no meaning in a condition"
            )
        kind = match.lastgroup or ""
        yield _Token(kind, match[kind], match.start(kind))
        place = match.end()


def _bare(text: str) -> str:
    return text[1:-1] if text[:1] in "\"'" else text


def _state(token: _Token) -> str:
    return _bare(token.text)


def _number(token: _Token, metric: Metric) -> float:
    text = token.text
    try:
        if token.kind == "number" and text.endswith("%"):
            if metric.kind not in ("share", "percent"):
                raise ValueError
            percent = float(text[:-1])
            return percent / 100.0 if metric.kind == "share" else percent
        if metric.kind == "seconds":
            return float(parse_duration(text if not _plain(text) else float(text)))
        if metric.kind in ("bytes", "rate"):
            return float(text) if _plain(text) else float(parse_size(text))
        number = float(text)
    except ValueError:
        raise BadCondition(f"{quoted(text)} is no value for it; {_example(metric)}") from None
    if metric.kind == "share" and number > 1.0:
        raise BadCondition(f"{text} is no share; write 0.0 to 1.0, or {text}%")
    return number


def _plain(text: str) -> bool:
    return re.fullmatch(r"\d+(?:\.\d+)?", text) is not None


def _example(metric: Metric) -> str:
    examples = {
        "number": "a number such as 6.0",
        "share": "a share such as 0.8 or 80%",
        "percent": "a percentage such as 90%",
        "bytes": "a size such as 2GB",
        "rate": "bytes per second such as 5MB",
        "seconds": "a duration such as 5m",
        "state": "a word such as running",
    }
    return examples[metric.kind]


def _no_metric(name: Name) -> str:
    # Forty names are no help beside one mistake.
    near, found, _ = nearest(".".join(name), metric_names()).partition("? (")
    hint = f"{near}? " if found else ""
    return f"no metric is named {quoted('.'.join(name))}; {hint}`opsconsole check --metrics` lists them"
