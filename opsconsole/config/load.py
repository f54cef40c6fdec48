"""Reading ``opsconsole.toml``: every mistake is found at once and named by file, line and key."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any, get_args

import msgspec

from opsconsole.config.checks import meaning_problems
from opsconsole.config.problem import ConfigError, KeyPath, Problem, line_of, nearest
from opsconsole.config.resolve import resolved
from opsconsole.config.trust import why_not_trusted
from opsconsole.config.types import Config, Duration, LoadedConfig, Size
from opsconsole.config.units import parse_duration, parse_size

MAX_BYTES = 1_048_576

__all__ = ["ConfigError", "load", "parse"]


def load(path: Path | None) -> LoadedConfig:
    """The config of this file; with None the empty one. Raises ConfigError with everything that is wrong."""
    if path is None:
        return LoadedConfig(config=Config(), path=None)
    config = parse(_read(path), path)
    reason = why_not_trusted(path)
    warnings = (f"{reason}: watching goes on, actions are refused",) if reason else ()
    return LoadedConfig(config=config, path=path, warnings=warnings, actions_refused=reason)


def parse(text: str, path: Path) -> Config:
    """The config in this text; ``path`` is for messages and for relative paths. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_problem(path, str(error))]) from None
    found = [(key, message) for key, message in _shape_problems(document, Config, ())]
    if not found:
        config = msgspec.convert(document, Config, dec_hook=_decode)
        found = list(meaning_problems(config))
        if not found:
            return resolved(config, path.parent)
    raise ConfigError(Problem(path, line_of(text, key), key, message) for key, message in found)


def _read(path: Path) -> str:
    def wrong(message: str) -> ConfigError:
        return ConfigError([Problem(path, None, (), message)])

    try:
        # Not blocking: a FIFO by this name would be waited for, for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise wrong(f"{error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise wrong("is not a regular file")
        if status.st_size > MAX_BYTES:
            raise wrong(f"has {status.st_size} bytes; a config has at most {MAX_BYTES}")
        return os.read(descriptor, MAX_BYTES).decode()
    except UnicodeDecodeError as error:
        raise wrong(f"is not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise wrong(f"{error.strerror}") from None
    finally:
        os.close(descriptor)


def _syntax_problem(path: Path, message: str) -> Problem:
    """tomllib tells the place in words at the end: "… (at line 3, column 7)"."""
    what, _, place = message.rpartition(" (at line ")
    line = place.split(",")[0]
    return Problem(path, int(line) if line.isdigit() else None, (), f"not TOML: {what or message}")


def _decode(kind: type, written: Any) -> Any:
    if kind is Duration:
        return parse_duration(written)
    if kind is Size:
        return parse_size(written)
    if kind is Path and isinstance(written, str):
        return Path(written)
    raise ValueError(f"Expected a path in quotes, got {written!r}")


def _shape_problems(document: Any, kind: Any, at: KeyPath) -> list[tuple[KeyPath, str]]:
    """What in this part of the document does not fit its type, deepest part first named."""
    struct = _struct_of(kind)
    if struct is None:
        return _value_problems(document, kind, at)
    if isinstance(document, list) and _is_array(kind):
        return [
            problem for place, item in enumerate(document) for problem in _shape_problems(item, struct, (*at, place))
        ]
    if not isinstance(document, dict) or _is_array(kind):
        name = at[-1] if at else ""
        wanted = f"[[{name}]]" if _is_array(kind) else f"[{name}]"
        return [(at, f"write it as a table {wanted}")]
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    problems: list[tuple[KeyPath, str]] = []
    for key, value in document.items():
        if key in fields:
            problems += _shape_problems(value, fields[key].type, (*at, key))
        else:
            problems.append(((*at, key), f"unknown key{nearest(key, fields)}"))
    for key, field in fields.items():
        if field.required and key not in document:
            problems.append(((*at, key), "is missing"))
    return problems


def _value_problems(value: Any, kind: Any, at: KeyPath) -> list[tuple[KeyPath, str]]:
    try:
        msgspec.convert(value, kind, dec_hook=_decode)
    except msgspec.ValidationError as error:
        return [(at, _in_words(str(error)))]
    return []


_WORDS = {"`int`": "a whole number", "`str`": "text in quotes", "`float`": "a number", "`array`": "a list in [ ]"}
_WORDS |= {"`bool`": "true or false", "`object`": "a table"}


def _in_words(message: str) -> str:
    message = message.split(" - at ")[0].replace(" | null`", "`")
    for term, words in _WORDS.items():
        message = message.replace(term, words)
    return message[0].lower() + message[1:]


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    """The table type in ``Table``, ``Table | None`` or ``tuple[Table, ...]``; None for plain values."""
    for candidate in (kind, *get_args(kind)):
        if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
            return candidate
    return None


def _is_array(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is tuple
