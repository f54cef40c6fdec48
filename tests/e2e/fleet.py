"""A small fleet of real processes for end-to-end tests, ended by the handles it was started with."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

PYTHON = os.path.realpath(sys.executable)
SERVICE = """
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"status": "healthy", "orchestrator": "stopped", "auto_confirm": "running"}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
WORKER = "import time\nprint('up', flush=True)\ntime.sleep(600)\n"


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/good" else 500)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


class Fleet:
    """What was started, and where its config stands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "opsconsole.toml"
        self.database = folder / "queue.db"
        self.socket = folder / "tmux"
        self.service_port = 0
        self.service_pid = 0
        self.twin_pids: list[int] = []
        self.site_port = 0

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-u", "-S", str(self.socket), "-f", "/dev/null", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def opsconsole(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("opsconsole")), "--config", str(self.config), *words]
        return subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False
        )


@contextlib.contextmanager
def fleet() -> Iterator[Fleet]:
    """One service, a worker running twice, one not running, two tmux sessions, a queue, environments, two sites."""
    folder = Path(tempfile.mkdtemp(prefix="ocf-"))
    running = Fleet(folder)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        service = _start(stack, [PYTHON, "-c", SERVICE], folder)
        assert service.stdout is not None
        running.service_port, running.service_pid = int(service.stdout.readline()), service.pid
        (folder / "twin.py").write_text(WORKER)
        (folder / "absent.py").write_text(WORKER)
        for _ in range(2):
            twin = _start(stack, [PYTHON, "twin.py", "--daemon"], folder)
            assert twin.stdout is not None
            assert twin.stdout.readline() == "up\n"
            running.twin_pids.append(twin.pid)
        _sessions(stack, running)
        _queue(running.database)
        running.site_port = _sites(stack)
        (folder / "environments.json").write_text(json.dumps({"environments": _environments()}))
        (folder / "twin.log").write_text("2026-02-08 09:04:45 ERROR Failed\n2026-02-08 09:05:45 INFO fine\n")
        running.config.write_text(_config(running))
        running.config.chmod(0o600)
        yield running


def _start(stack: contextlib.ExitStack, command: list[str], folder: Path) -> subprocess.Popen[str]:
    child = stack.enter_context(
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    )
    stack.callback(child.kill)
    return child


def _sessions(stack: contextlib.ExitStack, running: Fleet) -> None:
    running.tmux("new-session", "-d", "-s", "work", "sleep 600")
    running.tmux("new-session", "-d", "-s", "work-prod", "sleep 600")
    running.tmux("split-window", "-d", "-t", "=work-prod:", "sleep 600")
    server_pid = int(running.tmux("display-message", "-p", "#{pid}"))

    def end() -> None:
        running.tmux("kill-server")
        until = time.monotonic() + 10
        while Path(f"/proc/{server_pid}").exists() and time.monotonic() < until:
            time.sleep(0.01)

    stack.callback(end)


def _queue(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(
            "create table prompts (id integer primary key, status text, error text,"
            " created_at text default current_timestamp, completed_at text)"
        )
        rows = [("completed",)] * 3 + [("failed",)] * 5 + [("pending",)] * 2 + [("in_progress",)]
        database.executemany("insert into prompts (status, completed_at) values (?, current_timestamp)", rows)
        database.commit()


def _sites(stack: contextlib.ExitStack) -> int:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return server.server_port


def _environments() -> list[dict[str, object]]:
    day = 24 * 3600
    return [
        {"id": "1", "name": "reading-ui", "port": 6001, "status": "running", "created_at": time.time() - 2 * day},
        {"id": "2", "name": "reading-ui", "port": 6002, "status": "running", "created_at": time.time() - 60},
        {"id": "3", "name": "math-ui", "port": 6003, "status": "running", "created_at": time.time() - 60},
    ]


def _config(running: Fleet) -> str:
    return f"""
[[service]]
name = "dashboard"
port = {running.service_port}
url = "http://127.0.0.1:{running.service_port}/health"
components = ["orchestrator"]

[[service]]
name = "absent"
port = {running.service_port if running.service_port < 1024 else 1}

[[worker]]
name = "twin"
command = ["{PYTHON}", "twin.py", "--daemon"]
cwd = "{running.folder}"
log = "{running.folder}/twin.log"
pid_file = "{running.folder}/twin.pid"

[[worker]]
name = "absent"
command = ["{PYTHON}", "absent.py", "--daemon"]
cwd = "{running.folder}"

[[site]]
name = "good"
url = "http://127.0.0.1:{running.site_port}/good"

[[site]]
name = "bad"
url = "http://127.0.0.1:{running.site_port}/bad"

[sessions]
socket = "{running.socket}"

[environments]
file = "{running.folder}/environments.json"
port_pool = "6001-6010"
ttl = "24h"

[queue]
path = "{running.database}"
"""
