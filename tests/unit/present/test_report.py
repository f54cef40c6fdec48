"""The report has a counterpart for each section of the incident's, with the snapshot's numbers; text stays text."""

from __future__ import annotations

import re

import msgspec
import pytest

from opsconsole.diagnose.order import in_order
from opsconsole.model.plan import JournalEntry, Plan, PlanResult, Subplan
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Log
from opsconsole.present.incident_report import incident_report
from opsconsole.present.report import Facts, markdown, report_document
from opsconsole.present.report_plan import checklist
from tests.makers import AT, HOSTILE_NAMES, site, worker
from tests.samples import healthy, unknown_everywhere
from tests.unit.diagnose.scenes import scene
from tests.unit.diagnose.test_diagnosis import incident
from tests.unit.present.test_findings import diagnosed

SECTIONS = (
    "Executive Summary",
    "1. Service Status Overview",
    "2. Issues - Root Cause Analysis",
    "3. Worker Status Detail",
    "4. System Resource Analysis",
    "5. Monitored Sites Status",
    "6. Recommended Fixes - Priority Order",
    "7. Monitoring Recommendations",
    "8. Root Cause Summary",
    "9. Success Metrics",
    "10. Immediate Action Plan",
    "Appendix A: Error Log Samples",
    "Appendix B: Process List",
    "Appendix C: Commands Reference",
)


def facts(snapshot: Snapshot | None = None, *entries: JournalEntry) -> Facts:
    told = diagnosed(snapshot or incident())
    assert told.diagnosis is not None
    return Facts(snapshot=told, diagnosis=told.diagnosis, entries=entries)


def entry(result: str, verified: bool | None, subject: str = "auto_confirm") -> JournalEntry:
    plan = Plan(
        id="p1",
        verb="kill-duplicates",
        created=AT,
        host="studio",
        boot_id="b",
        uid=1000,
        config_path="",
        config_digest="",
        subplans=(Subplan(subject=subject, subject_kind="worker"),),
    )
    ended = PlanResult(plan="p1", result=result, verified=verified, ended=AT + 5.0)  # type: ignore[arg-type]
    return JournalEntry(plan=plan, state="finished", steps=(), result=ended)


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n", 1)[1].split("\n---\n", 1)[0]


@pytest.mark.parametrize("snapshot", [incident(), healthy(), scene(), unknown_everywhere()])
def test_every_section_of_the_incidents_report_has_its_counterpart(snapshot: Snapshot) -> None:
    written = markdown(incident_report(facts(snapshot)))
    places = [written.index(f"## {title}") for title in SECTIONS]
    assert places == sorted(places)


def test_the_summary_has_the_reports_numbers() -> None:
    summary = section(markdown(incident_report(facts())), "Executive Summary")
    for line in (
        "**System Health Score**: 4.2/10 - CRITICAL INSTABILITY",
        "**Issues Identified**: 7",
        "**Services and Workers Down**: 1 (orchestrator)",
        "**System Load**: 8.13",
        "**CPU Idle**: 6.41%",
    ):
        assert line in summary


def test_each_issue_tells_evidence_cause_fix_and_verification() -> None:
    made = facts()
    told = section(markdown(incident_report(made)), "2. Issues - Root Cause Analysis")
    for number, finding in enumerate(made.diagnosis.findings, 1):
        assert f"### Issue #{number}: " in told
        assert f"opsconsole fix '{finding.id}'" in told
    assert told.count("**Root Cause**") == told.count("**Verification**") == 7


def test_fixes_stand_in_the_order_of_their_dependence() -> None:
    order = [finding.id for finding in in_order(facts().diagnosis.findings)]
    assert order.index("env-ports-exhausted:pool") < order.index("worker-failing:assigner")
    assert order.index("worker-duplicates:auto_confirm") < order.index("worker-pidfile:workers")
    assert set(order) == {finding.id for finding in facts().diagnosis.findings}


def test_the_action_plan_tells_what_was_done_and_what_is_next() -> None:
    done, failed = entry("done", True), entry("failed", False, "other")
    lines = list(checklist(facts(incident(), failed, done)))
    assert lines[0] == "[x] Kill duplicates: auto_confirm"
    assert lines[1] == "[!] Kill duplicates: other"
    assert all(line.startswith("[ ] ") for line in lines[2:])
    plan = section(markdown(incident_report(facts(incident(), done))), "10. Immediate Action Plan")
    assert "- [x] Kill duplicates: auto_confirm" in plan
    assert "NEXT" in plan


def test_names_of_others_are_never_markup() -> None:
    workers = tuple(worker(name, (), state="missing", pid_file=None, log=None) for name in HOSTILE_NAMES)
    evil = worker("evil", log=Log(path="/tmp/e.log", state="ok", errors=1, error_lines=("```", "# not a heading")))
    table = site("a|b`c<script>[x](y)", state="unexpected", reason="HTTP 500 | instead\\of 200")
    written = markdown(incident_report(facts(scene(workers=(*workers, evil), sites=(table,)))))
    prose = "".join(written.split("```")[::2])
    assert re.search(r"(?<!\\)<script>", prose) is None
    assert "\n```\n```\n" not in written, "a log line cannot end the block that it stands in"
    for line in written.splitlines():
        assert line.isprintable()
    rows = [line for line in section(written, "5. Monitored Sites Status").splitlines() if line.startswith("|")]
    columns = {line.replace("\\|", "").count("|") for line in rows}
    assert columns == {6}


def test_nothing_wrong_is_a_report_too() -> None:
    written = markdown(incident_report(facts(scene())))
    assert "**Severity**: NONE - no issue found" in written
    assert "10.0/10 - STABLE" in written


def test_what_is_unknown_is_told_as_unknown() -> None:
    written = markdown(incident_report(facts(unknown_everywhere())))
    assert "Could not be judged:" in written
    assert "**System Load**: unknown: " in written


def test_the_document_holds_the_same_sections() -> None:
    made = facts()
    document = msgspec.to_builtins(report_document(incident_report(made), made))
    assert [one["title"] for one in document["sections"]][:-1] == list(SECTIONS)
    assert document["score"] == 4.2
