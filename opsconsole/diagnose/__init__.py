"""Says what is wrong: pure functions from a Snapshot and a Config to Findings. No I/O and no clock of its own.

``rules`` finds, each rule by itself; ``causes`` tells which finding explains which and mutes what is told elsewhere;
``score`` weighs what is left; ``diagnose`` is all of it for one Snapshot, ``watch`` the same over time.
"""

from opsconsole.diagnose.diagnose import diagnose
from opsconsole.diagnose.watch import Watch

__all__ = ["Watch", "diagnose"]
