"""A still of a sandbox: a Snapshot of it in which all that differs from one building to the next is made the same.

Pids, ports, paths, conversation ids, times and costs become what they are in every still; of the host's own processes,
sockets and disks nothing is left. What the incident is made of stays as it was read. Pure.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from opsconsole.collect.consumers import consumers
from opsconsole.collect.log_times import line_time
from opsconsole.collect.logs import Tail, summary
from opsconsole.config.types import Config
from opsconsole.demo.expected import ExpectedSystem
from opsconsole.diagnose import diagnose
from opsconsole.model.finding import Diagnosis
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Plan, Survivor, Target
from opsconsole.model.process import Process, ProcessTable, usage
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import Disk
from opsconsole.model.worker import Log, Worker

NOW = 1_770_571_140.0
"""2026-02-08 17:19 UTC: when the report of the incident was written."""
HOST = "ops-1"
DIRECTORY = "/srv/demo"
SOCKET_DIRECTORY = "/run/demo"
PORT_BASE = 8000
RECENT_S = 4.0
"""What became of everything since the sandbox was built."""
_STEP_S = 600.0
_FIRST_PID = 4101
_BOOT = "00000000-0000-4000-8000-000000000000"
_MIB = 1024**2
_BUSY_PERCENT = 4.6
_LATENCY_MS = 4.2
_RSS = {"claude": 13 * _MIB, "python3": 12 * _MIB, "tmux: server": 5 * _MIB}
_SMALL_RSS = 3 * _MIB
_RECENT_LOG_S = 60.0
_RECENT_LOG_LINES = 4
_SPINNER = re.compile(r"[✢✳✶✻✽]")
_SHARE = re.compile(r"\d+\.\d % CPU")
_PID_FIELDS = frozenset({"pid", "ppid", "owner_pid", "session", "process_group", "server_pid", "children"})
_PORT_FIELDS = frozenset({"port", "ports", "first", "last", "used", "unclaimed"})
_FIXED: dict[str, Any] = {
    "boot_id": _BOOT,
    "cpu_percent": 0.0,
    "host": HOST,
    "inode": 1,
    "latency_ms": _LATENCY_MS,
    "monotonic": 1000.0,
    "image": 1,
    "oom_score": 667,
    "pid_namespace": 1,
    "pss_bytes": 9 * _MIB,
    "rss_bytes": _SMALL_RSS,
    "scan_ms": 12.0,
    "sequence": 1,
    "started_in": None,
    "tty": 1,
    "uid": 1000,
}
_DISK = Disk("/", "/dev/sda1", 494 * 10**9, 301 * 10**9, 193 * 10**9, inodes_free_percent=97.0, read_only=False)


_Planned = TypeVar("_Planned", Target, Survivor)


class Scene(msgspec.Struct, frozen=True):
    """What is particular to one sandbox."""

    directory: str
    socket_directory: str
    port_base: int
    """Its ports are at most 200 above."""
    pids: frozenset[int]
    """Of all its processes but the holder."""
    working: frozenset[str]
    """Sessions whose agents are busy."""
    system: ExpectedSystem
    logs: Mapping[str, tuple[str, ...]]
    """Path of each log to its lines."""


class Still(msgspec.Struct, frozen=True):
    snapshot: Snapshot
    logs: dict[str, tuple[str, ...]]
    plan: Plan | None = None


def still(snapshot: Snapshot, scene: Scene, config: Config, plan: Plan | None = None) -> Still:
    """The still of this Snapshot, diagnosed again under the sandbox's config, and of a plan made on it."""
    return _Stilling(snapshot, scene).still(config, plan)


class _Stilling:
    """One pass over one Snapshot. Numbers are given in the order in which things are come upon."""

    def __init__(self, snapshot: Snapshot, scene: Scene) -> None:
        self._scene = scene
        self._snapshot = snapshot
        self._pids: dict[int, int] = {0: 0, 1: 1}
        self._conversations: dict[str, str] = {}
        starts = (server.start for server in snapshot.tmux_servers.value or () if server.start)
        self._numbers = {str(start): str(int(NOW - RECENT_S)) for start in starts}
        # Where both are one it is the first.
        self._places = {scene.socket_directory: SOCKET_DIRECTORY, scene.directory: DIRECTORY}

    def still(self, config: Config, plan: Plan | None = None) -> Still:
        before = self._without_the_host(self._snapshot)
        # Services, workers and sessions come first: their processes are numbered in the order of the screen.
        rest = {name: getattr(before, name) for name in before.__struct_fields__ if name != "processes"}
        walked = {name: self._field(name, value) for name, value in rest.items()}
        walked["processes"] = msgspec.structs.replace(
            before.processes, at=NOW, value=None if (table := before.processes.value) is None else self._table(table)
        )
        logs = {self._text(path): self._log_lines(lines) for path, lines in self._scene.logs.items()}
        after = _costed(_logged(Snapshot(**walked), logs), self._scene)
        # Its evidence names places of the config, which are the sandbox's own.
        told = self._texts(msgspec.to_builtins(diagnose(after, config)))
        diagnosis = msgspec.convert(told, Diagnosis)
        planned = self._plan(plan) if plan is not None else None
        return Still(msgspec.structs.replace(after, diagnosis=diagnosis), logs, planned)

    def _plan(self, plan: Plan) -> Plan:
        walked: Plan = self._value(plan)
        subplans = tuple(
            msgspec.structs.replace(
                self._value(subplan),
                targets=tuple(_planned(self._value(one)) for one in subplan.targets),
                survivors=tuple(_planned(self._value(one)) for one in subplan.survivors),
                steps=tuple(self._text(text, with_pids=True) for text in subplan.steps),
                checks=tuple(self._text(text, with_pids=True) for text in subplan.checks),
                warnings=tuple(self._text(text, with_pids=True) for text in subplan.warnings),
            )
            for subplan in plan.subplans
        )
        return msgspec.structs.replace(walked, id="20260208-171900-000000", created=NOW, subplans=subplans)

    def _texts(self, value: Any) -> Any:
        """The same with only its texts changed."""
        if isinstance(value, dict):
            return {key: self._texts(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._texts(one) for one in value]
        return self._text(value) if isinstance(value, str) else value

    def _without_the_host(self, snapshot: Snapshot) -> Snapshot:
        pids = self._scene.pids
        ports = tuple(
            port
            for port in snapshot.ports.value or ()
            if any(owner.pid in pids for listener in port.listeners for owner in listener.owners)
        )
        table = snapshot.processes.value
        if table is not None:
            kept = {pid: process for pid, process in table.processes.items() if pid in pids}
            table = ProcessTable(at=NOW, boot_id=_BOOT, processes=kept, own_pid_namespace=1)
        return msgspec.structs.replace(
            snapshot,
            ports=msgspec.structs.replace(snapshot.ports, value=ports if snapshot.ports.ok else None),
            processes=msgspec.structs.replace(snapshot.processes, value=table),
            disks=msgspec.structs.replace(snapshot.disks, state="ok", value=(_DISK,), reason=""),
            consumers=(),
            diagnosis=None,
        )

    def _table(self, table: ProcessTable) -> ProcessTable:
        last = len(self._pids) + _FIRST_PID
        ordered = sorted(table, key=lambda one: (self._pids.get(one.pid, last), one.command, one.id.start_ticks))
        processes = [self._process(process) for process in ordered]
        return msgspec.structs.replace(table, processes={process.pid: process for process in processes})

    def _process(self, process: Process) -> Process:
        walked: Process = self._value(process)
        exe = re.sub(r"^/.*/(python3|bash|sh|sleep|tmux)[^/]*$", r"/usr/bin/\1", walked.exe or "") or None
        parent = walked.ppid if process.ppid in self._scene.pids else 1
        return msgspec.structs.replace(walked, exe=exe, ppid=parent, cpu_percent=0.0, rss_bytes=_rss(walked))

    # Values

    def _value(self, value: Any) -> Any:
        if isinstance(value, ProcessId):
            pid = self._pid(value.pid)
            return ProcessId(_BOOT, pid, pid * 100)
        if isinstance(value, msgspec.Struct):
            fields = {name: self._field(name, getattr(value, name)) for name in value.__struct_fields__}
            return type(value)(**fields)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._moment(value) if self._is_moment(value) else value
        if isinstance(value, tuple):
            return tuple(self._value(one) for one in value)
        if isinstance(value, dict):
            return {self._value(key): self._value(one) for key, one in value.items()}
        return value

    def _field(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if name in _FIXED:
            return _FIXED[name]
        if name in ("reason", "agent_reason"):
            return _SPINNER.sub("✶", _SHARE.sub("0.0 % CPU", self._text(value, with_pids=True)))
        if name in ("session_id", "conversation") and isinstance(value, str) and not value.startswith("$"):
            return self._conversations.setdefault(value, f"{len(self._conversations) + 1:08}{_BOOT[8:]}")
        if name in _PID_FIELDS:
            return self._numbers_in(value, self._pid)
        if name in _PORT_FIELDS:
            return self._numbers_in(value, self._port)
        if isinstance(value, int | float) and not name.endswith("_bytes"):
            return self._moment(value) if self._is_moment(value) else _settled(value) if name.endswith("_s") else value
        return self._value(value)

    def _numbers_in(self, value: Any, known: Callable[[int], int]) -> Any:
        if isinstance(value, tuple):
            return tuple(known(one) for one in value)
        return known(value) if isinstance(value, int) else self._value(value)

    def _pid(self, pid: int) -> int:
        return self._pids.setdefault(pid, _FIRST_PID + len(self._pids) - 2)

    def _port(self, port: int) -> int:
        offset = port - self._scene.port_base
        return PORT_BASE + offset if 0 <= offset < 200 else port

    def _is_moment(self, value: float) -> bool:
        return abs(value - self._snapshot.at) < 400 * 86_400

    def _moment(self, value: float) -> float:
        age = self._snapshot.at - value
        settled = NOW - (_settled(age) if age else 0.0)
        return int(settled) if isinstance(value, int) else settled

    def _text(self, text: str, *, with_pids: bool = False) -> str:
        for place, shown in self._places.items():
            text = text.replace(place, shown)
        return re.sub(r"\d+", lambda digits: self._number(digits[0], with_pids), text)

    def _number(self, digits: str, with_pids: bool) -> str:
        if digits in self._numbers:
            return self._numbers[digits]
        number = int(digits)
        known = number in self._scene.pids or number in self._pids
        if number > 1 and known and (with_pids or number == self._server_pid):
            return str(self._pid(number))
        return str(self._port(number)) if len(digits) == len(str(self._scene.port_base)) else digits

    @property
    def _server_pid(self) -> int:
        """Of the tmux server: part of the ids of sessions."""
        return next((server.pid for server in self._snapshot.tmux_servers.value or () if server.pid), 0)

    # Logs

    def _log_lines(self, lines: Iterable[str]) -> tuple[str, ...]:
        """The hours before as they were laid down, and some lines since, two seconds apart.

        The very first since is left out: who comes first is a race.
        """
        now = self._snapshot.at
        ages = [(line, now - at) for line in lines if (at := line_time(line, now)) is not None]
        before = [(line, age // 60.0 * 60.0) for line, age in ages if age >= _RECENT_LOG_S]
        since = [line for line, age in ages if age < _RECENT_LOG_S][1 : 1 + _RECENT_LOG_LINES]
        dated = before + [(line, 2.0 * (len(since) - number)) for number, line in enumerate(since, 1)]
        return tuple(self._log_line(line, NOW - age) for line, age in dated)

    def _log_line(self, line: str, moment: float) -> str:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
        return stamp + self._text(line[len(stamp) :], with_pids=True)


def _planned(one: _Planned) -> _Planned:
    small = not one.command.startswith("python3")
    return msgspec.structs.replace(one, memory_bytes=_SMALL_RSS if small else _RSS["python3"])


def _settled(seconds: float) -> float:
    """What was injected is told in minutes by the ten; all that has passed since is a few seconds."""
    return RECENT_S if seconds < _STEP_S else seconds // _STEP_S * _STEP_S


def _rss(process: Process) -> int:
    return _RSS.get(process.comm, _SMALL_RSS)


def _logged(snapshot: Snapshot, logs: Mapping[str, tuple[str, ...]]) -> Snapshot:
    """Its workers' logs, read again."""

    def read(log: Log | None) -> Log | None:
        if log is None or log.state != "ok":
            return log
        lines = logs.get(log.path, ())
        size = sum(len(line.encode()) + 1 for line in lines)
        return summary(Path(log.path), Tail(lines, size, NOW - (log.age_s or 0.0), complete=True), NOW)

    workers = snapshot.workers
    value = tuple(msgspec.structs.replace(worker, log=read(worker.log)) for worker in workers.value or ())
    return msgspec.structs.replace(snapshot, workers=msgspec.structs.replace(workers, value=value))


def _costed(snapshot: Snapshot, scene: Scene) -> Snapshot:
    """What things cost, from what the still's processes cost."""
    table = snapshot.processes.value
    if table is None:
        return snapshot
    busy = {
        pane.agent_process.pid
        for session in snapshot.sessions.value or ()
        if session.name in scene.working
        for pane in session.panes
        if pane.agent_process is not None
    }
    processes = {
        pid: msgspec.structs.replace(process, cpu_percent=_BUSY_PERCENT) if pid in busy else process
        for pid, process in table.processes.items()
    }
    table = msgspec.structs.replace(table, processes=processes)

    def cost(one: Any, roots: Iterable[int | None]) -> Any:
        total = usage(process for pid in roots if pid is not None for process in table.tree(pid))
        return msgspec.structs.replace(one, cpu_percent=total.cpu_percent, rss_bytes=total.rss_bytes)

    def costs(things: Any, roots: Callable[[Any], Iterable[int | None]]) -> Any:
        value = tuple(cost(one, roots(one)) for one in things.value or ())
        return msgspec.structs.replace(things, value=value if things.ok else None)

    def worker_costs(worker: Worker) -> Worker:
        instances = tuple(cost(instance, [instance.pid]) for instance in worker.instances)
        return msgspec.structs.replace(worker, instances=instances)

    workers = msgspec.structs.replace(
        snapshot.workers, value=tuple(worker_costs(worker) for worker in snapshot.workers.value or ())
    )
    workers = costs(workers, lambda worker: [instance.pid for instance in worker.instances])
    services = costs(snapshot.services, lambda service: [owner.pid for owner in service.owners])
    sessions = costs(snapshot.sessions, lambda session: [pane.pid for pane in session.panes])
    return msgspec.structs.replace(
        snapshot,
        services=services,
        workers=workers,
        sessions=sessions,
        system=_told(snapshot, scene.system),
        processes=msgspec.structs.replace(snapshot.processes, value=table),
        consumers=consumers(table, sessions.value or (), workers.value or (), services.value or ()),
    )


def _told(snapshot: Snapshot, told: ExpectedSystem) -> Any:
    """The system with the rates that were told: measured between two looks they come out a little different."""
    system = snapshot.system
    if system.value is None:
        return system
    value = msgspec.structs.replace(
        system.value,
        cpu_user=told.cpu_user,
        cpu_system=told.cpu_system,
        cpu_idle=told.cpu_idle,
        cpu_iowait=0.0,
        cpu_steal=0.0,
        swap_in_per_s=told.swap_in_per_s,
        swap_out_per_s=told.swap_out_per_s,
    )
    return msgspec.structs.replace(system, value=value)
