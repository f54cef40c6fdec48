"""One Snapshot's Diagnosis: all rules, what explains what, the score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from opsconsole.config.types import Config
from opsconsole.diagnose.alerts import Alerts
from opsconsole.diagnose.causes import related
from opsconsole.diagnose.rules import RULES, Rule
from opsconsole.diagnose.score import parts, score
from opsconsole.diagnose.targets import Targets
from opsconsole.diagnose.unknown import unknowns
from opsconsole.model.finding import SEVERITIES, Diagnosis, Finding, Unknown
from opsconsole.model.snapshot import Snapshot


def diagnose(snapshot: Snapshot, config: Config, rules: Iterable[Rule] = RULES) -> Diagnosis:
    """What is wrong in this Snapshot, by itself: nothing of earlier ones is known here."""
    findings, bugs = findings_of(snapshot, config, rules)
    return wished(conclude(snapshot, config, findings, bugs), snapshot, config, Alerts(), Targets())


def wished(diagnosis: Diagnosis, snapshot: Snapshot, config: Config, alerts: Alerts, targets: Targets) -> Diagnosis:
    """The same with alerts and targets, which may name its score."""
    return msgspec.structs.replace(
        diagnosis,
        alerts=alerts.look(snapshot, config, diagnosis.score),
        targets=targets.look(snapshot, config, diagnosis.score),
    )


def findings_of(
    snapshot: Snapshot, config: Config, rules: Iterable[Rule] = RULES
) -> tuple[list[Finding], tuple[Unknown, ...]]:
    """What every rule by itself says, unrelated yet; and the rules that could not because of a bug in them."""
    findings: list[Finding] = []
    bugs: list[Unknown] = []
    switched_off = {table.name for table in config.rule if not table.enabled}
    for rule in rules:
        if rule.name in switched_off:
            continue
        try:
            findings += rule.judge(snapshot, config)
        except Exception as bug:  # noqa: BLE001  # a bug in one rule must show as unknown, not silence all others
            bugs.append(Unknown(f"rule {rule.name}", f"bug in opsconsole: {bug!r}", snapshot.at, (rule.name,)))
    return findings, tuple(bugs)


def conclude(
    snapshot: Snapshot,
    config: Config,
    findings: Iterable[Finding],
    bugs: tuple[Unknown, ...] = (),
    slowed: Mapping[str, bool] = MappingProxyType({}),
) -> Diagnosis:
    """Relate the findings to one another, weigh what is left open."""
    standing, muted = related(findings, snapshot, config, slowed)
    taken = parts(standing)
    return Diagnosis(
        at=snapshot.at,
        score=score(taken),
        parts=taken,
        findings=tuple(sorted(standing, key=by_gravity)),
        unknown=(*bugs, *unknowns(snapshot, config)),
        muted=tuple(sorted(muted, key=by_gravity)),
    )


def by_gravity(finding: Finding) -> tuple[int, str]:
    """Gravest first, then by name: an order that does not change while nothing does."""
    return SEVERITIES.index(finding.severity), finding.id
