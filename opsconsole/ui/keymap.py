"""Which key does which action, with the config's changes. Pure.

A config may give an action another key. A key that terminals, tmux or flow control eat is refused, and so is
one that no terminal sends; whatever is wrong becomes a warning and leaves the action its usual keys.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from opsconsole.config.checks import RESERVED_KEYS
from opsconsole.config.problem import quoted
from opsconsole.ui.actions import ConsoleAction

FORBIDDEN = {
    **RESERVED_KEYS,
    "ctrl+left_square_bracket": RESERVED_KEYS["ctrl+["],
    "ctrl+backslash": "it kills the program",
}
NAMED = {"enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"}
NAMED |= {"up", "down", "left", "right"} | {f"f{number}" for number in range(1, 25)}
_SPELLINGS = {"esc": "escape", "pgup": "pageup", "pgdn": "pagedown", "del": "delete", "return": "enter"}
_CHARACTER_NAMES = {
    "/": "slash", "\\": "backslash", "@": "at", "-": "minus", "+": "plus", "_": "underscore",
    "!": "exclamation_mark", '"': "quotation_mark", "#": "number_sign", "$": "dollar_sign", "%": "percent_sign",
    "&": "ampersand", "'": "apostrophe", "(": "left_parenthesis", ")": "right_parenthesis", "*": "asterisk",
    ",": "comma", ".": "full_stop", ":": "colon", ";": "semicolon", "<": "less_than_sign", "=": "equals_sign",
    ">": "greater_than_sign", "?": "question_mark", "[": "left_square_bracket", "]": "right_square_bracket",
    "^": "circumflex_accent", "`": "grave_accent", "{": "left_curly_bracket", "|": "vertical_line",
    "}": "right_curly_bracket", "~": "tilde",
}  # fmt: skip
_SHOWN = {
    "escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "delete": "del",
    "up": "↑", "down": "↓", "left": "←", "right": "→",
}  # fmt: skip


class Keymap(NamedTuple):
    keys: dict[str, tuple[str, ...]]
    """Keys by action id, as written in the registry or the config; empty for an action without a key."""
    mistakes: tuple[tuple[str, str], ...]
    """Which key of ``[keys]``, and what is wrong with it."""

    losses: tuple[tuple[str, str], ...] = ()
    """Which key of ``[keys]``, and which action has one key less for it: as wished, and easily overlooked."""

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(f"[keys] {action_id}: {mistake}" for action_id, mistake in self.mistakes)


def toolkit_key(key: str) -> str:
    """The toolkit's name for a key of the registry: ``/`` is ``slash``."""
    return _CHARACTER_NAMES.get(key, key)


def shown_key(key: str, *, ascii_only: bool = False) -> str:
    """How a key is written on the screen."""
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+")
    return _SHOWN.get(key, key) if not (ascii_only and key in ("up", "down", "left", "right")) else key


def parsed_key(written: str) -> tuple[str, str]:
    """(key, "") for a key as a config writes it, or ("", what is wrong with it)."""
    text = written.strip()
    if len(text) == 1:
        return (text, "") if text.isprintable() and not text.isspace() else ("", "it is not a printable character")
    key = _SPELLINGS.get(text.lower(), text.lower())
    if key in FORBIDDEN:
        return "", FORBIDDEN[key]
    *modifiers, base = key.split("+")
    base = _SPELLINGS.get(base, base)
    known_base = base in NAMED or (modifiers and len(base) == 1 and base.isascii() and base.isalnum())
    if not known_base or any(modifier not in ("ctrl", "alt", "shift") for modifier in modifiers):
        return "", "there is no such key; write one character, or a name such as f5, ctrl+r, pageup"
    return "+".join([*modifiers, base]), ""


def make_keymap(actions: Sequence[ConsoleAction], changes: Mapping[str, str]) -> Keymap:
    """The registry's keys with the config's changes, and what is wrong with those."""
    keys = {action.id: action.keys for action in actions}
    mistakes: list[tuple[str, str]] = []
    losses: list[tuple[str, str]] = []
    taken: dict[str, str] = {}
    for action_id, written in changes.items():
        if action_id not in keys:
            near = difflib.get_close_matches(action_id, keys, n=1)
            mistakes.append((action_id, "no such action" + (f"; did you mean {near[0]}?" if near else "")))
            continue
        key, wrong = parsed_key(written)
        if wrong:
            mistakes.append((action_id, f"{quoted(written)}: {wrong}"))
        elif key in taken:
            mistakes.append((action_id, f"{quoted(written)}: {taken[key]} has that key already"))
        else:
            taken[key] = action_id
    for key, action_id in taken.items():
        keys[action_id] = (key,)
    for action in actions:
        lost = [key for key in keys[action.id] if taken.get(key, action.id) != action.id]
        if lost:
            keys[action.id] = tuple(key for key in keys[action.id] if key not in lost)
            if not keys[action.id]:
                mistakes.append((taken[lost[0]], f"took {quoted(lost[0])} from {action.id}, which has no key now"))
            else:
                left = " ".join(shown_key(key) for key in keys[action.id])
                losses.append((taken[lost[0]], f"took {quoted(lost[0])} from {action.id}, which has {left} left"))
    return Keymap(keys, tuple(mistakes), tuple(losses))
