"""Who somebody is, by the system's own list of users."""

from __future__ import annotations

from functools import cache


@cache
def login(uid: int) -> str:
    """The login name of a uid; ``uid 1234`` where there is none. May ask a directory over the network."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
