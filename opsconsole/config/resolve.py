"""Makes the paths of a config absolute: ``~`` is the home, relative ones start at the table's cwd or the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from opsconsole.config.types import Config


def resolved(config: Config, folder: Path) -> Config:
    """The same config with absolute paths; ``folder`` is where the config file stands. Commands stay as written."""
    changes: dict[str, Any] = {}
    for field in config.__struct_fields__:
        value = getattr(config, field)
        if isinstance(value, tuple):
            changes[field] = tuple(_table(entry, folder) for entry in value)
        elif isinstance(value, msgspec.Struct):
            changes[field] = _table(value, folder)
    return msgspec.structs.replace(config, **changes)


def _table(table: Any, folder: Path) -> Any:
    cwd = getattr(table, "cwd", None)
    base = _absolute(cwd, folder) if cwd is not None else folder
    changes: dict[str, Any] = {}
    for field in table.__struct_fields__:
        value = getattr(table, field)
        if isinstance(value, Path):
            changes[field] = base if field == "cwd" else _absolute(value, base)
        elif isinstance(value, msgspec.Struct):
            changes[field] = _table(value, base)
    return msgspec.structs.replace(table, **changes) if changes else table


def _absolute(path: Path, base: Path) -> Path:
    try:
        path = path.expanduser()
    except RuntimeError:
        # "~nobody": there is no such home. It stays as written, and reading it says that it is not there.
        return base / path
    return base / path
