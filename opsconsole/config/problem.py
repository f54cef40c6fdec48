"""What is wrong with a config: named by file, line and key, with what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from opsconsole.model.text import clean

KeyPath = tuple[str | int, ...]
"""Such as ``("worker", 2, "pid_file")``: arrays of tables are counted from 0."""


class Problem(msgspec.Struct, frozen=True):
    file: Path
    line: int | None
    key: KeyPath
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line is not None else str(self.file)
        named = shown_key(self.key)
        return clean(f"{where}: {named + ': ' if named else ''}{self.message}", 1000)


class ConfigError(Exception):
    """A config that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def shown_key(key: KeyPath) -> str:
    """``("worker", 2, "pid_file")`` as ``worker[3].pid_file``: people count from one."""
    text = ""
    for part in key:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(word: str, allowed: Iterable[str]) -> str:
    """``; did you mean 'x'?`` or the list of what is allowed."""
    names = sorted(allowed)
    if close := difflib.get_close_matches(word, names, n=1, cutoff=0.6):
        return f"; did you mean {close[0]!r}?"
    return f"; allowed: {', '.join(names)}"


def line_of(text: str, key: KeyPath) -> int | None:
    """The line a key stands in, or the nearest of its tables; None when not even that is found.

    Reads lines, not TOML: enough for files that people write, and an error message survives being vague.
    """
    header = _header_line(text, key)
    names = [part for part in key if isinstance(part, str)]
    lines = text.splitlines()
    start = header or 0
    for name in reversed(names):
        for number in range(start, len(lines)):
            stripped = lines[number].strip()
            if (
                stripped.startswith("[")
                and "=" not in stripped.split("]")[0]
                and number >= start
                and number != start - 1
            ):
                break
            written = stripped.split("=", 1)[0].strip().strip("\"'")
            if "=" in stripped and (written == name or written.split(".")[0] == name or written.endswith(f".{name}")):
                return number + 1
    return header


def _header_line(text: str, key: KeyPath) -> int | None:
    """Line number of the ``[table]`` or the n-th ``[[table]]`` that a key stands in, counted from 1."""
    if not key:
        return None
    wanted = key[1] if len(key) > 1 and isinstance(key[1], int) else None
    dotted = ".".join(str(part) for part in key[:-1] if isinstance(part, str))
    count = -1
    best: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.split("#")[0].strip()
        if stripped.startswith("[["):
            if stripped.strip("[] ") == key[0]:
                count += 1
                if count == wanted:
                    best = number
        elif stripped.startswith("[") and stripped.endswith("]"):
            name = stripped.strip("[] ")
            if (wanted is None and name in (key[0], dotted)) or (
                wanted is not None and count == wanted and name == dotted
            ):
                best = number
    return best
