"""Restarts by itself what its configuration names, with exponential backoff: killing such a process brings it back."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsconsole.demo.programs.architect.workers import worker_base
else:
    import worker_base

LOG = "architect_process_supervisor.log"
WELL_AFTER_S = 10.0
SETTLES_IN_S = 2.0


class Minded:
    """One program it minds."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._child: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._due: float | None = None
        self._tries = 0

    def look(self, now: float) -> None:
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        if self._up():
            self._due = None
            if now - self._started > WELL_AFTER_S:
                self._tries = 0
        elif self._due is not None and now >= self._due:
            self._start(now)
        elif self._due is None and now - self._started > SETTLES_IN_S and self._tries < self._spec["tries"]:
            delay = min(self._spec["cap_s"], self._spec["delay_s"] * self._spec["multiplier"] ** self._tries)
            self._due = now + (delay if self._started or not self._spec["at_once"] else 0.0)

    def _start(self, now: float) -> None:
        worker_base.log(LOG, "WARNING", f"{self._spec['name']} is down, start {self._tries + 1}")
        self._child = subprocess.Popen(
            self._spec["command"], cwd=worker_base.HOME, stdin=subprocess.DEVNULL, start_new_session=True
        )
        self._started = now
        self._tries += 1
        self._due = None

    def _up(self) -> bool:
        if self._child is not None:
            return True
        if (port := self._spec.get("port")) is not None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                return False
            return True
        return self._beats(worker_base.HOME / "data" / "heartbeat" / f"{self._spec['heartbeat']}.json")

    def _beats(self, heartbeat: Path) -> bool:
        try:
            said = json.loads(heartbeat.read_text())
            fields = Path(f"/proc/{said['pid']}/stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            return False
        return fields[0] != "Z" and int(fields[19]) == said["start"]


minded = [
    Minded(spec) for spec in json.loads((worker_base.HOME / "config" / "supervisor.json").read_text())["services"]
]


def step() -> None:
    for program in minded:
        program.look(time.monotonic())


if __name__ == "__main__":
    worker_base.run("process_supervisor", step, 0.5)
