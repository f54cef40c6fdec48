"""Rule on logs: the same error again and again."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config
from opsconsole.diagnose.known_errors import known_error
from opsconsole.diagnose.words import every, listed, several
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.log_pattern import LogPattern
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Log

SOONEST_S, LATEST_S = 60.0, 3600.0
"""A pattern has ceased when two of its usual gaps have passed without it, within these bounds."""


def log_errors(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A worker writes the same error again and again: lines alike but for times, numbers, ids and quoted names.

    Evidence: the patterns in the last 64 KB of its log, with count, first, last, cadence and the newest line.
    Blind spots: errors that are not called so in the line; logs whose lines carry no time are judged by their last
    write; the logs of services are not read.
    """
    for worker in snapshot.workers.value or ():
        if worker.log is None:
            continue
        log = worker.log
        going_on = [
            one for one in log.patterns if one.count >= config.diagnose.log_errors and _goes_on(one, log, snapshot)
        ]
        if not going_on:
            continue
        worst = going_on[0]
        known = [(one, each) for one in going_on if (each := known_error(one.sample, config)) is not None]
        firsts = [one.first for one in going_on if one.first is not None]
        yield found(
            "log-errors",
            "low",
            worker.name,
            f"{worker.name} logs errors again and again: {worst.template}"[:150],
            evidence=tuple(Evidence(log.path, snapshot.workers.at, pattern_fact(one)) for one in going_on),
            root_cause="; ".join(dict.fromkeys(f"{each.name}: {each.cause}" for _, each in known))
            or "not a known kind of error: its lines say what there is to know",
            impact=f"{several(sum(one.count for one in going_on), 'error')} at the end of its log, work not done",
            remedy=Remedy(
                steps=(
                    f"read them: tail -n 50 {log.path}",
                    *dict.fromkeys(each.fix for _, each in known if each.fix),
                )
            ),
            verify=f"none of these for two of their usual gaps: {listed(one.template for one in going_on)}"[:300],
            since=min(firsts, default=None),
        )


def pattern_fact(pattern: LogPattern) -> str:
    """``29 times, every 5 to 15 min: TEMPLATE``."""
    cadence = f", {every(*pattern.every_s)}" if pattern.every_s is not None else ""
    return f"{several(pattern.count, 'time')}{cadence}: {pattern.template}"


def _goes_on(pattern: LogPattern, log: Log, snapshot: Snapshot) -> bool:
    age = snapshot.at - pattern.last if pattern.last is not None else log.age_s
    if age is None:
        return False
    usual = 2 * pattern.every_s[1] if pattern.every_s is not None else SOONEST_S
    return age <= min(max(usual, SOONEST_S), LATEST_S)
