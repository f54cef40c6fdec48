"""Snapshots as the JSON documents of the command line: the contract that other programs read.

One object, ``schema: 1``; fields are only ever added. Numbers that are not known are null. Times are seconds since
the epoch, durations end in ``_s``, sizes in ``_bytes``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from opsconsole.model.environment import Environments
from opsconsole.model.finding import Diagnosis
from opsconsole.model.reading import Reading
from opsconsole.model.snapshot import Snapshot

SCHEMA = 1

T = TypeVar("T")


def status_document(snapshot: Snapshot) -> dict[str, Any]:
    """The document of ``status --json``."""
    return {
        "schema": SCHEMA,
        "host": snapshot.host,
        "demo": snapshot.demo,
        "time": snapshot.at,
        "services": _reading(snapshot.services, _items),
        "workers": _reading(snapshot.workers, _items),
        "sessions": _reading(snapshot.sessions, _items),
        "environments": _reading(snapshot.environments, _environments),
        "system": _reading(snapshot.system, _value),
        "sites": _reading(snapshot.sites, _items),
        "queue": _reading(snapshot.queue, _value),
        "disks": _reading(snapshot.disks, _items),
        "tmux": msgspec.to_builtins(snapshot.tmux_costs),
        "consumers": msgspec.to_builtins(snapshot.consumers),
    }


def probe_document(snapshot: Snapshot) -> dict[str, Any]:
    """The document of ``probe --json``."""
    return {
        "schema": SCHEMA,
        "host": snapshot.host,
        "time": snapshot.at,
        "sites": _reading(snapshot.sites, _items),
        "services": _reading(snapshot.services, _items),
    }


def environments_document(snapshot: Snapshot) -> dict[str, Any]:
    """The document of ``env list --json``."""
    return {
        "schema": SCHEMA,
        "host": snapshot.host,
        "time": snapshot.at,
        "environments": _reading(snapshot.environments, _environments),
    }


def diagnose_document(snapshot: Snapshot, diagnosis: Diagnosis) -> dict[str, Any]:
    """The document of ``diagnose --json``."""
    return {
        "schema": SCHEMA,
        "host": snapshot.host,
        "demo": snapshot.demo,
        "time": diagnosis.at,
        "score": diagnosis.score,
        "parts": [{**msgspec.to_builtins(part), "taken": part.taken} for part in diagnosis.parts],
        "findings": msgspec.to_builtins(diagnosis.findings),
        "unknown": msgspec.to_builtins(diagnosis.unknown),
        "muted": msgspec.to_builtins(diagnosis.muted),
        "alerts": [{**msgspec.to_builtins(one), "proposal": one.proposal} for one in diagnosis.alerts],
        "targets": msgspec.to_builtins(diagnosis.targets),
    }


def encode(document: dict[str, Any]) -> str:
    """A document as indented JSON text."""
    try:
        text = msgspec.json.encode(document)
    except UnicodeEncodeError:
        # The path of a socket, part of an identity and so kept as it is, need not be text in any encoding.
        text = msgspec.json.encode(_sound(document))
    return msgspec.json.format(text, indent=2).decode()


def _sound(value: Any) -> Any:
    """The same with ``?`` for every byte that no text can hold."""
    match value:
        case str():
            return value.encode(errors="replace").decode()
        case dict():
            return {_sound(key): _sound(each) for key, each in value.items()}
        case list() | tuple():
            return [_sound(each) for each in value]
    return value


def _reading(reading: Reading[T], fill: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
    if reading.state == "unconfigured":
        return {"state": "unconfigured", "hint": reading.hint}
    if reading.state == "unknown" or reading.value is None:
        return {"state": "unknown", "at": reading.at, "reason": reading.reason}
    document = {"state": "ok", "at": reading.at, **fill(reading.value)}
    if reading.note:
        document["note"] = reading.note
    return document


def _items(items: tuple[Any, ...]) -> dict[str, Any]:
    documents = msgspec.to_builtins(items)
    for document, item in zip(documents, items, strict=True):
        for owner_document, owner in zip(document.get("owners", ()), getattr(item, "owners", ()), strict=True):
            owner_document["pid"] = owner.pid
    return {"items": documents}


def _environments(environments: Environments) -> dict[str, Any]:
    pool = environments.pool
    return {
        "items": msgspec.to_builtins(environments.items),
        "source": environments.source,
        "pool": None if pool is None else {**msgspec.to_builtins(pool), "size": pool.size, "free": pool.free},
    }


def _value(value: msgspec.Struct) -> dict[str, Any]:
    return {"value": msgspec.to_builtins(value)}
