"""What is wrong between keys that may each be right: names that collide, things that name nothing, two of one.

Looks at the document as it stands in the file, so that a mistake in one key hides none between others and is not told
again as its own consequence: what has the wrong kind is told by ``shape`` and passed over here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsconsole.config.checks import component_form
from opsconsole.config.condition import BadCondition, metrics_in, parse_condition, parse_metric, parse_wanted
from opsconsole.config.problem import Found, KeyPath, nearest, quoted

NAMED_TABLES = ("service", "worker", "site", "error", "rule", "alert", "target", "action")


def cross_problems(document: dict[str, Any]) -> Found:
    """What is wrong between keys that may each be right."""
    for table in NAMED_TABLES:
        yield from _names_twice(document, table)
    yield from _components(document)
    sessions = document.get("sessions")
    if isinstance(sessions, dict) and {"socket", "name"} <= sessions.keys():
        yield ("sessions", "name"), "socket is there too; one of them names the tmux server"
    environments = document.get("environments")
    if isinstance(environments, dict):
        yield from _environment_sources(environments)
    yield from _keys_twice(document)
    yield from _queue_worker(document)
    yield from _conditions(document)


def ambiguous_names(document: dict[str, Any]) -> Found:
    """Names that a command such as ``restart NAME`` could not tell apart: right, but to be warned about."""
    services = {entry.get("name") for _, entry in _entries(document, "service")}
    for place, worker in _entries(document, "worker"):
        if worker.get("name") in services:
            yield ("worker", place, "name"), "is a service's name too; a command with that name could mean either"


def _entries(document: dict[str, Any], table: str) -> Iterator[tuple[int, dict[str, Any]]]:
    entries = document.get(table)
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield place, entry


def _names(document: dict[str, Any], table: str) -> list[str] | None:
    """The names of these tables; None while one has none: it may be the one that is meant."""
    names = [entry.get("name") for _, entry in _entries(document, table)]
    known = [name for name in names if isinstance(name, str)]
    return known if len(known) == len(names) else None


def _unnamed(name: str, table: str, names: list[str]) -> str:
    hint = nearest(name, names) if names else "there is none"
    return f"no [[{table}]] is named {quoted(name)}; {hint}"


def _names_twice(document: dict[str, Any], table: str) -> Found:
    first: dict[str, int] = {}
    for place, entry in _entries(document, table):
        name = entry.get("name")
        if not isinstance(name, str) or not name.strip():
            continue
        if name in first:
            yield (table, place, "name"), f"is also the name of {table} number {first[name] + 1}; names must differ"
        first.setdefault(name, place)


def _components(document: dict[str, Any]) -> Found:
    services = _names(document, "service")
    for place, worker in _entries(document, "worker"):
        component = worker.get("component")
        if services is not None and isinstance(component, str) and not component_form(component):
            service = component.rpartition(":")[0]
            if service not in services:
                yield ("worker", place, "component"), _unnamed(service, "service", services)


def _environment_sources(table: dict[str, Any]) -> Found:
    sources = [name for name in ("url", "command", "file") if name in table]
    if len(sources) != 1:
        has = f"has {' and '.join(sources)}" if sources else "has no source"
        yield ("environments",), f"{has}; it needs exactly one of url, command, file"
    if {"delete_url", "delete_command"} <= table.keys():
        yield ("environments", "delete_command"), "delete_url is there too; one of them deletes"


def _conditions(document: dict[str, Any]) -> Found:
    """What conditions name and the config does not have; wants that do not fit their metric."""
    for place, alert in _entries(document, "alert"):
        try:
            named = metrics_in(parse_condition(str(alert.get("when"))))
        except BadCondition:
            continue  # Told by the key's own check.
        for name in named:
            yield from _subject(document, ("alert", place, "when"), name)
    for place, target in _entries(document, "target"):
        metric, want = target.get("metric"), target.get("want")
        if not isinstance(metric, str) or not isinstance(want, str) or not want.strip():
            continue
        try:
            name = parse_metric(metric)
        except BadCondition:
            continue
        yield from _subject(document, ("target", place, "metric"), name)
        try:
            parse_wanted(metric, want)
        except BadCondition as mistake:
            yield ("target", place, "want"), str(mistake)


def _subject(document: dict[str, Any], key: KeyPath, name: tuple[str, ...]) -> Found:
    if name[0] not in ("worker", "service"):
        return
    names = _names(document, name[0])
    if names is not None and name[1] not in names:
        yield key, _unnamed(name[1], name[0], names)


def _queue_worker(document: dict[str, Any]) -> Found:
    queue, workers = document.get("queue"), _names(document, "worker")
    wanted = queue.get("worker") if isinstance(queue, dict) else None
    if workers is not None and isinstance(wanted, str) and wanted and wanted not in workers:
        yield ("queue", "worker"), _unnamed(wanted, "worker", workers)


def _keys_twice(document: dict[str, Any]) -> Found:
    taken: dict[tuple[str, str], Any] = {}
    for place, entry in _entries(document, "action"):
        key, on = entry.get("key"), entry.get("on", "system")
        if not isinstance(key, str) or not isinstance(on, str):
            continue
        if (key, on) in taken:
            other = _shown_name(taken[key, on])
            yield ("action", place, "key"), f"{quoted(key)} is the key of {other} on {quoted(on)} too; take another"
        taken.setdefault((key, on), entry.get("name"))


def _shown_name(name: Any) -> str:
    """An entry's name in quotes, or what to say when it has none."""
    return quoted(name) if isinstance(name, str) else "an action without a name"
