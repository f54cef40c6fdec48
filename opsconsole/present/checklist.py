"""The action plan as a list to tick off: open, under way, done and verified, not done; with when and by whom. Pure."""

from __future__ import annotations

from opsconsole.model.plan import JournalEntry
from opsconsole.present import humanise
from opsconsole.present.findings import score_line
from opsconsole.present.plan import confirmed_at, plan_title, result_word
from opsconsole.present.report import Facts, Report, ReportSection, tasks, text
from opsconsole.present.report_issues import by_whom
from opsconsole.present.report_plan import done_mark, open_tasks

_ORDER = ", newest first"


def checklist_report(facts: Facts) -> Report:
    """From the findings that are open and the journal of what was done about them."""
    left = list(open_tasks(facts))
    by_mark = {mark: [one for one in facts.entries if done_mark(one) == mark] for mark in ("[~]", "[x]", "[!]")}
    sections = [_section(f"Open ({len(left)})", left, "Nothing is open.")]
    for title, mark in (("Under way", "[~]"), ("Done and verified", "[x]"), ("Not done", "[!]")):
        lines = [f"{mark} {_told(entry, facts)}" for entry in by_mark[mark]]
        if lines or mark == "[x]":
            sections.append(
                _section(f"{title} ({len(lines)}{_ORDER if len(lines) > 1 else ''})", lines, "Nothing was done yet.")
            )
    if facts.journal_reason:
        sections.append(ReportSection("Unknown", (text(f"The journal could not be read: {facts.journal_reason}"),)))
    head = (("Host", facts.snapshot.host), ("Score", score_line(facts.diagnosis)))
    return Report("action plan", head, tuple(sections))


def _section(title: str, lines: list[str], empty: str) -> ReportSection:
    return ReportSection(title, (tasks(*lines) if lines else text(empty),))


def _told(entry: JournalEntry, facts: Facts) -> str:
    result = entry.result
    word = result_word(result) if result is not None else entry.state
    reason = f": {result.reason}" if result is not None and result.reason else ""
    when = humanise.date_time(confirmed_at(entry))
    return f"{plan_title(entry.plan, whole=True)} - {word}{reason} ({when}, by {by_whom(entry, facts.users)})"
