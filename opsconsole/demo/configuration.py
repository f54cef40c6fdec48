"""The `opsconsole.toml` of a sandbox: the incident's machine as its operator would describe it, with other ports."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from opsconsole.demo.blueprint import WORKERS_OF_A_SET, Blueprint
from opsconsole.demo.ending import TOKEN
from opsconsole.demo.layout import Layout
from opsconsole.demo.ports import PortBlock

PROBE_TIMEOUT = "2s"
"""Short, so that the site that never answers does not hold up a first look."""


def config_text(plan: Blueprint, layout: Layout, ports: PortBlock, token: str) -> str:
    tables = [
        ("console", _console(plan)),
        *_services(plan, layout, ports, token),
        *_workers(plan, layout, token),
        *(("[site]", site) for site in _sites(ports)),
        ("sessions", _sessions(plan, layout)),
        ("environments", _environments(ports)),
        ("queue", {"path": str(layout.queue), "success_min": 0.5}),
        *_wishes(),
        ("demo", _demo(plan, layout)),
    ]
    return "# Written by `opsconsole demo` for its sandbox; it goes with it.\n" + "".join(
        f"\n[{name}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in table.items())
        for name, table in tables
    )


def _console(plan: Blueprint) -> dict[str, Any]:
    table: dict[str, Any] = {"refresh": "2s", "label": "healthy" if plan.healthy else "incident of 2026-02-08"}
    # Everything here is the sandbox's own: acting on it as root harms nobody.
    return table | ({"allow_root": True} if os.geteuid() == 0 else {})


def _value(value: Any) -> str:
    """TOML for strings, numbers, lists and inline tables. A JSON string of ASCII is a TOML string."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    return json.dumps(value)


def _services(plan: Blueprint, layout: Layout, ports: PortBlock, token: str) -> list[tuple[str, dict[str, Any]]]:
    """The same three again for each further set."""
    found = [
        _service(layout, token, "Architect Dashboard", ports.dashboard, "app.py", health=True),
        _service(layout, token, "Monitor Dashboard", ports.monitor, "monitor.py"),
        _service(layout, token, "Reading App (Eden)", ports.reading, "reading_app.py"),
    ]
    for number in plan.further_sets:
        found += [
            _service(layout, token, f"{name} {number}", ports.of_set(number, which), script)
            for which, (name, script) in enumerate(SET_SERVICES)
        ]
    return [("[service]", service) for service in found]


SET_SERVICES = (("Monitor Dashboard", "monitor.py"), ("Reading App", "reading_app.py"), ("Task Page", "monitor.py"))
"""Name and script of the services of a further set."""


def _service(layout: Layout, token: str, name: str, port: int, script: str, *, health: bool = False) -> dict[str, Any]:
    service: dict[str, Any] = {"name": name, "port": port}
    if health:
        service |= {"url": f"http://127.0.0.1:{port}/health", "timeout": PROBE_TIMEOUT, "every": "5s"}
    return service | {
        "command": [str(layout.python), script, *service_arguments(script, port)],
        "cwd": str(layout.architect),
        "env": _environment(token, layout),
        "log": str(layout.log(f"architect_{script.removesuffix('.py')}.log")),
    }


def service_arguments(script: str, port: int) -> list[str]:
    """What a service is started with, by the sandbox and by a restart."""
    return ["--port", str(port), *(["--host", "127.0.0.1"] if script == "app.py" else [])]


def _environment(token: str, layout: Layout) -> dict[str, str]:
    return {TOKEN: token, "PATH": f"{layout.python.parent}:/usr/local/bin:/usr/bin:/bin"}


def _workers(plan: Blueprint, layout: Layout, token: str) -> list[tuple[str, dict[str, Any]]]:
    named: list[tuple[str, str, str, dict[str, Any]]] = [
        (
            *("orchestrator", "project_orchestrator", "architect_orchestrator.log"),
            {
                "pid_file": str(layout.tmp / "project_orchestrator.pid"),
                "component": "Architect Dashboard:orchestrator",
                "critical": True,
                "impact": "automated task coordination is completely stopped",
            },
        ),
        (
            *("assigner", "assigner_worker", "architect_assigner_worker.log"),
            {
                "silent_after": "5m",
                "limits": {"memory": "500MB"},
                "impact": "task assignment is mostly non-functional",
            },
        ),
        (
            *("auto_confirm", "auto_confirm_worker_v2", "auto_confirm_v2.log"),
            {
                "pid_file": str(layout.tmp / "architect_auto_confirm_v2.pid"),
                "replaces": ["workers/auto_confirm_worker.py"],
                "wrappers": ["workers/auto_confirm_keepalive.sh"],
            },
        ),
        ("process_supervisor", "process_supervisor", "architect_process_supervisor.log", {}),
        ("site_health_monitor", "site_health_monitor", "architect_site_health_monitor.log", {}),
    ]
    tables = [_worker(layout, token, name, script, log, [], more) for name, script, log, more in named]
    for number in plan.further_sets:
        for which in range(1, WORKERS_OF_A_SET + 1):
            shard = f"{number}.{which}"
            more = {"pid_file": str(layout.tmp / f"architect_queue_worker-{shard}.pid")}
            log = "architect_queue_worker.log"
            name = f"queue_worker-{shard}"
            tables.append(_worker(layout, token, name, "queue_worker", log, ["--shard", shard], more))
    return [("[worker]", table) for table in tables]


def _worker(
    layout: Layout, token: str, name: str, script: str, log: str, arguments: list[str], more: dict[str, Any]
) -> dict[str, Any]:
    return {
        "name": name,
        "command": [str(layout.python), f"workers/{script}.py", "--daemon", *arguments],
        "cwd": str(layout.architect),
        "env": _environment(token, layout),
        "pid_file": str(layout.tmp / f"architect_{script}.pid"),
        "log": str(layout.log(log)),
        **more,
    }


def _sites(ports: PortBlock) -> list[dict[str, Any]]:
    return [
        {"name": name, "url": url, "expect": 200, "timeout": PROBE_TIMEOUT, "every": "10s", **more}
        for name, url, more in sites(ports)
    ]


def sites(ports: PortBlock) -> list[tuple[str, str, dict[str, Any]]]:
    """Name, URL and what else the config says of it, as the report lists them."""
    return [
        ("Task Monitor", f"http://127.0.0.1:{ports.monitor}/monitor.html", {}),
        ("Reading App", f"https://127.0.0.1:{ports.reading}/reading/", {"tls": {"verify": False}}),
        ("Architect Dashboard", f"http://127.0.0.1:{ports.dashboard}/", {}),
        ("Selam Pharmacy", f"http://127.0.0.1:{ports.pharmacy}/", {}),
    ]


def _sessions(plan: Blueprint, layout: Layout) -> dict[str, Any]:
    return {
        "socket": str(layout.tmux_socket),
        "limit": 8 * plan.scale,
        "idle_after": "1h",
        "review_after": "2h",
        "protect": [session.name for session in plan.sessions if session.protected],
        "attached_grace": "15m",
    }


def _environments(ports: PortBlock) -> dict[str, Any]:
    api = f"http://127.0.0.1:{ports.dashboard}/api/environments"
    return {
        "url": api,
        "delete_url": f"{api}/{{id}}",
        "port_pool": f"{ports.pool[0]}-{ports.pool[-1]}",
        "ttl": "24h",
        "every": "5s",
    }


def _wishes() -> list[tuple[str, dict[str, Any]]]:
    """Alerts and targets of the report, sections 7 and 9, in its order."""
    return [
        *(("[alert]", alert) for alert in _ALERTS),
        *(("[target]", {"name": name, "metric": metric, "want": want}) for name, metric, want in _TARGETS),
        # The host's disks are not the sandbox's to judge.
        ("[rule]", {"name": "disk-full", "enabled": False}),
    ]


def _alert(name: str, when: str, holds_for: str, do: str, after: str, then: str) -> dict[str, Any]:
    return {"name": name, "when": when, "for": holds_for, "do": do, "escalate": [{"after": after, "do": then}]}


_ALERTS = (
    _alert("System load", "load1 > 6.0", "2m", "investigate", "10m", "hibernate-idle"),
    _alert("Memory", "memory.used > 90%", "2m", "hibernate-idle", "10m", "restart workers that are not critical"),
    _alert("Prompt failure rate", "queue.failure_rate > 50%", "1m", "check the log", "10m", "restart assigner"),
    _alert("Worker not responding", "workers.longest_silence > 5m", "0s", "restart it", "5m", "end it, restart"),
    _alert("Port exhaustion", "environments.ports_free == 0", "0s", "prune-environments", "15m", "larger pool"),
)
_TARGETS = (
    ("Prompt success rate", "queue.success_rate", "> 80%"),
    ("System load", "load1", "< 4.0"),
    ("CPU idle", "cpu.idle", "> 20%"),
    ("Memory free", "memory.available", "> 2GB"),
    ("Orchestrator status", 'service."Architect Dashboard".orchestrator', "running"),
    ("Auto-Confirm instances", "worker.auto_confirm.processes", "== 1"),
    ("Failed prompts a day", "queue.failed_24h", "< 10"),
)


def _demo(plan: Blueprint, layout: Layout) -> dict[str, Any]:
    return {
        "proc": str(layout.proc),
        "idle": {session.name: round(session.idle_s) for session in plan.sessions if session.idle_s},
        "built_at": round(time.time(), 3),
    }
