"""The dashboard: /health from what truly runs, /api/environments over a SQLite file.

It binds with SO_REUSEPORT, so that a second copy can start unnoticed beside the first: the report's issue 7.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsconsole.demo.programs.architect.web import Answer, Server, page
else:
    from web import Answer, Server, page

HERE = Path(__file__).resolve().parent
DATABASE = HERE / "data" / "architect.db"
COMPONENTS = {"orchestrator": ("project_orchestrator",), "auto_confirm": ("auto_confirm_worker", "auto_confirm_v2")}
COLUMNS = ("id", "name", "port", "url", "branch", "status", "pid", "created_at")


def respond(method: str, path: str, body: bytes) -> Answer:
    if path == "/health":
        return health()
    if path == "/api/environments":
        return listing() if method == "GET" else asked_for(json.loads(body))
    if path.startswith("/api/environments/") and path.endswith("/info"):
        return Answer(200, b"")  # what the assigner then fails to parse
    if path.startswith("/api/environments/") and method == "DELETE":
        return deleted(path.rpartition("/")[2])
    return page("Architect Dashboard") if path == "/" else Answer(404, b'{"error": "no such page"}')


def health() -> Answer:
    began = time.perf_counter()
    with closing(sqlite3.connect(DATABASE)) as database:
        database.execute("select 1").fetchone()
    told: dict[str, Any] = {
        "status": "healthy",
        "environment": "prod",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()),
        "database": "connected",
        "db_response_ms": round((time.perf_counter() - began) * 1000, 2),
    }
    told |= {
        name: "running" if any(beats(worker) for worker in workers) else "stopped"
        for name, workers in COMPONENTS.items()
    }
    return as_json(200, told)


def beats(worker: str) -> bool:
    """Whether the process that last said it is this worker is still that process."""
    try:
        said = json.loads((HERE / "data" / "heartbeat" / f"{worker}.json").read_text())
        return started(int(said["pid"])) == int(said["start"])
    except (OSError, ValueError, KeyError):
        return False


def started(pid: int) -> int | None:
    """Field 22 of its stat; None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def listing() -> Answer:
    with closing(sqlite3.connect(DATABASE)) as database:
        rows = database.execute(f"select {', '.join(COLUMNS)} from environments order by port").fetchall()  # noqa: S608
    return as_json(200, {"environments": [dict(zip(COLUMNS, row, strict=True)) for row in rows]})


def asked_for(wanted: dict[str, Any]) -> Answer:
    """Whether such an environment could be made, with the errors of the manager; making it is not for the demo."""
    with closing(sqlite3.connect(DATABASE)) as database:
        names = {name for (name,) in database.execute("select name from environments")}
        (pool,) = database.execute("select value from settings where name = 'pool_size'").fetchone()
    if wanted["name"] in names:
        return as_json(409, {"error": f"ValueError: Environment {wanted['name']!r} already exists"})
    with closing(sqlite3.connect(DATABASE)) as database:
        (taken,) = database.execute("select count(distinct port) from environments").fetchone()
    if taken >= int(pool):
        return as_json(503, {"error": "RuntimeError: No available ports for new environment"})
    return as_json(200, {"possible": True})


def deleted(environment: str) -> Answer:
    with closing(sqlite3.connect(DATABASE)) as database:
        row = database.execute("select pid, start from environments where id = ?", (environment,)).fetchone()
        if row is None:
            return as_json(404, {"error": f"no environment {environment}"})
        pid, start = row
        if pid is not None and started(pid) == start:
            descriptor = os.pidfd_open(pid)
            try:
                if started(pid) == start:
                    signal.pidfd_send_signal(descriptor, signal.SIGTERM)
            finally:
                os.close(descriptor)
        database.execute("delete from environments where id = ?", (environment,))
        database.commit()
    return as_json(200, {"deleted": environment})


def as_json(status: int, told: Any) -> Answer:
    return Answer(status, json.dumps(told).encode())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    asked = parser.parse_args()
    Server(asked.host, asked.port, respond, share_port=True).serve_forever()


if __name__ == "__main__":
    main()
