"""The parts of the incident's machine: degraded, missing, duplicated, stale, exhausted, overloaded, some unknown."""

from __future__ import annotations

from typing import Any

from opsconsole.model.environment import Environments, PortPool
from opsconsole.model.listener import Owner
from opsconsole.model.service import Service
from opsconsole.model.session import Session
from opsconsole.model.system import Pressure, System
from opsconsole.model.worker import Helper, Log, PidFile, Worker
from tests.makers import (
    AT,
    GB,
    MB,
    environment,
    instance,
    process_id,
    service,
    session,
    system,
    worker,
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


def incident_services() -> tuple[Service, ...]:
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


def incident_workers() -> tuple[Worker, ...]:
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


def incident_sessions() -> tuple[Session, ...]:
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


def incident_environments() -> Environments:
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


def incident_system() -> System:
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
