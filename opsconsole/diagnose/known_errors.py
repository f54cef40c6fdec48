"""Classes of errors that explain themselves: what a text means and what is done about it. Data, and looking it up.

The config's ``[[error]]`` come first, then what is built in.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from opsconsole.config.types import Config, ErrorTable


class KnownError(NamedTuple):
    name: str
    match: re.Pattern[str]
    cause: str
    fix: str


def _known(name: str, match: str, cause: str, fix: str) -> KnownError:
    return KnownError(name, re.compile(match, re.IGNORECASE), cause, fix)


PORTS = "ports exhausted"
BUILT_IN: tuple[KnownError, ...] = (
    _known(
        PORTS,
        r"\bno (?:more )?(?:available|free|unused) ports?\b|\bno ports? (?:is |are )?(?:available|free|left)\b"
        r"|\bports? (?:pool )?(?:is |are )?exhaust|\bout of ports\b",
        "environments are made without end and never deleted, so no port is left",
        "delete environments when their work is done; take ports from a pool and give them back",
    ),
    _known(
        "name taken",
        r"\balready exists\b|UNIQUE constraint failed",
        "whether it exists is not checked before it is made",
        "look whether it exists first, or make the name unique",
    ),
    _known(
        "no JSON",
        r"Expecting value: line 1 column 1|JSONDecodeError|Unexpected (?:token|end of JSON)",
        "what was asked answered with nothing, or with something that is no JSON",
        "check the answer before parsing it, log what came, ask again later and later",
    ),
    _known(
        "out of memory",
        r"Cannot allocate memory|MemoryError|out of memory|\bENOMEM\b|\bOOM\b",
        "there was no memory left to be had",
        "give memory back: fewer sessions, limits for workers",
    ),
    _known(
        "disk full",
        r"No space left on device|\bENOSPC\b|Disk quota exceeded",
        "the file system it writes to is full",
        "remove what may go",
    ),
    _known(
        "address in use",
        r"Address already in use|\bEADDRINUSE\b",
        "another process holds the port it wants",
        "see who listens there; end it or change the port",
    ),
    _known(
        "refused",
        r"Connection refused|\bECONNREFUSED\b",
        "what it connects to does not listen",
        "start what it connects to",
    ),
    _known(
        "timed out",
        r"\btimed ?out\b|\btime-?out\b|\btime out\b(?! of)|\bETIMEDOUT\b|TimeoutError",
        "what it waits for answers too late or not at all",
        "look at the load of what it waits for",
    ),
    _known(
        "database locked",
        r"database (?:table )?is locked|\bSQLITE_BUSY\b",
        "another process holds the database for longer than it waits",
        "shorten transactions, or wait longer (busy_timeout)",
    ),
    _known(
        "too many files",
        r"Too many open files|\bEMFILE\b|\bENFILE\b",
        "it has as many files open as it may",
        "find what it does not close; raise the limit only then",
    ),
    _known(
        "not permitted",
        r"Permission denied|Operation not permitted|\bEACCES\b|\bEPERM\b",
        "it may not do what it tries",
        "look at owner and mode of what it names",
    ),
    _known(
        "missing",
        r"No such file or directory|ModuleNotFoundError|\bENOENT\b",
        "something that it needs is not where it looks",
        "put it there, or correct the path",
    ),
    _known(
        "rate limited",
        r"\brate.?limit|\btoo many requests\b|overloaded_error"
        r"|\b(?:http(?:/[\d.]+)?|status|code|error|response)[\"']?\W{0,3}(?:code[\"']?\W{1,3})?(?:429|529)\b",
        "it asks more often than it may",
        "ask less often, wait longer after each refusal",
    ),
)


def known_error(text: str, config: Config) -> KnownError | None:
    """The first class that a text belongs to."""
    return _looked_up(text, _of_config(config.error))


@lru_cache(maxsize=512)
def _looked_up(text: str, own: tuple[KnownError, ...]) -> KnownError | None:
    return next((known for known in (*own, *BUILT_IN) if known.match.search(text)), None)


@lru_cache(maxsize=8)
def _of_config(tables: tuple[ErrorTable, ...]) -> tuple[KnownError, ...]:
    return tuple(_known(table.name, table.match, table.cause or table.name, table.fix) for table in tables)
