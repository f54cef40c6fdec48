"""Ending a sandbox: everything it started, by identity, until nothing is left; then its directories.

What belongs to it: what its ledger names, all descendants of these, and every process of this user that carries its
token in the environment and has its home or its working directory inside the sandbox. Never by name. Whoever calls
this is never among them, nor are its ancestors.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable

from opsconsole.demo.processes import (
    Seen,
    boot_id,
    environment,
    kill_all,
    of_this_user,
    working_directory,
)
from opsconsole.demo.registration import Registration
from opsconsole.model.identity import ProcessId

TOKEN = "OPSCONSOLE_DEMO"  # noqa: S105 - the name of a variable
WITHIN_S = 10.0
_TMUX_WITHIN_S = 2.0
_ROUND_S = 1.0


def members(registration: Registration) -> set[ProcessId]:
    """All living processes of the sandbox, its holder included."""
    table = of_this_user()
    recorded = registration.recorded()
    found = {pid for pid, process in table.items() if process.id in recorded}
    token = registration.header.token.encode()
    for pid in table.keys() - found:
        variables = environment(pid)
        if variables.get(TOKEN.encode()) == token and _inside(registration, pid, variables):
            found.add(pid)
    found = _with_descendants(table, found) - _own_line(table)
    return {table[pid].id for pid in found if not table[pid].zombie}


def _inside(registration: Registration, pid: int, variables: dict[bytes, bytes]) -> bool:
    places = [f"{registration.directory}/", f"{registration.folder}/"]
    home = os.fsdecode(variables.get(b"HOME", b""))
    # The kernel adds " (deleted)" to a directory that is gone; only the beginning matters here.
    return any(f"{place}/".startswith(tuple(places)) for place in (home, working_directory(pid)) if place)


def _with_descendants(table: dict[int, Seen], roots: set[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for process in table.values():
        children.setdefault(process.ppid, []).append(process.id.pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(children.get(pid, ()))
    return found


def _own_line(table: dict[int, Seen]) -> set[int]:
    line = {1, os.getpid()}
    process = table.get(os.getpid())
    while process is not None and process.ppid not in line:
        line.add(process.ppid)
        process = table.get(process.ppid)
    return line


def end(
    registration: Registration, within_s: float = WITHIN_S, after_round: Callable[[], None] = lambda: None
) -> set[ProcessId]:
    """End the sandbox and remove what it left. Returns the processes that would not end; with any, nothing is removed.

    Programs that restart others are raced, not reasoned with: rounds of SIGKILL until a look finds nobody.
    ``after_round`` lets the parent of them all collect its children.
    """
    if registration.header.boot_id == boot_id():
        if registration.tmux_socket.exists():
            _end_tmux(registration)
        until = time.monotonic() + within_s
        while left := members(registration):
            if time.monotonic() >= until:
                return left
            kill_all(left, _ROUND_S)
            after_round()
    registration.remove()
    return set()


def _end_tmux(registration: Registration) -> None:
    """Ask the server to end; whether it has is then seen by its identity, like all else."""
    variables = {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            ["tmux", "-S", str(registration.tmux_socket), "kill-server"],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TMUX_WITHIN_S,
            check=False,
        )
