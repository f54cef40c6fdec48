"""What `opsconsole demo` does apart from the screen: building a fleet for others to look at, and cleaning up."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TextIO

import msgspec

from opsconsole.demo.ending import end
from opsconsole.demo.processes import alive
from opsconsole.demo.registration import DemoError, Registration, registrations
from opsconsole.demo.sandbox import Sandbox

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_AGAIN_S = 0.5
_HOLDER_ENDS_WITHIN_S = 10.0


class DemoOptions(msgspec.Struct, frozen=True):
    healthy: bool = False
    scale: int = 1
    weight_mb: int = 0
    keep: bool = False
    directory: Path | None = None


class _Asked(BaseException):
    """A signal asked for the end."""


def headless(options: DemoOptions, stdout: TextIO) -> int:
    """Build the fleet, print one JSON line that says where it is, stay until ended. Returns the exit status.

    ``pid`` in that line is the process whose SIGTERM ends the fleet. Kept, the fleet outlives us.
    """
    before = {number: signal.signal(number, _raise) for number in _SIGNALS}
    try:
        remove_abandoned()
        with build(options) as sandbox:
            stdout.write(json.dumps(_where(sandbox)) + "\n")
            stdout.flush()
            _stay(sandbox)
    except _Asked:
        pass
    except DemoError as failure:
        sys.stderr.write(f"opsconsole: {failure}\n")
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def build(options: DemoOptions) -> Sandbox:
    """The sandbox these options ask for; a kept one says on stderr how to end it."""
    sandbox = Sandbox.build(options.healthy, options.scale, options.weight_mb, options.directory)
    if options.keep:
        sandbox.keep()
        sys.stderr.write(f"{how_to_end(sandbox)}\n")
    return sandbox


def how_to_end(sandbox: Sandbox) -> str:
    return f"the sandbox in {sandbox.directory} stays until it is ended: kill {sandbox.holder.pid}"


def clean() -> int:
    """Remove what demos that were killed have left; tell what is left alone. Returns the exit status."""
    try:
        removed, refused = remove_abandoned()
        standing = registrations()
    except DemoError as failure:
        sys.stderr.write(f"opsconsole: {failure}\n")
        return 1
    for directory in removed:
        sys.stderr.write(f"removed {directory}\n")
    for problem in refused:
        sys.stderr.write(f"opsconsole: {problem}\n")
    for registration in standing:
        header = registration.header
        if not registration.abandoned:
            holder = header.holder.pid if header.holder else header.owner.pid
            sys.stderr.write(f"in use: {header.directory}; to end it: kill {holder}\n")
    return 1 if refused else 0


def remove_abandoned() -> tuple[list[str], list[str]]:
    """End and remove every sandbox whose owner is gone. Returns their directories, and what could not be ended."""
    removed, refused = [], []
    for registration in registrations():
        if not registration.abandoned:
            continue
        directory = registration.header.directory
        if _holder_does_it(registration):
            removed.append(directory)
        elif left := end(registration):
            names = ", ".join(str(process.pid) for process in sorted(left))
            refused.append(f"processes {names} of the sandbox in {directory} would not end")
        else:
            removed.append(directory)
    return removed, refused


def _holder_does_it(registration: Registration) -> bool:
    """Whether its holder, which has noticed as well, ends it in good time."""
    until = time.monotonic() + _HOLDER_ENDS_WITHIN_S
    while alive(registration.header.holder) and time.monotonic() < until:
        time.sleep(0.01)
    return not registration.folder.exists()


def _where(sandbox: Sandbox) -> dict[str, object]:
    return {
        "config": str(sandbox.config_path),
        "state_dir": str(sandbox.state_dir),
        "home": str(sandbox.home),
        "tmux_socket": str(sandbox.tmux_socket),
        "pid": sandbox.holder.pid if sandbox.kept else os.getpid(),
    }


def _stay(sandbox: Sandbox) -> None:
    while sandbox.running:
        time.sleep(_LOOK_AGAIN_S)


def _raise(_number: int, _frame: object) -> None:
    raise _Asked
