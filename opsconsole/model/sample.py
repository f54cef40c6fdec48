"""What a number was over some time."""

from __future__ import annotations

import msgspec


class Sample(msgspec.Struct, frozen=True, array_like=True):
    mean: float
    peak: float


class Past(msgspec.Struct, frozen=True):
    """Samples of many numbers, as they were recorded."""

    times: tuple[float, ...]
    """When each began, seconds since the epoch, oldest first."""
    every_s: float
    """For how long each stands."""
    series: dict[str, tuple[Sample | None, ...]]
    """By key, one for each of the times; None where it was not known."""
