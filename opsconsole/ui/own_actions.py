"""The config's own commands as actions of the registry: each on its key, in the menu of the rows it is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from opsconsole.config.problem import quoted
from opsconsole.config.types import ActionTable
from opsconsole.model.text import clean
from opsconsole.ui.actions import CHANGING, ConsoleAction
from opsconsole.ui.context import Context
from opsconsole.ui.keymap import make_keymap, parsed_key

OWN = "own-"


class OwnActions(NamedTuple):
    actions: tuple[ConsoleAction, ...]
    mistakes: tuple[tuple[int, str], ...]
    """Which ``[[action]]``, counted from 0, and what is wrong with its key."""
    warnings: tuple[str, ...]
    """The same for people, by name."""


def own_actions(
    tables: Iterable[ActionTable], registry: Sequence[ConsoleAction], changes: Mapping[str, str] | None = None
) -> OwnActions:
    """An action for each ``[[action]]``; a key that the console uses itself is not given away.

    ``changes`` are the config's ``[keys]``: what they free may be taken.
    """
    has = make_keymap(registry, changes or {}).keys
    taken = {key: action_id for action_id, keys in has.items() for key in keys}
    ids = {action.id for action in registry}
    actions: list[ConsoleAction] = []
    mistakes: list[tuple[int, str]] = []
    warnings: list[str] = []
    for place, table in enumerate(tables):
        name = clean(table.name, 40)
        action_id = _id(name, ids)
        ids.add(action_id)
        key, wrong = parsed_key(table.key) if table.key else ("", "")
        if not wrong and key in taken:
            wrong = f"{taken[key]} has that key; [keys] may give that another"
        if wrong:
            mistake = f"{quoted(table.key)}: {wrong}; it is in the menu and the palette"
            mistakes.append((place, mistake))
            warnings.append(f"[[action]] {name}: key {mistake}")
        elif key:
            taken[key] = action_id
        actions.append(_action(table, name, action_id, (key,) if key and not wrong else ()))
    return OwnActions(tuple(actions), tuple(mistakes), tuple(warnings))


def _id(name: str, ids: set[str]) -> str:
    base = OWN + (re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "action")
    found, number = base, 2
    while found in ids:
        found, number = f"{base}-{number}", number + 1
    return found


def _action(table: ActionTable, name: str, action_id: str, keys: tuple[str, ...]) -> ConsoleAction:
    def enabled(context: Context) -> str:
        if context.why_no_change:
            return context.why_no_change
        if "command" not in context.verbs:
            return "not available"
        if table.on == "system" or any(subject.kind == table.on for subject in context.subjects):
            return ""
        return f"no {table.on} selected"

    return ConsoleAction(
        action_id,
        name,
        keys,
        CHANGING,
        f"Run {clean(' '.join(table.command), 60)}" + ("" if table.changes else "; changes nothing"),
        enabled,
        danger="changes" if table.changes else "",
        own=table.name,
        own_on=table.on,
    )
