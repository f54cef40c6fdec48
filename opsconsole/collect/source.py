"""What every collector is: something with a name, a cadence, a deadline and one blocking ``read``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, unknown
from opsconsole.model.text import shown

T = TypeVar("T")


class Source(Protocol[T]):
    """One source of readings, asked by one thread at a time.

    ``read`` blocks for at most about ``deadline_s`` and never raises for anything the outside does: a failure is
    an unknown Reading with its reason. The engine treats a read that overstays its deadline as unknown and does
    not ask again until it has come back.
    """

    name: str
    every_s: float
    deadline_s: float

    def read(self, clock: Clock) -> Reading[T]: ...


def asked(name: str, read: Callable[[], Reading[T]], clock: Clock) -> Reading[T]:
    """What a source tells. A bug in it must show as unknown, and not end the thread that asked."""
    try:
        return read()
    except Exception as bug:  # noqa: BLE001  # whatever it is, the rest goes on
        return unknown(shown(f"{name}: bug in opsconsole: {bug!r}"), clock.wall())
