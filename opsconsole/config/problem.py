"""What is wrong with a config: named by file, line and key, with what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from opsconsole.model.text import clean, shown

KeyPath = tuple[str | int, ...]
"""Such as ``("worker", 2, "pid_file")``: arrays are counted from 0."""

Found = Iterator[tuple[KeyPath, str]]
"""Mistakes as a check finds them: the key, and what is wrong with it and would be right."""


class Problem(msgspec.Struct, frozen=True):
    """One mistake. ``str()`` of it is the line that people read."""

    file: Path
    message: str
    """What is wrong, and what would be right."""
    key: KeyPath = ()
    """Empty when the file as a whole is meant."""
    subject: str = ""
    """The key as people know it: ``[[worker]] "assigner" pid_file``."""
    line: int | None = None
    """Counted from 1; None when the file was not read."""
    column: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line is not None else str(self.file)
        said = f"{self.subject}: {self.message}" if self.subject else self.message
        return f"{clean(where, 1000)}: {shown(said, 1000)}"


class ConfigError(Exception):
    """A config that cannot be used, with everything that is wrong with it in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def subject(key: KeyPath, document: dict[str, Any]) -> str:
    """``("worker", 2, "pid_file")`` as ``[[worker]] "assigner" pid_file``: by name, or by number from one."""
    if not key:
        return ""
    value, rest = document.get(str(key[0])), key[1:]
    if rest and isinstance(rest[0], int):
        label = f"[[{key[0]}]] {_entry_name(value, rest[0])}"
        rest = rest[1:]
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        label = f"[[{key[0]}]]"
    else:
        label = f"[{key[0]}]" if isinstance(value, dict) else str(key[0])
    text = ""
    for part in rest:
        text += f" item {part + 1}" if isinstance(part, int) else f".{part}" if text else part
    return f"{label} {text.strip()}".rstrip()


def _entry_name(entries: Any, place: int) -> str:
    entry = entries[place] if isinstance(entries, list) else None
    name = entry.get("name") if isinstance(entry, dict) else None
    return quoted(name) if isinstance(name, str) and clean(name).strip() else f"number {place + 1}"


def quoted(text: str) -> str:
    """As it stands in the file, made inert."""
    return f'"{clean(text, 120)}"'


def nearest(word: str, allowed: Iterable[str]) -> str:
    """``did you mean "x"? (allowed: x, y)``, or only what is allowed when nothing is near."""
    import difflib

    names = list(allowed)
    every = f"allowed: {', '.join(names)}"
    usual = word.lower().replace("-", "_")
    close = difflib.get_close_matches(usual, names, n=1, cutoff=0.6)
    close = close or [name for name in names if len(usual) > 2 and name.startswith(usual)]
    return f"did you mean {quoted(close[0])}? ({every})" if close else every
