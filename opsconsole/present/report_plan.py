"""Sections of the report on what is to be done: fixes, alerts, root causes, targets, the action plan, appendices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opsconsole.diagnose.order import in_order
from opsconsole.model.alert import Target
from opsconsole.model.finding import Finding
from opsconsole.model.plan import JournalEntry
from opsconsole.present import humanise
from opsconsole.present.findings import remedy_steps, remedy_text
from opsconsole.present.plan import confirmed_at, plan_title, result_word
from opsconsole.present.report import Block, Facts, ReportSection, bullets, code, heading, steps, table, tasks, text
from opsconsole.present.wishes_pane import MOVED, measured_text, metric_text

SAMPLES = 30
_WHEN = (
    ("IMMEDIATE (Within 1 hour)", ("critical", "high")),
    ("SHORT-TERM (Within 24 hours)", ("medium",)),
    ("MEDIUM-TERM (Within 1 week)", ("low",)),
)


def fixes(facts: Facts) -> ReportSection:
    """By urgency, in the order in which they depend on each other, each with how it is done and proved."""
    ordered = in_order(facts.diagnosis.findings)
    numbers = {finding.id: number for number, finding in enumerate(ordered, 1)}
    blocks: list[Block] = []
    if ordered:
        blocks = [text("The numbers tell the order: what causes another comes first."), code("opsconsole fix --all")]
    for title, severities in _WHEN:
        due = [finding for finding in ordered if finding.severity in severities]
        if due:
            blocks.append(heading(title))
        for finding in due:
            blocks += [
                text(f"**{numbers[finding.id]}. {finding.title}** - {remedy_text(finding.remedy)}"),
                *([steps(*ways)] if (ways := remedy_steps(finding.remedy)) else []),
                *([code(f"opsconsole fix '{finding.id}'")] if finding.remedy.automatic else []),
                text(f"**Verify**: {finding.verify}"),
            ]
    return ReportSection("6. Recommended Fixes - Priority Order", tuple(blocks) or (text("Nothing to fix."),))


def monitoring(facts: Facts) -> ReportSection:
    """The alerts of the config: condition, state, action, escalation."""
    blocks: list[Block] = []
    for number, alert in enumerate(facts.diagnosis.alerts, 1):
        first, *later = alert.ladder or (None,)
        held = f", held for {humanise.duration(alert.for_s)}" if alert.for_s else ""
        lines = [f"**Condition**: {alert.condition}{held}", f"**State**: {alert.state}"]
        lines += [f"**Now**: {one.metric} is {measured_text(one)}" for one in alert.measured]
        lines += [f"**Action**: {first.do}"] if first is not None else []
        lines += [f"**Escalation** after {humanise.duration(rung.after_s)}: {rung.do}" for rung in later if rung]
        blocks += [heading(f"{number}. {alert.name}"), bullets(*lines)]
    return ReportSection("7. Monitoring Recommendations", tuple(blocks) or (text("No [[alert]] is configured."),))


def difficulty(finding: Finding) -> str:
    """Easy: the console does it alone; medium: it does, and something is left to a person; hard: by hand."""
    if not finding.remedy.automatic:
        return "Hard"
    return "Medium" if finding.causes or finding.rule == "worker-failing" else "Easy"


def root_causes(facts: Facts) -> ReportSection:
    rows = [(one.title, one.root_cause, one.severity.upper(), difficulty(one)) for one in facts.diagnosis.findings]
    head = ("Issue", "Root Cause", "Impact", "Fix Difficulty")
    return ReportSection("8. Root Cause Summary", (table(head, rows) if rows else text("No issue was found."),))


def targets(facts: Facts) -> ReportSection:
    """Current against wanted, met or not, and where it came from."""
    rows = [
        (
            one.name,
            metric_text(one.current, one.kind),
            one.want,
            {True: "yes", False: "no"}.get(one.met, "unknown") if one.met is not None else "unknown",
            _before(one),
            one.metric,
        )
        for one in facts.diagnosis.targets
    ]
    head = ("Metric", "Current", "Target", "Met", "Before", "Measurement")
    return ReportSection("9. Success Metrics", (table(head, rows) if rows else text("No [[target]] is configured."),))


def _before(one: Target) -> str:
    """What it was when it was first kept, else when the console started."""
    if one.recorded is None:
        return metric_text(one.first, one.kind)
    trend = f", {one.recorded_trend}" if one.recorded_trend in MOVED else ""
    was = metric_text(one.recorded.value, one.kind)
    return f"{was} on {humanise.date_time(one.recorded.at)[:16]}{trend}"


def action_plan(facts: Facts) -> ReportSection:
    """What was done with what came of it, what is open, and what is next."""
    lines = [*checklist(facts)]
    updates = [_update(entry, facts.users) for entry in reversed(facts.entries)]
    ordered = in_order(facts.diagnosis.findings)
    if ordered:
        first = ordered[0]
        updates.append(f"[NEXT] {first.title}: {remedy_text(first.remedy)}")
    blocks = [tasks(*lines) if lines else text("Nothing is open."), text("**Status Updates**:")]
    if facts.journal_reason:
        blocks.append(text(f"The journal could not be read: {facts.journal_reason}"))
    blocks.append(bullets(*updates) if updates else text("Nothing was done yet."))
    return ReportSection("10. Immediate Action Plan", tuple(blocks))


def checklist(facts: Facts) -> Iterator[str]:
    """One line for each plan of the journal and each open finding: done and verified, running, failed, open."""
    for entry in reversed(facts.entries):
        yield f"{done_mark(entry)} {plan_title(entry.plan)}"
    yield from open_tasks(facts)


def open_tasks(facts: Facts) -> Iterator[str]:
    """What is left to do, in the order in which it is done."""
    for finding in in_order(facts.diagnosis.findings):
        state = "[~]" if finding.recovering else "[ ]"
        who = remedy_text(finding.remedy) if finding.remedy.automatic else "by hand"
        yield f"{state} {finding.title} - {who}"
    told = {finding.subject for finding in facts.diagnosis.findings}
    for site in facts.snapshot.sites.value or ():
        if site.state not in ("up", "unknown") and site.name not in told:
            yield f"[ ] Verify {site.name} ({site.url}): {site.reason}"


def done_mark(entry: JournalEntry) -> str:
    result = entry.result
    if entry.state in ("running", "watching", "waiting"):
        return "[~]"
    if result is not None and result.result in ("done", "nothing-to-do") and result.verified is not False:
        return "[x]"
    return "[!]"


def _update(entry: JournalEntry, users: Mapping[int, str]) -> str:
    began = humanise.clock_time(confirmed_at(entry))[:5]
    word = result_word(entry.result) if entry.result is not None else entry.state
    reason = f": {entry.result.reason}" if entry.result is not None and entry.result.reason else ""
    return f"[{began}] {plan_title(entry.plan)} - {word}{reason} (by {by_whom(entry, users)})"


def by_whom(entry: JournalEntry, users: Mapping[int, str]) -> str:
    """``alice on build7``: who confirmed a plan, and where."""
    uid = entry.plan.uid
    return f"{users.get(uid) or f'uid {uid}'} on {entry.plan.host}"


def log_samples(facts: Facts) -> ReportSection:
    """The newest error lines of each worker's log, and what repeats in them."""
    blocks: list[Block] = []
    for worker in facts.snapshot.workers.value or ():
        log = worker.log
        if log is None or not log.error_lines:
            continue
        from opsconsole.diagnose.rules.logs import pattern_fact

        newest = log.error_lines[-SAMPLES:]
        blocks += [
            heading(f"{worker.name} errors (last {len(newest)})"),
            text(log.path),
            code(*newest),
            text("**Pattern**:"),
            bullets(*map(pattern_fact, log.patterns)),
        ]
    return ReportSection("Appendix A: Error Log Samples", tuple(blocks) or (text("No worker's log has errors."),))


def process_list(facts: Facts) -> ReportSection:
    """The processes of workers and services."""
    rows: dict[int, tuple[str, ...]] = {}
    processes = facts.snapshot.processes.value
    for worker in facts.snapshot.workers.value or ():
        for one in worker.instances:
            usage = (humanise.percent(one.cpu_percent), humanise.size(one.rss_bytes), humanise.duration(one.uptime_s))
            rows[one.pid] = (str(one.pid), *usage, one.command)
        for helper in (*worker.wrappers, *worker.remnants):
            rows[helper.pid] = (str(helper.pid), "", "", "", f"{helper.command} ({helper.reason})")
    for service in facts.snapshot.services.value or ():
        for owner in service.owners:
            process = processes.find(owner.id) if processes is not None else None
            cpu = humanise.percent(process.cpu_percent) if process is not None else humanise.UNKNOWN
            rss = humanise.size(process.rss_bytes) if process is not None else humanise.UNKNOWN
            rows.setdefault(owner.pid, (str(owner.pid), cpu, rss, humanise.duration(service.uptime_s), owner.command))
    head = ("PID", "CPU%", "MEM", "Uptime", "Command")
    shown = table(head, list(rows.values())) if rows else text("None of them runs.")
    return ReportSection("Appendix B: Process List", (shown,))


def commands(facts: Facts) -> ReportSection:
    """How all of this is read again, and put right."""
    urls = [one.url for one in facts.snapshot.services.value or () if one.url]
    logs = [one.log.path for one in facts.snapshot.workers.value or () if one.log is not None]
    fix = [f"opsconsole fix '{one.id}'" for one in in_order(facts.diagnosis.findings) if one.remedy.automatic]
    blocks = [
        heading("Check status"),
        code("opsconsole status", "opsconsole diagnose", "opsconsole probe", *(f"curl -s {url}" for url in urls)),
        heading("Fix"),
        code(*(fix or ("# nothing that can be done from here",)), "opsconsole journal"),
        heading("Check logs"),
        code(*(f"tail -f {path}" for path in dict.fromkeys(logs))) if logs else text("No log is configured."),
    ]
    return ReportSection("Appendix C: Commands Reference", tuple(blocks))
