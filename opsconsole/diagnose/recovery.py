"""Where findings are left again: some way below where they are entered, so that nothing flutters at a threshold."""

from __future__ import annotations

import msgspec

from opsconsole.config.types import Config, Size
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Worker

LOAD_EASED = 0.75
"""Share of a limit on load or swap traffic at which it is left."""
FREE_EASED = 1.5
"""Times a lower limit on idle time or free memory at which it is left."""
DISK_EASED = 3.0
"""Percentage points below the limit on a disk."""
NEAR_EASED = 0.9
"""Share of what counts as near a worker's limit at which it is left."""
RATE_EASED = 0.1
"""Above the least success rate."""
GRACE_S = 15.0
"""After a start that was seen: for so long its pid file and its log may not be there yet, nor others know of it."""

_last: tuple[Config, Config] | None = None


def recovered_config(config: Config) -> Config:
    """The same config with the thresholds at which what was found is left again. Made once for each config."""
    global _last  # noqa: PLW0603  # the one last used: configs are not hashable, and change once a week
    if _last is None or _last[0] is not config:
        _last = (config, _eased(config))
    return _last[1]


def _eased(config: Config) -> Config:
    limits, queue = config.diagnose, config.queue
    return msgspec.structs.replace(
        config,
        diagnose=msgspec.structs.replace(
            limits,
            load_per_core=limits.load_per_core * LOAD_EASED,
            cpu_idle_percent=min(limits.cpu_idle_percent * FREE_EASED, 100.0),
            memory_available_percent=min(limits.memory_available_percent * FREE_EASED, 100.0),
            swap_per_s=Size(limits.swap_per_s * LOAD_EASED),
            limit_near_percent=limits.limit_near_percent * NEAR_EASED,
            inodes_free_percent=min(limits.inodes_free_percent * FREE_EASED, 100.0),
            disk_used_percent=max(limits.disk_used_percent - DISK_EASED, 0.0),
        ),
        queue=None
        if queue is None
        else msgspec.structs.replace(queue, success_min=min(queue.success_min + RATE_EASED, 1.0)),
    )


def just_started(worker: Worker, snapshot: Snapshot) -> bool:
    """Whether an instance was seen to start a moment ago."""
    return bool(worker.starts) and abs(snapshot.at - worker.starts[-1]) < GRACE_S
