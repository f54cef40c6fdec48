"""Where each key of a TOML text stands. The text must have been parsed by tomllib: nothing is validated here."""

from __future__ import annotations

import bisect
import re
import tomllib

from opsconsole.config.problem import KeyPath

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY_PART = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|[A-Za-z0-9_-]+')
_SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'"
    r"|[^,\]}#\n]+",
    re.DOTALL,
)


class Places:
    """Line and column of every key, table and array item of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._offsets: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}
        """How many ``[[tables]]`` there are of each so far."""
        self._newlines = [place for place, character in enumerate(text) if character == "\n"]
        self._document()

    def of(self, key: KeyPath) -> tuple[int, int]:
        """(line, column) from 1 of this key, or of the nearest table around it."""
        for length in range(len(key), 0, -1):
            if (offset := self._offsets.get(key[:length])) is not None:
                break
        else:
            offset = 0
        line = bisect.bisect_left(self._newlines, offset)
        return line + 1, offset - (self._newlines[line - 1] if line else -1)

    def _document(self) -> None:
        table: KeyPath = ()
        while self._next():
            start, double = self._at, self._text.startswith("[[", self._at)
            if not double and not self._text.startswith("[", self._at):
                self._pair(table)
                continue
            self._at += 2 if double else 1
            table = self._header(self._key(), double, start)
            self._at = self._text.index("]", self._at) + (2 if double else 1)

    def _header(self, parts: list[str], double: bool, start: int) -> KeyPath:
        path: KeyPath = ()
        for number, part in enumerate(parts, 1):
            path = (*path, part)
            self._offsets.setdefault(path, start)
            if double and number == len(parts):
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        self._offsets[path] = start
        return path

    def _pair(self, table: KeyPath) -> None:
        start, path = self._at, table
        for part in self._key():
            path = (*path, part)
            self._offsets.setdefault(path, start)
        self._at = self._text.index("=", self._at) + 1
        self._next()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at]
        if opening not in "[{":
            scalar = _SCALAR.match(self._text, self._at)
            self._at = scalar.end() if scalar else len(self._text)
            return
        self._at += 1
        count = 0
        while self._next() and self._text[self._at] not in "]}":
            if self._text[self._at] == ",":
                self._at += 1
            elif opening == "{":
                self._pair(path)
            else:
                item = (*path, count)
                self._offsets[item] = self._at
                self._value(item)
                count += 1
        self._at += 1

    def _key(self) -> list[str]:
        parts = []
        while self._next() and (match := _KEY_PART.match(self._text, self._at)):
            written = match[0]
            parts.append(tomllib.loads(f"key = {written}")["key"] if written[0] in "\"'" else written)
            self._at = match.end()
            self._next()
            if not self._text.startswith(".", self._at):
                break
            self._at += 1
        return parts

    def _next(self) -> bool:
        """Go to the next character that means something; False at the end."""
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        return self._at < len(self._text)
