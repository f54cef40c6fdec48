"""What stands in the file, in words: a mistake is told in the reader's terms, not in those of a type system."""

from __future__ import annotations

from opsconsole.config.problem import quoted


def kind_of(value: object) -> str:
    """``a whole number``, ``text in quotes``: what people call it."""
    for kinds, words in (
        (bool, "true or false"),
        (int, "a whole number"),
        (float, "a number"),
        (str, "text in quotes"),
        (list, "a list"),
        (dict, "a table"),
    ):
        if isinstance(value, kinds):
            return words
    return "a date or time"


def shown_value(value: object) -> str:
    """A value as it is written in the file, short and inert; lists and tables by what they are."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a number of more than 64 bits"
    return kind_of(value) if isinstance(value, list | dict) else str(value)


def described(value: object) -> str:
    """``5 is a whole number``; only ``is a table`` where the value itself would say nothing."""
    if isinstance(value, list | dict):
        return f"is {kind_of(value)}"
    return f"{shown_value(value)} is {kind_of(value)}"
