"""A Reading is what a collector returned: a value with its time, or unknown with the reason."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

import msgspec

T = TypeVar("T")
U = TypeVar("U")

ReadingState = Literal["ok", "unknown", "unconfigured"]


class Reading(msgspec.Struct, Generic[T], frozen=True):
    """A value with the time it was read, or *unknown* with why, or *unconfigured* with what to add.

    ``value`` is set exactly when ``state`` is ``ok``; ``reason`` exactly when it is ``unknown``.
    """

    state: ReadingState
    at: float | None = None
    """When it was read (or when reading failed), seconds since the epoch."""
    value: T | None = None
    reason: str = ""
    """Why it is unknown: one cleaned line naming what, where and, where we know it, what would be right."""
    hint: str = ""
    """For ``unconfigured``: what to add to the config to get this reading."""
    note: str = ""
    """For ``ok``: what a reader must know about the value, such as which part of it is missing."""
    answered: bool = False
    """For ``unknown``: the source did answer, but not with what it should."""
    pending: bool = False
    """For ``unknown``: nobody has heard of the source yet, and it still has time; nothing is wrong."""

    @property
    def ok(self) -> bool:
        return self.state == "ok"


def ok(value: T, at: float, note: str = "") -> Reading[T]:
    return Reading(state="ok", at=at, value=value, note=note)


def unknown(reason: str, at: float | None, answered: bool = False, pending: bool = False) -> Reading[T]:
    return Reading(state="unknown", at=at, reason=reason, answered=answered, pending=pending)


def unconfigured(hint: str) -> Reading[T]:
    return Reading(state="unconfigured", hint=hint)


def carry(reading: Reading[U]) -> Reading[T]:
    """A reading without a value, handed on under another type; the caller has checked ``ok`` is False."""
    return Reading(
        state=reading.state,
        at=reading.at,
        reason=reading.reason,
        hint=reading.hint,
        answered=reading.answered,
        pending=reading.pending,
    )
