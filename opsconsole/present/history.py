"""What presentation needs of a history: the recent values of one number, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class HistoryReader(Protocol):
    def series(self, key: str) -> Sequence[float | None]:
        """Values by key (``load1``, ``cpu:worker:NAME``, …), None where unknown; empty for a key never seen."""
        ...


class NoHistory:
    """For fronts that show one moment only."""

    def series(self, key: str) -> Sequence[float | None]:  # the protocol's argument
        return ()
