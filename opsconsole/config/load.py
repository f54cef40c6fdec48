"""Reading ``opsconsole.toml``: every mistake is found at once and named by file, line and key."""

from __future__ import annotations

import bisect
import os
import stat
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from opsconsole.config.across import ambiguous_names, cross_problems
from opsconsole.config.locate import absolute
from opsconsole.config.places import Places
from opsconsole.config.problem import ConfigError, KeyPath, Problem, subject
from opsconsole.config.resolve import resolved
from opsconsole.config.shape import decode, table_problems
from opsconsole.config.trust import why_not_trusted
from opsconsole.config.types import ActionTable, Config, LoadedConfig

MAX_BYTES = 1_048_576
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

__all__ = ["ConfigError", "load", "located", "looks_of", "parse"]


def load(path: Path | None) -> LoadedConfig:
    """The config of this file; with None the empty one. Raises ConfigError with everything that is wrong.

    Under a config that others may have written nothing is run: actions are refused, and a command that would list
    the environments is left out.
    """
    if path is None:
        return LoadedConfig(config=Config(), path=None)
    path = absolute(path)
    text, status = _read(path)
    config, warnings = _parsed(text, path)
    if reason := why_not_trusted(path, status):
        warnings.append(Problem(path, f"{reason}; until then watching goes on and actions are refused"))
        if config.environments is not None and config.environments.command:
            warnings.append(Problem(path, "the command of [environments] is not run, for the same reason"))
            config = msgspec.structs.replace(
                config, environments=msgspec.structs.replace(config.environments, command=())
            )
    return LoadedConfig(config=config, path=path, warnings=tuple(map(str, warnings)), actions_refused=reason)


def parse(text: str, path: Path) -> Config:
    """The config in this text; ``path`` is for messages and for relative paths. Raises ConfigError."""
    return _parsed(text, path)[0]


def located(found: Iterable[tuple[KeyPath, str]], path: Path) -> list[Problem]:
    """What others than loading find wrong in a file that loads, with its lines. Raises ConfigError as loading does."""
    text = _read(path)[0].replace("\r\n", "\n")
    return _placed(found, text, _document(text, path), path)


def looks_of(path: Path) -> tuple[Config, list[Problem]]:
    """Keys, colours and own commands of a file that cannot be used for other reasons, and its warnings: whoever mends
    it shall see all at once. What has a wrong form is left out. Raises ConfigError where not even that can be read."""
    text = _read(path)[0].replace("\r\n", "\n")
    document = _document(text, path)
    config = Config(keys=_texts(document.get("keys")), theme=_texts(document.get("theme")), action=_actions(document))
    return config, _placed(ambiguous_names(document), text, document, path)


def _texts(table: object) -> dict[str, str]:
    return {key: text for key, text in table.items() if isinstance(text, str)} if isinstance(table, dict) else {}


def _actions(document: dict[str, Any]) -> tuple[ActionTable, ...]:
    """As many as there are: one that has a wrong form has no key."""
    entries = document.get("action")
    actions = []
    for entry in entries if isinstance(entries, list) else ():
        try:
            actions.append(msgspec.convert(entry, ActionTable, dec_hook=decode))
        except msgspec.ValidationError:
            actions.append(ActionTable(name="", command=()))
    return tuple(actions)


def _parsed(text: str, path: Path) -> tuple[Config, list[Problem]]:
    """The config and what to warn about."""
    text = text.replace("\r\n", "\n")
    document = _document(text, path)
    if found := [*table_problems(document, Config), *cross_problems(document)]:
        raise ConfigError(_placed(found, text, document, path))
    try:
        config = msgspec.convert(document, Config, dec_hook=decode)
    except msgspec.ValidationError as error:
        # Every key was looked at by itself: a constraint between them that only the types know.
        raise ConfigError([Problem(path, str(error), line=1)]) from None
    warnings = list(ambiguous_names(document))
    return resolved(config, path.parent), _placed(warnings, text, document, path) if warnings else []


def _placed(found: Iterable[tuple[KeyPath, str]], text: str, document: dict[str, Any], path: Path) -> list[Problem]:
    """These mistakes with their lines, in the order of the file."""
    places = Places(text)
    problems = []
    for key, message in found:
        line, column = places.of(key)
        problems.append(Problem(path, message, key, subject(key, document), line, column))
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _document(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # It tells the place in words: "… (at line 3, column 7)" or "… (at end of document)".
        what, _, place = str(error).rpartition(" (at ")
        words = place.rstrip(")").replace(",", "").split()
        last = text.count("\n", 0, len(text.rstrip())) + 1
        line, column = (int(words[1]), int(words[3])) if words[:1] == ["line"] else (last, None)
        raise ConfigError([Problem(path, f"not TOML: {what or error}", line=line, column=column)]) from None
    except (RecursionError, ValueError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else "a number with too many digits"
        raise ConfigError([Problem(path, f"not TOML that can be read: {what}", line=_breaking_line(text))]) from None


def _breaking_line(text: str) -> int:
    """The first line with which tomllib breaks other than by saying what is wrong: such errors name no place."""
    lines = text.splitlines(keepends=True)

    def breaks(count: int) -> bool:
        try:
            tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            return False
        except (RecursionError, ValueError):
            return True
        return False

    return bisect.bisect_left(range(1, len(lines) + 1), True, key=breaks) + 1


def _read(path: Path) -> tuple[str, os.stat_result]:
    """The text, and the status of the very file that was read. A link is followed: ``trust`` looks at its way."""

    def wrong(message: str, line: int | None = None) -> ConfigError:
        return ConfigError([Problem(path, message, line=line)])

    try:
        # Not blocking: a FIFO by this name would be waited for, for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise wrong("there is no such file; `opsconsole init -o FILE` writes one") from None
    except PermissionError:
        raise wrong(f"may not be read by us (uid {os.geteuid()})") from None
    except OSError as error:
        raise wrong(f"cannot be opened: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            is_directory = stat.S_ISDIR(status.st_mode)
            raise wrong("is a directory; name the file in it" if is_directory else "is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise wrong(f"cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        raise wrong(f"is larger than {MAX_BYTES} bytes")
    try:
        return content.removeprefix(_BYTE_ORDER_MARK).decode(), status
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise wrong(f"is not UTF-8: byte 0x{error.object[error.start]:02x}; save it as UTF-8", line) from None
