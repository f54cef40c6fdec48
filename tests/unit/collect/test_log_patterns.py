"""What repeats in a log: templates, counts, first and last, cadence; bounded, whatever a log holds."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.collect.log_patterns import MOST_PATTERNS, mine, template, told
from opsconsole.collect.logs import read_tail, summary
from opsconsole.diagnose.words import every

REPORT = """\
2026-02-08 09:04:45 ERROR Failed to get environment info: Expecting value: line 1 column 1 (char 0)
2026-02-08 09:04:45 ERROR Failed to create environment: ValueError: Environment 'reading-ui-improvement' already exists
2026-02-08 09:37:12 ERROR Failed to create environment: RuntimeError: No available ports for new environment
2026-02-08 09:48:59 ERROR Failed to create environment: RuntimeError: No available ports for new environment
2026-02-08 09:54:50 ERROR Failed to create environment: RuntimeError: No available ports for new environment
2026-02-08 10:05:22 ERROR Failed to create environment: ValueError: Environment 'math-ui-improvement' already exists
2026-02-08 10:05:25 ERROR Failed to create environment: RuntimeError: No available ports for new environment
2026-02-08 10:06:00 INFO polling
"""
"""The report's appendix A, one name changed."""


def test_the_reports_log_gives_its_three_patterns(tmp_path: Path) -> None:
    path = tmp_path / "assigner.log"
    path.write_text(REPORT)
    written = datetime(2026, 2, 8, 10, 6, 0).timestamp()
    os.utime(path, (written, written))
    log = summary(path, read_tail(path), written)
    ports, taken, empty = log.patterns
    assert (ports.count, ports.template) == (
        4,
        "Failed to create environment: RuntimeError: No available ports for new environment",
    )
    assert ports.every_s is not None
    assert every(*ports.every_s) == "every 6 to 12 min"
    assert ports.first is not None
    assert ports.last is not None
    assert ports.last - ports.first == 28 * 60 + 13
    assert (taken.count, taken.template) == (
        2,
        "Failed to create environment: ValueError: Environment '…' already exists",
    )
    assert taken.every_s is None, "one gap is no cadence"
    assert empty.count == 1
    assert len(log.error_lines) == log.errors == 7
    assert log.error_lines[-1].startswith("2026-02-08 10:05:25")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pid 4242 ended", "pid 17 ended"),
        ("job 0b9f1d2e-0000-4000-8000-000000000001 lost", "job 1c9f1d2e-0000-4000-8000-00000000000f lost"),
        ("commit 3f2a91bc0 not found", "commit 99aa00ff1 not found"),
        ('key "a b" missing', 'key "c" missing'),
        ("10.0.0.1:8080 refused", "10.20.0.1:80 refused"),
        ("late since 2026-02-08 10:05:25", "late since 2026-02-09 11:00:00,123"),
    ],
)
def test_what_varies_is_masked(one: str, other: str) -> None:
    assert template(one) == template(other)


def test_words_are_not_masked() -> None:
    assert template("cannot decode a face") == "cannot decode a face"
    assert template("no ports") != template("no names")


@pytest.mark.parametrize(
    "line",
    [
        "2026-02-08 09:04:45 ERROR it broke",
        "2026-02-08 09:04:45,441 - AssignerWorker - ERROR - it broke",
        "[2026-02-08T09:04:45Z] [ERROR] it broke",
        "[09:04:45] ERROR: it broke",
        "ERROR it broke",
        "it broke",
    ],
)
def test_time_logger_and_level_are_left_away(line: str) -> None:
    assert told(line) == "it broke"


def test_a_log_of_nothing_but_different_errors_stays_bounded() -> None:
    words = ["".join(chr(97 + (n >> shift) % 26) for shift in (0, 2, 4, 6, 8)) for n in range(5000)]
    patterns = mine((f"ERROR {word} broke", float(n)) for n, word in enumerate(words))
    assert len(patterns) == MOST_PATTERNS


@given(st.lists(st.tuples(st.text(max_size=80), st.none() | st.floats(0, 2e9)), max_size=60))
def test_any_lines_are_counted_once(errors: list[tuple[str, float | None]]) -> None:
    patterns = mine(errors)
    assert sum(one.count for one in patterns) <= len(errors)
    for one in patterns:
        assert (one.first is None) == (one.last is None)
        if one.every_s is not None:
            assert 0 <= one.every_s[0] <= one.every_s[1]


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ((300.0, 900.0), "every 5 to 15 min"),
        ((4.0, 4.2), "every 4 s"),
        ((0.0, 0.5), "several a second"),
        ((7200.0, 10800.0), "every 2 to 3 h"),
    ],
)
def test_cadence_in_words(gaps: tuple[float, float], words: str) -> None:
    assert every(*gaps) == words
