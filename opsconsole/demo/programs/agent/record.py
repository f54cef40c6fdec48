"""What the stand-in leaves on disk: its entry in the registry, and its transcript. And what it calls itself."""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from pathlib import Path
from typing import Any

from .screen import VERSION


def home() -> Path:
    return Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude")


def process_start() -> str:
    """Field 22 of our stat."""
    return Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]


class Registry:
    """``sessions/<pid>.json``: who we are and what we are doing. Replaced as a whole."""

    def __init__(self, name: str, session: str, cwd: str) -> None:
        self.path = home() / "sessions" / f"{os.getpid()}.json"
        self._entry: dict[str, Any] = {
            "pid": os.getpid(),
            "sessionId": session,
            "cwd": cwd,
            "startedAt": _ms(0),
            "procStart": process_start(),
            "version": VERSION,
            "kind": "interactive",
            "entrypoint": "cli",
            "name": name,
        }

    def say(self, status: str, waiting_for: str = "", since_s: float = 0.0) -> None:
        entry = {**self._entry, "status": status, "statusUpdatedAt": _ms(since_s)}
        if waiting_for:
            entry["waitingFor"] = waiting_for
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(entry))
        new.rename(self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


class Transcript:
    """``projects/<slug>/<session>.jsonl``, one record a line, only ever appended to, never held open."""

    def __init__(self, session: str, cwd: str) -> None:
        self._session = session
        self._cwd = cwd
        known = sorted((home() / "projects").glob(f"*/{session}.jsonl"))
        self.path = known[0] if known else home() / "projects" / _slug(cwd) / f"{session}.jsonl"

    def turns(self) -> list[tuple[str, str]]:
        """What was asked and answered so far; empty when there is no transcript."""
        turns: list[tuple[str, str]] = []
        if not self.path.exists():
            return turns
        for line in self.path.read_text().splitlines():
            record = json.loads(line)
            if record["type"] == "user" and isinstance(record["message"]["content"], str):
                turns.append((record["message"]["content"], ""))
            elif record["type"] == "assistant" and turns:
                text = "".join(part.get("text", "") for part in record["message"]["content"])
                turns[-1] = (turns[-1][0], turns[-1][1] or text)
        return turns

    def asked(self, text: str) -> None:
        self._append("user", message={"role": "user", "content": text})

    def answered(self, text: str) -> None:
        content = [{"type": "text", "text": text}]
        self._append("assistant", message={"role": "assistant", "content": content, "stop_reason": "end_turn"})
        self._append("system", subtype="turn_duration", durationMs=1000)

    def wants_tool(self) -> None:
        tool = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "touch checked"}}
        self._append("assistant", message={"role": "assistant", "content": [tool], "stop_reason": "tool_use"})

    def tool_ended(self, text: str) -> None:
        result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": text}
        self._append("user", message={"role": "user", "content": [result]})

    def ended(self) -> None:
        if self.path.exists():
            self._append("cost-state", totalCostUSD=0)
            self._append("last-prompt")

    def set_age(self, seconds: float) -> None:
        if self.path.exists():
            moved = time.time() - seconds
            os.utime(self.path, (moved, moved))

    def _append(self, kind: str, **fields: Any) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        record = {
            "type": kind,
            "sessionId": self._session,
            "uuid": str(uuid.uuid4()),
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "cwd": self._cwd,
            "version": VERSION,
            **fields,
        }
        with self.path.open("a") as stream:
            stream.write(json.dumps(record) + "\n")


def _slug(cwd: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "-", cwd)[:200]


def _ms(seconds_ago: float) -> int:
    return int((time.time() - seconds_ago) * 1000)
