"""Alerts over time: pending, active, their ladder, acknowledged or silenced.

Nothing here acts: each rung of a ladder is a proposal with a time from which on it is made; nothing is proposed of what
somebody has acknowledged. What counts time is the Snapshots' monotonic clock; what the machine slept, what we paused
and what was not known is no time in which a condition held.
"""

from __future__ import annotations

from collections.abc import Mapping

from opsconsole.config.condition import Name, longest_age, metrics_in, parse_condition
from opsconsole.config.metrics import metric_named
from opsconsole.config.types import AlertTable, Config
from opsconsole.diagnose.conditions import holds
from opsconsole.diagnose.metrics import Value, read_metric
from opsconsole.diagnose.wakefulness import Wakefulness
from opsconsole.model.alert import Alert, AlertNote, AlertState, Measured, Rung
from opsconsole.model.snapshot import Snapshot

CLEAN = 2
"""Looks in a row in which a condition must not hold before its alert is quiet again."""

LONGEST_SILENCE_S = 7 * 86_400.0
"""A silence that was kept for longer than this is not believed: the clock was wrong then, or is now."""


class _Track:
    def __init__(self) -> None:
        self.since: float | None = None
        """Wall clock, for showing."""
        self.held_since: float | None = None
        """Monotonic."""
        self.active_since: float | None = None
        """Monotonic."""
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

    def look(self, snapshot: Snapshot, config: Config, score: float | None) -> tuple[Alert, ...]:
        """All alerts in the order of the config. Hand in every Snapshot, in order."""
        self._at, self._monotonic = snapshot.at, snapshot.monotonic
        self._take_over()
        if self._wakefulness.look(snapshot, config):
            for track in self._tracks.values():
                if track.active_since is None:
                    track.since = track.held_since = None
        return tuple(self._look(table, snapshot, config, score) for table in config.alert)

    def _take_over(self) -> None:
        restored, self._restored = self._restored, {}
        for name, note in restored.items():
            track = self._tracks.setdefault(name, _Track())
            track.acknowledged = note.acknowledged
            if note.silenced_until is not None and 0 < note.silenced_until - self._at <= LONGEST_SILENCE_S:
                self.silence(name, note.silenced_until - self._at)

    def _look(self, table: AlertTable, snapshot: Snapshot, config: Config, score: float | None) -> Alert:
        track = self._tracks.setdefault(table.name, _Track())
        condition = parse_condition(table.when)
        values = {name: read_metric(name, snapshot, config, score) for name in metrics_in(condition)}
        held = holds(condition, {name: value.value for name, value in values.items()})
        _follow(track, held, snapshot, float(table.for_), self._wakefulness.settled(snapshot, longest_age(condition)))
        state: AlertState = "active" if track.active_since is not None else "quiet"
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
        )

    def _ladder(self, table: AlertTable, track: _Track, snapshot: Snapshot) -> tuple[Rung, ...]:
        quiet = track.acknowledged or track.active_since is None or self._silenced_until(track, snapshot) is not None
        passed = -1.0 if quiet or track.active_since is None else snapshot.monotonic - track.active_since
        rungs = [(0.0, table.do)] if table.do else []
        rungs += [(float(one.after), one.do) for one in table.escalate]
        return tuple(Rung(after, do, passed >= after) for after, do in sorted(rungs, key=lambda rung: rung[0]))

    def _silenced_until(self, track: _Track, snapshot: Snapshot) -> float | None:
        if track.silenced_until is None or track.silenced_until <= snapshot.monotonic:
            track.silenced_until = track.silenced_until_wall = None
            return None
        return snapshot.at + track.silenced_until - snapshot.monotonic


def _follow(track: _Track, held: bool | None, snapshot: Snapshot, for_s: float, settled: bool) -> None:
    if held is None:
        # What cannot be told neither raises nor ends anything, and for so long it was not held.
        if track.active_since is None:
            track.since = track.held_since = None
        return
    if not held:
        track.clean += 1
        if track.active_since is None or track.clean >= CLEAN:
            track.since = track.held_since = track.active_since = None
        if track.clean >= CLEAN:
            track.acknowledged = False
        return
    track.clean = 0
    if track.held_since is None:
        track.since, track.held_since = snapshot.at, snapshot.monotonic
    if track.active_since is None and settled and snapshot.monotonic - track.held_since >= for_s:
        track.active_since = snapshot.monotonic


def _measured(name: Name, value: Value) -> Measured:
    metric = metric_named(name)
    return Measured(".".join(name), value.value, metric.kind if metric is not None else "number")
