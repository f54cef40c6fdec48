"""Sections of the report on how things are: summary, services, issues, workers, resources, sites."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.model.finding import Finding
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Worker
from opsconsole.present import humanise
from opsconsole.present.environments import pool_text
from opsconsole.present.findings import evidence_lines, related_text, remedy_steps, remedy_text, score_line
from opsconsole.present.report import Block, Facts, ReportSection, bullets, code, heading, steps, table, text

NONE = "-"


def stability(score: float) -> str:
    """The score in a word."""
    return (
        "CRITICAL INSTABILITY"
        if score < 5
        else "UNSTABLE"
        if score < 8
        else "MOSTLY STABLE"
        if score < 10
        else "STABLE"
    )


def summary(facts: Facts) -> ReportSection:
    """The score, how many issues, what is down, what fails, how loaded the machine is."""
    snapshot, diagnosis = facts.snapshot, facts.diagnosis
    down = [one.name for one in snapshot.services.value or () if one.state == "down"]
    down += [one.name for one in snapshot.workers.value or () if one.state == "missing"]
    queue, system = snapshot.queue.value, snapshot.system.value
    lines = [
        f"**System Health Score**: {diagnosis.score:.1f}/10 - {stability(diagnosis.score)}",
        f"**Made of**: {score_line(diagnosis)}",
        f"**Issues Identified**: {len(diagnosis.findings)}",
        f"**Services and Workers Down**: {len(down)}" + (f" ({', '.join(down)})" if down else ""),
        f"**Failed Operations (24h)**: {_count(queue.failed_24h) + ' prompts' if queue else _why(snapshot, 'queue')}",
        f"**System Load**: {humanise.load(system.load1) if system else _why(snapshot, 'system')}",
        f"**CPU Idle**: {_percent(system.cpu_idle) if system else _why(snapshot, 'system')}",
    ]
    blocks = [text(*lines)]
    if diagnosis.unknown:
        blocks += [
            text("Could not be judged:"),
            bullets(*(f"{one.subject}: {one.reason}" for one in diagnosis.unknown)),
        ]
    return ReportSection("Executive Summary", tuple(blocks))


def services(facts: Facts) -> ReportSection:
    """What runs, and what does not, with what that costs."""
    snapshot = facts.snapshot
    up = [
        (
            one.name,
            str(one.port),
            "UP" if one.state == "up" else one.state.upper(),
            _pids([owner.pid for owner in one.owners]),
            humanise.duration(one.uptime_s),
            one.reason or (f"HTTP {one.http_status}" if one.http_status else "port listening"),
        )
        for one in snapshot.services.value or ()
        if one.state != "down"
    ]
    up += [
        (
            one.name,
            NONE,
            "RUNNING" if one.state == "running" else one.state.upper(),
            _pids([instance.pid for instance in one.instances]),
            humanise.duration(one.uptime_s),
            one.reason,
        )
        for one in snapshot.workers.value or ()
        if one.instances
    ]
    impact = {finding.subject: finding.impact for finding in facts.diagnosis.findings}
    failed = [
        (one.name, "running", "DOWN", impact.get(one.name, one.reason))
        for one in snapshot.services.value or ()
        if one.state == "down"
    ]
    failed += [
        (one.name, f"{one.wanted} running", "STOPPED", impact.get(one.name, one.reason))
        for one in snapshot.workers.value or ()
        if one.state == "missing"
    ]
    blocks = [
        heading("Operational"),
        table(("Service", "Port", "Status", "PID", "Uptime", "Notes"), up) if up else text("Nothing runs."),
        heading("Failed"),
        table(("Service", "Expected", "Actual", "Impact"), failed) if failed else text("Nothing is down."),
    ]
    return ReportSection("1. Service Status Overview", tuple(blocks))


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
        *((f"**Since**: {humanise.date_time(finding.since)}",) if finding.since is not None else ()),
        f"**Id**: {finding.id}",
    )
    yield text("**Evidence**:")
    yield code(*evidence_lines(finding.evidence))
    inside = {one.id for one in (*finding.causes, *finding.symptoms) if one.muted}
    for muted in facts.diagnosis.muted:
        if muted.id in inside:
            yield text(f"**And of {muted.id}**:")
            yield code(*evidence_lines(muted.evidence))
    yield text(f"**Root Cause**: {finding.root_cause}")
    for label, related in (("Explained by", finding.causes), ("Explains", finding.symptoms)):
        if related:
            yield text(f"**{label}**:")
            yield bullets(*map(related_text, related))
    yield text(f"**Fix**: {remedy_text(finding.remedy)}")
    if ways := remedy_steps(finding.remedy):
        yield steps(*ways)
    if finding.remedy.automatic:
        yield code(f"opsconsole fix '{finding.id}'")
    yield text(f"**Verification**: {finding.verify}")


def workers(facts: Facts) -> ReportSection:
    """Each worker: pids, uptime, state, performance, what its log says."""
    blocks: list[Block] = []
    for worker in facts.snapshot.workers.value or ():
        blocks += [heading(worker.name), bullets(*_worker_lines(worker, facts))]
    reading = facts.snapshot.workers
    return ReportSection("3. Worker Status Detail", tuple(blocks) or (text(reading.reason or reading.hint or NONE),))


def _worker_lines(worker: Worker, facts: Facts) -> Iterator[str]:
    yield f"**PIDs**: {_pids([one.pid for one in worker.instances])} ({len(worker.instances)} of {worker.wanted})"
    for each in worker.instances:
        yield f"pid {each.pid}: {each.version}, up {humanise.duration(each.uptime_s)}"
    for helper in (*worker.wrappers, *worker.remnants):
        yield f"pid {helper.pid}: {helper.reason}"
    yield f"**Uptime**: {humanise.duration(worker.uptime_s)}"
    yield f"**Status**: {worker.state}" + (f" - {worker.reason}" if worker.reason else "")
    yield f"**Memory**: {humanise.size(worker.rss_bytes)}, CPU {humanise.percent(worker.cpu_percent)}"
    if worker.pid_file is not None:
        yield f"**PID file**: {worker.pid_file.path}: {worker.pid_file.state}"
    if worker.log is not None:
        age, errors = humanise.duration(worker.log.age_s), _count(worker.log.errors)
        yield f"**Log**: {worker.log.path}: {worker.log.state}, last write {age} ago, {errors} errors"
    failing = f"worker-failing:{worker.name}"
    queue = facts.snapshot.queue.value
    if queue is not None and any(one.id == failing for one in facts.diagnosis.findings):
        yield f"**Queue**: {queue.pending} pending, {queue.active} active"
        yield f"**Performance**: {humanise.ratio(queue.success_rate)} success rate"
        yield f"**Statistics**: {queue.total} prompts, {queue.completed} completed, {queue.failed} failed"
    issues_here = [one.title for one in facts.diagnosis.findings if worker.name in (one.subject, *one.remedy.targets)]
    if issues_here:
        yield f"**Issues**: {'; '.join(issues_here)}"


def resources(facts: Facts) -> ReportSection:
    """Load, CPU, memory, swap, pressure, disks, environments and what takes most."""
    snapshot = facts.snapshot
    system = snapshot.system.value
    if system is None:
        return ReportSection("4. System Resource Analysis", (text(_why(snapshot, "system")),))
    loads = ", ".join(map(humanise.load, (system.load1, system.load5, system.load15)))
    total, available = system.memory_total_bytes, system.memory_available_bytes
    used = None if total is None or available is None else total - available
    share = None if used is None or not total else 100.0 * used / total
    found = next((one for one in facts.diagnosis.findings if one.rule == "system-load"), None)
    blocks = [
        heading("CPU Load Pattern"),
        code(
            f"Load Average: {loads} (1, 5, 15 min) on {_count(system.cores)} cores",
            f"CPU Usage: {_percent(system.cpu_user)} user, {_percent(system.cpu_system)} sys,"
            f" {_percent(system.cpu_idle)} idle",
        ),
        text(f"**Analysis**: {found.root_cause if found is not None else 'the cores keep up with the load'}"),
        heading("Memory Pressure"),
        code(
            f"Physical Memory: {humanise.size(used)} used / {humanise.size(total)} total ({_percent(share)})",
            f"Available: {humanise.size(available)}",
            f"Compressed: {humanise.size(system.memory_compressed_bytes)}",
            f"Swap: {humanise.size(system.swap_used_bytes)} used,"
            f" {humanise.size_rate(system.swap_in_per_s)} in, {humanise.size_rate(system.swap_out_per_s)} out",
        ),
        heading("Top Consumers (by kind of process)"),
        table(
            ("Kind", "Count", "Memory", "Swap", "CPU"),
            [
                (
                    one.kind,
                    str(one.count),
                    humanise.size(one.rss_bytes),
                    humanise.size(one.swap_bytes),
                    humanise.percent(one.cpu_percent),
                )
                for one in snapshot.consumers
            ],
        ),
    ]
    return ReportSection("4. System Resource Analysis", (*blocks, *_environments(snapshot)))


def _environments(snapshot: Snapshot) -> Iterator[Block]:
    environments = snapshot.environments.value
    if environments is None:
        return
    yield heading("Environments")
    yield text(f"**Port pool**: {pool_text(environments.pool) if environments.pool is not None else 'not configured'}")
    rows = [
        (
            one.name,
            str(one.port or NONE),
            humanise.duration(one.age_s),
            one.reason or "in order",
            {True: "running", False: "nothing runs"}.get(one.alive, "?") if one.alive is not None else "?",
        )
        for one in environments.items
    ]
    yield table(("Environment", "Port", "Age", "State", "Behind it"), rows) if rows else text("There is none.")


def sites(facts: Facts) -> ReportSection:
    """Each monitored site with what was expected and what came."""
    reading = facts.snapshot.sites
    marks = {"up": "OK", "unexpected": "UNEXPECTED", "down": "NO ANSWER", "unknown": "UNKNOWN"}
    rows = [
        (
            one.name,
            one.url,
            str(one.expect),
            str(one.http_status) if one.http_status is not None else one.reason or "none",
            "NEEDS CHECK" if one.state == "down" and one.failures < 2 else marks[one.state],
        )
        for one in reading.value or ()
    ]
    blocks = [table(("Site", "URL", "Expected", "Actual", "Status"), rows)] if rows else [text(reading.hint or NONE)]
    check = [one for one in reading.value or () if one.state != "up"]
    if check:
        blocks += [
            text("**Action**: check these:"),
            code(*(f"curl -si {one.url}" for one in check), "opsconsole probe"),
        ]
    return ReportSection("5. Monitored Sites Status", tuple(blocks))


def _pids(pids: list[int]) -> str:
    return ", ".join(map(str, pids)) or NONE


def _count(number: int | None) -> str:
    return humanise.UNKNOWN if number is None else str(number)


def _percent(value: float | None) -> str:
    """With the digits of the report: 6.41 % is another thing than 6 %."""
    return humanise.UNKNOWN if value is None else f"{value:.2f}%"


def _why(snapshot: Snapshot, name: str) -> str:
    reading = getattr(snapshot, name)
    return f"unknown: {reading.reason}" if reading.state == "unknown" else "not configured"
