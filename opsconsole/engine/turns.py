"""When the engine's cycles are due: as warm-up, on the cadence, or out of turn. Times are monotonic seconds."""

from __future__ import annotations

from collections.abc import Iterable

AGAIN_S = (1.0, 2.5)
"""After everything was asked for out of turn, when it is looked at again, whatever the pace: what a lane reads takes
its time, and a finding closes only after several fresh looks."""


class Turns:
    """The engine's thread asks; ``look_again`` is any thread's."""

    def __init__(self, now: float, warm_up: Iterable[float] = ()) -> None:
        """``warm_up`` are the offsets of the first cycles after the very first."""
        self._due = now
        self._warm_up = [now + offset for offset in warm_up]
        self._again: list[float] = []

    @property
    def warm(self) -> bool:
        return not self._warm_up

    def look_again(self, now: float) -> None:
        """Everything was asked for: what comes of it must not wait for the next turn."""
        self._again = [now + offset for offset in AGAIN_S]

    def after(self, began: float, now: float, interval_s: float) -> tuple[float, bool]:
        """(when the next cycle is due after one that began then, whether all sources must be asked for it).

        A missed turn is dropped, and one that came early puts the others off by no more than it was early.
        """
        if self._warm_up:
            self._due = self._warm_up.pop(0)
        else:
            self._due = max(min(self._due, began) + interval_s, now)
        again = self._again
        if not again:
            return self._due, False
        # The sources were asked for the first of them when it was made out.
        ask = len(again) < len(AGAIN_S)
        return max(min(again.pop(0), self._due), now), ask
