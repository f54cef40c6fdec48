"""How many files this process may hold open, and raising that for as long as it is needed.

Children inherit a raised soft limit: whoever starts programs on the operator's behalf starts them with
``usual_soft_limit()``, since old programs that use select(2) or close every possible descriptor suffer from a high one.
"""

from __future__ import annotations

import resource
from contextlib import suppress

RESERVE = 256
"""Left for the rest of the console: sockets, logs, databases, subprocess pipes."""
ENOUGH = 16384
"""More than this is never asked for: 10,000 processes and the reserve fit in."""

_usual: list[int] = []
"""The soft limits found at each raise that is still needed; the first is what the process was started with."""


def usual_soft_limit() -> int:
    """The soft limit this process was started with."""
    return _usual[0] if _usual else resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def raise_limit() -> int:
    """Raise the soft limit towards the hard one; answer how many descriptors a collector may keep open.

    Each call wants one ``restore_limit`` later.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    _usual.append(soft)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # Where it is refused, the smaller budget costs time, not truth.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    usable = ENOUGH if soft == resource.RLIM_INFINITY else min(soft, ENOUGH)
    return max(0, usable - RESERVE)


def restore_limit() -> None:
    """Give one raise back; with the last one the soft limit is what it was before the first."""
    first = _usual[0]
    _usual.pop()
    if not _usual:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (first, hard))
