"""Whatever a config file holds, it is a config or a mistake with file and line: never another exception."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.config.load import ConfigError, load, parse
from opsconsole.config.places import Places
from opsconsole.config.problem import Problem

EXAMPLE = (Path(__file__).parents[2] / "data" / "opsconsole.example.toml").read_text()
PIECES = (
    *("[", "]", "[[", "]]", "{", "}", "=", ",", ".", "\n", "\r\n", "#", '"', "'", '"""', "'''", "\\", " ", "\0", "é"),
    *("console", "service", "worker", "name", "port", "command", "env", "limits", "memory", "escalate", "keys", "a"),
    *("1", "-1", "1.5", "nan", "inf", "0xfffffffffffffffff", "1979-05-27 07:32:00", '"5m"', '["x"]', "{ a = 1 }"),
    *('\n[[worker]]\nname = "w"\n', "\n[console]\n", '\n"quoted key" = 1\n', "\na.b.c = 2\n", "\n[worker.env]\n"),
)  # fmt: skip
SOUP = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@st.composite
def mutated_examples(draw: st.DrawFn) -> str:
    """The example with a few stretches replaced by soup, or by stretches of itself."""
    text = EXAMPLE
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(start + draw(st.integers(0, 30)), len(text))
        other = draw(st.integers(0, len(EXAMPLE)))
        text = text[:start] + draw(st.one_of(SOUP, st.just(EXAMPLE[other : other + 40]))) + text[end:]
    return text


def assert_told_well(problems: tuple[Problem, ...], path: Path, text: str) -> None:
    for problem in problems:
        assert problem.line is not None
        assert 1 <= problem.line <= text.count("\n") + 1
        assert problem.message
        assert str(problem).startswith(f"{path}:{problem.line}: ")
        assert str(problem).isprintable()


def problems_of(read: Callable[[], object]) -> tuple[Problem, ...]:
    try:
        read()
    except ConfigError as error:
        return error.problems
    return ()


@settings(deadline=None)
@given(st.one_of(st.text(max_size=40), SOUP, mutated_examples()))
def test_any_text(text: str) -> None:
    path = Path("/etc/x.toml")
    assert_told_well(problems_of(lambda: parse(text, path)), path, text)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=60), mutated_examples().map(str.encode)))
def test_any_bytes_in_a_file(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.toml"
        path.write_bytes(content)
        assert_told_well(problems_of(lambda: load(path)), path, content.decode(errors="replace"))


def keys(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*at, key)
        yield from keys(item, (*at, key))


def assert_every_key_is_found(text: str) -> None:
    document = tomllib.loads(text)
    lines, places = text.split("\n"), Places(text)
    for key in keys(document):
        line, column = places.of(key)
        here = lines[line - 1][column - 1 :]
        name = key[-1]
        # A table's place is its header, an item's wherever it begins.
        assert isinstance(name, int) or here[0] in "[\"'" or name in here, (key, here)


SCALARS = st.sampled_from(
    (
        *("1", "-1.5", "nan", "1979-05-27 07:32:00", '"a # [b]\\" = 1"', "'[c'"),
        *('"""\nd = "1"\n[e]\\""""""', "'''\n'f' = ]\n'''"),
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda value: st.one_of(
        st.lists(value, max_size=3).map(lambda items: "[ # ]\n" + " , # }\n".join(items) + "\n]"),
        st.tuples(value, value).map(lambda pair: f"{{ one.x = {pair[0]}, 'two' = {pair[1]} }}"),
    ),
    max_leaves=5,
)
KEYS = st.sampled_from(("k{}", '"k {}"', "'k.{}'", "k{} . in . 'deep'", "k{}.x"))
STATEMENTS = st.one_of(
    st.tuples(KEYS, VALUES).map(lambda pair: (pair[0], f" = {pair[1]} # = end\n")),
    st.sampled_from(("[t{}] # ]", "[ t{} . 'sub' ]", "[[many]]", "[[many]]\n[[many.s]]")).map(
        lambda head: (head, "\n")
    ),
)


@settings(deadline=None)
@given(st.lists(STATEMENTS, max_size=12))
def test_every_key_of_a_text_has_its_place(statements: list[tuple[str, str]]) -> None:
    assert_every_key_is_found("".join(key.format(number) + rest for number, (key, rest) in enumerate(statements)))


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        ('a = """\n[b]\nc = 1""""\nd = 1', ("d",), (4, 1)),
        ("a = '''\n'd' = 1'''''\nd = 1", ("d",), (3, 1)),
        ('a = "\\"#" # b = 1\nb = 1', ("b",), (2, 1)),
        ("a = [ # ]\n  [1, 2], { b = [\n  3 ] },\n]", ("a", 1, "b", 0), (3, 3)),
        ("[a . 'b.c']\n\"d\\u0065\" = 1", ("a", "b.c", "de"), (2, 1)),
        ("[[a]]\n[[a.b]]\n[[a]]\n[[a.b]]\n[a.b.c]\nd.e = 1\n", ("a", 1, "b", 0, "c", "d", "e"), (6, 1)),
        ("[a.b]\nc = 1\n[a]\nd = 1", ("a",), (3, 1)),
        ("[a]\nb = 1979-05-27 07:32:00\nc = 1", ("a", "c"), (3, 1)),
        ("[a]\nb = 1", ("a", "absent", "deeper"), (1, 1)),
        ("\n\na = 1", ("absent",), (1, 1)),
    ],
)
def test_where_a_key_stands(text: str, key: tuple[Any, ...], place: tuple[int, int]) -> None:
    tomllib.loads(text)
    assert Places(text).of(key) == place
