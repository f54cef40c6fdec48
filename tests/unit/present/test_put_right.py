"""The course of an incident from the timeline's events: what closed, what is open again, how bad it was."""

from __future__ import annotations

import msgspec

from opsconsole.diagnose import diagnose
from opsconsole.diagnose.score import parts, score
from opsconsole.model.event import Event
from opsconsole.model.finding import Finding
from opsconsole.model.plan import JournalEntry
from opsconsole.present.header import newest_reading
from opsconsole.present.incident_report import incident_report
from opsconsole.present.put_right import WITHIN_S, Course, course_of
from opsconsole.present.report import Facts, markdown
from tests.makers import AT
from tests.unit.diagnose.scenes import config, scene
from tests.unit.diagnose.test_diagnosis import incident
from tests.unit.present.test_report import entry

FINDINGS = {one.id: one for one in diagnose(incident(), config()).findings}
DUPLICATES = FINDINGS["worker-duplicates:auto_confirm"]


def opened(finding: Finding, at: float) -> Event:
    return Event(at=at, kind="opened", subject=f"finding:{finding.id}", title=finding.title, finding=finding)


def closed(finding: Finding, at: float) -> Event:
    return Event(at=at, kind="closed", subject=f"finding:{finding.id}", title=finding.title)


def whole(at: float) -> list[Event]:
    return [opened(one, at) for one in FINDINGS.values()] + [closed(one, at + 60.0) for one in FINDINGS.values()]


def test_the_incident_is_told_whole_after_it_was_put_right() -> None:
    course = course_of(reversed(whole(AT - 600.0)), AT)
    assert [one.finding.id for one in course.closed] == list(FINDINGS), "gravest first"
    assert (course.worst, course.worst_at) == (4.2, AT - 600.0)


def test_what_is_open_again_was_not_put_right_and_what_closed_long_ago_is_history() -> None:
    again = [*whole(AT - 600.0), opened(DUPLICATES, AT - 100.0)]
    assert DUPLICATES.id not in {one.finding.id for one in course_of(again, AT).closed}
    assert course_of(whole(AT - WITHIN_S - 120.0), AT) == Course()
    assert course_of([closed(DUPLICATES, AT)], AT).closed == (), "what nobody saw open"


def report_after(*entries: JournalEntry) -> str:
    snapshot = scene()
    course = course_of(whole(AT - 30.0), AT + 60.0)
    facts = Facts(snapshot, diagnose(snapshot, config()), entries, config=config(), course=course, called="oc -c x")
    return markdown(incident_report(facts))


def test_the_report_after_the_fixing_still_holds_the_incident() -> None:
    done = entry("done", True)
    done = msgspec.structs.replace(
        done,
        plan=msgspec.structs.replace(done.plan, created=AT),
        result=msgspec.structs.replace(done.result, subresults=()),
    )
    written = report_after(done)
    assert "**Severity**: CRITICAL at its worst; now none open, 7 put right" in written
    assert "**At the Worst**: 4.2/10 at " in written
    for finding in FINDINGS.values():
        assert f"**Id**: {finding.id}" in written
        assert f"| {finding.severity.upper()} | put right at " in written
    told = written.split(f"{DUPLICATES.title} - PUT RIGHT")[1].split("\n### ")[0]
    for fact in DUPLICATES.evidence:
        assert fact.fact in told
    assert "Kill duplicates: auto\\_confirm - done, verified" in told or "Kill duplicates: auto_confirm - done" in told
    assert f"**Verification**: {DUPLICATES.verify} - seen at " in told
    orchestrator = written.split("orchestrator is not running - PUT RIGHT")[1].split("\n### ")[0]
    assert "no action of its own" in orchestrator


def test_its_commands_reach_the_machine_that_it_is_about() -> None:
    assert "\noc -c x status\n" in report_after()


def test_what_came_and_went_is_counted_apart_and_the_incident_has_its_own_severity() -> None:
    gravest = next(one for one in FINDINGS.values() if one.severity == "critical")
    passing = FINDINGS["worker-pidfile:workers"]
    events = [opened(gravest, AT - 600.0), closed(gravest, AT - 300.0)]
    events += [opened(passing, AT - 320.0), closed(passing, AT - 301.0), opened(DUPLICATES, AT - 500.0)]
    written = report_of(events, open_now=(DUPLICATES,))
    assert "**Severity**: CRITICAL at its worst; now MEDIUM, 1 issue open, 1 put right, 1 came and went" in written
    assert f"{passing.title} - CAME AND WENT" in written
    short = written.split("## In Short")[1].split("\n---\n")[0]
    assert f"| {gravest.title} | critical | put right at " in short
    assert f"| {DUPLICATES.title} | medium | open: " in short
    assert passing.title not in short
    assert len(short.splitlines()) < 25


def test_a_report_of_old_readings_says_how_old_they_are() -> None:
    newest = newest_reading(incident())
    assert newest is not None
    assert "**Readings**: of " not in report_of([], written=newest + 2.0)
    assert ", 12s old when this was written" in report_of([], written=newest + 12.0)


def test_where_nothing_is_left_to_do_from_here_the_commands_say_why() -> None:
    by_hand = msgspec.structs.replace(DUPLICATES, remedy=msgspec.structs.replace(DUPLICATES.remedy, automatic=False))
    assert "# what is open is for a person" in report_of([], open_now=(by_hand,))
    assert "# nothing is open, so there is nothing to put right" in report_of([])


def report_of(events: list[Event], open_now: tuple[Finding, ...] = (), written: float | None = None) -> str:
    found = diagnose(incident(), config())
    found = msgspec.structs.replace(
        found, findings=open_now, muted=(), parts=parts(open_now), score=score(parts(open_now))
    )
    return markdown(incident_report(Facts(incident(), found, course=course_of(events, AT), written=written)))
