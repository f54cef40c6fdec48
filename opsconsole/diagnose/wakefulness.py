"""Whether two Snapshots tell of one stretch of time: no jump of the clock, sleep of the machine or pause of ours."""

from __future__ import annotations

from opsconsole.config.types import Config
from opsconsole.model.snapshot import Snapshot

JUMP_S = 5.0
"""By how much wall clock and monotonic clock may drift apart between two Snapshots."""
PAUSE_S = 60.0
"""Between two Snapshots: more is a pause of ours …"""
PAUSE_REFRESHES = 3.0
"""… unless so many refreshes last longer, or it was as long before: then that is the pace of a machine that starves."""
SETTLE_S = 30.0
"""After a jump or pause nothing new opens for so long."""


class Wakefulness:
    """Follows the clocks of the Snapshots. One thread's."""

    def __init__(self) -> None:
        self.began = 0.0
        """Monotonic time of the first Snapshot."""
        self._before: Snapshot | None = None
        self._was_long = False
        """Whether the last step was longer than usual."""
        self._woke: float | None = None
        """Monotonic time of the last jump or pause."""

    def look(self, snapshot: Snapshot, config: Config) -> bool:
        """Whether something broke off between the last Snapshot and this one. Hand in every one, in order."""
        before, self._before = self._before, snapshot
        if before is None:
            self.began = snapshot.monotonic
            return False
        passed = snapshot.monotonic - before.monotonic
        pause_s = max(PAUSE_S, PAUSE_REFRESHES * float(config.console.refresh))
        paused = passed > pause_s and not self._was_long
        self._was_long = passed > pause_s
        if abs((snapshot.at - before.at) - passed) <= JUMP_S and not paused:
            return False
        self._woke = snapshot.monotonic
        return True

    def settled(self, snapshot: Snapshot, within_s: float = 0.0) -> bool:
        """Whether things have had time to settle since: ``within_s`` where that is longer than usual."""
        return self._woke is None or snapshot.monotonic - self._woke >= max(SETTLE_S, within_s)
