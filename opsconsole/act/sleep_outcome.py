"""What is left after an agent was ended: whether it is gone, its conversation whole, and what memory it held."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from opsconsole.act.living import is_alive
from opsconsole.collect import procfs
from opsconsole.collect.agent_registry import entry_path
from opsconsole.collect.agents import builtin_agents
from opsconsole.collect.documents import NotJson, decoded
from opsconsole.collect.files import FileUnreadable, open_regular
from opsconsole.model.plan import Target
from opsconsole.model.sleeping import SavedSession

_TAIL_BYTES = 1024 * 1024


def available_bytes() -> int | None:
    """MemAvailable; None when it cannot be told."""
    match = re.search(rb"^MemAvailable:\s*(\d+) kB$", procfs.read_small("/proc/meminfo") or b"", re.MULTILINE)
    return int(match[1]) * 1024 if match is not None else None


def tree_bytes(root: int, below: list[int] | None = None) -> int | None:
    """RSS of a process and, when given, of these others too; None when the first cannot be read."""
    sizes = []
    for pid in (root, *(below or ())):
        stat = procfs.parse_stat(procfs.read_stat(f"/proc/{pid}/stat") or b"")
        if stat is not None:
            sizes.append(stat.rss_pages * procfs.PAGE_BYTES)
    return sum(sizes) if sizes else None


def swapped_bytes(pids: Iterable[int]) -> int:
    """VmSwap of these; of those that cannot be read none."""
    raw = (procfs.read_small(f"/proc/{pid}/status") or b"" for pid in pids)
    found = (re.search(rb"^VmSwap:\s*(\d+) kB$", status, re.MULTILINE) for status in raw)
    return sum(int(match[1]) * 1024 for match in found if match is not None)


def gone_and_kept(saved: SavedSession, target: Target) -> tuple[str, tuple[str, ...]]:
    """Why it has not ended well, or nothing; and what was seen."""
    assert target.process is not None  # noqa: S101 - the agent
    if is_alive(target.process.id):
        return f"{target.process.pid} still runs", ()
    seen = [f"{target.process.pid} has ended"]
    profile = builtin_agents().profiles.get(saved.agent)
    if profile is not None and profile.registry is not None:
        entry = entry_path(Path(saved.home), profile.registry, target.process.pid)
        if entry.exists():
            return f"its registry entry {entry} is still there", tuple(seen)
        seen.append("its registry entry is gone")
    why, lines = whole(Path(saved.transcript), saved.transcript_bytes)
    return why, (*seen, *lines)


def whole(path: Path, least: int) -> tuple[str, tuple[str, ...]]:
    """Why a transcript is not whole, or nothing; and what was seen of it."""
    import os

    try:
        descriptor = open_regular(path)
    except FileUnreadable as failure:
        return failure.reason, ()
    try:
        size = os.fstat(descriptor).st_size
        start = max(0, size - _TAIL_BYTES)
        tail = os.pread(descriptor, _TAIL_BYTES, start)
    finally:
        os.close(descriptor)
    if size < least:
        return f"the transcript has {size} bytes, {least} before", ()
    lines = tail.split(b"\n")[1 if start else 0 :]
    for line in lines:
        if line.strip():
            try:
                decoded(line)
            except NotJson as error:
                return f"a line of the transcript cannot be read: {error}", ()
    return "", (f"the transcript is whole ({size} bytes)",)
