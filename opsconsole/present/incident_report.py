"""The whole report: the sections of an incident report, from live data and the journal. Pure."""

from __future__ import annotations

from opsconsole.diagnose.words import several
from opsconsole.model.finding import SEVERITIES
from opsconsole.present import humanise, report_issues, report_plan, report_state
from opsconsole.present.header import STALE_AFTER_S, newest_reading
from opsconsole.present.report import Facts, Report, ReportSection, text

_SECTIONS = (
    report_state.in_short,
    report_state.summary,
    report_state.services,
    report_issues.issues,
    report_state.workers,
    report_state.resources,
    report_state.sites,
    report_plan.fixes,
    report_plan.monitoring,
    report_plan.root_causes,
    report_plan.targets,
    report_plan.action_plan,
    report_plan.log_samples,
    report_plan.process_list,
    report_plan.commands,
)


def incident_report(facts: Facts) -> Report:
    """Everything that is known now, in the order in which an analyst would tell it."""
    snapshot, diagnosis = facts.snapshot, facts.diagnosis
    when = humanise.date_time(diagnosis.at)
    closing = ReportSection("Report Complete", (text(f"**Written**: {when}", *report_plan.outlook(facts)),))
    incident = bool(diagnosis.findings or facts.course.closed)
    demo = (("Demo", "a sandbox, not this machine as it is"),) if snapshot.demo else ()
    return Report(
        title="Unstable Servers and Workers - Root Cause Analysis" if incident else "Servers and Workers",
        head=(
            *(("Date", when), ("Host", snapshot.host), ("Analyst", "opsconsole")),
            ("Severity", _severity(facts)),
            *_stale(facts),
            *demo,
        ),
        sections=(*(section(facts) for section in _SECTIONS), closing),
    )


def _severity(facts: Facts) -> str:
    """The gravest since it began, then how it is now."""
    diagnosis = facts.diagnosis
    right, brief = report_state.counted(facts)
    after = [f"{len(diagnosis.unknown)} could not be judged"] if diagnosis.unknown else []
    after += [f"{right} put right"] if right else []
    after += [f"{brief} came and went"] if brief else []
    gravest = next((part.severity for part in diagnosis.parts if part.count), None)
    known = [one for one in (gravest, facts.course.gravest) if one is not None]
    worst = min(known, key=SEVERITIES.index, default=None)
    if worst is not None and worst != gravest:
        now = f"now {gravest.upper()}, {several(len(diagnosis.findings), 'issue')} open" if gravest else "now none open"
        return ", ".join((f"{worst.upper()} at its worst; {now}", *after))
    if gravest is not None:
        issues = several(len(diagnosis.findings), "issue")
        return ", ".join((f"{gravest.upper()} - {issues} affecting this machine", *after))
    return ", ".join(("UNKNOWN - no issue found" if diagnosis.unknown else "NONE - no issue found", *after))


def _stale(facts: Facts) -> tuple[tuple[str, str], ...]:
    """How old what it is written from is, where that is more than a look ago."""
    at, now = newest_reading(facts.snapshot), facts.written
    if at is None or now is None or now - at < STALE_AFTER_S:
        return ()
    return (("Readings", f"of {humanise.date_time(at)}, {humanise.duration(now - at)} old when this was written"),)
