"""The whole report: the sections of an incident report, from live data and the journal. Pure."""

from __future__ import annotations

from opsconsole.diagnose.words import several
from opsconsole.present import humanise, report_issues, report_plan, report_state
from opsconsole.present.report import Facts, Report, ReportSection, text

_SECTIONS = (
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
            *demo,
        ),
        sections=(*(section(facts) for section in _SECTIONS), closing),
    )


def _severity(facts: Facts) -> str:
    diagnosis, closed = facts.diagnosis, facts.course.closed
    after = [f"{len(diagnosis.unknown)} could not be judged"] if diagnosis.unknown else []
    after += [f"{len(closed)} put right"] if closed else []
    gravest = next((part.severity for part in diagnosis.parts if part.count), None)
    if gravest is not None:
        issues = several(len(diagnosis.findings), "issue")
        return ", ".join((f"{gravest.upper()} - {issues} affecting this machine", *after))
    return ", ".join(("UNKNOWN - no issue found" if diagnosis.unknown else "NONE - no issue found", *after))
