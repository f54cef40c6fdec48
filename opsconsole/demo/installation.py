"""Lays the sandbox's files down: programs, interpreter, settings, databases, and the logs of the hours before."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from opsconsole.demo.blueprint import ENVIRONMENT_NAMES, MINUTE_S, WANTED_ENVIRONMENTS, Blueprint
from opsconsole.demo.databases import make_queue
from opsconsole.demo.layout import Layout
from opsconsole.demo.ports import PortBlock

PROGRAMS = Path(__file__).resolve().parent / "programs"
ASSIGNER_EVERY_S = 4.0
"""The report's five to fifteen minutes, compressed."""
_LAUNCHER = """#!{python} -SE
import sys
sys.path.insert(0, {library!r})
from agent.main import main
main()
"""
_ENVIRONMENT_INFO = "Failed to get environment info: Expecting value: line 1 column 1 (char 0)"
_DUPLICATE = f"Failed to create environment: ValueError: Environment '{ENVIRONMENT_NAMES[0]}' already exists"
_NO_PORTS = "Failed to create environment: RuntimeError: No available ports for new environment"
_HISTORY_MINUTES = (
    (494, _ENVIRONMENT_INFO),
    (494, _DUPLICATE),
    (462, _NO_PORTS),
    (450, _NO_PORTS),
    (444, _NO_PORTS),
    (434, _DUPLICATE),
    (434, _NO_PORTS),
)
"""Minutes before now and what went wrong: the seven lines of the report's appendix A, then the like until now."""


def install(plan: Blueprint, layout: Layout, ports: PortBlock) -> None:
    for folder in (layout.home, layout.state, layout.tmp, layout.scenarios):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _programs(layout)
    _write_json(
        layout.architect / "data" / "settings.json",
        {
            "dashboard_port": ports.dashboard,
            "pid_files": plan.healthy,
            "wanted_environments": [] if plan.healthy else WANTED_ENVIRONMENTS,
            "assigner_every_s": 60.0 if plan.healthy else ASSIGNER_EVERY_S,
        },
    )
    _write_json(layout.architect / "config" / "supervisor.json", {"services": _minded(ports)})
    make_queue(layout.queue, plan.queue)
    if not plan.healthy:
        _logs(layout)
        # No process ever gets this number: the first one that the kernel does not hand out.
        never = int(Path("/proc/sys/kernel/pid_max").read_text())
        (layout.tmp / "project_orchestrator.pid").write_text(f"{never}\n")


def _programs(layout: Layout) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROGRAMS / "architect", layout.architect, ignore=ignored, dirs_exist_ok=True)
    shutil.copy(PROGRAMS / "tls" / "localhost.pem", layout.architect)
    library = layout.home / ".local" / "share" / "claude"
    shutil.copytree(PROGRAMS / "agent", library / "agent", ignore=ignored)
    # An environment of its own: the host's site-packages cost each start 30 ms and are of no use here.
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    layout.python.parent.mkdir(parents=True)
    layout.python.symlink_to(base)
    venv = layout.python.parents[1] / "pyvenv.cfg"
    venv.write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
    layout.agent.parent.mkdir(parents=True)
    layout.agent.write_text(_LAUNCHER.format(python=layout.python, library=str(library)))
    layout.agent.chmod(0o755)


def _minded(ports: PortBlock) -> list[dict[str, Any]]:
    """What the process supervisor restarts by itself; the first it starts as well."""
    backoff = {"delay_s": 1.0, "multiplier": 2.0, "cap_s": 30.0, "tries": 5}
    return [
        {
            "name": "site_health_monitor",
            "command": ["python3", "workers/site_health_monitor.py", "--daemon"],
            "heartbeat": "site_health_monitor",
            "at_once": True,
            **backoff,
        },
        {
            "name": "monitor",
            "command": ["python3", "monitor.py", "--port", str(ports.monitor)],
            "port": ports.monitor,
            "at_once": False,
            **backoff,
        },
    ]


def _logs(layout: Layout) -> None:
    """What the report's analyst found: the assigner's errors every few minutes, the orchestrator's end."""
    later = [(minute, (_NO_PORTS, _ENVIRONMENT_INFO, _DUPLICATE)[i % 3]) for i, minute in enumerate(range(421, 2, -13))]
    lines = [f"{_before(minutes)} ERROR {text}\n" for minutes, text in (*_HISTORY_MINUTES, *later)]
    layout.log("architect_assigner_worker.log").write_text("".join(lines))
    ended = layout.log("architect_orchestrator.log")
    ended.write_text(
        f"{_before(1190)} INFO 0 projects waiting\n"
        f"{_before(1180)} ERROR Orchestrator ended: OSError: [Errno 12] Cannot allocate memory\n"
    )
    written = time.time() - 1180 * MINUTE_S
    os.utime(ended, (written, written))


def _before(minutes: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() - minutes * MINUTE_S))


def _write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
