"""What a console keeps of what happens: findings that open and close, who took note, across its own end."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import msgspec
import pytest

from opsconsole.config.types import Config
from opsconsole.diagnose import diagnose
from opsconsole.engine.happenings import REFOUND_WITHIN_S, Happenings
from opsconsole.engine.history_file import FILE_NAME, read_events, read_past
from opsconsole.engine.recorder import Recorder
from opsconsole.model.event import Event
from opsconsole.model.finding import Diagnosis, Finding, Unknown
from opsconsole.model.snapshot import Snapshot
from tests import samples
from tests.makers import AT


@pytest.fixture(scope="module")
def diagnosis() -> Diagnosis:
    made = diagnose(samples.incident(), Config())
    assert len(made.findings) >= 3
    return made


def only(diagnosis: Diagnosis, *findings: Finding, at: float = AT, **more: object) -> Diagnosis:
    return msgspec.structs.replace(diagnosis, at=at, findings=findings, muted=(), unknown=(), **more)


def told(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.kind, event.subject) for event in events]


def test_a_finding_opens_is_noted_and_closes(diagnosis: Diagnosis) -> None:
    one, other, *_ = diagnosis.findings
    noted = msgspec.structs.replace(other, acknowledged=True)
    watch = Happenings({}, by="ops")
    begun = watch.look(only(diagnosis, one, other), 0.0)
    assert told(begun) == [("opened", f"finding:{one.id}"), ("opened", f"finding:{other.id}")]
    assert begun[0].finding == one
    assert begun[0].by == "opsconsole"
    assert watch.look(only(diagnosis, one, other, at=AT + 2), 2.0) == []
    (note,) = watch.look(only(diagnosis, one, noted, at=AT + 4), 4.0)
    assert (note.kind, note.by, note.title) == ("acknowledged", "ops", other.title)
    (taken_back,) = watch.look(only(diagnosis, one, other, at=AT + 6), 6.0)
    assert (taken_back.kind, taken_back.by) == ("unacknowledged", "ops")
    watch.look(only(diagnosis, noted), 8.0)
    assert told(watch.look(only(diagnosis), 10.0)) == [("closed", f"finding:{other.id}")], "its note goes with it"


def test_what_is_told_inside_another_finding_has_not_closed(diagnosis: Diagnosis) -> None:
    one, other, *_ = diagnosis.findings
    watch = Happenings({}, by="ops")
    watch.look(only(diagnosis, one, other), 0.0)
    inside = msgspec.structs.replace(only(diagnosis, one), muted=(other,))
    assert watch.look(inside, 2.0) == []
    assert watch.look(only(diagnosis, one, other), 4.0) == []
    assert told(watch.look(only(diagnosis, one), 6.0)) == [("closed", f"finding:{other.id}")]


def test_what_an_earlier_console_left_open_is_not_opened_again_nor_closed_too_soon(diagnosis: Diagnosis) -> None:
    one, other, *_ = diagnosis.findings
    before = Happenings({}, by="ops")
    left = {(event.kind, event.subject): event for event in before.look(only(diagnosis, one, other), 0.0)}
    watch = Happenings(left, by="ops")
    assert watch.look(only(diagnosis), 100.0) == []
    assert watch.look(only(diagnosis, one), 110.0) == []
    assert told(watch.look(only(diagnosis), 120.0)) == [("closed", f"finding:{one.id}")], "seen here, and gone here"
    blind = msgspec.structs.replace(only(diagnosis), unknown=(Unknown(other.subject, "no answer", AT, (other.rule,)),))
    assert watch.look(blind, 100.0 + REFOUND_WITHIN_S + 1) == []
    (closed,) = watch.look(only(diagnosis), 100.0 + REFOUND_WITHIN_S + 3)
    assert (closed.kind, closed.detail) == ("closed", "while no console looked")


def snapshots(diagnosis: Diagnosis, *findings: Finding) -> Snapshot:
    return msgspec.structs.replace(samples.incident(), diagnosis=only(diagnosis, *findings))


def until(true: object, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline, "did not come to be"
        time.sleep(0.01)


def test_minutes_and_events_are_on_the_disk_and_two_consoles_tell_a_thing_once(
    tmp_path: Path, diagnosis: Diagnosis
) -> None:
    state, problems = tmp_path / "state", []
    one, *_ = diagnosis.findings
    for _console in range(2):
        recorder = Recorder(state, samples.SampleHistory(), problems.append)
        recorder.start()
        until(lambda made=recorder: made._happenings is not None)
        for step in (0.0, 30.0, 61.0):
            at = samples.incident().at + step
            recorder.take(msgspec.structs.replace(snapshots(diagnosis, one), at=at, monotonic=1000.0 + step))
        recorder.stop()
    past = read_past(state, 0.0, AT + 3600).value
    events = read_events(state, 10, AT).value or ()
    assert past is not None
    assert len(past.times) == 1
    assert past.series["load1"][0] is not None
    assert [event.kind for event in events] == ["opened"]
    assert problems == []


def test_a_disk_that_takes_nothing_is_told_once_and_events_wait_for_it(tmp_path: Path, diagnosis: Diagnosis) -> None:
    state, problems = tmp_path / "state", []
    state.mkdir(mode=0o700)
    (state / FILE_NAME).mkdir()
    seen = threading.Event()
    recorder = Recorder(state, samples.SampleHistory(), lambda problem: (problems.append(problem), seen.set()))
    recorder.start()
    assert seen.wait(20)
    until(lambda: recorder._happenings is not None)
    one, other, *_ = diagnosis.findings
    recorder.take(snapshots(diagnosis, one))
    until(recorder._entries.empty)
    (state / FILE_NAME).rmdir()
    recorder.take(snapshots(diagnosis, one, other))
    recorder.stop()
    assert [event.subject for event in read_events(state, 10, AT).value or ()] == [
        f"finding:{other.id}",
        f"finding:{one.id}",
    ]
    assert len(problems) == 1
    assert "is not a regular file" in problems[0]
