"""What tests of the sandbox share: looking from outside with the system's own tools, and waiting with a deadline."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from opsconsole.demo.sandbox import Sandbox

T = TypeVar("T")


def eventually(what: str, look: Callable[[], T | None], within_s: float = 20.0) -> T:
    """The first truthy thing that a look returns."""
    until = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < until, f"after {within_s} s still waiting for {what}"
        time.sleep(0.02)
    return found


def tmux(sandbox: Sandbox, *words: str) -> str:
    command = ["tmux", "-u", "-S", str(sandbox.tmux_socket), *words]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=20).stdout


def screen(sandbox: Sandbox, session: str) -> str:
    return tmux(sandbox, "capture-pane", "-p", "-t", f"={session}:")


def http(url: str, method: str = "GET") -> Any:
    """The JSON that is answered, without any proxy of the environment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, method=method), timeout=10) as answer:
        assert answer.status == 200
        return json.loads(answer.read())


def argv(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")


def registry(sandbox: Sandbox, pid: int) -> dict[str, Any]:
    return json.loads((sandbox.home / ".claude" / "sessions" / f"{pid}.json").read_text())


def exists(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
