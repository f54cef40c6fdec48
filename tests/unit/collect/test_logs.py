"""Tails are bounded and inert; following survives what happens to logs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from opsconsole.collect.files import FileUnreadable
from opsconsole.collect.logs import MOST_AGAIN, LogFollower, LogSource, is_error, read_tail, summary
from opsconsole.model.clock import SystemClock


class Later:
    """A clock that stands at one moment."""

    def __init__(self, at: float) -> None:
        self._at = at

    def wall(self) -> float:
        return self._at

    def monotonic(self) -> float:
        return self._at


@pytest.mark.parametrize(
    "line",
    [
        "2026-02-08 09:04:45 ERROR Failed to get environment info",
        "2026-02-08 09:04:45,123 - AssignerWorker - ERROR - Failed",
        "Traceback (most recent call last):",
        "ValueError: Environment 'reading-ui-improvement' already exists",
        'time=2026-02-08T09:04:45Z level=error msg="db down"',
        '{"level":"error","msg":"db down"}',
        '{"severity": "ERROR", "message": "db down"}',
        '{"level":50,"time":1770541485000,"msg":"db down"}',
        "2026/02/08 09:04:45 [error] 12#0: connect() failed",
        "error: db down",
        "2026-02-08 09:04:45 worker[12]: error: db down",
        "Unhandled promise rejection",
    ],
)
def test_error_lines_are_told(line: str) -> None:
    assert is_error(line)


@pytest.mark.parametrize(
    "line",
    [
        "INFO no errors found",
        "[09:04:45] terror.py started",
        "0 failed",
        "2026-02-08 09:04:45 INFO finished: 0 ERROR, 12 ok",
        "INFO Exception handler installed",
        "INFO ALERT mailbox polled",
        "2026-02-08 09:04:45 WARNING Retrying after Exception",
        'level=info msg="FATAL errors: none"',
        '{"level":30,"msg":"ERROR handler ready"}',
        "finished: 0 ERROR, 12 ok",
        "[alert-manager] started",
    ],
)
def test_other_lines_are_not_errors(line: str) -> None:
    assert not is_error(line)


def test_errors_per_minute_over_the_time_the_lines_span(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f"2026-02-08 09:{minute:02}:00 ERROR x\n" for minute in range(11)))
    os.utime(path, (1_000_000, 1_000_000))
    log = summary(path, read_tail(path), 1_000_000)
    assert (log.errors, log.lines) == (11, 11)
    assert log.errors_per_min == pytest.approx(1.1)


def test_errors_of_long_ago_are_few_a_minute_now(tmp_path: Path) -> None:
    """Whoever wrote last ten hours ago has no rate as if it went on; the rate goes down while nothing is written."""
    path = tmp_path / "log"
    path.write_text("".join(f"2026-02-08 09:{minute:02}:00 ERROR x\n" for minute in range(11)))
    now = time.time()
    os.utime(path, (now - 10 * 3600, now - 10 * 3600))
    source = LogSource((path,))
    rates = []
    for later in (0.0, 600 * 60.0):
        logs = source.read(Later(now + later)).value
        assert logs is not None
        rates.append(logs[path].errors_per_min)
    assert rates == [pytest.approx(11 / 610, rel=1e-3), pytest.approx(11 / 1210, rel=1e-3)]


def test_without_times_the_rate_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("ERROR x\nERROR y\n")
    assert summary(path, read_tail(path), time.time()).errors_per_min is None


def test_a_huge_binary_file_costs_one_bounded_read(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as huge:
        huge.truncate(10 * 1024**3)
        huge.seek(0, os.SEEK_END)
        huge.write(b"end of the hole\n\x00\xff\x1b[31mbinary\nlast\n")
    tail = read_tail(path)
    assert tail.lines[-1] == "last"
    assert "\x1b" not in tail.lines[-2]
    assert not tail.complete


def test_a_fifo_is_refused_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(FileUnreadable, match="FIFO"):
        read_tail(tmp_path / "fifo")


def test_a_symlink_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(FileUnreadable, match="symbolic link"):
        read_tail(tmp_path / "link")


def test_the_source_tells_missing_from_read(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("INFO fine\n")
    source = LogSource((tmp_path / "there", tmp_path / "absent"))
    for _ in range(2):
        logs = source.read(SystemClock()).value
        assert logs is not None
        assert logs[tmp_path / "there"].last_line == "INFO fine"
        assert logs[tmp_path / "absent"].state == "missing"


def test_following_sees_what_is_appended_once_lines_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("one\ntwo")
    follower = LogFollower(path)
    assert follower.poll() == (["one"], "")
    with path.open("a") as log:
        log.write(" halves\nthree\n")
    assert follower.poll() == (["two halves", "three"], "")
    assert follower.poll() == ([], "")


def test_following_survives_rotation_truncation_and_absence(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("one\n")
    follower = LogFollower(path)
    follower.poll()
    path.rename(tmp_path / "log.1")
    lines, note = follower.poll()
    assert (lines, "no such file" in note) == ([], True)
    path.write_text("new\n")
    assert follower.poll() == (["new"], "the log was rotated: this is the new file")
    path.write_text("a\n")
    assert follower.poll() == (["a"], "the log was truncated")


def test_what_comes_too_fast_is_skipped_and_said(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("start\n")
    follower = LogFollower(path)
    follower.poll()
    with path.open("a") as log:
        log.write("filler line\n" * 100_000 + "end\n")
    lines, note = follower.poll()
    assert lines[-1] == "end"
    assert note.startswith("skipped ")


def test_no_more_than_a_few_grown_logs_are_read_again_in_one_cycle_and_each_has_its_turn(tmp_path: Path) -> None:
    paths = tuple(tmp_path / f"{number}.log" for number in range(2 * MOST_AGAIN + 5))
    for path in paths:
        path.write_text("first\n")
    source = LogSource(paths)
    first = source.read(SystemClock()).value
    assert first is not None
    assert {log.last_line for log in first.values()} == {"first"}
    for path in paths:
        path.write_text("first\nsecond\n")
    told = []
    for _ in range(3):
        logs = source.read(SystemClock()).value
        assert logs is not None
        told.append(sum(log.last_line == "second" for log in logs.values()))
    assert told == [MOST_AGAIN, 2 * MOST_AGAIN, len(paths)]
