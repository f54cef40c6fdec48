"""The few facts of /proc that starting and ending a sandbox needs, read straight and without caching.

The product's own scan is not used here on purpose: what a test compares it with must not come from it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from functools import cache
from pathlib import Path

import msgspec

from opsconsole.model.identity import ProcessId

PROC = Path("/proc")


class Seen(msgspec.Struct, frozen=True):
    """One process of this user at one moment."""

    id: ProcessId
    ppid: int
    zombie: bool


@cache
def boot_id() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def own_pid_namespace() -> int:
    return (PROC / "self/ns/pid").stat().st_ino


def seen(pid: int) -> Seen | None:
    """This process now; None when there is none."""
    try:
        stat = (PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    fields = stat.rpartition(b")")[2].split()
    return Seen(ProcessId(boot_id(), pid, int(fields[19])), int(fields[1]), fields[0] in b"ZX")


def identity(pid: int) -> ProcessId:
    """Of a process that is there; ProcessLookupError when it is not."""
    found = seen(pid)
    if found is None:
        raise ProcessLookupError(f"no process {pid}")
    return found.id


def alive(process: ProcessId | None) -> bool:
    """Whether this very process still runs; a zombie does not."""
    if process is None:
        return False
    found = seen(process.pid)
    return found is not None and found.id == process and not found.zombie


def of_this_user() -> dict[int, Seen]:
    """Every process of our effective uid."""
    uid = os.geteuid()
    found: dict[int, Seen] = {}
    for entry in os.scandir(PROC):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == uid and (process := seen(int(entry.name))) is not None:
                    found[process.id.pid] = process
    return found


def environment(pid: int) -> dict[bytes, bytes]:
    """What it was started with; empty when that cannot be read."""
    try:
        content = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return {}
    pairs = (entry.partition(b"=") for entry in content.split(b"\0"))
    return {name: value for name, separator, value in pairs if separator}


def working_directory(pid: int) -> str:
    try:
        return str((PROC / str(pid) / "cwd").readlink())
    except OSError:
        return ""


def kill(process: ProcessId) -> int | None:
    """SIGKILL to this very process and to no other that may have its pid by now.

    Returns a pidfd that becomes readable when it has ended; None when it was gone. OSError when it may not be sent.
    """
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    # The descriptor pins the process: if it still is the one we mean, the signal cannot reach another.
    found = seen(process.pid)
    try:
        if found is not None and found.id == process and not found.zombie:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            return descriptor
    except ProcessLookupError:
        pass
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def kill_all(processes: set[ProcessId], within_s: float) -> None:
    """SIGKILL to each, then wait until they have ended. One that may not be signalled is passed over."""
    waiting: list[int] = []
    for process in processes:
        with contextlib.suppress(OSError):
            if (descriptor := kill(process)) is not None:
                waiting.append(descriptor)
    poll = select.poll()
    for descriptor in waiting:
        poll.register(descriptor, select.POLLIN)
    until = time.monotonic() + within_s
    left = set(waiting)
    while left and (remaining := until - time.monotonic()) > 0:
        for descriptor, _ in poll.poll(remaining * 1000):
            poll.unregister(descriptor)
            left.discard(descriptor)
    for descriptor in waiting:
        os.close(descriptor)
