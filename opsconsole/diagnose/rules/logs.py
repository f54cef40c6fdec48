"""Rule on logs: the same error again and again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from opsconsole.config.types import Config
from opsconsole.diagnose.known_errors import known_error
from opsconsole.diagnose.words import every, listed, look_at_log, several
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.log_pattern import LogPattern
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Log

SOONEST_S, LATEST_S = 60.0, 3600.0
"""A pattern has ceased when two of its usual gaps have passed without it, within these bounds."""


class Logged(NamedTuple):
    """A log of the config, and whose it is."""

    name: str
    log: Log
    read_at: float | None


def logs_of(snapshot: Snapshot) -> Iterator[Logged]:
    """Each log once: of the workers, then of the services; a service that is called like a worker says so."""
    names, paths = set[str](), set[str]()
    for worker in snapshot.workers.value or ():
        names.add(worker.name)
        if worker.log is not None:
            paths.add(worker.log.path)
            yield Logged(worker.name, worker.log, snapshot.workers.at)
    for service in snapshot.services.value or ():
        if service.log_tail is not None and service.log_tail.path not in paths:
            paths.add(service.log_tail.path)
            name = f"service {service.name}" if service.name in names else service.name
            yield Logged(name, service.log_tail, snapshot.services.at)


def log_errors(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A worker or service writes the same error again and again: lines alike but for times, numbers, ids, quoted names.

    Evidence: the patterns in the last 64 KB of its log, with count, first, last, cadence and the newest line.
    Blind spots: errors that are not called so in the line, by its level or else by its words; logs whose lines carry no
    time, or times without a zone that are neither local nor UTC by the file's last write, are judged by that; a service
    without `log` in the config has none to be read.
    """
    for logged in logs_of(snapshot):
        going_on = [
            one
            for one in logged.log.patterns
            if one.count >= config.diagnose.log_errors and _goes_on(one, logged.log, snapshot)
        ]
        if going_on:
            yield _finding(logged, going_on, config)


def _finding(logged: Logged, going_on: list[LogPattern], config: Config) -> Finding:
    path = logged.log.path
    known = [(one, each) for one in going_on if (each := known_error(one.sample, config)) is not None]
    firsts = [one.first for one in going_on if one.first is not None]
    return found(
        "log-errors",
        "low",
        logged.name,
        f"{logged.name} logs errors again and again: {going_on[0].template}"[:150],
        evidence=tuple(Evidence(path, logged.read_at, pattern_fact(one)) for one in going_on),
        root_cause="; ".join(dict.fromkeys(f"{each.name}: {each.cause}" for _, each in known))
        or "not a known kind of error: its lines say what there is to know",
        impact=f"{several(sum(one.count for one in going_on), 'error')} at the end of its log, work not done",
        remedy=Remedy(
            steps=(f"read them: {look_at_log(path)}", *dict.fromkeys(each.fix for _, each in known if each.fix))
        ),
        verify=f"none of these for two of their usual gaps: {listed(one.template for one in going_on)}"[:300],
        since=min(firsts, default=None),
    )


def pattern_fact(pattern: LogPattern) -> str:
    """``29 times, every 5 to 15 min: TEMPLATE``."""
    cadence = f", {every(*pattern.every_s)}" if pattern.every_s is not None else ""
    return f"{several(pattern.count, 'time')}{cadence}: {pattern.template}"


def _goes_on(pattern: LogPattern, log: Log, snapshot: Snapshot) -> bool:
    # A file that nobody has written since tells nothing newer, whatever its lines say.
    since = snapshot.at - pattern.last if pattern.last is not None else None
    known = [age for age in (log.age_s, since) if age is not None]
    if not known:
        return False
    usual = 2 * pattern.every_s[1] if pattern.every_s is not None else SOONEST_S
    return max(known) <= min(max(usual, SOONEST_S), LATEST_S)
