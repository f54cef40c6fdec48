"""Section of the report on the issues: each with evidence, error patterns, root cause, fix and verification."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping

from opsconsole.diagnose.known_errors import known_error
from opsconsole.diagnose.rules.logs import logs_of
from opsconsole.diagnose.words import every, listed, quoted, several
from opsconsole.model.finding import Finding
from opsconsole.model.plan import JournalEntry
from opsconsole.present import humanise
from opsconsole.present.findings import evidence_lines, related_text, remedy_steps, remedy_text
from opsconsole.present.plan import TITLES, confirmed_at, result_word, subject_label
from opsconsole.present.put_right import PutRight
from opsconsole.present.report import Block, Facts, ReportSection, bullets, code, heading, steps, text

BRIEF_S = 60.0
"""What closes so soon without an action of its own was a passing consequence of something else, or of its remedy."""


def passed(one: PutRight, facts: Facts) -> bool:
    """Whether it came and went: nobody put it right."""
    return one.closed - one.opened < BRIEF_S and not any(_is_about(entry, one) for entry in facts.entries)


def issues(facts: Facts) -> ReportSection:
    """Each finding with evidence, root cause, fix and verification."""
    blocks: list[Block] = []
    for number, finding in enumerate(facts.diagnosis.findings, 1):
        blocks += _issue(number, finding, facts)
    for number, one in enumerate(facts.course.closed, len(facts.diagnosis.findings) + 1):
        blocks += _put_right(number, one, facts)
    return ReportSection("2. Issues - Root Cause Analysis", tuple(blocks) or (text("No issue was found."),))


def _issue(number: int, finding: Finding, facts: Facts) -> Iterator[Block]:
    yield heading(f"Issue #{number}: {finding.title}")
    yield text(
        f"**Severity**: {finding.severity.upper()}",
        f"**Impact**: {finding.impact}",
        *_location(finding, facts),
        *((f"**Since**: {humanise.date_time(finding.since)}",) if finding.since is not None else ()),
        f"**Id**: {finding.id}",
    )
    yield text("**Evidence**:")
    yield code(*evidence_lines(finding.evidence))
    inside = {one.id for one in (*finding.causes, *finding.symptoms) if one.muted}
    logs = {one.id for one in (finding, *facts.diagnosis.muted) if one.rule == "log-errors"}
    logs &= {finding.id, *(one.id for one in finding.causes)}
    for muted in facts.diagnosis.muted:
        if muted.id in inside and muted.id not in logs:
            yield text(f"**And of {muted.id}**:")
            yield code(*evidence_lines(muted.evidence))
    for log_id in sorted(logs):
        yield from _patterns(log_id.partition(":")[2], facts)
    yield text(f"**Root Cause**: {finding.root_cause}")
    for label, related in (("Explained by", finding.causes), ("Explains", finding.symptoms)):
        if related:
            yield text(f"**{label}**:")
            yield bullets(*map(related_text, related))
    yield text(f"**Fix**: {remedy_words(finding)}")
    if ways := remedy_steps(finding.remedy):
        yield steps(*ways)
    if finding.remedy.automatic:
        yield code(f"{facts.called} fix {quoted(finding.id)}")
    yield text(f"**Verification**: {finding.verify}")


def _put_right(number: int, one: PutRight, facts: Facts) -> Iterator[Block]:
    """What was found, as it was then; what was done, and when it was seen not to hold any more."""
    finding = one.finding
    yield heading(f"Issue #{number}: {finding.title} - {'CAME AND WENT' if passed(one, facts) else 'PUT RIGHT'}")
    lasted = humanise.duration(one.closed - one.opened)
    began, ended = humanise.date_time(one.opened), humanise.clock_time(one.closed)
    yield text(
        f"**Severity**: {finding.severity.upper()}",
        f"**Impact**: {finding.impact}",
        f"**Open**: {began} to {ended} ({lasted})",
        f"**Id**: {finding.id}",
    )
    yield text("**Evidence then**:")
    yield code(*evidence_lines(finding.evidence))
    yield text(f"**Root Cause**: {finding.root_cause}")
    for label, related in (("Explained by", finding.causes), ("Explained", finding.symptoms)):
        if related:
            yield text(f"**{label}**:")
            yield bullets(*map(related_text, related))
    if did := [entry for entry in reversed(facts.entries) if _is_about(entry, one)]:
        yield text("**Fix**:")
        yield bullets(*(told(entry, facts.users) for entry in did))
    else:
        yield text("**Fix**: no action of its own: it closed with what caused it, by hand or by itself")
    yield text(f"**Verification**: {finding.verify} - seen at {ended}")


def _is_about(entry: JournalEntry, one: PutRight) -> bool:
    """Whether a plan is the finding's remedy, and was made while it was open."""
    remedy, plan = one.finding.remedy, entry.plan
    if plan.verb != remedy.action or not one.opened <= confirmed_at(entry) <= one.closed:
        return False
    return bool({subplan.subject for subplan in plan.subplans} & set(remedy.targets))


def told(entry: JournalEntry, users: Mapping[int, str]) -> str:
    """What was done, of whom in full, how it ended and what was seen then, by whom."""
    names = ", ".join(subject_label(subplan) for subplan in entry.plan.subplans)
    outcome = result_word(entry.result) if entry.result is not None else entry.state
    said = [f"[{humanise.clock_time(confirmed_at(entry))[:5]}] {TITLES[entry.plan.verb]}: {names} - {outcome}"]
    if entry.result is not None:
        seen = [fact for part in entry.result.subresults for fact in part.evidence]
        said += [entry.result.reason] if entry.result.reason else []
        said += [listed(dict.fromkeys(seen), 4)] if seen else []
    return f"{': '.join(said)} (by {by_whom(entry, users)})"


def by_whom(entry: JournalEntry, users: Mapping[int, str]) -> str:
    """``alice on build7``: who confirmed a plan, and where."""
    uid = entry.plan.uid
    return f"{users.get(uid) or f'uid {uid}'} on {entry.plan.host}"


def remedy_words(finding: Finding) -> str:
    """What the console does about it, or that it is for a person."""
    return remedy_text(finding.remedy).rstrip(":")


def _location(finding: Finding, facts: Facts) -> Iterator[str]:
    """Of a worker: what runs, and where its log is."""
    for worker in facts.snapshot.workers.value or ():
        if worker.name == finding.subject and finding.rule.startswith(("worker-", "log-errors")):
            if worker.instances:
                yield f"**Location**: {worker.instances[0].command}"
            if worker.log is not None:
                yield f"**Log File**: {worker.log.path}"


def _patterns(name: str, facts: Facts) -> Iterator[Block]:
    """What repeats in a log: each pattern with how often, and what it means and asks for where that is known."""
    logged = next((one for one in logs_of(facts.snapshot) if one.name == name), None)
    if logged is None or not logged.log.patterns:
        return
    yield text("**Error Patterns Found**:")
    for letter, pattern in zip(string.ascii_uppercase, logged.log.patterns, strict=False):
        known = known_error(pattern.sample, facts.config)
        yield text(f"**{letter}. {known.name if known is not None else 'not a known kind'}**: {pattern.template}")
        cadence = f", {every(*pattern.every_s)}" if pattern.every_s is not None else ""
        newest = f"; the newest at {humanise.date_time(pattern.last)}" if pattern.last is not None else ""
        lines = [f"**Frequency**: {several(pattern.count, 'time')}{cadence}{newest}"]
        if known is not None:
            lines += [f"**Root Cause**: {known.cause}", *([f"**Fix**: {known.fix}"] if known.fix else [])]
        yield bullets(*lines)
