"""One process, read right now: by what it is recognised, and what decides whether it may be touched.

Reads /proc (psutil where there is none) for single pids, never the whole table.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from opsconsole.collect import procfs
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import ProcessMark, Survivor

PROC = Path("/proc")
HAS_PROC = sys.platform.startswith("linux")
SIGTERM_BIT = 1 << 14
"""In SigIgn of /proc/PID/status: signal 15, counted from 1."""


class Living(msgspec.Struct, frozen=True):
    """What one look at one process told."""

    mark: ProcessMark
    comm: str
    argv: tuple[str, ...]
    """Raw: for matching, never shown."""
    state: str
    """One letter, proc(5)."""
    ppid: int
    session: int
    tty: int
    started_at: float | None
    kernel_thread: bool
    ignores_term: bool
    readable: bool
    """Whether executable and argv could be read: what cannot be told is not touched."""

    @property
    def pid(self) -> int:
        return self.mark.pid

    @property
    def ended(self) -> bool:
        """A zombie: it takes no signal any more. A leader that ended before its threads is none."""
        return self.state in "ZX"


def boot_id() -> str:
    """The id of this boot, as the process table has it."""
    if HAS_PROC:
        return procfs.read_boot_id(PROC) or ""
    import psutil  # type: ignore[import-untyped]  # it ships no types

    return str(round(psutil.boot_time()))


def own_pid_namespace() -> int:
    return (procfs.read_namespace(f"{PROC}/self") or 0) if HAS_PROC else 0


def look_at(pid: int, boot: str) -> Living | None:
    """The process that has this pid now; None when there is none."""
    return _from_proc(pid, boot) if HAS_PROC else _from_psutil(pid, boot)


def _from_proc(pid: int, boot: str) -> Living | None:
    base = f"{PROC}/{pid}"
    raw = procfs.read_stat(f"{base}/stat")
    stat = procfs.parse_stat(raw) if raw is not None else None
    if stat is None:
        return None
    cmdline = procfs.read_cmdline(base)
    exe = procfs.read_link(f"{base}/exe")
    uid = procfs.read_uid(base, None)
    namespace = procfs.read_namespace(base)
    argv, command = procfs.parse_cmdline(cmdline) if cmdline else ((), "")
    again = procfs.parse_stat(procfs.read_stat(f"{base}/stat") or b"")
    if again is None or again.start_ticks != stat.start_ticks:
        return None  # it ended while it was read, and what was read may be another's
    status = procfs.read_small(f"{base}/status") or b""
    ended = stat.state in "ZX" and stat.threads <= 1
    mark = ProcessMark(
        id=ProcessId(boot, pid, stat.start_ticks),
        exe=procfs.without_deleted_mark(exe) if exe else "",
        argv_digest=hashlib.sha256(cmdline or b"").hexdigest(),
        uid=-1 if uid is None else uid,
        pid_namespace=namespace or 0,
        command=command or f"[{procfs.comm_text(stat.comm)}]",
    )
    return Living(
        mark=mark,
        comm=procfs.comm_text(stat.comm),
        argv=argv,
        state=stat.state if ended or stat.state not in "ZX" else "S",
        ppid=stat.ppid,
        session=stat.session,
        tty=stat.tty,
        started_at=procfs.started_at(stat.start_ticks),
        kernel_thread=stat.kernel_thread,
        ignores_term=_ignores_term(status),
        readable=bool(exe and cmdline),
    )


def _ignores_term(status: bytes) -> bool:
    match = re.search(rb"^SigIgn:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return match is not None and bool(int(match[1], 16) & SIGTERM_BIT)


def _from_psutil(pid: int, boot: str) -> Living | None:
    """macOS: the create time is the identity; there are no namespaces."""
    import psutil

    from opsconsole.model.text import command_line

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            created, argv, uids = process.create_time(), tuple(process.cmdline()), process.uids()
            exe, name, status, ppid = process.exe(), process.name(), process.status(), process.ppid()
            terminal = process.terminal()
    except psutil.ZombieProcess:
        return None
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        created, argv, uids, exe, name, status, ppid, terminal = 0.0, (), None, "", "", "", 0, None
    mark = ProcessMark(
        id=ProcessId(boot, pid, round(created * 1e6)),
        exe=exe,
        argv_digest=hashlib.sha256("\0".join(argv).encode(errors="surrogateescape")).hexdigest(),
        uid=uids.effective if uids is not None else -1,
        pid_namespace=0,
        command=command_line(argv) or f"[{name}]",
    )
    return Living(
        mark=mark,
        comm=name[:15],
        argv=argv,
        state="Z" if status == psutil.STATUS_ZOMBIE else "S",
        ppid=ppid,
        session=0,
        tty=1 if terminal else 0,
        started_at=created or None,
        kernel_thread=False,
        ignores_term=False,
        readable=bool(exe and argv),
    )


def difference(planned: ProcessMark, now: Living | None) -> str:
    """In what the process that has the pid now is not the planned one; empty when it is, or when it has ended."""
    if now is None or (now.ended and now.mark.id == planned.id):
        return ""
    found = now.mark
    if found.id != planned.id:
        return f"{planned.pid} is another process now: {found.command}"
    if found.exe != planned.exe or found.argv_digest != planned.argv_digest:
        return f"{planned.pid} runs another program now: {found.command}"
    if found.uid != planned.uid:
        return f"{planned.pid} runs as uid {found.uid} now, not {planned.uid}"
    if found.pid_namespace != planned.pid_namespace:
        return f"{planned.pid} is in another pid namespace now"
    return ""


def is_alive(process: ProcessId) -> bool:
    """Whether this very process still runs. One that is there and cannot be read counts as running."""
    now = look_at(process.pid, process.boot_id)
    if now is None and HAS_PROC:
        return Path(f"{PROC}/{process.pid}").exists()
    return now is not None and now.mark.id == process and not now.ended


def why_not_staying(survivors: Iterable[Survivor]) -> str:
    """Why one that was to stay is not there as it was planned; empty while all are."""
    for survivor in survivors:
        now = look_at(survivor.pid, survivor.id.boot_id)
        if now is None or now.ended or now.mark.id != survivor.id:
            return f"{survivor.pid}, which was to stay, has ended: {survivor.command}"
        if survivor.process is not None and (reason := difference(survivor.process, now)):
            return f"{reason}; it was to stay"
    return ""


def own_line(boot: str) -> tuple[ProcessId, ...]:
    """This process and its ancestors."""
    found: list[ProcessId] = []
    pid = os.getpid()
    while pid > 0 and len(found) < 64 and (living := look_at(pid, boot)) is not None:
        found.append(living.mark.id)
        pid = living.ppid
    return tuple(found)
