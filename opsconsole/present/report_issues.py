"""Section of the report on the issues: each with evidence, error patterns, root cause, fix and verification."""

from __future__ import annotations

import string
from collections.abc import Iterator

from opsconsole.diagnose.known_errors import known_error
from opsconsole.diagnose.rules.logs import logs_of
from opsconsole.diagnose.words import every, several
from opsconsole.model.finding import Finding
from opsconsole.present import humanise
from opsconsole.present.findings import evidence_lines, related_text, remedy_steps, remedy_text
from opsconsole.present.report import Block, Facts, ReportSection, bullets, code, heading, steps, text


def issues(facts: Facts) -> ReportSection:
    """Each finding with evidence, root cause, fix and verification."""
    blocks: list[Block] = []
    for number, finding in enumerate(facts.diagnosis.findings, 1):
        blocks += _issue(number, finding, facts)
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
        yield code(f"opsconsole fix '{finding.id}'")
    yield text(f"**Verification**: {finding.verify}")


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
