"""History on the disk: bounded, for us alone, shared by two consoles, and read without being touched."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

from opsconsole.engine.history_file import (
    FILE_NAME,
    KEPT_EVENTS,
    KEPT_MINUTES_S,
    KEPT_TENS_S,
    MINUTE_S,
    TEN_S,
    HistoryFile,
    read_events,
    read_past,
)
from opsconsole.model.event import Event, EventKind
from opsconsole.model.sample import Sample

AT = 1_770_570_000.0
"""A whole number of ten minutes."""


def event(kind: EventKind, subject: str = "finding:system-load:load", at: float = AT, **more: object) -> Event:
    return Event(at=at, kind=kind, subject=subject, title="Load is high", **more)  # type: ignore[arg-type]


def count(directory: Path, table: str) -> int:
    connection = sqlite3.connect(directory / FILE_NAME)
    try:
        return int(connection.execute(f"select count(*) from {table}").fetchone()[0])
    finally:
        connection.close()


def test_what_was_recorded_is_there_for_the_next_console_and_unknown_is_a_gap(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = HistoryFile(state)
    first.write(AT, {"load1": Sample(1.0, 2.0), "swap_used": None}, ())
    first.close()
    second = HistoryFile(state)
    second.write(AT + MINUTE_S, {"load1": Sample(3.0, 3.0)}, ())
    second.close()
    past = read_past(state, AT - 900, AT + 120).value
    assert past is not None
    assert past.times == (AT, AT + MINUTE_S)
    assert past.series == {"load1": (Sample(1.0, 2.0), Sample(3.0, 3.0)), "swap_used": (None, None)}
    assert stat.S_IMODE((state / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_days_of_minutes_become_means_of_ten_and_what_is_older_goes(tmp_path: Path) -> None:
    state = tmp_path / "state"
    file = HistoryFile(state)
    file.write(AT - KEPT_TENS_S - TEN_S, {"load1": Sample(9.0, 9.0)}, ())
    for minute in range(30):
        file.write(AT + minute * MINUTE_S, {"load1": Sample(float(minute), minute + 0.5)}, ())
    now = AT + KEPT_MINUTES_S + 1800 + MINUTE_S
    file.write(now, {"load1": Sample(1.0, 1.0)}, ())
    file.close()
    assert count(state, "minutes") == 1
    past = read_past(state, AT - 86_400, now).value
    assert past is not None
    assert past.every_s == TEN_S
    assert past.times == (AT, AT + TEN_S, AT + 2 * TEN_S, now // MINUTE_S * MINUTE_S), "and what is not summed up yet"
    assert past.series["load1"] == (
        *(Sample(4.5, 9.5), Sample(14.5, 19.5), Sample(24.5, 29.5)),
        Sample(1.0, 1.0),
    )


def test_two_consoles_keep_one_minute_between_them(tmp_path: Path) -> None:
    state = tmp_path / "state"
    one, other = HistoryFile(state), HistoryFile(state)
    one.write(AT, {"load1": Sample(1.0, 1.0)}, (event("opened"),))
    other.write(
        AT + 20, {"load1": Sample(7.0, 7.0), "cpu:worker:other": Sample(2.0, 2.0)}, (event("opened", at=AT + 1),)
    )
    past = read_past(state, AT, AT + 60).value
    assert past is not None
    assert past.series == {"load1": (Sample(1.0, 1.0),), "cpu:worker:other": (Sample(2.0, 2.0),)}
    assert [one.at for one in read_events(state, 10, AT).value or ()] == [AT], "what both saw is told once"
    one.write(AT, {}, (event("closed", at=AT + 2),))
    other.write(AT, {}, (event("closed", at=AT + 3),))
    assert [one.kind for one in read_events(state, 10, AT).value or ()] == ["closed", "opened"]
    one.close()
    other.close()


def test_what_stands_is_what_has_begun_and_not_ended(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path / "state")
    file.write(AT, {}, (event("opened"), event("acknowledged", by="ops"), event("opened", "finding:disk-full:/")))
    file.write(AT, {}, (event("silenced", "alert:Load", until=AT + 60), event("closed")))
    file.write(AT, {}, (event("silenced", "alert:Load", until=AT + 3600),))
    assert set(file.standing()) == {("opened", "finding:disk-full:/"), ("silenced", "alert:Load")}
    assert file.standing()["silenced", "alert:Load"].until == AT + 3600
    file.write(AT, {}, (event("opened"), event("acknowledged", by="ops")))
    assert ("acknowledged", "finding:system-load:load") in file.standing(), "opened again, it can be noted again"
    file.close()


def test_events_are_bounded_and_a_clock_that_was_ahead_leaves_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    file = HistoryFile(state)
    file.write(AT + 86_400, {"load1": Sample(1.0, 1.0)}, ())
    for number in range(3):
        many = [event("opened", f"finding:rule:{number}-{each}") for each in range(KEPT_EVENTS // 2)]
        file.write(AT + number, {"load1": Sample(1.0, 1.0)}, many)
    file.write(AT + MINUTE_S, {"load1": Sample(1.0, 1.0)}, ())
    file.close()
    assert count(state, "events") == KEPT_EVENTS
    assert count(state, "minutes") == 2
    past = read_past(state, AT - 60, AT + 90_000).value
    assert past is not None
    assert past.times == (AT, AT + MINUTE_S)


def test_a_finding_that_another_version_told_is_left_out_of_its_event(tmp_path: Path) -> None:
    state = tmp_path / "state"
    file = HistoryFile(state)
    file.write(AT, {}, (event("opened"),))
    file._connection.execute("update events set document = json_set(document, '$.finding', json('{\"rule\": 7}'))")
    assert file.standing()["opened", "finding:system-load:load"].finding is None
    file.close()
    assert [one.title for one in read_events(state, 5, AT).value or ()] == ["Load is high"]


def test_reading_makes_nothing_and_says_why_it_cannot_read(tmp_path: Path) -> None:
    state = tmp_path / "state"
    nothing = read_past(state, 0, AT)
    assert nothing.ok
    assert nothing.value is not None
    assert nothing.value.times == ()
    assert not state.exists()
    state.mkdir(mode=0o700)
    (state / FILE_NAME).write_bytes(b"this is no database, whatever its name says" * 50)
    assert "not a database" in read_past(state, 0, AT).reason
    assert "not a database" in read_events(state, 5, AT).reason
    assert [one.name for one in state.iterdir()] == [FILE_NAME]
