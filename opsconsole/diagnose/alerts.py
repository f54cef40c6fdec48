"""Alerts over time: pending, active, their ladder, acknowledged or silenced.

Nothing here acts: each rung of a ladder is a proposal with a time from which on it is made; nothing is proposed of what
somebody has acknowledged. What counts time is the Snapshots' monotonic clock; what the machine slept, what we paused
and what was not known is no time in which a condition held. What an earlier console saw of an active alert goes on
where its condition holds still; the time between the two is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping

from opsconsole.config.condition import Name, longest_age, metrics_in, parse_condition
from opsconsole.config.metrics import metric_named
from opsconsole.config.types import AlertTable, Config
from opsconsole.diagnose.conditions import holds
from opsconsole.diagnose.metrics import Value, read_metric
from opsconsole.diagnose.wakefulness import Wakefulness
from opsconsole.model.alert import Alert, AlertNote, AlertState, Held, Measured, Rung
from opsconsole.model.snapshot import Snapshot

CLEAN = 2
"""Looks in a row in which a condition must not hold before its alert is quiet again."""

LONGEST_SILENCE_S = 7 * 86_400.0
"""A silence that was kept for longer than this is not believed: the clock was wrong then, or is now."""
GOES_ON_WITHIN_S = 300.0
"""For so long nobody may have looked at an active alert that is taken to have gone on: a console that is started again,
a link that dropped. After more it is a new one."""
DRIFT_S = 5.0
"""By how much what was kept may lie ahead of what is possible: clocks are set a little."""


class _Track:
    def __init__(self, condition: str = "") -> None:
        self.condition = condition
        self.before: Held | None = None
        """What an earlier console saw of it, until its condition is known for the first time."""
        self.since: float | None = None
        """Wall clock, for showing."""
        self.seen: float | None = None
        """Wall clock: when it was last seen to hold."""
        self.held_s: float | None = None
        """For how long it was seen to hold; None while it does not."""
        self.active_s: float | None = None
        """For how long of that it was active; None while it is not."""
        self.going = False
        """Whether it was seen to hold at the last look."""
        self.clean = 0
        self.acknowledged = False
        self.silenced_until: float | None = None
        """Monotonic."""
        self.silenced_until_wall: float | None = None
        """The same moment, for keeping."""


class Alerts:
    """The alerts of one config. ``acknowledge`` and ``silence`` may be called from any thread."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}
        self._at = self._monotonic = 0.0
        self._wakefulness = Wakefulness()
        self._passed = 0.0
        """Between the last two Snapshots, seconds in which somebody looked."""
        self._held: dict[str, Held] = {}
        self._restored: dict[str, AlertNote] = {}
        """What an earlier console noted: taken over at the first look, which knows what time it is."""

    def acknowledge(self, name: str) -> bool:
        """Take note of an alert until it is quiet again, or take that back; whether it is acknowledged now."""
        track = self._tracks.setdefault(name, _Track())
        track.acknowledged = not track.acknowledged
        return track.acknowledged

    def silence(self, name: str, for_s: float) -> None:
        """Do not propose anything for so long; 0 ends a silence."""
        track = self._tracks.setdefault(name, _Track())
        track.silenced_until = self._monotonic + for_s if for_s > 0 else None
        track.silenced_until_wall = self._at + for_s if for_s > 0 else None

    def notes(self) -> dict[str, AlertNote]:
        """What is acknowledged or silenced now, for keeping."""
        return self._restored | {
            name: AlertNote(track.acknowledged, track.silenced_until_wall)
            for name, track in list(self._tracks.items())
            if track.acknowledged or track.silenced_until is not None
        }

    def take(self, notes: Mapping[str, AlertNote]) -> None:
        """Go on from what was noted before. Hand it in before the first Snapshot."""
        self._restored = dict(notes)

    def take_held(self, held: Mapping[str, Held]) -> None:
        """Go on from how far active alerts had come, by name. Hand it in before the first Snapshot."""
        self._held = dict(held)

    def look(self, snapshot: Snapshot, config: Config, score: float | None) -> tuple[Alert, ...]:
        """All alerts in the order of the config. Hand in every Snapshot, in order."""
        broke_off = self._wakefulness.look(snapshot, config)
        self._passed = 0.0 if broke_off else snapshot.monotonic - self._monotonic
        self._at, self._monotonic = snapshot.at, snapshot.monotonic
        self._take_over()
        if broke_off:
            for track in self._tracks.values():
                if track.active_s is None:
                    _begin_anew(track)
        return tuple(self._look(table, snapshot, config, score) for table in config.alert)

    def _take_over(self) -> None:
        restored, self._restored = self._restored, {}
        for name, note in restored.items():
            track = self._tracks.setdefault(name, _Track())
            track.acknowledged = note.acknowledged
            if note.silenced_until is not None and 0 < note.silenced_until - self._at <= LONGEST_SILENCE_S:
                self.silence(name, note.silenced_until - self._at)

    def _look(self, table: AlertTable, snapshot: Snapshot, config: Config, score: float | None) -> Alert:
        track = self._track(table)
        condition = parse_condition(table.when)
        values = {name: read_metric(name, snapshot, config, score) for name in metrics_in(condition)}
        held = holds(condition, {name: value.value for name, value in values.items()})
        if track.before is not None and held is not None:
            _go_on(track, held, snapshot.at)
        settled = self._wakefulness.settled(snapshot, longest_age(condition))
        _follow(track, held, snapshot.at, self._passed, float(table.for_) if settled else None)
        state: AlertState = "active" if track.active_s is not None else "quiet"
        if state == "quiet" and held is None:
            state = "unknown" if all(value.configured for value in values.values()) else "unconfigured"
        elif state == "quiet" and held:
            state = "pending"
        return Alert(
            name=table.name,
            condition=table.when,
            state=state,
            since=track.since,
            for_s=float(table.for_),
            measured=tuple(_measured(name, value) for name, value in values.items()),
            ladder=self._ladder(table, track, snapshot),
            acknowledged=track.acknowledged,
            silenced_until=self._silenced_until(track, snapshot),
            held_s=track.held_s or 0.0,
            active_s=track.active_s,
            seen=track.seen,
        )

    def _track(self, table: AlertTable) -> _Track:
        """Of this alert. Under another condition it has another ladder to climb."""
        track = self._tracks.setdefault(table.name, _Track())
        if track.condition != table.when:
            track.condition, track.before = table.when, None
            _begin_anew(track)
        if (held := self._held.pop(table.name, None)) is not None and held.condition == table.when:
            track.before = held
        return track

    def _ladder(self, table: AlertTable, track: _Track, snapshot: Snapshot) -> tuple[Rung, ...]:
        quiet = track.acknowledged or self._silenced_until(track, snapshot) is not None
        passed = -1.0 if quiet or track.active_s is None else track.active_s
        rungs = [(0.0, table.do)] if table.do else []
        rungs += [(float(one.after), one.do) for one in table.escalate]
        return tuple(Rung(after, do, passed >= after) for after, do in sorted(rungs, key=lambda rung: rung[0]))

    def _silenced_until(self, track: _Track, snapshot: Snapshot) -> float | None:
        if track.silenced_until is None or track.silenced_until <= snapshot.monotonic:
            track.silenced_until = track.silenced_until_wall = None
            return None
        return snapshot.at + track.silenced_until - snapshot.monotonic


def _begin_anew(track: _Track) -> None:
    track.since = track.seen = track.held_s = track.active_s = None
    track.going = False


def _go_on(track: _Track, held: bool, at: float) -> None:
    """Decide on what an earlier console saw, now that its condition is known: whether it may be the same one still."""
    before, track.before = track.before, None
    if before is None or not held or not 0.0 <= before.active_s <= before.held_s:
        return
    unseen = at - before.seen
    if -DRIFT_S <= unseen <= GOES_ON_WITHIN_S and before.held_s <= before.seen - before.since + DRIFT_S:
        track.since, track.held_s, track.active_s = before.since, before.held_s, before.active_s


def _follow(track: _Track, held: bool | None, at: float, passed_s: float, active_after_s: float | None) -> None:
    """Take in one look. ``active_after_s`` is None while nothing new may become active."""
    going, track.going = track.going, held is True
    if held is None:
        # What cannot be told neither raises nor ends anything, and for so long it was not held.
        if track.active_s is None:
            _begin_anew(track)
        return
    if not held:
        track.clean += 1
        if track.active_s is None or track.clean >= CLEAN:
            _begin_anew(track)
        if track.clean >= CLEAN:
            track.acknowledged = False
        return
    track.clean = 0
    track.seen = at
    counted = passed_s if going else 0.0
    if track.held_s is None:
        track.since, track.held_s = at, 0.0
    track.held_s += counted
    if track.active_s is not None:
        track.active_s += counted
    elif active_after_s is not None and track.held_s >= active_after_s:
        track.active_s = 0.0


def _measured(name: Name, value: Value) -> Measured:
    metric = metric_named(name)
    return Measured(".".join(name), value.value, metric.kind if metric is not None else "number")
