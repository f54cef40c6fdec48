"""One heap for all threads."""

from __future__ import annotations

import contextlib

_M_ARENA_MAX = -8
"""mallopt(3)'s number for how many arenas there may be."""


def share_one_heap() -> None:
    """Have the C library keep one arena, not one for each thread. Call it before there is a second thread.

    Only the holder of the interpreter's lock allocates much, so nobody waits for another; but what a dozen arenas have
    free serves no other thread: an hour with keys and churn made 7 MB of that, and it went on growing. Where the C
    library knows no such thing (musl, macOS) nothing happens.
    """
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
