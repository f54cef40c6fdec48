"""What is known about one service, worker, session, environment or site, as sections of facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opsconsole.diagnose.words import every, several
from opsconsole.model.environment import Environment
from opsconsole.model.service import Service, Site
from opsconsole.model.session import Below, Pane, Session
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Helper, Instance, Log, PidFile, Worker
from opsconsole.present import humanise
from opsconsole.present.cell import Cell, Status
from opsconsole.present.environments import environment_status, flags, pool_text
from opsconsole.present.facts import (
    Line,
    Section,
    field,
    fields,
    history_section,
    port_sections,
    process_sections,
    read_at,
    table,
    tree_pids,
)
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.history import HistoryReader
from opsconsole.present.pane import READING
from opsconsole.present.services import rivals, service_status
from opsconsole.present.sessions import session_state
from opsconsole.present.workers import member_pids, worker_status


def _ago(seconds: float | None) -> str:
    return humanise.UNKNOWN if seconds is None else f"{humanise.duration(seconds)} ago"


def _usage(cpu: float | None, rss: int | None, swap: int | None, source: str) -> Iterator[Line]:
    yield field("cpu", humanise.percent(cpu), f"of one core, whole tree; {source}")
    yield field("memory", humanise.size(rss), f"resident, whole tree; {source}")
    yield field("swapped out", humanise.size(swap), source)


def service_sections(service: Service, snapshot: Snapshot, history: HistoryReader, signs: Glyphs) -> Iterator[Section]:
    scanned = read_at("process table", snapshot.processes.at)
    roots = [owner.pid for owner in service.owners]
    yield from fields("Service", _service_fields(service, snapshot))
    if service.components or service.stopped:
        named = {**dict.fromkeys(service.stopped, "not reported"), **service.components}
        yield from table(
            "Components",
            ("component", "reads"),
            ((Cell(name), Cell(state, "bad" if name in service.stopped else "ok")) for name, state in named.items()),
        )
    if roots:
        usage = _usage(service.cpu_percent, service.rss_bytes, service.swap_bytes, scanned)
        yield from fields("Use", usage)
    if service.log_tail is not None:
        yield from fields("Log", _log_fields(service.log_tail, None))
    series = (("cpu", f"cpu:service:{service.name}", False), ("memory", f"rss:service:{service.name}", True))
    yield from history_section(history, series, signs)
    yield from process_sections("Processes", roots, snapshot, signs)
    yield from port_sections(tree_pids(roots, snapshot.processes.value), snapshot)


def _service_fields(service: Service, snapshot: Snapshot) -> Iterator[Line]:
    sockets = read_at("listening sockets", snapshot.ports.at or snapshot.services.at)
    status = service_status(service)
    yield field("state", service.state, read_at("services", snapshot.services.at), status)
    if service.reason:
        yield field("why", service.reason, "", status)
    if others := rivals(service):
        yield field("rivals", others, sockets, "warn")
    yield field("port", str(service.port), sockets)
    if service.addresses:
        yield field(
            "addresses", ", ".join(service.addresses), f"shared: {service.sharing}" if service.sharing else sockets
        )
    if service.owners:
        owners = ", ".join(f"{owner.pid} {owner.command}" for owner in service.owners)
        yield field("owner", owners, sockets)
    elif not service.owners_sought:
        yield field("owner", READING, "", "muted")
    elif not service.owners_known:
        yield field("owner", "", "owner not visible: another user's process, or one outside of our namespace")
    if service.uptime_s is not None:
        yield field("uptime", humanise.duration(service.uptime_s), read_at("process table", snapshot.processes.at))
    if service.url:
        probe = read_at(f"GET {service.url}", service.probed_at)
        answered = service.http_status is not None
        unanswered = "no answer" if service.probed_at is not None else ""
        yield field("http", str(service.http_status) if answered else unanswered, probe)
        if answered:
            yield field("latency", humanise.latency(service.latency_ms), probe)
    if service.log and service.log_tail is None:
        yield field("log", service.log)
    if service.discovered:
        yield field("discovered", "found listening, not in the config", "", "muted")


def worker_sections(worker: Worker, snapshot: Snapshot, history: HistoryReader, signs: Glyphs) -> Iterator[Section]:
    scanned = read_at("process table", snapshot.processes.at)
    roots = list(member_pids(worker))
    yield from fields("Worker", _worker_fields(worker, scanned))
    yield from table(
        "Instances",
        ("pid", "version", "uptime", "cpu", "mem", "swap", "children", "command"),
        (_instance_line(one) for one in worker.instances),
    )
    helpers = (
        ("wrapper", worker.wrappers),
        ("remnant", worker.remnants),
        ("suspect", worker.suspects),
    )
    lines = (_helper_line(kind, one) for kind, members in helpers for one in members)
    yield from table("Beside the instances", ("pid", "is a", "because", "command"), lines)
    if worker.pid_file is not None:
        yield from fields("Pid file", _pid_file_fields(worker.pid_file))
    if worker.log is not None:
        yield from fields("Log", _log_fields(worker.log, worker.silent))
    if worker.instances:
        yield from fields("Use", _usage(worker.cpu_percent, worker.rss_bytes, worker.swap_bytes, scanned))
    series = (("cpu", f"cpu:worker:{worker.name}", False), ("memory", f"rss:worker:{worker.name}", True))
    yield from history_section(history, series, signs)
    yield from process_sections("Processes", roots, snapshot, signs)
    yield from port_sections(tree_pids(roots, snapshot.processes.value), snapshot)


def _worker_fields(worker: Worker, scanned: str) -> Iterator[Line]:
    status = worker_status(worker)
    yield field("state", worker.state, scanned, status)
    if worker.reason:
        yield field("why", worker.reason, "", status)
    running = humanise.UNKNOWN if worker.state == "unknown" else str(len(worker.instances))
    count = running if worker.discovered else f"{running} of {worker.wanted} wanted"
    yield field("running", count, scanned, "unknown" if worker.state == "unknown" else "")
    if worker.instances:
        yield field("uptime", humanise.duration(worker.uptime_s), "of the oldest instance")
    if worker.critical:
        yield field("critical", "yes", "config")
    if worker.discovered:
        yield field("discovered", "found running, not in the config", "", "muted")


def _instance_line(one: Instance) -> Line:
    return (
        Cell(str(one.pid)),
        Cell(f"{one.version} (replaced)" if one.replaced else one.version, "warn" if one.replaced else ""),
        Cell(humanise.duration(one.uptime_s)),
        Cell(humanise.percent(one.cpu_percent)),
        Cell(humanise.size(one.rss_bytes)),
        Cell(humanise.size(one.swap_bytes)),
        Cell(str(len(one.children))),
        Cell(one.command),
    )


def _helper_line(kind: str, one: Helper) -> Line:
    return Cell(str(one.pid)), Cell(kind, "warn"), Cell(one.reason), Cell(one.command, "muted")


def _pid_file_fields(pid_file: PidFile) -> Iterator[Line]:
    status: Status = {"ok": "ok", "unreadable": "unknown"}.get(pid_file.state, "warn")  # type: ignore[assignment]
    yield field("state", pid_file.state, pid_file.path, status)
    if pid_file.reason:
        yield field("why", pid_file.reason, "", status)
    if pid_file.pid is not None:
        yield field("holds", str(pid_file.pid))


def _log_fields(log: Log, silent: bool | None) -> Iterator[Line]:
    status: Status = {"ok": "ok", "unreadable": "unknown"}.get(log.state, "warn")  # type: ignore[assignment]
    yield field("state", log.state, log.path, status)
    if log.reason:
        yield field("why", log.reason, "", status)
    if log.state != "ok":
        return
    yield field("size", humanise.size(log.size_bytes))
    yield field("last write", _ago(log.age_s), "silent" if silent else "", "warn" if silent else "")
    if log.errors is not None:
        rate = (
            f"{humanise.per_minute(log.errors_per_min)} a minute"
            if log.errors_per_min is not None
            else "lines carry no times"
        )
        yield field(
            "errors", f"{log.errors} in the last {humanise.count(log.lines)} lines", rate, "warn" if log.errors else ""
        )
    for pattern in log.patterns:
        if pattern.count > 1:
            cadence = every(*pattern.every_s) if pattern.every_s is not None else ""
            yield field(several(pattern.count, "time"), pattern.template, cadence)
    if log.last_line:
        yield field("last line", log.last_line)


def session_sections(session: Session, snapshot: Snapshot, history: HistoryReader, signs: Glyphs) -> Iterator[Section]:
    roots = [pane.pid for pane in session.panes if pane.pid is not None]
    yield from fields("Session", _session_fields(session, snapshot, signs))
    scanned = read_at("process table", snapshot.processes.at)
    usage = [*_usage(session.cpu_percent, session.rss_bytes, session.swap_bytes, scanned)]
    if session.pss_bytes is not None:
        usage.append(field("shared by share", humanise.size(session.pss_bytes), "PSS of its agents' panes"))
    yield from fields("Use", usage)
    yield from table(
        "Started by its agents",
        ("pid", "is a", "mem", "swap", "command"),
        (_below_line(below) for below in session.below),
    )
    yield from table(
        "Panes",
        ("pane", "window", "pid", "agent", "moved", "title", "directory"),
        (_pane_line(pane, snapshot.at) for pane in session.panes),
    )
    series = (("cpu", f"cpu:session:{session.id}", False), ("memory", f"rss:session:{session.id}", True))
    yield from history_section(history, series, signs)
    yield from process_sections("Processes", roots, snapshot, signs)
    yield from port_sections(tree_pids(roots, snapshot.processes.value), snapshot)


def _session_fields(session: Session, snapshot: Snapshot, signs: Glyphs) -> Iterator[Line]:
    told = read_at("tmux", snapshot.sessions.at)
    state = session_state(session, signs)
    yield (Cell("state", "muted"), state, Cell(told, "muted"))
    if session.reason:
        yield field("why", session.reason, "", "unknown" if session.state == "unknown" else "")
    if session.agent:
        yield field("agent", session.agent, "process tree of its panes")
        yield field("conversation", session.session_id or "", "the agent's own id")
    if session.draft:
        yield field("draft", session.draft, "unsent text in its input box", "accent")
    asleep = [pane.asleep for pane in session.panes if pane.asleep is not None and pane.agent_state == "hibernated"]
    for each in asleep:
        yield field("asleep since", humanise.date_time(each.since), told)
        yield field("wake it", "W", f"or opsconsole wake {session.name}, or as its card says", "accent")
    if session.lost:
        yield field("asleep since", humanise.date_time(session.created_at), "record in the state directory")
        by_hand = "resume it" if session.state == "hibernated" else "forget it"
        yield field(by_hand, session.by_hand or humanise.UNKNOWN, "by hand, in any terminal", "accent")
    yield field("idle for", humanise.duration(session.idle_s), told)
    typed = "" if session.human_idle_s is None else f"last typed {humanise.duration(session.human_idle_s)} ago; "
    yield field("attached", f"{session.attached} clients" if session.attached else "nobody", typed + told)
    yield field("directory", session.cwd or "", told)
    if not session.lost:
        yield field("created", humanise.date_time(session.created_at), told)
    yield field("socket", session.socket)
    if session.protected:
        yield field("protected", "yes", "config: no plan may touch it", "accent")


def _below_line(below: Below) -> Line:
    return (
        Cell(str(below.pid)),
        Cell(below.kind),
        Cell(humanise.size(below.rss_bytes)),
        Cell(humanise.size(below.swap_bytes)),
        Cell(below.command, "muted"),
    )


def _pane_line(pane: Pane, at: float) -> Line:
    moved = None if pane.activity_at is None else max(0.0, at - pane.activity_at)
    return (
        Cell(pane.id.pane),
        Cell(pane.window),
        Cell("dead", "bad") if pane.dead else Cell(humanise.UNKNOWN if pane.pid is None else str(pane.pid)),
        Cell(pane.agent or "none", "" if pane.agent else "muted"),
        Cell(_ago(moved), "" if moved is not None else "unknown"),
        Cell(pane.title),
        Cell(pane.cwd or humanise.UNKNOWN, "muted"),
    )


def environment_sections(environment: Environment, snapshot: Snapshot, signs: Glyphs) -> Iterator[Section]:
    roots = [environment.owner_pid] if environment.owner_pid is not None else []
    yield from fields("Environment", _environment_fields(environment, snapshot))
    yield from process_sections("Processes", roots, snapshot, signs)
    yield from port_sections(tree_pids(roots, snapshot.processes.value), snapshot)


def _environment_fields(environment: Environment, snapshot: Snapshot) -> Iterator[Line]:
    listed = snapshot.environments.value
    told = read_at(listed.source if listed is not None else "", snapshot.environments.at)
    status = environment_status(environment)
    yield field("state", environment.state, told, status)
    if said := flags(environment):
        yield field("flags", said, "", "warn")
    if environment.reason:
        yield field("why", environment.reason, "", status)
    yield field("id", environment.id, told)
    yield field("ports", ", ".join(str(port) for port in environment.ports), told)
    yield field("age", humanise.duration(environment.age_s), told)
    if environment.ttl_s is not None:
        yield field("ttl", humanise.duration(environment.ttl_s), "config")
    alive = {True: "yes", False: "no", None: ""}[environment.alive]
    yield field("alive", alive, "its pid, or a listener on its port")
    if environment.owner_pid is not None:
        yield field("owner", f"{environment.owner_pid} {environment.owner_command}".strip())
    for label, value in (("url", environment.url), ("branch", environment.branch)):
        if value:
            yield field(label, value, told)
    if listed is not None and listed.pool is not None:
        pool = listed.pool
        yield field(
            "port pool", f"{pool.first} to {pool.last}: {pool_text(pool)}", "config", "bad" if pool.free <= 0 else ""
        )


def site_sections(site: Site) -> Iterable[Section]:
    probe = read_at(f"GET {site.url}", site.checked_at)
    status: Status = {"up": "ok", "unexpected": "warn", "down": "bad"}.get(site.state, "unknown")  # type: ignore[assignment]
    lines = [field("state", site.state, probe, status)]
    if site.reason:
        lines.append(field("why", site.reason, "", status))
    unanswered = "no answer" if site.checked_at is not None else ""
    lines.append(
        field("http", str(site.http_status) if site.http_status is not None else unanswered, f"expected {site.expect}")
    )
    if site.http_status is not None:
        lines.append(field("latency", humanise.latency(site.latency_ms), probe))
    return fields("Site", lines)
