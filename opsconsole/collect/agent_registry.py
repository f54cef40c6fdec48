"""An agent's own word: its entry in the registry, and whether it has arranged to wake itself. Keeps nothing.

Nothing here is believed of another process: the entry must name this pid and its start. Files are opened as those of
others are: no links, no FIFOs, ours or root's, bounded.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from opsconsole.collect import procfs
from opsconsole.collect.agent_patterns import RegistryProfile
from opsconsole.collect.documents import NotJson, decoded
from opsconsole.collect.files import FileUnreadable, read_capped
from opsconsole.model.agent import RegistryEntry
from opsconsole.model.identity import ProcessId
from opsconsole.model.text import shown

_ENTRY_BYTES = 64 * 1024
_ENVIRONMENT_BYTES = 256 * 1024
CLOCK_SLACK_S = 1.0
"""Between the kernel's clock that counts from boot and the wall clock."""


class EntryUnreadable(Exception):
    """Why there is no entry to go by, in one line for people."""


def agent_home(pid: int, profile: RegistryProfile, root: str = "/proc") -> Path | None:
    """The directory in which this process keeps its registry, by its own environment; None when unreadable."""
    raw = procfs.read_small(f"{root}/{pid}/environ", _ENVIRONMENT_BYTES)
    if not raw:
        return None
    home = b""
    for field in raw.split(b"\0"):
        name, _, value = field.partition(b"=")
        if name == profile.variable.encode() and value:
            return Path(os.fsdecode(value))
        if name == b"HOME":
            home = value
    return Path(os.fsdecode(home)) / profile.home if home.startswith(b"/") else None


def entry_path(home: Path, profile: RegistryProfile, pid: int) -> Path:
    return home / profile.entries / f"{pid}.json"


def read_entry(path: Path, process: ProcessId, started_at: float | None) -> RegistryEntry:
    """The entry, when it is of this very process. Raises EntryUnreadable.

    ``started_at`` (seconds since the epoch): versions that write no start ticks are told from an earlier process with
    the same pid by having written their entry since the process's start.
    """
    try:
        told = decoded(read_capped(path, _ENTRY_BYTES))
    except FileUnreadable as failure:
        why = "it has no entry in its registry" if failure.missing else f"its registry entry: {failure.reason}"
        raise EntryUnreadable(shown(why)) from None
    except NotJson:
        raise EntryUnreadable("its registry entry is not JSON") from None
    if not isinstance(told, dict):
        raise EntryUnreadable("its registry entry is no JSON object")
    if told.get("pid") != process.pid or not _is_of(told, process, started_at):
        raise EntryUnreadable("the registry entry under its pid is of another process")
    moved = told.get("statusUpdatedAt")
    return RegistryEntry(
        session_id=_text(told, "sessionId"),
        cwd=_text(told, "cwd"),
        version=_text(told, "version"),
        entrypoint=_text(told, "entrypoint"),
        name=_text(told, "name"),
        status=_text(told, "status"),
        waiting_for=_text(told, "waitingFor"),
        status_at=moved / 1000.0 if isinstance(moved, int | float) else None,
    )


def _is_of(told: dict[str, Any], process: ProcessId, started_at: float | None) -> bool:
    if "procStart" in told:
        return str(told["procStart"]) == str(process.start_ticks)
    written = told.get("startedAt")
    if started_at is None or isinstance(written, bool) or not isinstance(written, int | float):
        return False
    return written / 1000.0 >= started_at - CLOCK_SLACK_S


def live_holders(home: Path, profile: RegistryProfile, session_id: str, root: str = "/proc") -> tuple[int, ...]:
    """Pids of the running agents that hold this conversation, each seen to be the process that wrote its entry.

    Raises EntryUnreadable when the registry cannot be listed: nobody is told not to hold it then.
    """
    found: list[int] = []
    try:
        names = [entry.name for entry in os.scandir(home / profile.entries) if entry.name.endswith(".json")]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise EntryUnreadable(shown(f"the registry {home / profile.entries}: {error.strerror}")) from None
    for name in sorted(names):
        pid = name.removesuffix(".json")
        stat = procfs.parse_stat(procfs.read_stat(f"{root}/{pid}/stat") or b"") if pid.isdecimal() else None
        if stat is None or stat.state in "ZX":
            continue
        try:
            started_at = procfs.started_at(stat.start_ticks)
            entry = read_entry(home / profile.entries / name, ProcessId("", int(pid), stat.start_ticks), started_at)
        except EntryUnreadable:
            continue
        if entry.session_id == session_id:
            found.append(int(pid))
    return tuple(found)


def read_schedule(cwd: str, profile: RegistryProfile, process: ProcessId, session_id: str) -> str:
    """What the lock file in its directory says of this agent's schedules; empty for none of its own."""
    if not profile.schedule_lock or not cwd.startswith("/"):
        return ""
    try:
        raw = read_capped(Path(cwd) / profile.schedule_lock, _ENTRY_BYTES)
        lock = decoded(raw)
    except FileUnreadable as failure:
        return "" if failure.missing else f"its schedule lock cannot be read: {shown(failure.reason)}"
    except NotJson:
        return "its schedule lock is not JSON"
    if isinstance(lock, dict) and (lock.get("pid") == process.pid or lock.get("sessionId") == session_id):
        return f"holds {profile.schedule_lock}"
    return ""


def _text(told: dict[str, Any], key: str) -> str:
    value = told.get(key)
    return shown(value) if isinstance(value, str) else ""
