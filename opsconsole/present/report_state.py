"""Sections of the report on how things are: summary, services, workers, resources, sites."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.diagnose.look import local_port, worker_table
from opsconsole.diagnose.rules.pid_files import WORKERS
from opsconsole.diagnose.words import quoted, several
from opsconsole.model.finding import Diagnosis
from opsconsole.model.service import Service
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import System
from opsconsole.model.worker import Log, Worker
from opsconsole.present import humanise
from opsconsole.present.environments import pool_text
from opsconsole.present.findings import remedy_text, score_line
from opsconsole.present.report import Block, Facts, ReportSection, bullets, code, heading, table, text
from opsconsole.present.report_issues import passed
from opsconsole.present.services import rivals

NONE = "-"
IN_SHORT = 12
"""How many issues the half page has room for."""


def stability(diagnosis: Diagnosis) -> str:
    """The score in a word; where nothing was found, but not everything could be judged, it is no word of praise."""
    if diagnosis.score < 5:
        return "CRITICAL INSTABILITY"
    if diagnosis.score < 8:
        return "UNSTABLE"
    if diagnosis.unknown and not diagnosis.findings:
        return "NOT KNOWN WHETHER STABLE"
    return "MOSTLY STABLE" if diagnosis.findings else "STABLE"


def counted(facts: Facts) -> tuple[int, int]:
    """How many of the closed findings were put right, and how many came and went."""
    brief = sum(passed(one, facts) for one in facts.course.closed)
    return len(facts.course.closed) - brief, brief


def in_short(facts: Facts) -> ReportSection:
    """Half a page for who reads no more: how bad it was and is, what was wrong, what became of it, what is left."""
    diagnosis, course = facts.diagnosis, facts.course
    lines = [f"**Health**: {diagnosis.score:.1f} of 10 now"]
    if course.worst is not None and course.worst_at is not None and course.worst < diagnosis.score:
        lines[0] += f", {course.worst:.1f} at the worst ({humanise.date_time(course.worst_at)})"
    if waiting := [one for one in diagnosis.findings if one.recovering]:
        lines.append(f"**Recovering**: {several(len(waiting), 'issue')} of the open ones, with nothing left to be done")
    rows = [
        (one.title, one.severity, "recovering" if one.recovering else f"open: {remedy_text(one.remedy).rstrip(':')}")
        for one in diagnosis.findings
    ]
    rows += [
        (one.finding.title, one.finding.severity, f"put right at {humanise.clock_time(one.closed)[:5]}")
        for one in course.closed
        if not passed(one, facts)
    ]
    blocks = [text(*lines)]
    if rows:
        blocks.append(table(("What", "Severity", "Now"), rows[:IN_SHORT]))
    if len(rows) > IN_SHORT:
        blocks.append(text(f"And {len(rows) - IN_SHORT} more: section 2 has them all."))
    return ReportSection("In Short", tuple(blocks))


def summary(facts: Facts) -> ReportSection:
    """The score, how many issues, what is down, what fails, how loaded the machine is."""
    snapshot, diagnosis = facts.snapshot, facts.diagnosis
    down = [one.name for one in snapshot.services.value or () if one.state == "down"]
    down += [one.name for one in snapshot.workers.value or () if one.state == "missing"]
    queue, system = snapshot.queue.value, snapshot.system.value
    lines = [
        f"**System Health Score**: {diagnosis.score:.1f}/10 - {stability(diagnosis)}",
        f"**Made of**: {score_line(diagnosis)}",
        f"**Issues Identified**: {len(diagnosis.findings)}",
        f"**Services and Workers Down**: {len(down)}" + (f" ({', '.join(down)})" if down else ""),
        f"**Failed Operations (24h)**: {_count(queue.failed_24h) + ' prompts' if queue else _why(snapshot, 'queue')}",
        f"**System Load**: {humanise.load(system.load1) if system else _why(snapshot, 'system')}"
        + (" - TOO HIGH" if facts.told("system-load") else ""),
        f"**CPU Idle**: {_percent(system.cpu_idle) if system else _why(snapshot, 'system')}"
        + (" - TOO LOW" if facts.told("cpu-starved") else ""),
    ]
    course = facts.course
    if course.closed:
        lines.insert(1, f"**At the Worst**: {course.worst:.1f}/10 at {humanise.date_time(course.worst_at)}")
        right, brief = counted(facts)
        also = f"; {brief} more came and went with these" if brief else ""
        lines.insert(4, f"**Issues Put Right**: {right} in the last 24 h{also}")
    if facts.entries:
        done = sum(one.result is not None and one.result.verified is True for one in facts.entries)
        lines.append(f"**Actions Taken**: {len(facts.entries)}, {done} of them verified")
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
            one.state.upper(),
            _pids([owner.pid for owner in one.owners]),
            humanise.duration(one.uptime_s),
            _service_notes(one, snapshot),
        )
        for one in snapshot.services.value or ()
        if one.state != "down"
    ]
    up += [
        (
            one.name,
            NONE,
            one.state.upper(),
            _pids([instance.pid for instance in one.instances]),
            humanise.duration(one.uptime_s),
            _worker_issues(one, facts) or one.reason or "as wanted",
        )
        for one in snapshot.workers.value or ()
        if one.instances
    ]
    failed = [
        (one.name, "running", "DOWN", _impact(facts, one.reason, f"service-down:{one.name}"))
        for one in snapshot.services.value or ()
        if one.state == "down"
    ]
    failed += [
        (
            one.name,
            f"{one.wanted} running",
            "STOPPED",
            _impact(facts, one.reason, f"worker-missing:{one.name}", f"worker-crash-loop:{one.name}"),
        )
        for one in snapshot.workers.value or ()
        if one.state == "missing"
    ]
    unread = [name for name in ("services", "workers") if getattr(snapshot, name).state == "unknown"]
    nothing = text(f"Not known: {', '.join(unread)} could not be read." if unread else "Nothing is down.")
    blocks = [
        heading("Operational"),
        table(("Service", "Port", "Status", "PID", "Uptime", "Notes"), up) if up else text("Nothing is seen to run."),
        heading("Failed"),
        table(("Service", "Expected", "Actual", "Impact"), failed) if failed else nothing,
    ]
    return ReportSection("1. Service Status Overview", tuple(blocks))


def _impact(facts: Facts, otherwise: str, *ids: str) -> str:
    told = (*facts.diagnosis.findings, *facts.diagnosis.muted)
    return next((one.impact for one in told if one.id in ids), otherwise)


def _service_notes(service: Service, snapshot: Snapshot) -> str:
    """Why it is not up, or how it answers: at its health URL, else at a site on its port."""
    notes = [service.reason] if service.reason else []
    if service.http_status and not service.reason:
        notes.append(f"HTTP {service.http_status}")
    for site in snapshot.sites.value or ():
        if site.http_status and local_port(site.url) == service.port and not notes:
            notes.append(f"HTTP {site.http_status} from {site.name}")
    if shared := rivals(service):
        notes.append(shared)
    return "; ".join(notes) or "port listening"


def workers(facts: Facts) -> ReportSection:
    """Each worker: pids, uptime, state, performance, what its log says."""
    blocks: list[Block] = []
    for worker in facts.snapshot.workers.value or ():
        blocks += [heading(worker.name), bullets(*_worker_lines(worker, facts))]
    reading = facts.snapshot.workers
    return ReportSection("3. Worker Status Detail", tuple(blocks) or (text(reading.reason or reading.hint or NONE),))


def _worker_lines(worker: Worker, facts: Facts) -> Iterator[str]:
    yield f"**Status**: {worker.state}" + (f" - {worker.reason}" if worker.reason else "")
    members = [
        *(f"{one.pid} ({one.version}, up {humanise.duration(one.uptime_s)})" for one in worker.instances),
        *(f"{helper.pid} ({helper.reason})" for helper in (*worker.wrappers, *worker.remnants)),
    ]
    yield f"**PIDs**: {', '.join(members) or NONE}"
    yield f"**Running**: {len(worker.instances)} of {worker.wanted} wanted"
    if worker.instances:
        yield f"**Uptime**: {humanise.duration(worker.uptime_s)}"
        table = worker_table(facts.config, worker.name)
        limit = table.limits.memory if table is not None else None
        allowed = f" of {humanise.size(limit)} allowed" if limit else ""
        yield f"**Memory**: {humanise.size(worker.rss_bytes)}{allowed}, CPU {humanise.percent(worker.cpu_percent)}"
    if worker.pid_file is not None:
        why = f" - {worker.pid_file.reason}" if worker.pid_file.state not in ("ok", "missing") else ""
        yield f"**PID file**: {worker.pid_file.path}: {worker.pid_file.state}{why}"
    if worker.log is not None:
        yield f"**Log**: {_log_line(worker.log)}"
    failing = f"worker-failing:{worker.name}"
    queue = facts.snapshot.queue.value
    if queue is not None and any(one.id == failing for one in facts.diagnosis.findings):
        yield f"**Queue**: {queue.pending} pending, {queue.active} active"
        yield f"**Performance**: {humanise.ratio(queue.success_rate)} success rate"
        yield f"**Statistics**: {queue.total} prompts, {queue.completed} completed, {queue.failed} failed"
    if issues_here := _worker_issues(worker, facts):
        yield f"**Issues**: {issues_here}"


def _log_line(log: Log) -> str:
    if log.state != "ok":
        return f"{log.path}: {log.reason or log.state}"
    errors = "" if log.errors is None else f", {several(log.errors, 'error')} at its end"
    return f"{log.path}: last write {humanise.duration(log.age_s)} ago{errors}"


def _worker_issues(worker: Worker, facts: Facts) -> str:
    """The titles of the issues that are about it."""
    kinds = ("worker-", "log-errors")
    about = [
        "no pid file" if one.subject == WORKERS else one.title
        for one in facts.diagnosis.findings
        if one.rule.startswith(kinds) and worker.name in (one.subject, *one.remedy.targets)
    ]
    return "; ".join(about)


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
    blocks = [
        heading("CPU Load Pattern"),
        code(
            f"Load Average: {loads} (1, 5, 15 min) on {_count(system.cores)} cores",
            f"CPU Usage: {_percent(system.cpu_user)} user, {_percent(system.cpu_system)} sys,"
            f" {_percent(system.cpu_idle)} idle",
        ),
        text(f"**Analysis**: {_load_words(system, facts)}"),
        heading("Memory Pressure"),
        code(
            f"Physical Memory: {humanise.size(used)} used / {humanise.size(total)} total ({_percent(share)})",
            f"Available: {humanise.size(available)}",
            f"Compressed: {humanise.size(system.memory_compressed_bytes)}",
            f"Swap: {humanise.size(system.swap_used_bytes)} used,"
            f" {humanise.size_rate(system.swap_in_per_s)} in, {humanise.size_rate(system.swap_out_per_s)} out",
            *_pressure(system),
        ),
        text(f"**Analysis**: {_memory_words(system, facts)}"),
        heading("Top Consumers (by kind of process)"),
        table(
            ("Kind", "Count", "Memory", "Each", "Swap", "CPU"),
            [
                (
                    one.kind,
                    str(one.count),
                    humanise.size(one.rss_bytes),
                    humanise.size(one.rss_bytes / one.count if one.rss_bytes is not None and one.count else None),
                    humanise.size(one.swap_bytes),
                    humanise.percent(one.cpu_percent),
                )
                for one in snapshot.consumers
            ],
        ),
    ]
    return ReportSection("4. System Resource Analysis", (*blocks, *_disks(snapshot), *_environments(snapshot)))


def _load_words(system: System, facts: Facts) -> str:
    if found := facts.told("system-load"):
        return f"{found.title}: {found.root_cause}"
    if system.load1 is None or not system.cores:
        return "not known: the load or the cores could not be read"
    if system.load1 > system.cores:
        return "more wants to run than there are cores, though nobody asked to be told at this load"
    return "the cores keep up with the load"


def _memory_words(system: System, facts: Facts) -> str:
    found = [one for rule in ("memory-pressure", "swap-thrash") if (one := facts.told(rule)) is not None]
    if found:
        told = "; ".join(f"{one.title}: {one.root_cause.partition('; ')[0]}" for one in found)
        return f"{told}. Either less is to run at once, or memory is to be added."
    if system.memory_available_bytes is None:
        return "not known: what is available could not be read"
    return "there is room, and nothing is swapped in and out"


def _pressure(system: System) -> Iterator[str]:
    """Linux's pressure stall information: how much of the last minute something waited."""
    told = (("CPU", system.pressure_cpu), ("memory", system.pressure_memory), ("disks", system.pressure_io))
    waited = [f"{name} {one.some60:.1f}%" for name, one in told if one is not None]
    if waited:
        yield f"Waited for, of the last minute: {', '.join(waited)}"


def _disks(snapshot: Snapshot) -> Iterator[Block]:
    rows = [
        (
            one.mount,
            humanise.size(one.total_bytes),
            humanise.percent(one.used_percent),
            humanise.size(one.available_bytes),
            humanise.percent(one.inodes_free_percent),
        )
        for one in snapshot.disks.value or ()
        if not one.read_only
    ]
    if rows:
        yield heading("Disks")
        yield table(("Mount", "Size", "Used", "Left", "Inodes left"), rows)


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
            code(*(f"curl -si {quoted(one.url)}" for one in check), f"{facts.called} probe"),
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
