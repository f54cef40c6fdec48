"""What an agent's hooks have written of it (`opsconsole init --hooks`), where somebody has installed them.

Only ever a reason to leave a session alone: without the file, or with one that says nothing, all else decides.
"""

from __future__ import annotations

import os
from pathlib import Path

from opsconsole.collect.documents import NotJson, decoded
from opsconsole.collect.files import FileUnreadable, open_regular, read_capped
from opsconsole.config.agent_hooks import FOLDER
from opsconsole.model.agent import RegistryEntry
from opsconsole.model.text import shown

_MOST_BYTES = 8 * 1024 * 1024
_AT_REST = ("SessionStart", "Stop")


def hooks_object(home: Path, pid: int, entry: RegistryEntry, started_at: float) -> str:
    """Why this agent is not at rest, by the last event that its hooks have written; empty when they do not say so.

    An interrupted turn has no event of its own: a status told since then is the newer word.
    """
    path = home / FOLDER / f"{pid}.json"
    try:
        moved = _moved_at(path)
        if moved < started_at:
            return ""
        told = decoded(read_capped(path, _MOST_BYTES))
    except FileUnreadable as failure:
        return "" if failure.missing else f"what its hooks wrote cannot be read: {failure.reason}"
    except NotJson:
        return "what its hooks wrote is not JSON"
    if not isinstance(told, dict) or told.get("session_id") != entry.session_id:
        return ""
    event = told.get("hook_event_name")
    if event not in _AT_REST and (entry.status_at is None or entry.status_at < moved):
        return f"its hooks say that its last event was {shown(str(event), 40)}, not the end of a turn"
    for field, what in (("background_tasks", "background tasks"), ("session_crons", "schedules")):
        if told.get(field):
            return f"its hooks say that it has {what}"
    return ""


def _moved_at(path: Path) -> float:
    descriptor = open_regular(path)
    try:
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
