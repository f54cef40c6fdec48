"""Targets: what was wished for, against what is, and whether it has come nearer since the console started."""

from __future__ import annotations

from collections.abc import Mapping

from opsconsole.config.condition import Comparison, parse_wanted
from opsconsole.config.types import Config, TargetTable
from opsconsole.diagnose.conditions import compare
from opsconsole.diagnose.metrics import read_metric
from opsconsole.model.alert import MetricValue, Target, TargetSample, Trend
from opsconsole.model.snapshot import Snapshot

SAME = 0.01
"""Share of a number by which it may differ and be the same."""


class Targets:
    """Remembers the first value of each metric that was known. One thread's."""

    def __init__(self) -> None:
        self._first: dict[str, MetricValue] = {}
        self._recorded: dict[str, TargetSample] = {}

    def take(self, recorded: Mapping[str, TargetSample]) -> None:
        """The oldest samples that were kept, by metric."""
        self._recorded = dict(recorded)

    def look(self, snapshot: Snapshot, config: Config, score: float | None) -> tuple[Target, ...]:
        """All targets in the order of the config."""
        return tuple(self._look(table, snapshot, config, score) for table in config.target)

    def _look(self, table: TargetTable, snapshot: Snapshot, config: Config, score: float | None) -> Target:
        wanted = parse_wanted(table.metric, table.want)
        read = read_metric(wanted.metric, snapshot, config, score)
        if read.value is not None:
            self._first.setdefault(table.metric, read.value)
        first = self._first.get(table.metric)
        recorded = self._recorded.get(table.metric)
        return Target(
            name=table.name,
            metric=table.metric,
            want=table.want,
            kind=wanted.kind,
            current=read.value,
            first=first,
            met=compare(wanted, read.value),
            trend=_trend(wanted, first, read.value),
            recorded=recorded,
            recorded_trend="unknown" if recorded is None else _trend(wanted, recorded.value, read.value),
            configured=read.configured,
        )


def _trend(wanted: Comparison, first: MetricValue, now: MetricValue) -> Trend:
    if first is None or now is None:
        return "unknown"
    if isinstance(first, str) or isinstance(now, str) or isinstance(wanted.value, str):
        before, after = compare(wanted, first), compare(wanted, now)
        return "same" if before == after else "better" if after else "worse"
    if abs(now - first) <= SAME * max(abs(first), abs(now)):
        return "same"
    nearer = abs(now - wanted.value) < abs(first - wanted.value)
    rises = now > first
    if wanted.operator in (">", ">="):
        return "better" if rises else "worse"
    if wanted.operator in ("<", "<="):
        return "worse" if rises else "better"
    return "better" if nearer == (wanted.operator == "==") else "worse"
