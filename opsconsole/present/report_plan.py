"""Sections of the report on what is to be done: fixes, alerts, root causes, targets, the action plan, appendices."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.diagnose.order import in_order
from opsconsole.diagnose.rules.logs import logs_of, pattern_fact
from opsconsole.diagnose.words import listed, quoted, several, span
from opsconsole.model.alert import Target
from opsconsole.model.finding import Diagnosis, Finding
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import JournalEntry
from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.findings import remedy_steps, remedy_text
from opsconsole.present.plan import confirmed_at, plan_title, result_word
from opsconsole.present.report import Block, Facts, ReportSection, bullets, code, heading, steps, table, tasks, text
from opsconsole.present.report_issues import remedy_words, told
from opsconsole.present.wishes_pane import MOVED, measured_text, metric_text, unwatched_text

SAMPLES = 30
_WHEN = (
    ("IMMEDIATE (Within 1 hour)", ("critical", "high")),
    ("SHORT-TERM (Within 24 hours)", ("medium",)),
    ("MEDIUM-TERM (Within 1 week)", ("low",)),
)


def fixes(facts: Facts) -> ReportSection:
    """By urgency, in the order in which they depend on each other, each with how it is done and proved."""
    ordered = by_priority(facts.diagnosis)
    blocks: list[Block] = []
    if any(one.remedy.automatic for one in ordered):
        blocks = [
            text("What can be put right from here, what gives room and what causes another first:"),
            code(f"{facts.called} fix --all"),
        ]
    headed = ""
    for number, finding in enumerate(ordered, 1):
        due, _ = _WHEN[_urgency(finding)]
        if due != headed:
            blocks.append(heading(due))
        headed = due
        blocks += [
            text(f"**{number}. {finding.title}** - {remedy_words(finding)}"),
            *([steps(*ways)] if (ways := remedy_steps(finding.remedy)) else []),
            *([code(f"{facts.called} fix {quoted(finding.id)}")] if finding.remedy.automatic else []),
            text(f"**Verify**: {finding.verify}"),
        ]
    if lasting := [*prevention(facts)]:
        blocks += [heading("So That It Does Not Come Again"), bullets(*lasting)]
    return ReportSection("6. Recommended Fixes - Priority Order", tuple(blocks) or (text("Nothing to fix."),))


def by_priority(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """What is most urgent first; of the same urgency what causes another before it."""
    return tuple(sorted(in_order(diagnosis.findings), key=_urgency))


def _urgency(finding: Finding) -> int:
    """Position in ``_WHEN``: what causes something grave is as urgent as that."""
    severities = {finding.severity, *(one.severity for one in finding.symptoms if not one.muted)}
    return min(place for place, (_, meant) in enumerate(_WHEN) if severities & set(meant))


_LASTING: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("worker-missing", "worker-crash-loop", "service-down"),
        "Have what must run started again by the system: `opsconsole init --units` writes systemd user units.",
    ),
    (
        ("worker-duplicates", "port-shared"),
        "Let a second start end by itself: a lock or pid file in the program, and one script only that starts it.",
    ),
    (
        ("env-ports-exhausted", "env-stale"),
        "Give environments an end: delete them when their work is done, and `opsconsole env prune --yes` every hour.",
    ),
    (("env-duplicate",), "Look whether an environment exists before it is made, or add a time to its name."),
    (
        ("system-load", "memory-pressure", "swap-thrash", "sessions-many"),
        "Put sessions to sleep that nobody uses: `opsconsole hibernate --idle 1h --yes` every hour.",
    ),
    (("worker-pidfile",), "Let each worker write its pid file at its start and remove it at its end."),
    (("log-errors",), "Check an answer before it is parsed, log what came instead, and ask again later and later."),
)
"""By the rules of a finding: what keeps its cause from coming back."""


def prevention(facts: Facts) -> Iterator[str]:
    """What is to be changed for good, of what was found here; and workers that nothing limits on a full machine."""
    yield from (advice for rules, advice in _LASTING if facts.told(*rules) is not None)
    unlimited = [one.name for one in facts.config.worker if one.limits.memory is None]
    if unlimited and facts.told("memory-pressure") is not None:
        yield f"Limit the memory of workers: `limits` of [[worker]] {listed(unlimited)}."


def monitoring(facts: Facts) -> ReportSection:
    """The alerts of the config: condition, state, action, escalation."""
    blocks: list[Block] = []
    for number, alert in enumerate(facts.diagnosis.alerts, 1):
        first, *later = alert.ladder or (None,)
        held = f", held for {span(alert.for_s)}" if alert.for_s else ""
        since = f" since {humanise.clock_time(alert.since)[:5]}" if alert.since is not None else ""
        noted = "".join(f", {one}" for one in (unwatched_text(alert), "acknowledged" * alert.acknowledged) if one)
        lines = [f"**Condition**: {alert.condition}{held}", f"**State**: {alert.state}{since}{noted}"]
        lines += [f"**Now**: {one.metric} is {measured_text(one)}" for one in alert.measured]
        lines += [f"**Action**: {first.do}"] if first is not None else []
        lines += [f"**Escalation** after {span(rung.after_s)}: {rung.do}" for rung in later if rung]
        blocks += [heading(f"{number}. {alert.name}"), bullets(*lines)]
    none = text("No [[alert]] is configured; `opsconsole init` writes a set to start from.")
    return ReportSection("7. Monitoring Recommendations", tuple(blocks) or (none,))


def difficulty(finding: Finding) -> str:
    """Easy: the console does it alone; medium: it does, and something is left to a person; hard: by hand."""
    if not finding.remedy.automatic:
        return "Hard"
    return "Medium" if finding.causes or finding.rule == "worker-failing" else "Easy"


def root_causes(facts: Facts) -> ReportSection:
    """One line for each issue, its cause in short; section 2 has it whole."""
    rows = [
        (one.title, one.root_cause.partition("; ")[0], one.severity.upper(), difficulty(one))
        for one in facts.diagnosis.findings
    ]
    rows += [
        (
            one.finding.title,
            one.finding.root_cause.partition("; ")[0],
            one.finding.severity.upper(),
            f"put right at {_clock(one.closed)}",
        )
        for one in facts.course.closed
    ]
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
    updates = [told(entry, facts.users) for entry in reversed(facts.entries)]
    issues = several(len(facts.diagnosis.findings), "issue")
    score = f"health {facts.diagnosis.score:.1f} of 10"
    updates.append(f"[{_clock(facts.diagnosis.at)}] Report complete - {issues}, {score}")
    if ordered := by_priority(facts.diagnosis):
        updates.append(f"[NEXT] {ordered[0].title} - {remedy_words(ordered[0])}")
    blocks = [tasks(*lines) if lines else text("Nothing is open."), text("**Status Updates**:")]
    if facts.journal_reason:
        blocks.append(text(f"The journal could not be read: {facts.journal_reason}"))
    blocks.append(bullets(*updates))
    return ReportSection("10. Immediate Action Plan", tuple(blocks))


def checklist(facts: Facts) -> Iterator[str]:
    """One line for each plan of the journal, each site that answers and each open finding."""
    for entry in reversed(facts.entries):
        yield f"{done_mark(entry)} {plan_title(entry.plan, whole=True)} - {_outcome(entry)} at {_began(entry)}"
    for site in facts.snapshot.sites.value or ():
        if site.state == "up":
            yield f"[x] Verify {site.name} ({site.url}) - HTTP {site.http_status} at {_clock(site.checked_at)}"
    yield from open_tasks(facts)


def _clock(at: float | None) -> str:
    return humanise.clock_time(at)[:5]


def _began(entry: JournalEntry) -> str:
    return _clock(confirmed_at(entry))


def _outcome(entry: JournalEntry) -> str:
    return result_word(entry.result) if entry.result is not None else entry.state


def open_tasks(facts: Facts) -> Iterator[str]:
    """What is left to do, in the order in which it is done."""
    for finding in by_priority(facts.diagnosis):
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


def log_samples(facts: Facts) -> ReportSection:
    """The newest error lines of each log, and what repeats in them."""
    blocks: list[Block] = []
    for name, log, _ in logs_of(facts.snapshot):
        if not log.error_lines:
            continue
        newest = log.error_lines[-SAMPLES:]
        blocks += [
            heading(f"{name} errors (last {len(newest)})"),
            text(log.path),
            code(*newest),
            text("**Pattern**:"),
            bullets(*map(pattern_fact, log.patterns)),
        ]
    return ReportSection("Appendix A: Error Log Samples", tuple(blocks) or (text("No log that is read has errors."),))


def process_list(facts: Facts) -> ReportSection:
    """The processes of workers and services."""
    rows: dict[int, tuple[str, ...]] = {}
    for worker in facts.snapshot.workers.value or ():
        for one in worker.instances:
            usage = (humanise.percent(one.cpu_percent), humanise.size(one.rss_bytes), humanise.duration(one.uptime_s))
            rows[one.pid] = (str(one.pid), *usage, one.command)
        for helper in (*worker.wrappers, *worker.remnants):
            rows[helper.pid] = _process_row(helper.id, f"{helper.command} ({helper.reason})", facts.snapshot)
    for service in facts.snapshot.services.value or ():
        for owner in service.owners:
            rows.setdefault(owner.pid, _process_row(owner.id, owner.command, facts.snapshot))
    head = ("PID", "CPU%", "MEM", "Uptime", "Command")
    shown = table(head, list(rows.values())) if rows else text("None of them runs.")
    return ReportSection("Appendix B: Process List", (shown,))


def _process_row(process_id: ProcessId, command: str, snapshot: Snapshot) -> tuple[str, ...]:
    """As the process table has it; unknown where it is not there."""
    processes = snapshot.processes.value
    process = processes.find(process_id) if processes is not None else None
    if process is None:
        return (str(process_id.pid), *3 * (humanise.UNKNOWN,), command)
    uptime = humanise.duration(snapshot.at - process.started_at)
    return (
        str(process.pid),
        humanise.percent(process.cpu_percent),
        humanise.size(process.rss_bytes),
        uptime,
        command,
    )


def commands(facts: Facts) -> ReportSection:
    """How all of this is read again, and put right."""
    urls = [one.url for one in facts.snapshot.services.value or () if one.url]
    logs = [one.log.path for one in logs_of(facts.snapshot)]
    called = facts.called
    fix = [f"{called} fix {quoted(one.id)}" for one in by_priority(facts.diagnosis) if one.remedy.automatic]
    blocks = [
        heading("Check status"),
        code(f"{called} status", f"{called} diagnose", f"{called} probe", *(f"curl -s {quoted(url)}" for url in urls)),
        heading("Fix"),
        code(*(fix or (_nothing_to_fix(facts),)), f"{called} journal", f"{called} report"),
        heading("Check logs"),
        code(*(f"tail -f {quoted(path)}" for path in dict.fromkeys(logs))) if logs else text("No log is configured."),
    ]
    return ReportSection("Appendix C: Commands Reference", tuple(blocks))


def _nothing_to_fix(facts: Facts) -> str:
    if facts.diagnosis.findings:
        return "# what is open is for a person: section 6 has its steps"
    return "# nothing is open, so there is nothing to put right"


def outlook(facts: Facts) -> tuple[str, ...]:
    """When to look again, and what is proposed when it stays as it is."""
    if not facts.diagnosis.findings:
        return ("**Next Review**: when an alert asks for it",)
    climbs = [
        f"{alert.name}: {rung.do} if it holds for {span(alert.for_s + rung.after_s)}"
        for alert in facts.diagnosis.alerts
        if alert.state in ("active", "pending") and not alert.acknowledged
        for rung in alert.ladder[1:2]
    ]
    after = f"**Next Review**: after the next fix ({by_priority(facts.diagnosis)[0].title}), with opsconsole report"
    return (after, *((f"**Escalation**: {'; '.join(climbs)}",) if climbs else ()))
