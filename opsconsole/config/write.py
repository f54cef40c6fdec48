"""Writing a config: what was seen on this machine, commented, with examples for what was not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from opsconsole.config.types import Config, ServiceTable, WorkerTable
from opsconsole.config.wishes import WISHES

HEADER = """\
# opsconsole.toml: what should be true of this machine. `opsconsole check` validates it.
# Durations are written "90s", "5m", "24h"; sizes "500MB", "1.5GiB"; commands as lists, never as shell lines.
"""
EXAMPLES = """\

# What was not seen here and can be added:
#
# [[site]]                                 # a URL with an expected status
# name = "Shop"
# url = "http://127.0.0.1:7085/"
# expect = 200
#
# [environments]                           # dev environments: one of url, command, file
# url = "http://127.0.0.1:8080/api/environments"
# port_pool = "6001-6010"
# ttl = "24h"
#
# [queue]                                  # a prompt queue in SQLite
# path = "~/data/assigner.db"
"""


class ConfigFileError(Exception):
    """Why a config file was not written."""


def render_config(found: Config) -> str:
    """The text of a config that has what was found; it loads back without a problem or a warning."""
    import tomlkit

    document = tomlkit.document()
    console = tomlkit.table()
    console.add("refresh", "2s")
    document.add("console", console)
    _add(document, "service", [_service(service) for service in found.service])
    workers = [_worker(worker) for worker in found.worker if _can_be_written(worker)]
    _add(document, "worker", workers)
    if left_out := len(found.worker) - len(workers):
        document.add(tomlkit.comment(f"left out, since their arguments are no UTF-8: {left_out} more"))
    sessions = tomlkit.table()
    sessions.add(tomlkit.comment("limit = 8          # how many agent sessions this machine carries"))
    sessions.add(tomlkit.comment('protect = ["main"]  # never touched'))
    sessions.add("idle_after", "1h")
    document.add("sessions", sessions)
    return HEADER + "\n" + _in_plain_sight(tomlkit.dumps(document)) + WISHES + EXAMPLES


def write_config(path: Path, text: str) -> None:
    """Write a new file, readable by us only, and leave nothing behind when that fails.

    Raises ConfigFileError; never overwrites, and never follows a link.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise ConfigFileError(f"{path}: is there already and is left as it is; name another with -o") from None
    except OSError as error:
        raise ConfigFileError(f"{path}: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ConfigFileError(f"{path}: {error.strerror}") from None


def table_text(table: WorkerTable | ServiceTable) -> str:
    """One table as it is written into a config; empty where a file cannot say how it is started."""
    import tomlkit

    if not _can_be_written(table):
        return ""
    document = tomlkit.document()
    if isinstance(table, WorkerTable):
        _add(document, "worker", [_worker(table)])
    else:
        _add(document, "service", [_service(table)])
    return _in_plain_sight(tomlkit.dumps(document))


def _service(service: ServiceTable) -> dict[str, Any]:
    table: dict[str, Any] = {"name": service.name, "port": service.port}
    if service.url:
        table["url"] = service.url
    return {**table, **(_started(service) if service.command else {})}


def _worker(worker: WorkerTable) -> dict[str, Any]:
    table: dict[str, Any] = {"name": worker.name, **_started(worker)}
    if worker.instances != 1:
        table["instances"] = worker.instances
    return table


def _started(table: WorkerTable | ServiceTable) -> dict[str, Any]:
    """How it is started."""
    places = (("cwd", table.cwd), ("log", table.log))
    return {"command": list(table.command), **{key: str(path) for key, path in places if path is not None}}


def _add(document: Any, name: str, entries: list[dict[str, Any]]) -> None:
    import tomlkit

    if not entries:
        document.add(tomlkit.comment(f"[[{name}]]: none was seen"))
        return
    tables = tomlkit.aot()
    for entry in entries:
        table = tomlkit.table()
        for key, value in entry.items():
            table.add(key, value)
        tables.append(table)
    document.add(name, tables)


def _can_be_written(worker: WorkerTable | ServiceTable) -> bool:
    """Whether the file can say how it is started: arguments that are no UTF-8 have no place in TOML."""
    try:
        "".join((*worker.command, str(worker.cwd), str(worker.log))).encode()
    except UnicodeEncodeError:
        return False
    return bool(worker.command and worker.command[0].strip())


def _in_plain_sight(text: str) -> str:
    """Escapes what a reader of the file would not see; TOML reads the same."""
    return "".join(
        character if character.isprintable() or character == "\n" else f"\\U{ord(character):08x}" for character in text
    )
