"""Findings over time: what opens them, what closes them, since when they hold.

A finding opens when it was seen often enough (``steadiness``) and closes when it was seen not to hold often enough,
below thresholds of its own (``recovery``), each time by a source that was read anew. While it cannot be told, it
stays as it is. Time is the Snapshots' own; the part that counts is monotonic. After a jump of the clock, a sleep of
the machine or a pause of ours nothing new opens until things have settled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from opsconsole.config.types import Config
from opsconsole.diagnose.alerts import Alerts
from opsconsole.diagnose.diagnose import conclude, findings_of, wished
from opsconsole.diagnose.look import worker_table
from opsconsole.diagnose.recovery import GRACE_S, recovered_config
from opsconsole.diagnose.rules import RULES
from opsconsole.diagnose.rules.pid_files import WORKERS
from opsconsole.diagnose.slowed import Slowed
from opsconsole.diagnose.steadiness import steadiness
from opsconsole.diagnose.targets import Targets
from opsconsole.diagnose.unknown import unknowns
from opsconsole.diagnose.wakefulness import Wakefulness
from opsconsole.model.alert import Notes
from opsconsole.model.finding import Diagnosis, Finding, Unknown
from opsconsole.model.snapshot import Snapshot

NOTED_S = 600.0
"""For so long what an earlier console noted may still be found again: some things need minutes to be seen at all."""
_EASED = frozenset(
    {"system-load", "cpu-starved", "memory-pressure", "swap-thrash", "disk-full", "worker-failing", "worker-limits"}
)
"""Rules with thresholds, which are asked again with those of recovery."""


class _Track:
    """What is known of one finding over time."""

    def __init__(self, finding: Finding, snapshot: Snapshot, of: int) -> None:
        self.finding = finding
        self.looks: deque[bool] = deque(maxlen=of)
        self.read_at: float | None = None
        """When its source was read for the last look that counted."""
        self.first_at = snapshot.at
        self.held_since: float | None = snapshot.monotonic
        """Monotonic; None while it does not hold."""
        self.open = False
        self.clean = 0
        self.aside_since: float | None = None
        """Monotonic: what explained it closed then, and its own evidence may still be of before."""


class Watch:
    """One engine's findings over time. One thread's."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}
        self.alerts = Alerts()
        self.targets = Targets()
        self._acknowledged: frozenset[str] = frozenset()
        self._restored: frozenset[str] = frozenset()
        """Of these, the ones that an earlier console noted and that were not looked for yet."""
        self._explained: dict[str, frozenset[str]] = {}
        """By the id of each open finding: the symptoms that were told inside it at the last look."""
        self._wakefulness = Wakefulness()
        self._slowed = Slowed()

    def diagnosis(self, snapshot: Snapshot, config: Config) -> Diagnosis:
        """What is open now. Hand in every Snapshot, in order."""
        if self._wakefulness.look(snapshot, config):
            for track in self._tracks.values():
                track.held_since = snapshot.monotonic if track.held_since is not None else None
        findings, bugs = findings_of(snapshot, config)
        holding = {one.id: one for one in findings}
        holding |= self._still(holding, snapshot, config)
        blind = unknowns(snapshot, config)
        for finding_id in {**self._tracks, **holding}:
            self._look(finding_id, holding.get(finding_id), snapshot, config, (*bugs, *blind))
        self._set_aside(snapshot)
        self._forget_closed(snapshot)
        opened = [track for track in self._tracks.values() if track.open]
        standing = [self._told(track) for track in opened if track.aside_since is None]
        aside = [_aside(track.finding, snapshot) for track in opened if track.aside_since is not None]
        made = conclude(
            snapshot,
            config,
            standing,
            (*bugs, *aside),
            self._slowed.verdicts((self._told(track) for track in opened), snapshot),
        )
        self._explained = {one.id: frozenset(each.id for each in one.symptoms if each.muted) for one in made.findings}
        return wished(made, snapshot, config, self.alerts, self.targets)

    def _set_aside(self, snapshot: Snapshot) -> None:
        """Symptoms of what has just closed wait for evidence of their own before they are told by themselves.

        What was started a moment ago may not have told others yet that it is there, however often they are asked.
        """
        for leader, symptoms in self._explained.items():
            if leader not in self._tracks:
                for symptom in symptoms & self._tracks.keys():
                    self._tracks[symptom].aside_since = snapshot.monotonic

    def acknowledge(self, finding_id: str) -> bool:
        """Take note of a finding until it closes, or take that back; whether it is acknowledged now. Any thread's."""
        taken = finding_id not in self._acknowledged
        self._acknowledged = self._acknowledged ^ {finding_id}
        return taken

    def notes(self) -> Notes:
        """What a person has taken note of, for keeping. Any thread's."""
        return Notes(tuple(sorted(self._acknowledged)), self.alerts.notes())

    def take_notes(self, notes: Notes) -> None:
        """Go on from what was noted before. Hand it in before the first Snapshot."""
        self._acknowledged = self._restored = frozenset(notes.findings)
        self.alerts.take(notes.alerts)

    def _forget_closed(self, snapshot: Snapshot) -> None:
        """What was noted before and has not been found again is closed: found later, it is news."""
        if self._restored and snapshot.monotonic - self._wakefulness.began >= NOTED_S:
            self._acknowledged -= self._restored - self._tracks.keys()
            self._restored = frozenset()

    def _still(self, holding: dict[str, Finding], snapshot: Snapshot, config: Config) -> dict[str, Finding]:
        """What is open and would not open now, but is not yet below where it is left."""
        leaving = {
            track.finding.rule
            for name, track in self._tracks.items()
            if track.open and name not in holding and track.finding.rule in _EASED
        }
        if not leaving:
            return {}
        eased, _ = findings_of(snapshot, recovered_config(config), [rule for rule in RULES if rule.name in leaving])
        return {
            one.id: msgspec.structs.replace(one, verify=self._tracks[one.id].finding.verify)
            for one in eased
            if one.id not in holding and one.id in self._tracks and self._tracks[one.id].open
        }

    def _look(
        self,
        finding_id: str,
        held: Finding | None,
        snapshot: Snapshot,
        config: Config,
        blind: Iterable[Unknown],
    ) -> None:
        track = self._tracks.get(finding_id)
        if track is None:
            if held is None:
                return
            track = self._tracks[finding_id] = _Track(held, snapshot, steadiness(held, config).of)
        wanted = steadiness(track.finding, config)
        if track.looks.maxlen != wanted.of:
            track.looks = deque(track.looks, maxlen=wanted.of)
        if held is None and _cannot_be_told(track.finding, blind):
            track.held_since = None
            return
        read_at = _read_at(track.finding, snapshot)
        anew = read_at is None or read_at != track.read_at
        track.read_at = read_at
        if anew:
            track.looks.append(held is not None)
        if held is None:
            self._fade(finding_id, track, anew, config)
            return
        track.finding, track.clean = held, 0
        if anew and track.aside_since is not None and snapshot.monotonic - track.aside_since >= GRACE_S:
            track.aside_since = None
        if track.held_since is None:
            track.held_since = snapshot.monotonic
        if not track.open and self._may_open(track, snapshot, config):
            track.open = True

    def _fade(self, finding_id: str, track: _Track, anew: bool, config: Config) -> None:
        track.held_since = None
        track.clean += anew
        closes = track.clean >= steadiness(track.finding, config).clean if track.open else not any(track.looks)
        if closes:
            del self._tracks[finding_id]
            self._acknowledged -= {finding_id}

    def _may_open(self, track: _Track, snapshot: Snapshot, config: Config) -> bool:
        wanted = steadiness(track.finding, config)
        if sum(track.looks) < wanted.holds or track.held_since is None:
            return False
        if snapshot.monotonic - track.held_since < wanted.for_s:
            return False
        return self._wakefulness.settled(snapshot, _settles_in(track.finding, config))

    def _told(self, track: _Track) -> Finding:
        since = track.finding.since if track.finding.since is not None else track.first_at
        return msgspec.structs.replace(
            track.finding,
            since=since,
            recovering=track.clean > 0,
            acknowledged=track.finding.id in self._acknowledged,
        )


def _aside(finding: Finding, snapshot: Snapshot) -> Unknown:
    """What explained it has closed, and its own evidence is still of before."""
    why = "what explained it is put right; it is looked at again before it is told by itself"
    return Unknown(finding.title, why, snapshot.at, (finding.rule,), (finding.subject,))


def _cannot_be_told(finding: Finding, blind: Iterable[Unknown]) -> bool:
    joint = finding.rule == "worker-pidfile" and finding.subject == WORKERS
    subjects = set(finding.remedy.targets) if joint else {finding.subject}
    return any(finding.rule in one.rules and (not one.items or subjects & set(one.items)) for one in blind)


def _settles_in(finding: Finding, config: Config) -> float:
    """Ages are told by the wall clock: after a sleep everything is old, until it had time to move again."""
    if finding.rule == "worker-silent":
        table = worker_table(config, finding.subject)
        return float(table.silent_after) if table is not None and table.silent_after is not None else 0.0
    if finding.rule == "session-idle":
        return float(config.sessions.review_after)
    return 0.0


_SOURCES = {
    "port": "ports",
    "worker": "workers",
    "log": "workers",
    "session": "sessions",
    "sessions": "sessions",
    "env": "environments",
    "disk": "disks",
}
"""By the first word of a rule's name: the reading that it judges. Everything else judges the system."""


def _read_at(finding: Finding, snapshot: Snapshot) -> float | None:
    """When the source of its evidence was last read."""
    rule = finding.rule
    if rule == "worker-failing":
        return snapshot.queue.at
    if rule.startswith("site-"):
        return next((one.checked_at for one in snapshot.sites.value or () if one.name == finding.subject), None)
    if rule == "service-degraded":
        return next((one.probed_at for one in snapshot.services.value or () if one.name == finding.subject), None)
    if rule == "service-down":
        return snapshot.ports.at
    at: float | None = getattr(snapshot, _SOURCES.get(rule.split("-")[0], "system")).at
    return at
