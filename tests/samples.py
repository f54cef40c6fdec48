"""Snapshots to test with: healthy, the incident, nothing readable, nothing configured, hostile names, many rows.

Single values come from ``tests.makers``; every function takes the fields of Snapshot to override as keywords.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from opsconsole.model.environment import Environments, PortPool, Queue
from opsconsole.model.listener import Owner
from opsconsole.model.process import Process
from opsconsole.model.reading import ok, unconfigured, unknown
from opsconsole.model.service import Service
from opsconsole.model.session import Session, TmuxServer
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import Consumers, Pressure, System
from opsconsole.model.text import shown
from opsconsole.model.worker import Helper, Log, PidFile, Worker
from tests.makers import (
    AT,
    GB,
    HOSTILE_NAMES,
    MB,
    SERVER_PID,
    SERVER_START,
    SOCKET,
    disk,
    environment,
    instance,
    pane,
    port_of,
    process,
    process_id,
    process_table,
    queue,
    service,
    session,
    site,
    system,
    worker,
)


def _consumers() -> tuple[Consumers, ...]:
    return (
        Consumers(kind="claude", count=11, cpu_percent=214.0, rss_bytes=4_800 * MB, swap_bytes=3_100 * MB),
        Consumers(kind="python", count=14, cpu_percent=96.0, rss_bytes=900 * MB, swap_bytes=210 * MB),
        Consumers(kind="node", count=4, cpu_percent=12.0, rss_bytes=610 * MB, swap_bytes=0),
        Consumers(kind="other", count=580, cpu_percent=None, rss_bytes=None, swap_bytes=None),
    )


def _session_processes(number: int, name: str) -> tuple[Process, ...]:
    root = 10_000 + number * 10
    return (
        process(root, "-bash", ppid=SERVER_PID, rss_bytes=6 * MB, cpu_percent=0.0, threads=1, exe="/usr/bin/bash"),
        process(root + 1, "claude", ppid=root, rss_bytes=380 * MB, cpu_percent=13.0, threads=12, exe="/usr/bin/node"),
        process(
            root + 2, f"node mcp-server.js --session {name}", ppid=root + 1, rss_bytes=26 * MB, exe="/usr/bin/node"
        ),
    )


SESSION_NAMES = (
    "architect",
    "foundation",
    "dev_worker1",
    "dev_worker2",
    "qa_tester1",
    "qa_tester2",
    "claude_edu_worker1",
    "codex",
    "claude_comet",
    "arch_dev",
    "wt-reading",
)


def _processes(names: Sequence[str]) -> tuple[Process, ...]:
    found = [
        process(1, "/sbin/init", ppid=0, rss_bytes=12 * MB, uid=0, exe=None, cwd=None),
        process(SERVER_PID, "tmux: server", rss_bytes=9 * MB, exe="/usr/bin/tmux"),
        process(96930, "python3 app.py --port 8080 --host 0.0.0.0", rss_bytes=118 * MB),
        process(96931, "python3 app.py --port 8080 --host 0.0.0.0", ppid=96930, rss_bytes=40 * MB),
        process(21376, "python3 monitor.py --port 8081", rss_bytes=61 * MB),
        process(42315, "python3 workers/assigner_worker.py --daemon"),
        process(42320, "git fetch origin", ppid=42315, rss_bytes=8 * MB, cpu_percent=None),
        process(68651, "python3 process_supervisor.py --daemon"),
        process(8157, "python3 workers/auto_confirm_worker_v2.py --daemon", rss_bytes=31 * MB),
    ]
    for number, name in enumerate(names, start=1):
        found.extend(_session_processes(number, name))
    return tuple(found)


def _snapshot(**changes: Any) -> Snapshot:
    names = SESSION_NAMES[:4]
    fields: dict[str, Any] = {
        "sequence": 42,
        "at": AT,
        "monotonic": 5000.0,
        "host": "studio",
        "services": ok((service("Architect Dashboard"), service("Monitor Dashboard", 8081, 21376, latency_ms=3.2)), AT),
        "workers": ok(
            (
                worker("assigner", (instance(children=(42320,)),)),
                worker(
                    "auto_confirm",
                    (instance(8157, "python3 workers/auto_confirm_worker_v2.py --daemon"),),
                    pid_file=None,
                ),
            ),
            AT,
        ),
        "sessions": ok(tuple(session(name, number) for number, name in enumerate(names, start=1)), AT - 1.0),
        "environments": ok(
            Environments(
                items=(environment(), environment("eden-search", 6002, age_s=120.0)),
                pool=PortPool(first=6001, last=6010, used=(6001, 6002)),
                source="http://127.0.0.1:8080/api/environments",
            ),
            AT - 6.0,
        ),
        "system": ok(system(), AT),
        "sites": ok((site(), site("Reading App", url="https://127.0.0.1:5063/reading/")), AT - 30.0),
        "queue": ok(queue(), AT - 5.0),
        "disks": ok((disk(), disk("/data", 610, 290)), AT - 20.0),
        "processes": ok(process_table(_processes(names)), AT),
        "ports": ok((port_of(8080, (96930, "python3 app.py")), port_of(8081, (21376, "python3 monitor.py"))), AT),
        "tmux_servers": ok((TmuxServer(socket=SOCKET, pid=SERVER_PID, start=SERVER_START),), AT - 1.0),
        "consumers": _consumers(),
        "scan_ms": 6.4,
    }
    return Snapshot(**{**fields, **changes})


def healthy(**changes: Any) -> Snapshot:
    """Everything up, one instance of each worker, room everywhere."""
    return _snapshot(**changes)


def _incident_services() -> tuple[Service, ...]:
    return (
        service("Monitor Dashboard", 8081, 21376, latency_ms=41.0),
        service(
            "Architect Dashboard",
            8080,
            96930,
            state="degraded",
            reason="orchestrator reads stopped",
            latency_ms=812.0,
            components={"orchestrator": "stopped", "auto_confirm": "running"},
            stopped=("orchestrator",),
        ),
        service("Reading App (Eden)", 5063, None, http_status=None, latency_ms=None, uptime_s=None, owners_known=False),
        service(
            "Billing",
            7090,
            None,
            state="down",
            reason="nothing listens on port 7090",
            http_status=None,
            latency_ms=None,
            uptime_s=None,
            cpu_percent=None,
            rss_bytes=None,
            swap_bytes=None,
        ),
        service(
            "Static files",
            9000,
            31001,
            sharing="reuseport",
            owners=(
                Owner(id=process_id(31001), command="python3 -m http.server 9000"),
                Owner(id=process_id(31002), command="node serve.js"),
            ),
        ),
    )


def _incident_workers() -> tuple[Worker, ...]:
    rivals = (
        instance(8157, "python3 workers/auto_confirm_worker_v2.py --daemon", rss_bytes=31 * MB, uptime_s=183_900.0),
        instance(88337, "python3 workers/auto_confirm_worker.py --daemon", rss_bytes=29 * MB, replaced=True),
    )
    wrapper = Helper(
        id=process_id(87841),
        pid=87841,
        start=AT - 70_200.0,
        command="/bin/bash workers/auto_confirm_keepalive.sh",
        reason="shell loop around 88337",
    )
    missing_pid_file = PidFile(
        path="/tmp/project_orchestrator.pid",
        state="missing",
        pid=None,
        reason="/tmp/project_orchestrator.pid: no such file",
    )
    return (
        worker(
            "orchestrator",
            (),
            state="missing",
            reason="0 of 1 running: no process runs workers/project_orchestrator.py",
            pid_file=missing_pid_file,
            log=Log(path="/tmp/architect_orchestrator.log", state="missing", reason="no such file"),
            critical=True,
            silent=None,
        ),
        worker(
            "auto_confirm",
            rivals,
            state="duplicates",
            reason="2 of 1 running: auto_confirm_worker_v2.py and auto_confirm_worker.py, which it replaces",
            wrappers=(wrapper,),
            pid_file=None,
            uptime_s=183_900.0,
            rss_bytes=60 * MB,
        ),
        worker(
            "assigner",
            (instance(children=(42320,)),),
            reason="",
            silent=True,
            log=Log(
                path="/tmp/architect_assigner_worker.log",
                state="ok",
                size_bytes=48 * MB,
                age_s=412.0,
                last_line="2026-02-08 17:12:08,441 - AssignerWorker - ERROR - RuntimeError: No available ports",
                errors_per_min=0.2,
                errors=37,
                lines=400,
            ),
        ),
        worker("supervisor", (instance(68651, "python3 process_supervisor.py --daemon"),), pid_file=None, log=None),
        worker(
            "titled",
            (),
            state="unknown",
            reason="1 process with the name of this worker hides its command line",
            pid_file=None,
            log=None,
            uptime_s=None,
        ),
    )


def _incident_sessions() -> tuple[Session, ...]:
    states: tuple[dict[str, Any], ...] = (
        {
            "state": "waiting",
            "reason": "a question stands on the screen",
            "idle_s": 640.0,
            "protected": True,
            "attached": 1,
        },
        {
            "state": "idle",
            "reason": "the prompt is empty",
            "idle_s": 9_180.0,
            "swap_bytes": 402 * MB,
            "cpu_percent": 0.1,
        },
        {},
        {"cpu_percent": 61.0},
        {"state": "hung", "reason": "a turn runs, no output for 45 min", "idle_s": 2_700.0, "cpu_percent": 0.0},
        {"state": "dead", "reason": "the agent's pane has ended", "agent": "claude", "rss_bytes": 0, "processes": 0},
        {"state": "idle", "idle_s": 86_400.0, "swap_bytes": 610 * MB, "cpu_percent": 0.0},
        {
            "agent": "codex",
            "state": "unknown",
            "reason": "no profile reads this screen",
            "idle_s": None,
            "rss_bytes": None,
        },
        {
            "state": "hibernated",
            "reason": "exited by opsconsole, can be woken",
            "rss_bytes": 7 * MB,
            "idle_s": 40_000.0,
        },
        {"state": "logged-out", "reason": "the screen asks to log in", "protected": True},
        {"agent": "", "state": "none", "reason": "no agent in any pane", "session_id": None, "idle_s": 55.0},
    )
    return tuple(
        session(name, number, **changes)
        for number, (name, changes) in enumerate(zip(SESSION_NAMES, states, strict=True), start=1)
    )


def _incident_environments() -> Environments:
    fresh = (environment("eden-search", 6003, age_s=120.0),)
    stale = tuple(
        environment(
            f"feature-17703{port}",
            port,
            age_s=250_000.0 + port,
            stale=True,
            alive=port % 2 == 0,
            reason="older than its TTL of 24 h",
        )
        for port in (6004, 6005, 6006, 6007, 6008, 6009, 6010)
    )
    twins = (
        environment(duplicate=True, reason="the name is used twice: ports 6001, 6002"),
        environment(
            port=6002,
            duplicate=True,
            reason="the name is used twice: ports 6001, 6002",
            age_s=None,
            ttl_s=None,
            stale=None,
        ),
    )
    return Environments(
        items=(*twins, *fresh, *stale),
        pool=PortPool(first=6001, last=6010, used=tuple(range(6001, 6011)), unclaimed=()),
        source="http://127.0.0.1:8080/api/environments",
    )


def _incident_system() -> System:
    return system(
        load1=8.13,
        load5=7.77,
        load15=8.60,
        cpu_user=63.46,
        cpu_system=30.12,
        cpu_idle=6.41,
        cpu_iowait=0.01,
        memory_available_bytes=163 * MB,
        memory_compressed_bytes=4_664 * MB,
        swap_used_bytes=5 * GB,
        swap_in_per_s=8.5 * MB,
        swap_out_per_s=11.0 * MB,
        pressure_cpu=Pressure(some10=71.3, some60=66.0, full10=None, full60=None),
        pressure_memory=Pressure(some10=34.0, some60=29.5, full10=12.0, full60=9.0),
        pressure_io=Pressure(some10=18.0, some60=11.0, full10=7.0, full60=4.0),
        processes=655,
    )


def incident(**changes: Any) -> Snapshot:
    """The machine of the report: degraded, missing, duplicated, stale, exhausted, overloaded, some of it unknown."""
    extra = (
        process(88337, "python3 workers/auto_confirm_worker.py --daemon", ppid=87841, rss_bytes=29 * MB),
        process(87841, "/bin/bash workers/auto_confirm_keepalive.sh", rss_bytes=3 * MB, exe="/usr/bin/bash"),
        process(31001, "python3 -m http.server 9000"),
        process(31002, "node serve.js", exe="/usr/bin/node"),
    )
    errors = (
        ("RuntimeError: No available ports for new environment", 41),
        ("ValueError: Environment 'reading-ui-improvement' already exists", 28),
        ("Failed to get environment info: Expecting value: line 1 column 1 (char 0)", 16),
    )
    fields: dict[str, Any] = {
        "services": ok(_incident_services(), AT),
        "workers": ok(_incident_workers(), AT),
        "sessions": ok(_incident_sessions(), AT - 1.0, note="one pane's screen could not be read"),
        "environments": ok(_incident_environments(), AT - 6.0),
        "system": ok(_incident_system(), AT),
        "sites": ok(
            (
                site(state="down", http_status=None, latency_ms=None, reason="connection refused"),
                site(
                    "Reading App",
                    url="https://127.0.0.1:5063/reading/",
                    state="unexpected",
                    http_status=302,
                    reason="302, expected 200",
                ),
                site("Monitor", url="http://127.0.0.1:8081/"),
            ),
            AT - 30.0,
        ),
        "queue": ok(
            queue(
                total=122,
                completed=37,
                failed=85,
                failed_24h=40,
                pending=0,
                active=0,
                success_rate=37 / 122,
                errors=errors,
            ),
            AT - 5.0,
        ),
        "disks": ok((disk("/", 441, 17), disk("/data", 610, 290)), AT - 20.0),
        "processes": ok(process_table((*_processes(SESSION_NAMES), *extra)), AT),
        "ports": ok(
            (
                port_of(8080, (96930, "python3 app.py")),
                port_of(8081, (21376, "python3 monitor.py")),
                port_of(9000, (31001, "python3 -m http.server 9000"), (31002, "node serve.js"), sharing="reuseport"),
            ),
            AT,
        ),
    }
    return _snapshot(**{**fields, **changes})


def unknown_everywhere(**changes: Any) -> Snapshot:
    """Nothing could be read: every reading has its reason, none a value."""
    reasons = {
        "services": "/proc/net/tcp: permission denied",
        "workers": "/proc: permission denied",
        "sessions": f"tmux {SOCKET}: no answer within 3 s",
        "environments": "GET http://127.0.0.1:8080/api/environments: empty answer, expected a JSON list",
        "system": "/proc/stat: permission denied",
        "sites": "probes: not read yet",
        "queue": "/home/op/architect/data/assigner/assigner.db: not a database",
        "disks": "/proc/self/mounts: permission denied",
        "processes": "/proc: permission denied",
        "ports": "/proc/net/tcp: permission denied",
        "tmux_servers": f"tmux {SOCKET}: no answer within 3 s",
    }
    readings: dict[str, Any] = {name: unknown(reason, AT) for name, reason in reasons.items()}
    return _snapshot(**{**readings, "consumers": (), "scan_ms": None, **changes})


def unconfigured_everywhere(**changes: Any) -> Snapshot:
    """Nothing but the system is asked for: what a first start without a config may look like."""
    names = ("services", "workers", "sessions", "environments", "sites", "queue")
    readings: dict[str, Any] = {name: unconfigured(f"add a [[{name}]] table to opsconsole.toml") for name in names}
    return _snapshot(**{**readings, **changes})


def empty(**changes: Any) -> Snapshot:
    """All could be read, and there is nothing."""
    readings: dict[str, Any] = {
        "services": ok((), AT),
        "workers": ok((), AT),
        "sessions": ok((), AT),
        "environments": ok(Environments(items=(), pool=None, source="data/environments.json"), AT),
        "sites": ok((), AT),
        "queue": ok(Queue(total=0, completed=0, failed=0, failed_24h=0, pending=0, active=0, success_rate=None), AT),
        "disks": ok((), AT),
    }
    return _snapshot(**{**readings, "consumers": (), **changes})


def hostile(**changes: Any) -> Snapshot:
    """Names with escapes, markup, bidi, wide characters and great length, cleaned as collectors do."""
    names = HOSTILE_NAMES
    processes = tuple(process(50_000 + index, shown(name) or "?") for index, name in enumerate(names))
    fields: dict[str, Any] = {
        "host": shown("stud\x1b[31mio[/]"),
        "services": ok(
            tuple(
                service(name, 7000 + index, 50_000 + index, state="degraded", reason=shown(name))
                for index, name in enumerate(names)
            ),
            AT,
        ),
        "workers": ok(
            tuple(
                worker(
                    name,
                    (instance(50_000 + index, shown(name)),),
                    log=Log(path=shown(f"/tmp/{name}.log"), state="ok", age_s=1.0, last_line=shown(name)),
                )
                for index, name in enumerate(names)
            ),
            AT,
        ),
        "sessions": ok(
            tuple(
                session(
                    name,
                    index,
                    cwd=shown(name),
                    reason=shown(name),
                    panes=(pane(50_000 + index, name, index, title=shown(name)),),
                )
                for index, name in enumerate(names)
            ),
            AT,
        ),
        "environments": ok(
            Environments(
                items=tuple(
                    environment(name, 6000 + index, state=shown(name), owner_command=shown(name))
                    for index, name in enumerate(names)
                ),
                pool=None,
                source=shown(names[0]),
            ),
            AT,
        ),
        "sites": ok(tuple(site(name, url=shown(name), state="down", reason=shown(name)) for name in names), AT),
        "queue": ok(queue(errors=tuple((shown(name), 3) for name in names)), AT),
        "processes": ok(process_table(processes), AT),
    }
    return _snapshot(**{**fields, **changes})


def many(services: int = 20, workers: int = 20, sessions: int = 60, **changes: Any) -> Snapshot:
    """A full machine: the size the performance targets are set for."""
    names = tuple(f"session-{number:02}" for number in range(1, sessions + 1))
    fields: dict[str, Any] = {
        "services": ok(tuple(service(f"service-{index:02}", 9000 + index, 96930) for index in range(services)), AT),
        "workers": ok(tuple(worker(f"worker-{index:02}") for index in range(workers)), AT),
        "sessions": ok(tuple(session(name, number) for number, name in enumerate(names, start=1)), AT),
        "processes": ok(process_table(_processes(names)), AT),
    }
    return _snapshot(**{**fields, **changes})


def changed(snapshot: Snapshot, **changes: Any) -> Snapshot:
    """The same snapshot with other fields."""
    return msgspec.structs.replace(snapshot, **changes)


def ok_services(*services: Service, **changes: Any) -> Snapshot:
    """A healthy machine with these services."""
    return healthy(**{"services": ok(services, AT), **changes})


def ok_workers(*workers: Worker, **changes: Any) -> Snapshot:
    """A healthy machine with these workers."""
    return healthy(**{"workers": ok(workers, AT), **changes})


class SampleHistory:
    """A history that offers what it was given; keys it does not know are empty, as in the engine's."""

    def __init__(self, **series: Sequence[float | None]) -> None:
        self._series: dict[str, Sequence[float | None]] = {
            "load1": [1.0, 2.0, 3.5, None, 5.0, 6.5, 7.0, 8.13],
            "load5": [1.0, 1.5, 2.0, 3.0, 4.0, 5.5, 6.8, 7.77],
            "cpu_busy": [20.0, 35.0, 40.0, 70.0, 90.0, 93.0, 93.6],
            "memory_used": [float(number * GB) for number in (12, 14, 17, 20, 22, 23, 23)],
            "swap_used": [float(number * GB) for number in (0, 0, 1, 2, 3, 4, 5)],
            "cpu:worker:assigner": [1.0, 3.0, 2.0, 8.0, 3.0],
            "rss:worker:assigner": [float(number * MB) for number in (50, 51, 52, 52, 52)],
            **series,
        }

    def series(self, key: str) -> Sequence[float | None]:
        return self._series.get(key, ())
