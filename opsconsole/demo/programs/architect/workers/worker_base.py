"""What all workers share: a log, a heartbeat for the dashboard, a pid file where they are set to write one, a loop."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[1]
"""The directory of the installation."""
TMP = HOME.parents[1] / "tmp"
STARTED = time.monotonic()
PATIENCE_S = 20.0
SETTINGS: dict[str, Any] = json.loads((HOME / "data" / "settings.json").read_text())


def log(file: str, level: str, text: str) -> None:
    """One line, in the form of the report."""
    with (TMP / file).open("a") as stream:
        stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {level} {text}\n")


def ask(method: str, path: str, body: Any = None) -> str:
    """What the dashboard answers, or OSError."""
    content = b"" if body is None else json.dumps(body).encode()
    with _connected() as connection:
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(content)}\r\n\r\n"
        connection.sendall(head.encode() + content)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer.partition(b"\r\n\r\n")[2].decode()


def _connected() -> socket.socket:
    """To the dashboard; for a while after our start it may still be starting too."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", SETTINGS["dashboard_port"]), timeout=5)
        except ConnectionRefusedError:
            if time.monotonic() - STARTED > PATIENCE_S:
                raise
            time.sleep(0.05)


def run(name: str, step: Callable[[], None], every_s: float, pid_file: str = "") -> None:
    """Step for ever. SIGTERM and SIGINT end it, with its heartbeat and pid file removed."""
    shard = sys.argv[sys.argv.index("--shard") + 1] if "--shard" in sys.argv else ""
    full_name = f"{name}-{shard}" if shard else name
    heartbeat = HOME / "data" / "heartbeat" / f"{full_name}.json"
    if "--status" in sys.argv:
        sys.stdout.write(heartbeat.read_text() if heartbeat.exists() else "stopped\n")
        return
    written = [heartbeat]
    if pid_file or SETTINGS["pid_files"]:
        path = TMP / (pid_file or f"architect_{full_name}.pid")
        _write(path, f"{os.getpid()}\n")
        written.append(path)
    with open("/proc/self/stat") as stat:  # noqa: PTH123 - not following /proc/self by itself
        start = int(stat.read().rpartition(")")[2].split()[19])
    _write(heartbeat, json.dumps({"pid": os.getpid(), "start": start}) + "\n")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        while True:
            step()
            time.sleep(every_s)
    except SystemExit:
        for path in written:
            if str(os.getpid()) in path.read_text():
                path.unlink()
        raise


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(text)
    new.rename(path)


def _end(_number: int, _frame: object) -> None:
    sys.exit(0)
