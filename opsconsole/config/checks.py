"""What a well-formed config can still get wrong: ranges, names that collide, things that name nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from opsconsole.config.problem import KeyPath, nearest
from opsconsole.config.types import Config, EnvironmentsTable, TlsTable

Found = Iterator[tuple[KeyPath, str]]

_FINGERPRINT = re.compile(r"sha256:[0-9a-fA-F]{2}(?::?[0-9a-fA-F]{2}){31}")
RESERVED_KEYS = frozenset({"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q", "ctrl+c", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m"})


def port_pool(written: str) -> tuple[int, int] | None:
    """``6001-6010`` as (6001, 6010); None when it is not a range of ports."""
    match = re.fullmatch(r"\s*(\d{1,5})\s*-\s*(\d{1,5})\s*", written)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    return (first, last) if 0 < first <= last <= 65535 else None


def meaning_problems(config: Config) -> Found:
    """All of them, as (key, message)."""
    for table in ("service", "worker", "site", "alert", "target", "action"):
        yield from _names(table, getattr(config, table))
    if config.console.refresh < 0.2:
        yield ("console", "refresh"), "is less than '200ms', the shortest there is"
    for place, service in enumerate(config.service):
        at = ("service", place)
        if not 0 < service.port <= 65535:
            yield (*at, "port"), f"{service.port} is no port; 1 to 65535"
        yield from _url((*at, "url"), service.url)
        yield from _tls((*at, "tls"), service.tls)
    for place, site in enumerate(config.site):
        yield from _url(("site", place, "url"), site.url, required=True)
        yield from _tls(("site", place, "tls"), site.tls)
    yield from _workers(config)
    if config.sessions.socket is not None and config.sessions.name:
        yield ("sessions", "name"), "socket is there too; one of them names the tmux server"
    if config.environments is not None:
        yield from _environments(config.environments)
    for place, action in enumerate(config.action):
        if not action.command:
            yield ("action", place, "command"), "is empty; it is an argv list such as ['tail', 'x.log']"
        if action.key in RESERVED_KEYS:
            yield ("action", place, "key"), f"{action.key} belongs to the terminal or to tmux; take another"


def _names(table: str, entries: tuple[Any, ...]) -> Found:
    seen: set[str] = set()
    for place, entry in enumerate(entries):
        if not entry.name.strip():
            yield (table, place, "name"), "is empty"
        elif entry.name in seen:
            yield (table, place, "name"), f"{entry.name!r} is there twice; names must differ"
        seen.add(entry.name)


def _workers(config: Config) -> Found:
    services = [service.name for service in config.service]
    for place, worker in enumerate(config.worker):
        at = ("worker", place)
        if not worker.command or not worker.command[0]:
            yield (*at, "command"), "is empty; it is an argv list such as ['python3', 'worker.py']"
        if worker.instances < 0:
            yield (*at, "instances"), f"{worker.instances} is less than 0"
        if worker.component:
            service, separator, component = worker.component.rpartition(":")
            if not separator or not component:
                yield (*at, "component"), f"{worker.component!r} is not SERVICE:COMPONENT"
            elif service not in services:
                yield (*at, "component"), f"no service is named {service!r}{nearest(service, services)}"


def _environments(table: EnvironmentsTable) -> Found:
    sources = [name for name in ("url", "command", "file") if getattr(table, name)]
    if len(sources) != 1:
        yield ("environments",), f"needs one of url, command, file; it has {', '.join(sources) or 'none'}"
    if table.port_pool and port_pool(table.port_pool) is None:
        yield ("environments", "port_pool"), f"{table.port_pool!r} is not FIRST-LAST such as '6001-6010'"
    yield from _url(("environments", "url"), table.url)
    yield from _url(("environments", "delete_url"), table.delete_url)
    yield from _tls(("environments", "tls"), table.tls)


def _url(key: KeyPath, url: str, required: bool = False) -> Found:
    if not url and not required:
        return
    if not re.match(r"https?://[^/\s]+", url):
        yield key, f"{url!r} is not a URL that begins with http:// or https://"
        return
    try:
        urlsplit(url).port  # noqa: B018  # asking for it is what checks it
    except ValueError:
        yield key, f"{url!r} has a port that is none; 1 to 65535"


def _tls(key: KeyPath, tls: TlsTable | None) -> Found:
    if tls is not None and tls.fingerprint and not _FINGERPRINT.fullmatch(tls.fingerprint):
        yield (*key, "fingerprint"), "is not 'sha256:' and 64 hexadecimal digits"
