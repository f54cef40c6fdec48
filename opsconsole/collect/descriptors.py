"""How many files this process may hold open, and raising that for as long as it is needed.

Children inherit a raised soft limit: whoever starts programs on the operator's behalf starts them with
``usual_soft_limit()``, since old programs that use select(2) or close every possible descriptor suffer from a high one.
"""

from __future__ import annotations

import resource

RESERVE = 256
"""Left for the rest of the console: sockets, logs, databases, subprocess pipes."""
ENOUGH = 16384
"""More than this is never asked for: 10,000 processes and the reserve fit in."""

_usual: list[int] = []


def usual_soft_limit() -> int:
    """The soft limit this process was started with."""
    return _usual[0] if _usual else resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def raise_limit() -> int:
    """Raise the soft limit towards the hard one; answer how many descriptors a collector may keep open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not _usual:
        _usual.append(soft)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError):
            pass  # a smaller budget costs time, not truth
    usable = ENOUGH if soft == resource.RLIM_INFINITY else min(soft, ENOUGH)
    return max(0, usable - RESERVE)


def restore_limit() -> None:
    """Set the soft limit back to what it was before ``raise_limit``."""
    if not _usual:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_usual.pop(), hard))
