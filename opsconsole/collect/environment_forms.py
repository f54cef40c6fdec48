"""The forms in which environments are listed, read into one. Pure.

A list of objects, an object with such a list under ``environments``, or an object of objects by name; ports as one
number or as a table of several; ages as ISO text, SQLite's UTC text, epoch seconds, or in a name's ``-<unix time>``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from opsconsole.collect.documents import NotJson, decoded
from opsconsole.config.types import EnvironmentFields
from opsconsole.model.text import shown

_TIME_IN_NAME = re.compile(r"-(1[0-9]{9})$")


class Entry(msgspec.Struct, frozen=True):
    """One environment as its source tells it."""

    id: str
    """Its name where the source tells no id; empty where it tells neither: nothing can be done to it then."""
    name: str
    """Empty where the source tells none."""
    ports: tuple[int, ...]
    state: str
    created_at: float | None
    pid: int | None
    url: str
    branch: str


class WrongShape(Exception):
    """Why this is no list of environments, with what came instead."""


def read_entries(content: bytes, fields: EnvironmentFields) -> tuple[Entry, ...]:
    """The environments in a source's output. Raises WrongShape."""
    text = content.strip()
    came = shown(text[:800].decode(errors="replace"), 200)
    if not text:
        raise WrongShape("the answer is empty; a JSON list is expected")
    if text[:1] == b"<":
        raise WrongShape(f"the answer is HTML, not JSON; came: {came}")
    try:
        document = decoded(text)
    except NotJson:
        raise WrongShape(f"the answer is not JSON; came: {came}") from None
    listed = _listed(document)
    if listed is None or not all(isinstance(item, dict) for item in listed):
        raise WrongShape(f"the JSON is not a list of environments; came: {came}")
    return tuple(_entry(item, fields) for item in listed)


def _listed(document: Any) -> list[Any] | None:
    if isinstance(document, dict) and isinstance(document.get("environments"), list | dict):
        document = document["environments"]
    if isinstance(document, dict):
        if not document or not all(isinstance(value, dict) for value in document.values()):
            return None
        return [{"name": name, **value} for name, value in document.items()]
    return document if isinstance(document, list) else None


def _entry(item: dict[str, Any], fields: EnvironmentFields) -> Entry:
    name = _word(item.get(fields.name))
    return Entry(
        id=_word(item.get(fields.id)) or name,
        name=name,
        ports=_ports(item, fields),
        state=shown(str(item.get(fields.state) or ""), 40),
        created_at=_created_at(item.get(fields.created), name),
        pid=_whole(item.get(fields.pid)),
        url=shown(str(item.get("url") or ""), 300),
        branch=shown(str(item.get("branch") or item.get("git_branch") or ""), 120),
    )


def _word(written: Any) -> str:
    """A name or id: text or a number; empty for anything else."""
    is_one = isinstance(written, str | int | float) and not isinstance(written, bool)
    return shown(str(written).strip(), 120) if is_one else ""


def _ports(item: dict[str, Any], fields: EnvironmentFields) -> tuple[int, ...]:
    written = item.get(fields.port, item.get("ports"))
    if isinstance(written, dict):
        written = list(written.values())
    numbers = written if isinstance(written, list) else [written]
    found = [number for each in numbers if (number := _whole(each)) is not None and number <= 65535]
    return tuple(dict.fromkeys(found))


def _whole(written: Any) -> int | None:
    """A positive whole number, also as text; None for anything else."""
    if isinstance(written, str) and written.isascii() and written.isdigit():
        written = int(written[:19])
    return written if isinstance(written, int) and not isinstance(written, bool) and written > 0 else None


def _created_at(written: Any, name: str) -> float | None:
    if isinstance(written, int | float) and not isinstance(written, bool) and written > 0:
        # Milliseconds, as JavaScript writes them, are a thousand times too late to be seconds.
        return written / 1000.0 if written > 1e11 else float(written)
    if isinstance(written, str):
        try:
            moment = datetime.fromisoformat(written.strip())
        except ValueError:
            pass
        else:
            # Without a zone it is SQLite's CURRENT_TIMESTAMP or a server's own: both UTC in this field.
            return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    match = _TIME_IN_NAME.search(name)
    return float(match[1]) if match is not None else None
