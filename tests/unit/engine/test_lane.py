"""A slow source keeps nobody waiting and never shows old news as fresh."""

from __future__ import annotations

import threading
import time

from opsconsole.engine.lane import Lane
from opsconsole.model.clock import Clock, SystemClock
from opsconsole.model.reading import Reading, ok


class Held:
    """A source whose answer the test holds back."""

    name = "held"
    every_s = 60.0

    def __init__(self, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self.release = threading.Event()
        self.asked = threading.Event()
        self.count = 0

    def read(self, clock: Clock) -> Reading[int]:
        self.count += 1
        self.asked.set()
        self.release.wait(30)
        return ok(self.count, clock.wall())


class Broken:
    name = "broken"
    every_s = 60.0
    deadline_s = 1.0

    def read(self, clock: Clock) -> Reading[int]:
        raise ValueError("a bug")


def delivered() -> None:
    pass


def wait_for(condition: object, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.005)


def test_before_the_first_answer_it_is_unknown_with_the_reason() -> None:
    lane = Lane(Held(5.0), SystemClock(), delivered)
    assert (lane.reading().state, lane.reading().reason) == ("unknown", "held: not read yet")
    assert lane.reading().pending


def test_a_source_that_overstays_its_deadline_is_unknown_and_is_heard_again_when_it_answers() -> None:
    source = Held(0.01)
    lane = Lane(source, SystemClock(), delivered)
    lane.start()
    try:
        wait_for(lambda: "no answer within" in lane.reading().reason)
        source.release.set()
        wait_for(lambda: lane.reading().ok)
        assert lane.reading().value == 1
    finally:
        source.release.set()
        lane.stop()


def test_turns_that_were_missed_are_dropped_not_queued() -> None:
    source = Held(5.0)
    lane = Lane(source, SystemClock(), delivered)
    lane.start()
    try:
        assert source.asked.wait(10)
        for _ in range(50):
            lane.ask_now()
        source.release.set()
        wait_for(lambda: source.count >= 2)
        wait_for(lambda: lane.reading().value == source.count)
        assert source.count == 2
    finally:
        lane.stop()


def test_a_bug_in_a_source_shows_as_unknown_and_names_itself() -> None:
    lane = Lane(Broken(), SystemClock(), delivered)
    lane.start()
    try:
        wait_for(lambda: "a bug" in lane.reading().reason)
        assert lane.reading().state == "unknown"
    finally:
        lane.stop()
