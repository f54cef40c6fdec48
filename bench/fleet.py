"""What the programs are measured beside: idle processes, and real services, workers and tmux sessions with a config.

Everything is private to the bench (loopback, a socket and files of its own folder) and is ended by its own handle.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CROWD = Path(__file__).with_name("crowd.py")
PROCESS_MB = 0.4
"""What one idle process may take, page tables included; 0.2 was measured."""
SPARE_MB = 2048
SERVICE = """
import json, socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
body = json.dumps({"status": "healthy", "orchestrator": "running"})
answer = f"HTTP/1.0 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n{body}"
while True:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(answer.encode())
"""
WORKER = "import time\ntime.sleep(9e9)\n"


def end_on_sigterm() -> None:
    """Let SIGTERM end this program as an exception does: what it has started is then ended by its own handle."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


def room_for(count: int) -> str:
    """Why so many more processes cannot be started here; empty when they can."""
    meminfo = Path("/proc/meminfo").read_text()
    available_mb = int(meminfo.split("MemAvailable:")[1].split()[0]) / 1024
    if count * PROCESS_MB + SPARE_MB > available_mb:
        return f"{count} processes may need {count * PROCESS_MB:.0f} MB, {available_mb:.0f} MB are free"
    here = processes_here()
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    if limit != resource.RLIM_INFINITY:
        most = min(most, limit)
    return f"{here} processes are here, {most} may be" if here + count > most * 0.8 else ""


def processes_here() -> int:
    return sum(1 for entry in Path("/proc").iterdir() if entry.name.isdigit())


@contextlib.contextmanager
def idle_processes(count: int) -> Iterator[None]:
    """So many sleeping processes, for as long as the block runs."""
    holder = subprocess.Popen(
        [sys.executable, "-S", "-E", str(CROWD), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        holder.stdout.readline()
        yield
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()


@contextlib.contextmanager
def fleet(folder: Path, services: int, workers: int, sessions: int) -> Iterator[Path]:
    """The fleet, and the path of the config that names it."""
    with contextlib.ExitStack() as stack:
        # It must not slow down on the busy machine that it is measured on.
        lines = ["[console]", 'refresh = "2s"', "slow_down = false"]
        lines += _services(stack, services)
        lines += _workers(stack, folder, workers)
        lines += stack.enter_context(_sessions(folder / "t", sessions))
        lines += _environments(folder)
        lines += _queue(folder)
        config = folder / "opsconsole.toml"
        config.write_text("\n".join(lines) + "\n")
        yield config


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _services(stack: contextlib.ExitStack, count: int) -> list[str]:
    lines = []
    for number in range(count):
        child = stack.enter_context(_running([sys.executable, "-S", "-c", SERVICE]))
        assert child.stdout is not None
        port = child.stdout.readline().strip()
        lines += ["[[service]]", f'name = "service {number}"', f"port = {port}"]
        lines += [f'url = "http://127.0.0.1:{port}/health"']
    return lines


def _workers(stack: contextlib.ExitStack, folder: Path, count: int) -> list[str]:
    lines = []
    for number in range(count):
        script, log, pid_file = (folder / f"worker_{number}.{ending}" for ending in ("py", "log", "pid"))
        script.write_text(WORKER)
        log.write_text(f"{time.strftime('%Y-%m-%d %H:%M:%S')} INFO started\n" * 100)
        child = stack.enter_context(_running([sys.executable, str(script), "--daemon"]))
        pid_file.write_text(f"{child.pid}\n")
        lines += ["[[worker]]", f'name = "worker_{number}"', f'command = ["{sys.executable}", "{script}", "--daemon"]']
        lines += [f'log = "{log}"', f'pid_file = "{pid_file}"', f'cwd = "{folder}"']
    return lines


@contextlib.contextmanager
def _sessions(socket: Path, count: int) -> Iterator[list[str]]:
    tmux = ["tmux", "-u", "-S", str(socket), "-f", "/dev/null"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TMUX")}

    def ask(*words: str) -> str:
        return subprocess.run([*tmux, *words], check=True, env=environment, capture_output=True, text=True).stdout

    try:
        for number in range(count):
            ask("new-session", "-d", "-s", f"session_{number}", "sleep 1d", ";", "split-window", "sleep 1d")
        yield ["[sessions]", f'socket = "{socket}"']
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            server = int(ask("display-message", "-p", "#{pid}"))
            ask("kill-server")
            until = time.monotonic() + 10
            while Path(f"/proc/{server}").exists() and time.monotonic() < until:
                time.sleep(0.02)


def _environments(folder: Path) -> list[str]:
    entries = [{"id": str(n), "name": f"feature-{n}", "port": 6001 + n, "status": "running"} for n in range(6)]
    file = folder / "environments.json"
    file.write_text(json.dumps({"environments": entries}))
    return ["[environments]", f'file = "{file}"', 'port_pool = "6001-6010"', 'ttl = "24h"']


def _queue(folder: Path) -> list[str]:
    path = folder / "queue.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE prompts (id INTEGER PRIMARY KEY, status TEXT, error TEXT, "
            "created_at TEXT DEFAULT CURRENT_TIMESTAMP, completed_at TEXT DEFAULT CURRENT_TIMESTAMP)"
        )
        database.executemany("INSERT INTO prompts (status) VALUES (?)", [("completed",)] * 100 + [("failed",)] * 20)
        database.commit()
    return ["[queue]", f'path = "{path}"']
