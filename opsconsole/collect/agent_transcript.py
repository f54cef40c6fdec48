"""The end of an agent's transcript: whether its last turn is over, and whether it has arranged to wake itself.

The file is another program's, appended to while we look: read from its end, a bounded part at a time, never locked.
What was searched once is not searched again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from opsconsole.collect.documents import NotJson, decoded
from opsconsole.collect.files import FileUnreadable, open_regular
from opsconsole.model.agent import TranscriptTail
from opsconsole.model.text import shown

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}$")
_TAIL_BYTES = 256 * 1024
_CHUNK_BYTES = 1024 * 1024
_OVERLAP_BYTES = 1024
"""Of two chunks, so that what stands across their border is found; more than the longest thing looked for."""
_TURN_RECORDS = ("user", "assistant", "system")
_INTERRUPTED = "[Request interrupted by user"

End = Literal["finished", "asked", "tool", "empty", "unknown"]


def find_transcript(transcripts: Path, session_id: str) -> Path | None:
    """The file of this conversation in any project's folder; folder names cannot be told from directories."""
    if not _ID.match(session_id):
        return None
    try:
        with os.scandir(transcripts) as folders:
            found = [Path(folder.path) / f"{session_id}.jsonl" for folder in folders if folder.is_dir()]
    except OSError:
        return None
    existing = [path for path in found if path.is_file()]
    return max(existing, key=lambda path: path.stat().st_mtime) if existing else None


class Transcript:
    """One conversation's file, followed."""

    def __init__(self, path: Path, schedule_tools: Sequence[str]) -> None:
        self.path = path
        self._wakers = _use_of(schedule_tools)
        self._searched_to = 0
        self._wakes_itself = ""
        self._inode = 0
        self._known: TranscriptTail | None = None
        self.searched_now = 0
        """Bytes that the last read searched."""

    def read(self, budget: int) -> TranscriptTail:
        """Its end now; at most ``budget`` bytes more are searched for tools by which it wakes itself.

        Raises FileUnreadable.
        """
        self.searched_now = 0
        try:
            status = os.stat(self.path, follow_symlinks=False)  # noqa: PTH116  # hot: a Path costs more than the call
        except OSError as error:
            raise FileUnreadable(f"{self.path}: {error.strerror}") from None
        known = self._known
        if known is not None and known.searched and (known.size, known.moved_at) == (status.st_size, status.st_mtime):
            return known
        descriptor = open_regular(self.path)
        try:
            status = os.fstat(descriptor)
            if status.st_ino != self._inode or status.st_size < self._searched_to:
                self._inode, self._searched_to, self._wakes_itself = status.st_ino, 0, ""
            self._search(descriptor, status.st_size, budget)
            start = max(0, status.st_size - _TAIL_BYTES)
            tail = os.pread(descriptor, _TAIL_BYTES, start)
        except OSError as error:
            raise FileUnreadable(f"{self.path}: {error.strerror}") from None
        finally:
            os.close(descriptor)
        self._known = TranscriptTail(
            path=shown(str(self.path)),
            size=status.st_size,
            moved_at=status.st_mtime,
            ends=ending(tail, whole=start == 0),
            wakes_itself=self._wakes_itself,
            searched=self._searched_to >= status.st_size,
        )
        return self._known

    def _search(self, descriptor: int, size: int, budget: int) -> None:
        while self._wakers is not None and self._searched_to < size and budget > 0:
            start = max(0, self._searched_to - _OVERLAP_BYTES)
            chunk = os.pread(descriptor, _CHUNK_BYTES, start)
            if not chunk:
                return
            for used in self._wakers.finditer(chunk):
                self._wakes_itself = (used[1] or used[2]).decode()
            self._searched_to = start + len(chunk)
            self.searched_now += len(chunk)
            budget -= len(chunk)
        if self._wakers is None:
            self._searched_to = size


def _use_of(tools: Sequence[str]) -> re.Pattern[bytes] | None:
    """What is written when one of these tools is used; that it is offered, or spoken of, is written otherwise."""
    if not tools:
        return None
    names = b"|".join(re.escape(tool.encode()) for tool in tools)
    used = rb's-used","tools":\[[^\]]{0,500}?"(' + names + rb')"'
    called = rb'_use"(?:,"id":"[^"]{1,100}")?,"name":"(' + names + rb')"'
    return re.compile(rb'"type":"tool(?:' + used + rb"|" + called + rb")")


def ending(tail: bytes, whole: bool = True) -> End:
    """How the conversation ends, by the last records of its turns; ``whole``: the tail is the whole file."""
    lines = tail.split(b"\n")
    if not whole:
        lines = lines[1:]
    for line in reversed(lines):
        if not line.strip():
            continue
        try:
            record = decoded(line)
        except NotJson:
            return "unknown"
        if isinstance(record, dict) and (end := _end_by(record)):
            return end
    return "empty" if whole else "unknown"


def _end_by(record: dict[str, Any]) -> End | Literal[""]:
    """What this record says of the turn it is in; empty for one that says nothing."""
    kind = record.get("type")
    if kind not in _TURN_RECORDS or record.get("isMeta") or record.get("isSidechain"):
        return ""
    if kind == "system":
        return "finished" if record.get("subtype") == "turn_duration" else ""
    message = record.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if kind == "user":
        return _user_end(content)
    parts = content if isinstance(content, list) else []
    if any(isinstance(part, dict) and part.get("type") == "tool_use" for part in parts):
        return "tool"
    stop = message.get("stop_reason") if isinstance(message, dict) else None
    # An error that was told to the user is written as an answer too.
    return "finished" if stop in ("end_turn", "stop_sequence", "max_tokens", "refusal") else "asked"


def _user_end(content: Any) -> End | Literal[""]:
    texts = [content] if isinstance(content, str) else []
    if isinstance(content, list):
        texts = [str(part.get("text", "")) for part in content if isinstance(part, dict)]
    if any(text.startswith(_INTERRUPTED) for text in texts):
        return "finished"
    # What a command of the agent's own printed is kept as the user's words, and asks nothing of the model.
    if texts and all(text.startswith(("<command-", "<local-command-")) for text in texts):
        return ""
    return "asked"
