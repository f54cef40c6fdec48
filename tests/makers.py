"""Makers of single model values for tests: sensible fields, any of them overridden by keyword.

Nothing here looks at the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opsconsole.model.environment import Environment, Queue
from opsconsole.model.identity import PaneId, ProcessId
from opsconsole.model.listener import Listener, Owner, Port
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.service import Service, Site
from opsconsole.model.session import Pane, Session
from opsconsole.model.system import Disk, Pressure, System
from opsconsole.model.text import shown
from opsconsole.model.worker import Instance, Log, PidFile, Worker

AT = 1770571140.0
"""2026-02-08 17:19:00 UTC, when the incident's report was written."""
BOOT = "b0075000-0000-4000-8000-000000000001"
SOCKET = "/tmp/tmux-1000/default"
SERVER_PID = 700
SERVER_START = 1770000000
MB = 1024 * 1024
GB = 1024 * MB

HOSTILE_NAMES = (
    "\x1b]0;pwned\x07[/]",
    "[@click=app.quit]press me[/]",
    "[bold red]not bold[/bold red]",
    "left\u202ethgir",
    "zero\u200bwidth\u200dname",
    "two\nlines\tand tabs",
    "日本語のワーカー名前",
    "👩\u200d💻 emoji ☃\ufe0f",
    "[",
    "x" * 600,
    "x'; >pwned; '",
    "$(>pwned)`>pwned`",
    "a & >pwned | b > pwned",
)
"""As they come from outside; what a Snapshot holds has gone through ``shown``."""


def process_id(pid: int) -> ProcessId:
    return ProcessId(boot_id=BOOT, pid=pid, start_ticks=pid * 100)


def process(pid: int, command: str, ppid: int = 1, **changes: Any) -> Process:
    fields: dict[str, Any] = {
        "id": process_id(pid),
        "ppid": ppid,
        "comm": command.split(" ", maxsplit=1)[0].rsplit("/", maxsplit=1)[-1][:15],
        "state": "S",
        "started_at": AT - 70_140.0,
        "session": pid,
        "process_group": pid,
        "tty": 0,
        "threads": 4,
        "rss_bytes": 48 * MB,
        "cpu_percent": 1.5,
        "uid": 1000,
        "argv": tuple(command.split(" ")),
        "command": shown(command),
        "exe": "/usr/bin/python3.11",
        "cwd": "/home/op/architect",
        "swap_bytes": 0,
    }
    return Process(**{**fields, **changes})


def process_table(processes: Sequence[Process]) -> ProcessTable:
    return ProcessTable(at=AT, boot_id=BOOT, processes={one.pid: one for one in processes})


def service(name: str = "Dashboard", port: int = 8080, pid: int | None = 96930, **changes: Any) -> Service:
    owners = () if pid is None else (Owner(id=process_id(pid), command="python3 app.py"),)
    fields: dict[str, Any] = {
        "name": shown(name),
        "port": port,
        "state": "up",
        "reason": "",
        "pid": pid,
        "uptime_s": 70_140.0,
        "http_status": 200,
        "latency_ms": 12.4,
        "components": {},
        "stopped": (),
        "owners": owners,
        "owners_known": True,
        "sharing": "",
        "addresses": ("0.0.0.0",),
        "url": f"http://127.0.0.1:{port}/health",
        "probed_at": AT - 4.0,
        "discovered": False,
        "cpu_percent": 2.5,
        "rss_bytes": 120 * MB,
        "swap_bytes": 0,
    }
    return Service(**{**fields, **changes})


def instance(
    pid: int = 42315, command: str = "python3 workers/assigner_worker.py --daemon", **changes: Any
) -> Instance:
    fields: dict[str, Any] = {
        "id": process_id(pid),
        "pid": pid,
        "start": AT - 70_140.0,
        "command": command,
        "version": command.split(" ")[1].rsplit("/", maxsplit=1)[-1] if " " in command else command,
        "uptime_s": 70_140.0,
        "cpu_percent": 3.0,
        "rss_bytes": 52 * MB,
        "swap_bytes": 0,
        "children": (),
    }
    return Instance(**{**fields, **changes})


def worker(name: str = "assigner", instances: tuple[Instance, ...] | None = None, **changes: Any) -> Worker:
    running = (instance(),) if instances is None else instances
    fields: dict[str, Any] = {
        "name": shown(name),
        "wanted": 1,
        "state": "running",
        "reason": "",
        "instances": running,
        "wrappers": (),
        "remnants": (),
        "suspects": (),
        "pid_file": PidFile(path="/tmp/architect_assigner_worker.pid", state="ok", pid=42315),
        "log": Log(
            path="/tmp/architect_assigner_worker.log",
            state="ok",
            size_bytes=3 * MB,
            age_s=4.0,
            last_line="2026-02-08 17:18:56,120 - AssignerWorker - INFO - polling",
            errors_per_min=0.0,
            errors=0,
            lines=400,
        ),
        "critical": False,
        "silent": False,
        "uptime_s": 70_140.0 if running else None,
        "cpu_percent": 3.0 if running else None,
        "rss_bytes": 52 * MB if running else None,
        "swap_bytes": 0 if running else None,
    }
    return Worker(**{**fields, **changes})


def pane(pid: int, session: str = "dev_worker1", number: int = 1, **changes: Any) -> Pane:
    fields: dict[str, Any] = {
        "id": PaneId(socket=SOCKET, server_pid=SERVER_PID, server_start=SERVER_START, pane=f"%{number}"),
        "session_id": f"${number}",
        "session_name": shown(session),
        "session_created": SERVER_START,
        "window": "0.0",
        "pid": pid,
        "tty": f"/dev/pts/{number}",
        "dead": False,
        "in_mode": False,
        "activity_at": AT - 12.0,
        "title": "✳ Refactor the reading list",
        "agent": "claude",
        "agent_process": process_id(pid + 1),
        "command": "claude",
        "cwd": "/home/op/architect",
    }
    return Pane(**{**fields, **changes})


def session(name: str = "dev_worker1", number: int = 1, **changes: Any) -> Session:
    panes = changes.pop("panes", (pane(10_000 + number * 10, name, number),))
    fields: dict[str, Any] = {
        "name": shown(name),
        "id": f"{SOCKET}:{SERVER_PID}:{SERVER_START}:${number}",
        "socket": SOCKET,
        "panes": panes,
        "agent": "claude",
        "state": "working",
        "reason": "the screen shows a running turn",
        "idle_s": 2.0,
        "cpu_percent": 14.0,
        "rss_bytes": 412 * MB,
        "swap_bytes": 0,
        "processes": 3,
        "attached": 0,
        "cwd": "/home/op/architect",
        "session_id": f"0b9f1d2e-0000-4000-8000-{number:012d}",
        "created_at": float(SERVER_START),
        "protected": False,
    }
    return Session(**{**fields, **changes})


def environment(name: str = "reading-ui-improvement", port: int = 6001, **changes: Any) -> Environment:
    fields: dict[str, Any] = {
        "id": f"env-{port}",
        "name": shown(name),
        "port": port,
        "ports": (port,),
        "state": "running",
        "age_s": 3_600.0,
        "ttl_s": 86_400.0,
        "stale": False,
        "duplicate": False,
        "owner_pid": 30_000 + port,
        "owner_command": f"python3 app.py --port {port}",
        "alive": True,
        "url": f"http://127.0.0.1:{port}/",
        "branch": "feature/reading-ui",
    }
    return Environment(**{**fields, **changes})


def site(name: str = "Selam Pharmacy", **changes: Any) -> Site:
    fields: dict[str, Any] = {
        "name": shown(name),
        "url": "http://127.0.0.1:7085/",
        "expect": 200,
        "http_status": 200,
        "latency_ms": 8.1,
        "state": "up",
        "reason": "",
        "checked_at": AT - 30.0,
    }
    return Site(**{**fields, **changes})


def system(**changes: Any) -> System:
    fields: dict[str, Any] = {
        "load1": 1.42,
        "load5": 1.10,
        "load15": 0.98,
        "cores": 8,
        "cpu_user": 12.5,
        "cpu_system": 4.0,
        "cpu_idle": 83.0,
        "cpu_iowait": 0.5,
        "cpu_steal": 0.0,
        "memory_total_bytes": 24 * GB,
        "memory_available_bytes": 15 * GB,
        "memory_compressed_bytes": None,
        "swap_total_bytes": 8 * GB,
        "swap_used_bytes": 0,
        "swap_in_per_s": 0.0,
        "swap_out_per_s": 0.0,
        "pressure_cpu": Pressure(some10=2.1, some60=1.8, full10=None, full60=None),
        "pressure_memory": Pressure(some10=0.0, some60=0.0, full10=0.0, full60=0.0),
        "pressure_io": Pressure(some10=0.4, some60=0.3, full10=0.1, full60=0.1),
        "uptime_s": 951_000.0,
        "processes": 611,
    }
    return System(**{**fields, **changes})


def disk(mount: str = "/", used: int = 118, available: int = 340, **changes: Any) -> Disk:
    fields: dict[str, Any] = {
        "mount": mount,
        "device": "/dev/nvme0n1p2",
        "total_bytes": (used + available) * GB,
        "used_bytes": used * GB,
        "available_bytes": available * GB,
        "inodes_free_percent": 92.0,
        "read_only": False,
    }
    return Disk(**{**fields, **changes})


def queue(**changes: Any) -> Queue:
    fields: dict[str, Any] = {
        "total": 140,
        "completed": 131,
        "failed": 4,
        "failed_24h": 1,
        "pending": 3,
        "active": 2,
        "success_rate": 131 / 135,
    }
    return Queue(**{**fields, **changes})


def port_of(number: int, *owners: tuple[int, str], sharing: str = "") -> Port:
    listeners = tuple(
        Listener(
            address="0.0.0.0",
            port=number,
            family=4,
            inode=number * 10 + index,
            uid=1000,
            owners=(Owner(id=process_id(pid), command=command),),
            owners_known=True,
        )
        for index, (pid, command) in enumerate(owners)
    )
    return Port(port=number, listeners=listeners, sharing=sharing)  # type: ignore[arg-type]
