"""What a value of the right kind can still get wrong: a range, a form, a word that is reserved.

``check_of`` gives the check of one key; ``table_problems`` in ``shape`` calls it for every value that is written.
What is wrong between keys is told by ``across``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from opsconsole.config import types
from opsconsole.config.code_words import field_in_code
from opsconsole.config.condition import BadCondition, parse_condition, parse_metric
from opsconsole.config.problem import nearest, quoted
from opsconsole.model.finding import RULE_NAMES
from opsconsole.model.text import clean

Check = Callable[[Any], str]
"""What is wrong with a value and would be right; empty when nothing is."""

SHORTEST_S = 0.2
RESERVED_KEYS = {
    "ctrl+a": "it is the prefix of screen",
    "ctrl+b": "it is the prefix of tmux",
    "ctrl+s": "it stops the terminal's output",
    "ctrl+q": "it restarts the terminal's output",
    "ctrl+c": "it copies, or asks whether to quit",
    "ctrl+z": "the shell suspends with it",
    "ctrl+h": "terminals send it for backspace",
    "ctrl+i": "terminals send it for tab",
    "ctrl+j": "terminals send it for enter",
    "ctrl+m": "terminals send it for enter",
    "ctrl+[": "terminals send it for escape",
}
THEMES = ("dark", "night", "light", "colour-blind", "monochrome")
_PLACEHOLDER = re.compile(r"\{(?:id|name|port)\}")
_FINGERPRINT = re.compile(r"sha256:[0-9a-fA-F]{2}(?::?[0-9a-fA-F]{2}){31}")


def check_of(table: type, key: str) -> Check:
    """The check of this key in this kind of table."""
    return _CHECKS.get((table, key)) or _CHECKS_EVERYWHERE.get(key, _anything)


def port_pool(written: str) -> tuple[int, int] | None:
    """``6001-6010`` as (6001, 6010); None when it is not a range of ports."""
    match = re.fullmatch(r"\s*([0-9]{1,5})\s*-\s*([0-9]{1,5})\s*", written)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    return (first, last) if 0 < first <= last <= 65535 else None


def _anything(_value: Any) -> str:
    return ""


def _filled(value: str) -> str:
    return "" if value.strip() else "is empty"


def _name(value: str) -> str:
    if not value.strip():
        return "is empty"
    inert = clean(value, len(value))
    return "" if inert == value else f"{quoted(value)} has control, invisible or private characters; leave them out"


def _theme(value: str) -> str:
    return "" if value in ("", *THEMES) else f"{quoted(value)} is no theme; {nearest(value, THEMES)}"


def _argv(value: tuple[str, ...]) -> str:
    if not value or not value[0].strip():
        return 'is empty; it is an argv list such as ["python3", "worker.py"]'
    return "has a NUL character; no argument has one" if any("\0" in word for word in value) else ""


def _filled_argv(value: tuple[str, ...]) -> str:
    """An argv whose fields are filled in with what others have named: never inside of code."""
    if wrong := _argv(value):
        return wrong
    word = field_in_code(value)
    if word and word == value[0]:
        return f"{quoted(word)} is the program itself; name it, and give it the field as an argument"
    advice = """hand it on as a word of its own: ["sh", "-c", "… \\"$1\\"", "sh", "{name}"]"""
    return f"{quoted(word)} is code, and what a field stands for would be run as such; {advice}" if word else ""


def _delete_argv(value: tuple[str, ...]) -> str:
    names_one = any(map(_PLACEHOLDER.search, value))
    return _filled_argv(value) or ("" if names_one else "does not say which one; it needs {id}, {name} or {port}")


def _words(value: tuple[str, ...]) -> str:
    empty = [place for place, word in enumerate(value, 1) if not word.strip()]
    return f"item {empty[0]} is empty; leave it out" if empty else ""


def _env(value: dict[str, str]) -> str:
    for name, text in value.items():
        if not name or "=" in name or "\0" in name:
            return f"{quoted(name)} cannot name a variable"
        if "\0" in text:
            return f"the value of {quoted(name)} has a NUL character"
    return ""


def _url(value: str) -> str:
    shown = quoted(value)
    if not re.match(r"https?://", value, re.IGNORECASE):
        return f"{shown} is no http or https URL; it begins with http:// or https://"
    if clean(value, len(value)) != value or " " in value:
        return f"{shown} has a blank or a control character; write it as %20"
    try:
        parts = urlsplit(value)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    return "" if whole else f"{shown} names no host, or what is no port; such as http://127.0.0.1:8080/health"


def _delete_url(value: str) -> str:
    names_one = _PLACEHOLDER.search(value)
    return _url(value) or ("" if names_one else "does not say which one; it needs {id}, {name} or {port}")


def component_form(value: str) -> str:
    """What is wrong with the form of ``SERVICE:COMPONENT``; empty when nothing is."""
    service, _, component = value.rpartition(":")
    named = service.strip() and component.strip()
    return "" if named else f'{quoted(value)} is not SERVICE:COMPONENT; such as "Dashboard:worker"'


def _fingerprint(value: str) -> str:
    right = _FINGERPRINT.fullmatch(value)
    return "" if right else f'{quoted(value)} is no fingerprint; "sha256:" and 64 hexadecimal digits'


def _pool(value: str) -> str:
    if port_pool(value) is not None:
        return ""
    match = re.fullmatch(r"\s*([0-9]{1,5})\s*-\s*([0-9]{1,5})\s*", value)
    if match is None:
        return f'{quoted(value)} is not FIRST-LAST; such as "6001-6010"'
    if port_pool(turned := f"{match[2]}-{match[1]}") is not None:
        return f'{quoted(value)} is the wrong way round; write "{turned}"'
    return f"{quoted(value)} holds what is no port; ports are 1 to 65535"


def _share(value: float) -> str:
    if 0.0 <= value <= 1.0:
        return ""
    return f"{value:g} is no share; 0.0 to 1.0" + (f"; write {value / 100:g}" if 1.0 < value <= 100.0 else "")


def _regular_expression(value: str) -> str:
    try:
        matches_nothing = re.compile(value).search("")
    except re.error as error:
        return f"{quoted(value)} is no regular expression: {error}"
    return f"{quoted(value)} matches every line" if matches_nothing else ""


def _condition(value: str) -> str:
    return _filled(value) or _bad(lambda: parse_condition(value))


def _metric(value: str) -> str:
    return _filled(value) or _bad(lambda: parse_metric(value))


def _bad(parse: Callable[[], object]) -> str:
    try:
        parse()
    except BadCondition as mistake:
        return str(mistake)
    return ""


def _rule(value: str) -> str:
    return "" if value in RULE_NAMES else f"no rule is named {quoted(value)}; {nearest(value, RULE_NAMES)}"


def _seen(value: str) -> str:
    match = re.fullmatch(r"\s*([0-9]{1,3})\s+of\s+([0-9]{1,3})\s*", value)
    if match is not None and 1 <= int(match[1]) <= int(match[2]):
        return ""
    return f'{quoted(value)} is not "HOLDS of LOOKS"; such as "3 of 5"'


def _percent(value: float) -> str:
    return "" if 0.0 <= value <= 100.0 else f"{value:g} is no percentage; 0 to 100"


def _action_key(value: str) -> str:
    usual = re.sub(r"^(?:\^|c(?:trl)?[-+])(?=.$)", "ctrl+", value.strip().lower())
    reason = RESERVED_KEYS.get(usual)
    return f"{quoted(value)} is reserved: {reason}; take another" if reason else _filled(value)


def _between(low: int, high: int, what: str) -> Check:
    return lambda value: "" if low <= value <= high else f"{value} is no {what}; write {low} to {high}"


def _at_least(low: float, words: str = "") -> Check:
    return lambda value: "" if value >= low else words or f"{value:g} is less than {low:g}"


def _more_than_none(words: str) -> Check:
    return lambda value: "" if value > 0 else words


_CHECKS_EVERYWHERE: dict[str, Check] = {
    "command": _argv,
    "delete_command": _delete_argv,
    "delete_url": _delete_url,
    "do": _filled,
    "env": _env,
    "every": _at_least(SHORTEST_S, 'is too often; at least "200ms"'),
    "expect": _between(100, 599, "HTTP status"),
    "fingerprint": _fingerprint,
    "protect": _words,
    "timeout": _more_than_none('leaves no time; such as "3s"'),
    "url": _url,
}
"""For keys that mean the same in every table."""

_CHECKS: dict[tuple[type, str], Check] = {
    **{
        (table, "name"): _name
        for table in (
            types.ServiceTable,
            types.WorkerTable,
            types.SiteTable,
            types.ErrorTable,
            types.AlertTable,
            types.TargetTable,
            types.ActionTable,
        )
    },
    (types.ConsoleTable, "refresh"): _at_least(SHORTEST_S, 'is shorter than any look takes; at least "200ms"'),
    (types.ConsoleTable, "theme"): _theme,
    (types.LimitsTable, "memory"): _more_than_none('is no limit; such as "500MB"'),
    (types.LimitsTable, "cpu_percent"): _more_than_none("is no limit; 100 is one core"),
    (types.LimitsTable, "address_space"): _more_than_none('is no limit; such as "4GB"'),
    (types.LimitsTable, "cpu_time"): _more_than_none('is no limit; such as "24h"'),
    (types.LimitsTable, "open_files"): _at_least(16, "is too few for any program; at least 16"),
    (types.ServiceTable, "port"): _between(1, 65535, "port"),
    (types.WorkerTable, "component"): component_form,
    (types.WorkerTable, "instances"): _at_least(0),
    (types.WorkerTable, "replaces"): _words,
    (types.WorkerTable, "wrappers"): _words,
    (types.WorkerTable, "ignore_arguments"): _words,
    (types.SessionsTable, "limit"): _at_least(0),
    (types.SessionsTable, "name"): _filled,
    (types.EnvironmentsTable, "port_pool"): _pool,
    (types.EnvironmentsTable, "ttl"): _more_than_none('makes every environment stale at once; such as "24h"'),
    (types.QueueTable, "success_min"): _share,
    (types.DiagnoseTable, "load_per_core"): _more_than_none("makes every load too high; such as 1.0"),
    (types.DiagnoseTable, "cpu_idle_percent"): _percent,
    (types.DiagnoseTable, "memory_available_percent"): _percent,
    (types.DiagnoseTable, "disk_used_percent"): _percent,
    (types.DiagnoseTable, "inodes_free_percent"): _percent,
    (types.DiagnoseTable, "limit_near_percent"): _percent,
    (types.DiagnoseTable, "site_misses"): _at_least(1),
    (types.DiagnoseTable, "restarts"): _at_least(1),
    (types.DiagnoseTable, "log_errors"): _at_least(1),
    (types.ErrorTable, "match"): _regular_expression,
    (types.RuleTable, "name"): _rule,
    (types.RuleTable, "seen"): _seen,
    (types.RuleTable, "clean"): _at_least(1),
    (types.AlertTable, "when"): _condition,
    (types.TargetTable, "metric"): _metric,
    (types.TargetTable, "want"): _filled,
    (types.ActionTable, "command"): _filled_argv,
    (types.ActionTable, "key"): _action_key,
}
