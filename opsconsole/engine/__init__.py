"""The cycle: runs collectors on their own cadence and hands out Snapshots.

`Engine` is what every front asks: the console and watch mode start it, `status` collects once with it.
"""

from opsconsole.engine.engine import Engine

__all__ = ["Engine"]
