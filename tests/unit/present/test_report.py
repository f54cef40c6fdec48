"""The report has a counterpart for each section of the incident's, with the snapshot's numbers; text stays text."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opsconsole.config.types import ServiceTable
from opsconsole.diagnose import diagnose
from opsconsole.diagnose.order import in_order
from opsconsole.model.log_pattern import LogPattern
from opsconsole.model.plan import JournalEntry, Plan, PlanResult, Subplan
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.text import shown
from opsconsole.model.worker import Log, PidFile
from opsconsole.present.incident_report import incident_report
from opsconsole.present.report import Facts, Report, markdown, report_document
from opsconsole.present.report_plan import checklist
from tests.makers import AT, GB, HOSTILE_NAMES, disk, service, session, site, system, worker
from tests.samples import healthy, unknown_everywhere
from tests.unit.diagnose.scenes import config, scene
from tests.unit.diagnose.test_diagnosis import incident
from tests.unit.present.test_findings import diagnosed

SECTIONS = (
    "In Short",
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
        "**System Load**: 8.13 - TOO HIGH",
        "**CPU Idle**: 6.41% - TOO LOW",
    ):
        assert line in summary


def test_each_issue_tells_evidence_cause_fix_and_verification() -> None:
    made = facts()
    told = section(markdown(incident_report(made)), "2. Issues - Root Cause Analysis")
    for number, finding in enumerate(made.diagnosis.findings, 1):
        assert f"### Issue #{number}: " in told
        assert f"\nopsconsole fix {finding.id}\n" in told
    assert told.count("**Root Cause**") == told.count("**Verification**") == 7


def test_fixes_stand_in_the_order_of_their_dependence() -> None:
    order = [finding.id for finding in in_order(facts().diagnosis.findings)]
    assert order.index("env-ports-exhausted:pool") < order.index("worker-failing:assigner")
    assert order.index("worker-duplicates:auto_confirm") < order.index("worker-pidfile:workers")
    assert set(order) == {finding.id for finding in facts().diagnosis.findings}


def test_the_action_plan_tells_what_was_done_and_what_is_next() -> None:
    done, failed = entry("done", True), entry("failed", False, "other")
    lines = list(checklist(facts(incident(), failed, done)))
    assert lines[0] == "[x] Kill duplicates: auto_confirm - done, verified at 17:19"
    assert lines[1] == "[!] Kill duplicates: other - failed at 17:19"
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


def test_what_is_unknown_is_told_as_unknown_and_never_as_well() -> None:
    written = markdown(incident_report(facts(unknown_everywhere())))
    assert "Could not be judged:" in written
    assert "**System Load**: unknown: " in written
    assert "**Severity**: UNKNOWN - no issue found, " in written
    assert "10.0/10 - NOT KNOWN WHETHER STABLE" in written
    assert "Nothing is down" not in written
    assert "Not known: services, workers could not be read." in written


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ({"load1": 14.0}, "load 14.00 on 8 cores, a spike"),
        ({"load1": 14.0, "memory_available_bytes": GB // 2}, "load 14.00 on 8 cores, a spike"),
        ({"load1": None}, "not known"),
        ({}, "the cores keep up"),
    ],
    ids=["a finding", "told in another", "unread", "calm"],
)
def test_the_load_is_analysed_as_it_is(numbers: dict[str, Any], told: str) -> None:
    resources = section(
        markdown(incident_report(facts(scene(system=system(**numbers))))), "4. System Resource Analysis"
    )
    analysis = next(line for line in resources.splitlines() if line.startswith("**Analysis**"))
    assert told in analysis


def test_error_patterns_are_told_with_frequency_cause_and_fix() -> None:
    error = "RuntimeError: No available ports for new environment"
    pattern = LogPattern(error, 29, AT - 9000.0, AT - 60.0, (300.0, 900.0), f"2026-02-08 ERROR {error}")
    log = Log(path="/tmp/a.log", state="ok", age_s=4.0, patterns=(pattern,), error_lines=(pattern.sample,))
    workers = tuple(
        msgspec.structs.replace(one, log=log) if one.name == "assigner" else one
        for one in incident().workers.value or ()
    )
    told = section(markdown(incident_report(facts(incident(workers=workers)))), "2. Issues - Root Cause Analysis")
    for line in (
        f"**A. ports exhausted**: {error}",
        "- **Frequency**: 29 times, every 5 to 15 min; the newest at 2026-02-08 17:18:00",
        "- **Root Cause**: environments are made without end",
        "- **Fix**: delete environments when their work is done",
        "**Log File**: /tmp/a.log",
        "**Location**: python3 workers/assigner_worker.py --daemon",
    ):
        assert line in told, line


def test_what_causes_something_critical_is_as_urgent_and_stands_before_it() -> None:
    fixes = section(markdown(incident_report(facts())), "6. Recommended Fixes - Priority Order")
    titles = re.findall(r"^\*\*(\d+)\. (.*?)\*\*", fixes, re.MULTILINE)
    assert [int(number) for number, _ in titles] == list(range(1, 8))
    immediate = fixes.split("### SHORT-TERM")[0]
    assert immediate.index("no port left") < immediate.index("70% of its prompts fail")
    assert "2 instances of auto" not in immediate
    lasting = fixes.split("### So That It Does Not Come Again")[1]
    assert "opsconsole env prune --yes" in lasting
    assert "opsconsole hibernate --idle 1h --yes" in lasting


def test_what_a_service_that_is_down_costs_is_what_its_own_finding_says() -> None:
    down = service(state="down", reason="nothing listens on port 8080", owners=(), pid=None)
    told = config(service=(ServiceTable(name="Dashboard", port=8080, impact="customers cannot pay"),))
    named_alike = worker("Dashboard", (), state="unknown", pid_file=PidFile("/tmp/d.pid", "wrong", 4, "another"))
    snapshot = scene(services=(down,), workers=(named_alike,))
    made = Facts(snapshot, diagnose(snapshot, told), config=told)
    assert "| Dashboard | running | DOWN | customers cannot pay |" in markdown(incident_report(made))


def test_the_document_holds_the_same_sections() -> None:
    made = facts()
    document = msgspec.to_builtins(report_document(incident_report(made), made))
    assert [one["title"] for one in document["sections"]][:-1] == list(SECTIONS)
    assert document["score"] == 4.2


def commands(written: Report) -> Iterator[str]:
    """What is there to be pasted: lines of code, and what follows the colon of a step."""
    for part in written.sections:
        for block in part.blocks:
            if block.kind == "code" and not part.title.startswith(("Appendix A", "Appendix B")):
                yield from block.lines
            elif block.kind == "steps":
                yield from (line.partition(": ")[2] or line for line in block.lines)


def test_what_is_to_be_pasted_runs_nothing_of_the_names_in_it(tmp_path: Path) -> None:
    names = [shown(name) for name in HOSTILE_NAMES]
    snapshot = scene(
        workers=tuple(
            worker(name, pid_file=PidFile(f"/tmp/{name}.pid", "stale", 9, "9 is not running")) for name in names
        ),
        sessions=tuple(
            session(name, n, state=state, idle_s=9e5)
            for state in ("idle", "hung", "dead")
            for n, name in enumerate(names)
        ),
        disks=tuple(disk(mount=f"/media/{name}", used=99, available=1) for name in names),
        sites=tuple(site(name, state="down", url=f"http://127.0.0.1:1/{name}", failures=9) for name in names),
        services=tuple(
            service(name, state="down", pid=None, log=f"/tmp/{name}.log", url=f"http://127.0.0.1:1/?{name}")
            for name in names
        ),
    )
    programs = {"tmux", "du", "rm", "curl", "opsconsole", "tail"}
    lines = [line for line in commands(incident_report(facts(snapshot))) if line.partition(" ")[0] in programs]
    assert {line.split()[0] for line in lines} == programs
    # Nothing named there is found or can signal; what redirects, or is substituted, would still leave its file.
    script = tmp_path / "pasted.sh"
    script.write_text("enable -n kill exec eval source . cd\n" + "\n".join(lines) + "\n")
    bash = shutil.which("bash")
    assert bash is not None
    ran = subprocess.run(
        [bash, script], cwd=tmp_path, env={"PATH": "/nonexistent"}, capture_output=True, timeout=60, check=False
    )
    assert b"syntax error" not in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["pasted.sh"]
