"""Snapshots to test with: healthy, the incident, nothing readable, nothing configured, hostile names, many rows.

Single values come from ``tests.makers``; every function takes the fields of Snapshot to override as keywords.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from opsconsole.model.environment import Environments, PortPool, Queue
from opsconsole.model.process import Process
from opsconsole.model.reading import ok, unconfigured, unknown
from opsconsole.model.sample import Sample
from opsconsole.model.service import Service
from opsconsole.model.session import TmuxServer
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import Consumers
from opsconsole.model.text import shown
from opsconsole.model.worker import Log, Worker
from tests.incident import (
    SESSION_NAMES,
    incident_environments,
    incident_services,
    incident_sessions,
    incident_system,
    incident_workers,
)
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
        Consumers(
            kind="claude", count=11, cpu_percent=214.0, rss_bytes=4_800 * MB, swap_bytes=3_100 * MB, processes=41
        ),
        Consumers(kind="python", count=14, cpu_percent=96.0, rss_bytes=900 * MB, swap_bytes=210 * MB, processes=14),
        Consumers(kind="node", count=4, cpu_percent=12.0, rss_bytes=610 * MB, swap_bytes=0, processes=4),
        Consumers(kind="other", count=580, cpu_percent=None, rss_bytes=None, swap_bytes=None, processes=580),
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
        "services": ok(incident_services(), AT),
        "workers": ok(incident_workers(), AT),
        "sessions": ok(incident_sessions(), AT - 1.0, note="one pane's screen could not be read"),
        "environments": ok(incident_environments(), AT - 6.0),
        "system": ok(incident_system(), AT),
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

    def recent(self) -> tuple[tuple[float, ...], dict[str, Sequence[float | None]]]:
        longest = max(len(values) for values in self._series.values())
        return tuple(AT - 2.0 * step for step in reversed(range(longest))), self._series

    def since(self, at: float) -> dict[str, Sample | None]:
        known = {key: [value for value in values if value is not None] for key, values in self._series.items()}
        return {key: Sample(sum(some) / len(some), max(some)) for key, some in known.items() if some}
