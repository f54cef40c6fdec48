"""Everything about one finding, alert or target, as sections of facts."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from opsconsole.model.alert import Alert, Target
from opsconsole.model.finding import Diagnosis, Evidence, Finding, Related, Remedy
from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.cell import Cell
from opsconsole.present.facts import Line, Section, field, fields, table
from opsconsole.present.findings import remedy_steps, remedy_text, score_line
from opsconsole.present.findings_pane import STATUS
from opsconsole.present.wishes_pane import metric_text, unwatched_text


def finding_sections(finding: Finding, diagnosis: Diagnosis | None) -> Iterator[Section]:
    """What is wrong, its evidence, why, what it costs, what is done about it and what proves that.

    Without a diagnosis it is a finding of some time ago.
    """
    yield from fields("Finding", _told(finding, diagnosis))
    yield from _evidence("Evidence", finding.evidence)
    yield from fields("Why, and what it costs", [_text("cause", finding.root_cause), _text("impact", finding.impact)])
    yield from _remedy(finding)
    yield from _related("Explained by", finding.causes)
    yield from _related("Explains", finding.symptoms)
    inside = {one.id for one in (*finding.causes, *finding.symptoms) if one.muted}
    for muted in diagnosis.muted if diagnosis is not None else ():
        if muted.id in inside:
            yield from _evidence(f"Evidence of {muted.id}", muted.evidence)


def _told(finding: Finding, diagnosis: Diagnosis | None) -> Iterator[Line]:
    yield _text("what", finding.title)
    yield field("severity", finding.severity, status=STATUS[finding.severity])
    yield field("since", humanise.date_time(finding.since))
    by_name = f"also: opsconsole fix {shlex.quote(finding.id)}" if finding.remedy.automatic and diagnosis else ""
    yield field("id", finding.id, by_name)
    if finding.recovering:
        yield field("state", "recovering", "clean looks are still counted", "warn")
    if finding.acknowledged:
        yield field("noted", "acknowledged", "until it closes")
    if diagnosis is not None:
        yield _text("score", score_line(diagnosis))


def _text(label: str, text: str) -> Line:
    """A sentence as a field: where it is long it stands on lines of its own."""
    return field(label, text)


def _evidence(title: str, evidence: Iterable[Evidence]) -> Iterator[Section]:
    """When and where it was read is told once for the facts that were read together."""
    lines: list[Line] = []
    before: tuple[str, str] | None = None
    for one in evidence:
        read = (humanise.clock_time(one.at), one.source)
        when, source = read if read != before else ("", "")
        before = read
        lines.append((Cell(when, "muted"), Cell(source, "muted"), Cell(one.fact)))
    yield from table(title, ("read", "source", "fact"), lines)


def evidence_logs(finding: Finding, snapshot: Snapshot) -> tuple[str, ...]:
    """Paths of the logs of workers and services that its evidence was read from, or that of what is told in it."""
    logs = [worker.log.path for worker in snapshot.workers.value or () if worker.log is not None]
    logs += [service.log for service in snapshot.services.value or () if service.log]
    inside = {one.id for one in (*finding.causes, *finding.symptoms)}
    told = snapshot.diagnosis.muted if snapshot.diagnosis is not None else ()
    read = [one.source for each in (finding, *(one for one in told if one.id in inside)) for one in each.evidence]
    return tuple(dict.fromkeys(path for path in logs if any(source.startswith(path) for source in read)))


def _remedy(finding: Finding) -> Iterator[Section]:
    remedy = finding.remedy
    lines = [field("action", remedy_text(remedy) if remedy.action else "by hand", _done_by(remedy))]
    lines += [_text(str(number), step) for number, step in enumerate(remedy_steps(remedy), 1)]
    yield from fields("Remedy", [*lines, _text("proved by", finding.verify)])


def _done_by(remedy: Remedy) -> str:
    if remedy.automatic:
        return ""
    return "for a person" if remedy.action else "for a person, in this order"


def _related(title: str, related: Iterable[Related]) -> Iterator[Section]:
    yield from table(
        title,
        ("severity", "finding", ""),
        (
            (
                Cell(one.severity, STATUS[one.severity]),
                Cell(one.id, "muted"),
                Cell(one.title + ("" if one.muted else " (a finding of its own)")),
            )
            for one in related
        ),
    )


def alert_sections(alert: Alert) -> Iterator[Section]:
    """The condition with what it measures, and the ladder with what is proposed now."""
    lines = [
        field("when", alert.condition, f"for {humanise.duration(alert.for_s)}" if alert.for_s else ""),
        field("state", alert.state, "acknowledged" if alert.acknowledged else ""),
        field(
            "since",
            humanise.date_time(alert.since) if alert.since is not None else "does not hold",
            unwatched_text(alert),
        ),
    ]
    if alert.active_s is not None:
        lines.append(field("active for", humanise.duration(alert.active_s), "as long as somebody looked"))
    if alert.silenced_until is not None:
        lines.append(field("silenced", f"until {humanise.clock_time(alert.silenced_until)}"))
    yield from fields("Alert", lines)
    yield from fields("Measured now", (field(one.metric, metric_text(one.value, one.kind)) for one in alert.measured))
    yield from table(
        "Ladder: proposals, nothing is done by itself",
        ("after", "do", ""),
        (
            (
                Cell(humanise.duration(rung.after_s)),
                Cell(rung.do, "warn" if rung.reached else ""),
                Cell("due" if rung.reached else "", "warn"),
            )
            for rung in alert.ladder
        ),
    )


def target_sections(target: Target) -> Iterator[Section]:
    """Current against wanted, and where it came from."""
    met = {True: "met", False: "not met"}.get(target.met, "unknown") if target.met is not None else "unknown"
    yield from fields(
        "Target",
        [
            field("metric", target.metric),
            field("wanted", target.want),
            field("now", metric_text(target.current, target.kind), met, "ok" if target.met else "warn"),
            field("at the start", metric_text(target.first, target.kind), target.trend),
        ],
    )
