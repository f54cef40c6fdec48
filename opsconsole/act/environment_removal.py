"""Removing one environment through its configured source: a DELETE request, a command, or the file it stands in.

Whatever is asked for is asked for once; what came back and was not a success is the failure's reason.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
from pathlib import Path
from urllib.parse import quote

import msgspec

from opsconsole.act.job import StepFailed
from opsconsole.act.own_command import run_to_end
from opsconsole.collect.environment_forms import WrongShape, read_entries
from opsconsole.collect.environments import FILE_BYTES
from opsconsole.collect.files import FileUnreadable, read_capped
from opsconsole.config.types import EnvironmentFields, EnvironmentsTable
from opsconsole.model.text import MASK, clean, command_line, shown

COMMAND_S = 60.0
_FILE_TURN = threading.Lock()
"""Subplans of one plan write the one file in turn."""


class Named(msgspec.Struct, frozen=True):
    """What tells one environment to its source."""

    id: str
    name: str
    port: int | None


def why_not_removable(table: EnvironmentsTable | None) -> str:
    """Why no environment can be removed under this config."""
    if table is None:
        return "no [environments] is configured"
    if table.delete_url or table.delete_command or table.file is not None:
        return ""
    return "no delete_url or delete_command is configured under [environments]"


def removal_line(table: EnvironmentsTable, which: Named) -> str:
    """What will be run, for people."""
    if table.delete_url:
        return f"DELETE {shown(_url(table, which), 300)}"
    if table.delete_command:
        return f"run {command_line(_argv(table.delete_command, which))}"
    return f"remove its entry from {table.file}"


def remove(table: EnvironmentsTable, which: Named) -> str:
    """Do it; what was answered, for people. Raises StepFailed."""
    if table.delete_url:
        return _by_request(table, _url(table, which))
    if table.delete_command:
        return _by_command(table, _argv(table.delete_command, which))
    if table.file is not None:
        return _from_file(table.file, table.fields, which)
    raise StepFailed(why_not_removable(table))


def why_not_named(which: Named) -> str:
    """Why its id cannot be handed to its source: it was cut or masked when it was read."""
    return "its id cannot be used as it was read" if not which.id or _is_cut(which.id) else ""


def _is_cut(value: str) -> bool:
    return MASK in value or "…" in value


def _values(which: Named) -> dict[str, str]:
    return {"{id}": which.id, "{name}": which.name, "{port}": "" if which.port is None else str(which.port)}


def _url(table: EnvironmentsTable, which: Named) -> str:
    """The address of this one alone. Raises StepFailed: with this in its place it would be the address of others."""
    for field, value in _values(which).items():
        if field in table.delete_url and value in ("", ".", ".."):
            raise StepFailed(f"{value!r} in place of {field} would address other environments")
        if field in table.delete_url and _is_cut(value):
            raise StepFailed(f"its {field} cannot be used as it was read")
    quoted = {field: quote(value, safe="") for field, value in _values(which).items()}
    return _in_place(table.delete_url, quoted)


def _argv(command: tuple[str, ...], which: Named) -> tuple[str, ...]:
    return filled_argv(command, _values(which))


def filled_argv(command: tuple[str, ...], values: dict[str, str]) -> tuple[str, ...]:
    """An argv with its fields filled in, once: what a value holds is no field. A value stays one word, turns no word
    into an option, leads to no other directory, and is quoted in a URL. Raises StepFailed."""
    argv: list[str] = []
    for word in command:
        if reason := next((why for field in values if (why := _why_not_in(word, field, values[field], argv))), ""):
            raise StepFailed(reason)
        argv.append(_in_place(word, {field: _as_there(word, field, value) for field, value in values.items()}))
    return tuple(argv)


def _why_not_in(word: str, field: str, value: str, before: list[str]) -> str:
    """Why this value cannot stand in place of the field in this word; empty when it can, or no such field is there."""
    if field not in word:
        return ""
    if not value:
        return f"there is nothing to put in place of {field}"
    if _is_cut(value):
        return f"what stands for {field} cannot be used as it was read"
    if clean(value, len(value)) != value:
        return f"{shown(value)!r} has control or invisible characters"
    if word.startswith(field) and value.startswith("-") and "--" not in before:
        return f"{value!r} would be taken for an option"
    segments = value.split("/")
    if field != "{url}" and ("." in segments or ".." in segments or not segments[0]):
        return f"{value!r} would lead to another directory"
    if len(segments) > 1 and "/" in word and not _in_url(word, field):
        return f"{value!r} has a /, and would lead to another directory"
    return ""


def _as_there(word: str, field: str, value: str) -> str:
    return quote(value, safe="") if _in_url(word, field) else value


def _in_url(word: str, field: str) -> bool:
    """Whether the field stands within a URL that the word begins, or has behind an option's ``=``."""
    return "://" in word.partition(field)[0]


def _in_place(text: str, values: dict[str, str]) -> str:
    """The text with each field replaced by its value, in one go."""
    return re.sub("|".join(map(re.escape, values)), lambda found: values[found[0]], text) if values else text


def _by_request(table: EnvironmentsTable, url: str) -> str:
    from opsconsole.collect.http import HttpClient, new_runner

    with new_runner() as runner:
        client = HttpClient()
        answer = runner.run(client.ask(url, table.timeout, table.tls, method="DELETE"))
        runner.run(client.close())
    if answer.error:
        raise StepFailed(answer.error)
    if answer.status == 404:
        return "HTTP 404: it was gone already"
    if answer.status is None or not 200 <= answer.status < 300:
        came = shown(answer.body[:800].decode(errors="replace"), 200)
        raise StepFailed(f"HTTP {answer.status}; came: {came or 'nothing'}")
    return f"HTTP {answer.status}"


def _by_command(table: EnvironmentsTable, argv: tuple[str, ...]) -> str:
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TERM": "dumb"}
    done = run_to_end(argv, COMMAND_S, cwd=table.cwd, env=environment, apart=True)
    said = shown((done.errors or done.output)[:800].decode(errors="replace"), 200)
    if done.status != 0:
        raise StepFailed(f"{done.told}; said: {said or 'nothing'}")
    return f"{done.told}; said: {said}" if said and done.left_running else said or done.told


def _from_file(path: Path, fields: EnvironmentFields, which: Named) -> str:
    with _FILE_TURN:
        try:
            content = read_capped(path, FILE_BYTES)
            entries = read_entries(content, fields)
        except (FileUnreadable, WrongShape) as failure:
            raise StepFailed(str(failure)) from None
        places = [place for place, entry in enumerate(entries) if (entry.id, entry.name) == (which.id, which.name)]
        if not places:
            return "it was gone already"
        if len(places) > 1:
            raise StepFailed(f"{len(places)} entries of {path} have this id and name")
        _replace(path, _without(msgspec.json.decode(content), places[0]))
    return "removed"


def _without(document: object, place: int) -> object:
    """The document without the entry in this place, in the forms that ``environment_forms`` reads."""
    listed = document
    if isinstance(document, dict) and isinstance(document.get("environments"), list | dict):
        listed = document["environments"]
    if isinstance(listed, dict):
        del listed[list(listed)[place]]
    elif isinstance(listed, list):
        del listed[place]
    return document


def _replace(path: Path, document: object) -> None:
    """A new file in place of the old one, as private as that was."""
    mode = path.stat().st_mode & 0o777
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        new.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
