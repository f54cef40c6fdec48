"""What the times in a log mean: by their zone, else by the one that agrees with the file's last write."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from opsconsole.collect.log_times import line_time, zone_of
from opsconsole.collect.logs import read_tail, summary
from opsconsole.model.worker import Log
from tests.makers import AT, worker
from tests.unit.diagnose.scenes import found_by, ids, scene

NOON = datetime(2026, 2, 8, 12, 0, 0).timestamp()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """The machine's time zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.parametrize(
    "line",
    [
        "2026-02-08 09:04:45 ERROR x",
        "2026-02-08 09:04:45,123 - W - INFO - x",
        "[09:04:45] x",
        "[2026-02-08T09:04:45] x",
    ],
)
def test_times_without_a_zone_are_local_unless_told_otherwise(line: str) -> None:
    assert line_time(line, NOON) == datetime(2026, 2, 8, 9, 4, 45).timestamp()
    assert line_time(line, NOON, "") is None


def test_a_zone_is_respected() -> None:
    assert line_time("2026-02-08T09:04:45Z x", NOON, "") == line_time("2026-02-08T10:04:45+01:00 x", NOON)


def test_a_time_of_day_still_to_come_was_yesterdays() -> None:
    after_midnight = datetime(2026, 2, 8, 0, 3, 0).timestamp()
    assert line_time("[23:59:30] x", after_midnight) == datetime(2026, 2, 7, 23, 59, 30).timestamp()
    assert line_time("[00:03:20] x", after_midnight) == datetime(2026, 2, 8, 0, 3, 20).timestamp()


def errors(path: Path, newest_age_s: float, written_age_s: float, utc: bool, form: str = "%Y-%m-%d %H:%M:%S") -> Log:
    """A log with an error every five minutes."""
    clock = time.gmtime if utc else time.localtime
    moments = [AT - newest_age_s - 300 * number for number in range(9, -1, -1)]
    path.write_text("".join(f"{time.strftime(form, clock(moment))} ERROR boom\n" for moment in moments))
    os.utime(path, (AT - written_age_s, AT - written_age_s))
    return summary(path, read_tail(path), AT)


def found(log: Log) -> list[str]:
    return ids(found_by("log-errors", scene(workers=(worker(log=log),))))


@pytest.mark.parametrize("home", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"], indirect=True)
@pytest.mark.parametrize("utc", [True, False], ids=["log in UTC", "log in local time"])
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "[%H:%M:%S]"])
def test_errors_go_on_or_have_ceased_whatever_clock_the_log_goes_by(
    home: str, utc: bool, form: str, tmp_path: Path
) -> None:
    log = errors(tmp_path / "log", 2, 2, utc, form)
    assert log.patterns[0].last == AT - 2
    assert found(log) == ["log-errors:assigner"]
    assert found(errors(tmp_path / "log", 4 * 3600, 4 * 3600, utc, form)) == []


@pytest.mark.parametrize("home", ["America/New_York"], indirect=True)
def test_times_that_agree_with_neither_clock_are_not_known(home: str, tmp_path: Path) -> None:
    log = errors(tmp_path / "log", 2 * 3600, 2, utc=True)
    (pattern,) = log.patterns
    assert (pattern.first, pattern.last, pattern.every_s) == (None, None, (300.0, 300.0))
    assert found(log) == ["log-errors:assigner"], "what is left is that the file was written now"


def test_lines_without_a_time_may_follow_where_both_clocks_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [time.strftime("%Y-%m-%d %H:%M:%S INFO begun", time.gmtime(AT - 9000)), "progress 1", "progress 2"]
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        assert zone_of(lines, AT) == "local"
        assert zone_of(lines[:1], AT) == ""
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        assert zone_of(lines, AT + 18_000) == "", "it may be either"
    time.tzset()


def test_an_error_in_a_file_that_nobody_writes_any_more_has_ceased(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(time.strftime("%Y-%m-%dT%H:%M:%SZ ERROR boom\n", time.gmtime(AT + 3600)) for _ in range(9)))
    os.utime(path, (AT - 7200, AT - 7200))
    assert found(summary(path, read_tail(path), AT)) == []
