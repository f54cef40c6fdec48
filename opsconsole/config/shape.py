"""Whether a document has the shape of its types: known keys, none missing, values of the right kind.

Driven by the types alone: a key added there is checked here, and by ``checks`` where it says more.
"""

from __future__ import annotations

import functools
import shlex
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from opsconsole.config.checks import check_of
from opsconsole.config.problem import Found, KeyPath, nearest, quoted
from opsconsole.config.types import Duration, Size
from opsconsole.config.units import parse_duration, parse_size
from opsconsole.config.values import described, kind_of, shown_value

_EXAMPLES = {int: "8080", Duration: '"10m"', Path: '"data/queue.db"', tuple: '["python3", "worker.py"]'}
"""For a key that is missing, by its kind."""


_ARGVS = ("command", "delete_command")


class _Field(NamedTuple):
    wanted: Any
    """Its type; of one that may be left out as None, what it is when it is there."""
    required: bool


def table_problems(table: dict[str, Any], kind: type[msgspec.Struct], at: KeyPath = ()) -> Found:
    """Everything in this table that does not fit its type, or that its key's check refuses."""
    fields = _fields(kind)
    for key, value in table.items():
        here = (*at, key)
        if key not in fields:
            yield here, f"unknown key; {nearest(key, fields)}"
            continue
        wanted = fields[key].wanted
        misfits = list(_misfits(value, wanted, here))
        yield from misfits
        if not misfits:
            yield from ((here, message) for message in _refusals(value, wanted, kind, key))
    for key, field in fields.items():
        if field.required and key not in table:
            example = _EXAMPLES.get(get_origin(field.wanted) or field.wanted, '"…"')
            yield (*at, key), f"is missing; add {key} = {example}"


def decode(kind: type, written: Any) -> Any:
    """msgspec's hook for the kinds that are ours. Raises ValueError in words."""
    if kind is Duration:
        return parse_duration(written)
    if kind is Size:
        return parse_size(written)
    if kind is Path:
        return _parse_path(written)
    raise ValueError(f"{described(written)}; this key takes no such thing")


def _refusals(value: Any, wanted: Any, kind: type[msgspec.Struct], key: str) -> list[str]:
    try:
        message = check_of(kind, key)(msgspec.convert(value, wanted, dec_hook=decode))
    except msgspec.ValidationError as error:
        # A kind that _misfits does not know: less well said, but never let through.
        message = str(error).split(" - at ")[0]
    return [message] if message else []


def _misfits(value: Any, wanted: Any, at: KeyPath) -> Found:
    origin = get_origin(wanted)
    item = get_args(wanted)[0] if origin is tuple else None
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        if isinstance(value, dict):
            yield from table_problems(value, wanted, at)
        else:
            yield at, f"is {kind_of(value)}; write {_table_form(at)}"
    elif origin is tuple:
        if isinstance(value, list):
            for place, entry in enumerate(value):
                yield from _misfits(entry, item, (*at, place))
        else:
            yield at, f"is {kind_of(value)}; write it as {_list_form(value, item, at)}"
    elif origin is dict:
        if isinstance(value, dict):
            for key, entry in value.items():
                yield from _misfits(entry, get_args(wanted)[1], (*at, key))
        else:
            yield at, f"is {kind_of(value)}; write {_table_form(at)}"
    elif message := _scalar_misfit(value, wanted):
        yield at, message


def _scalar_misfit(value: Any, wanted: Any) -> str:
    if wanted in (Duration, Size, Path):
        try:
            decode(wanted, value)
        except ValueError as error:
            return str(error)
        return ""
    if get_origin(wanted) is Literal:
        words = get_args(wanted)
        known = isinstance(value, str) and value in words
        return "" if known else f"{shown_value(value)} is not one of its words; {nearest(str(value), words)}"
    if wanted is str:
        if isinstance(value, str):
            return ""
        # The value may be a secret, and is not told twice: what masks it knows it behind its key only.
        return f"{described(value)}; {'text in quotes is needed' if isinstance(value, list | dict) else 'quote it'}"
    return _number_misfit(value, wanted)


def _number_misfit(value: Any, wanted: Any) -> str:
    """For whole numbers, numbers, and true or false."""
    words = {bool: "true or false", int: "a whole number", float: "a number"}
    if wanted not in words:
        return ""
    if isinstance(value, bool) == (wanted is bool) and isinstance(value, int if wanted is int else wanted | int):
        # Not a number fails this comparison too, as it would fail any other.
        return "" if abs(value) < 2**63 else f"{shown_value(value)} is nothing to count with"
    if isinstance(value, str) and _meant(value, wanted):
        return f"{described(value)}; write {value.strip()} without them"
    return f"{described(value)}; {words[wanted]} is needed"


def _meant(text: str, wanted: type) -> bool:
    if wanted is bool:
        return text.strip() in ("true", "false")
    return text.strip().isascii() and text.strip().removeprefix("-").replace(".", "", wanted is float).isdigit()


def _parse_path(written: Any) -> Path:
    if not isinstance(written, str):
        raise ValueError(f"{described(written)}; a path in quotes is needed")
    if not written.strip():
        raise ValueError("is empty; write a path, or leave the key out")
    if "\0" in written:
        raise ValueError("has a NUL character; no path has one")
    path = Path(written)
    try:
        path.expanduser()
    except RuntimeError:
        raise ValueError(f"{quoted(written)}: no home is known for {path.parts[0]}; write the path whole") from None
    return path


def _table_form(at: KeyPath) -> str:
    if len(at) == 1:
        return f"it as [{at[0]}] and its keys below"
    return f"each as a table [[{at[0]}]]" if isinstance(at[-1], int) else f"it as {at[-1]} = {{ key = … }}"


def _list_form(value: Any, item: Any, at: KeyPath) -> str:
    if item is not str:
        return f"[[{'.'.join(str(part) for part in at if isinstance(part, str))}]]"
    if not isinstance(value, str):
        return '["…"]'
    try:
        words = value.split(",") if "," in value and at[-1] not in _ARGVS else shlex.split(value)
    except ValueError:
        words = value.split()
    words = [word.strip() for word in words]
    return f"[{', '.join(map(quoted, words))}]"


@functools.cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, _Field]:
    """By the names of the file. Kept: resolving annotations is dear, and a config has many tables of one kind."""
    return {
        field.encode_name: _Field(_without_none(field.type), field.required) for field in msgspec.structs.fields(kind)
    }


def _without_none(kind: Any) -> Any:
    """``X | None`` as ``X``."""
    kinds = [one for one in get_args(kind) if one is not NoneType]
    return kinds[0] if NoneType in get_args(kind) and len(kinds) == 1 else kind
