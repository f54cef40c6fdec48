"""What a filter reads as, which rows it lets through, and what it says when it is written wrong."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsconsole.present.cell import Cell, Row, by_number
from opsconsole.present.filter import Mistake, RowFilter, parse_filter
from opsconsole.present.glyphs import glyphs
from opsconsole.present.sessions import COLUMNS, session_row
from opsconsole.present.workers import COLUMNS as WORKER_COLUMNS
from opsconsole.present.workers import worker_row
from tests.makers import GB, MB, instance, session, worker
from tests.samples import SampleHistory

SIGNS = glyphs(ascii_only=False)

BUSY = session_row(
    session("arch_dev", state="working", idle_s=4.0, rss_bytes=2 * GB, cpu_percent=91.0, cwd="/srv/arch"), SIGNS, "busy"
)
LAZY = session_row(
    session("prod-1", state="idle", idle_s=7_300.0, rss_bytes=300 * MB, cpu_percent=0.2, attached=2), SIGNS, "lazy"
)
DARK = session_row(
    session("mystery", state="unknown", idle_s=None, rss_bytes=None, cpu_percent=None, swap_bytes=None), SIGNS, "dark"
)
ROWS = (BUSY, LAZY, DARK)


def kept(written: str) -> list[str]:
    read = parse_filter(written, COLUMNS)
    assert isinstance(read, RowFilter), read
    return [row.key for row in ROWS if read.matches(row)]


def mistake(written: str) -> str:
    read = parse_filter(written, COLUMNS)
    assert isinstance(read, Mistake), read
    return read.text


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("ARCH_", ["busy"]),
        ("^arch|^prod", ["busy", "lazy"]),
        ("arch.*dev", ["busy"]),
        ("/^ARCH/", ["busy"]),
        ("/^arch|^prod/", ["busy", "lazy"]),
        ("!arch_", ["lazy", "dark"]),
        ("! arch_", ["lazy", "dark"]),
        ("/srv", ["busy"]),
        ("cpu > 50", ["busy"]),
        ("cpu<=91", ["busy", "lazy"]),
        ("cpu > 50% and state = working", ["busy"]),
        ("mem > 1GB", ["busy"]),
        ("mem < 1g", ["lazy"]),
        ("memory = 300M", ["lazy"]),
        ("idle > 1h", ["lazy"]),
        ("idle > 1h30m and idle < 3h", ["lazy"]),
        ("idle > 2h 1m", ["lazy"]),
        ("idle > 0", ["busy", "lazy"]),
        ("state = idle or state = working", ["busy", "lazy"]),
        ("state != idle", ["busy"]),
        ("state = unknown", ["dark"]),
        ("state != unknown", ["busy", "lazy"]),
        ("mem = unknown", ["dark"]),
        ("not state = unknown", ["busy", "lazy"]),
        ("not (cpu > 50)", ["lazy"]),
        ("not cpu > 50 or mem = unknown", ["lazy", "dark"]),
        ("(state = idle or state = working) and idle < 1m", ["busy"]),
        ("state = idle or state = working and idle < 1m", ["busy", "lazy"]),
        ("attached = 0", ["busy", "dark"]),
        ("session ~ ^prod and cpu < 5", ["lazy"]),
        ("name ~ /^PROD/", ["lazy"]),
        ("name !~ arch", ["lazy", "dark"]),
        ('"arch_dev"', ["busy"]),
        ('name = "prod-1"', ["lazy"]),
        ("name = prod-1 && !(cpu > 50)", ["lazy"]),
        ("prod and cpu < 5", ["lazy"]),
    ],
)
def test_reads_as_a_person_would_expect(written: str, keys: list[str]) -> None:
    assert kept(written) == keys


@pytest.mark.parametrize(
    "written", ["[", "a(b", "*", "don't", "/usr/bi", "x->y", "--port=80", "not found", "up and away"]
)
def test_what_is_typed_in_passing_is_a_text(written: str) -> None:
    row = Row("r", (Cell(f"before {written.upper()} after"),))
    read = parse_filter(written, COLUMNS)
    assert isinstance(read, RowFilter)
    assert read.matches(row)
    assert not read.matches(Row("r", (Cell("something else"),)))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("cpx > 5", "did you mean cpu?"),
        ("flavour = 5", "there are name, state"),
        ("cpu >", "a value is missing after cpu >"),
        ("cpu > 50 and", "something is missing at the end"),
        ("cpu > 50 state = idle", "write and or or before state"),
        ("(cpu > 50", "a ) is missing"),
        ("cpu > 50)", "there is no ( for this )"),
        ("cpu > fast", "cpu cannot be compared with fast; write 50 or 50%"),
        ("mem > 1h", "write 500MB or 1.5G"),
        ("idle > 60", "write 90s, 5m, 24h or 1h30m"),
        ("state > idle", "state holds text"),
        ("/[/", "pattern: unterminated character set"),
        ("/(a+)+$/", "may never end"),
        ('name = "x', "is not closed"),
        ("!", "something is missing"),
        ("cpu > 1 and " + "(" * 60 + "cpu > 1" + ")" * 60, "nested too deeply"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(written: str, said: str) -> None:
    assert said in mistake(written)


def test_every_pids_and_the_words_beside_numbers_can_be_asked_for() -> None:
    row = worker_row(worker("w", instances=(instance(11), instance(12))), SampleHistory(), SIGNS, "w")

    def matches(written: str) -> bool:
        read = parse_filter(written, WORKER_COLUMNS)
        return isinstance(read, RowFilter) and read.matches(row)

    assert matches("pids = 12")
    assert matches("pid = 11 and run > 1")
    assert not matches("pids = 1")
    missing = Row("m", tuple(Cell("missing", sort=(0, 0.0, "missing")) for _ in WORKER_COLUMNS))
    asked = parse_filter("log_age = missing", WORKER_COLUMNS)
    assert isinstance(asked, RowFilter)
    assert asked.matches(missing)
    assert isinstance(parse_filter("log_age > 1h", WORKER_COLUMNS), RowFilter)


@given(st.text(max_size=60))
@example("[[")
def test_any_text_is_read_or_told_wrong(written: str) -> None:
    read = parse_filter(written, COLUMNS)
    if isinstance(read, RowFilter):
        assert all(isinstance(read.matches(row), bool) for row in ROWS)
    else:
        assert read.text


@given(
    st.lists(
        st.sampled_from([*"()!~=<>/ \"'", "and ", "or ", "not ", "cpu", "mem", "state", "50", "1GB", "idle"]),
        max_size=14,
    )
)
def test_any_order_of_pieces_is_read_or_told_wrong(pieces: list[str]) -> None:
    test_any_text_is_read_or_told_wrong.hypothesis.inner_test("".join(pieces))  # type: ignore[attr-defined]


@given(st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=8), st.text(max_size=30))
def test_a_plain_word_is_found_wherever_it_stands(word: str, around: str) -> None:
    read = parse_filter(word, COLUMNS)
    assert isinstance(read, RowFilter)
    assert read.matches(Row("r", (Cell(f"{around}{word.swapcase()}{around}"),))) == (
        word.strip().casefold() in f"{around}{word.swapcase()}{around}".casefold()
    )


class Asked(NamedTuple):
    """A generated condition: how it is written, and what it comes to by a reader of its own."""

    written: str
    told: bool | None


CPU, CPU_AT = 40.0, next(index for index, column in enumerate(COLUMNS) if column.id == "cpu")


def row_of(cpu: float | None) -> Row:
    cells = [Cell("")] * len(COLUMNS)
    cells[CPU_AT] = Cell("?", "unknown") if cpu is None else Cell(f"{cpu}%", sort=by_number(cpu))
    return Row("r", tuple(cells))


def conditions(cpu: float | None) -> st.SearchStrategy[Asked]:
    def compared(sign: str, limit: int) -> Asked:
        if cpu is None:
            return Asked(f"cpu {sign} {limit}", None)
        truth = {"<": cpu < limit, ">": cpu > limit, "<=": cpu <= limit, ">=": cpu >= limit, "!=": cpu != limit}
        return Asked(f"cpu {sign} {limit}", truth[sign])

    known = st.sampled_from((Asked("cpu = unknown", cpu is None), Asked("cpu != unknown", cpu is not None)))
    leaves = st.builds(compared, st.sampled_from(("<", ">", "<=", ">=", "!=")), st.integers(0, 80)) | known

    def both(left: Asked, right: Asked) -> Asked:
        told = (left.told, right.told)
        return Asked(
            f"({left.written}) and ({right.written})", False if False in told else None if None in told else True
        )

    def either(left: Asked, right: Asked) -> Asked:
        told = (left.told, right.told)
        return Asked(
            f"({left.written}) OR ({right.written})", True if True in told else None if None in told else False
        )

    def opposite(one: Asked) -> Asked:
        return Asked(f"not ({one.written})", None if one.told is None else not one.told)

    return st.recursive(
        leaves,
        lambda inner: st.builds(both, inner, inner) | st.builds(either, inner, inner) | st.builds(opposite, inner),
        max_leaves=8,
    )


@given(st.data(), st.sampled_from((None, 0.0, 40.0, 79.5)))
def test_conditions_come_to_what_logic_says(data: st.DataObject, cpu: float | None) -> None:
    asked = data.draw(conditions(cpu))
    read = parse_filter(asked.written, COLUMNS)
    assert isinstance(read, RowFilter), read
    assert read.matches(row_of(cpu)) is (asked.told is True)
