"""A made-up cast of processes around one worker, with its scripts on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opsconsole.collect.workers import WorkerMemory, assemble_workers
from opsconsole.config.types import WorkerTable
from opsconsole.model.identity import ProcessId
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.reading import ok
from opsconsole.model.worker import Worker

AT = 1_770_000_000.0
UID = 1000
SPAWN = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"


class Cast:
    """Processes by pid, and the worker they are held against."""

    def __init__(self, folder: Path) -> None:
        self.home = (folder / "home").resolve()
        (self.home / "workers").mkdir(parents=True)
        for name in ("sync.py", "sync_old.py", "other.py", "keepalive.sh"):
            (self.home / "workers" / name).write_text("")
        self.memory = WorkerMemory(confirmed=1)
        self.processes: dict[int, Process] = {}
        self.at = AT
        self.worker_table = self.declare()

    def declare(self, command: str = "python3 workers/sync.py --daemon", **changes: Any) -> WorkerTable:
        fields: dict[str, Any] = {"name": "sync", "command": tuple(command.split()), "cwd": self.home, **changes}
        self.worker_table = WorkerTable(**fields)
        return self.worker_table

    def put(self, pid: int, command: str | tuple[str, ...] | None, ppid: int = 1, **changes: Any) -> Process:
        """Python in the worker's directory unless told otherwise."""
        argv = tuple(command.split()) if isinstance(command, str) else command
        fields: dict[str, Any] = {
            "id": ProcessId("boot", pid, pid * 100),
            "ppid": ppid,
            "comm": "python3",
            "state": "S",
            "started_at": AT - 3600,
            "session": pid,
            "process_group": pid,
            "tty": 0,
            "threads": 1,
            "rss_bytes": 1000,
            "cpu_percent": 1.0,
            "uid": UID,
            "argv": argv,
            "command": " ".join(argv or ("[?]",)),
            "exe": "/usr/bin/python3.11",
            "cwd": str(self.home),
            "pid_namespace": 7,
            "swap_bytes": 10,
            "image": pid * 16,
        }
        self.processes[pid] = Process(**{**fields, **changes})
        return self.processes[pid]

    def shell(self, pid: int, argv: tuple[str, ...], ppid: int = 1, **changes: Any) -> Process:
        return self.put(pid, argv, ppid, **{"exe": "/usr/bin/bash", "comm": "bash", **changes})

    def table(self) -> ProcessTable:
        return ProcessTable(self.at, "boot", dict(self.processes), own_pid_namespace=7)

    def look(self, *tables: WorkerTable, **given: Any) -> tuple[Worker, ...]:
        """All workers as they are seen now, with the memory of earlier looks."""
        reading = assemble_workers(
            tables or (self.worker_table,),
            ok(self.table(), self.at),
            given.get("pid_files", {}),
            given.get("logs", {}),
            self.at,
            given.get("memory", self.memory),
            uid=UID,
        )
        assert reading.value is not None, reading
        return reading.value

    def worker(self, **given: Any) -> Worker:
        return self.look(**given)[0]
