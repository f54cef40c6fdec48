"""Whether this terminal's locale can show more than ASCII."""

from __future__ import annotations

import os
from pathlib import Path


def ascii_only() -> bool:
    """True where the locale that was set for us is not UTF-8.

    Python replaces the C locale by C.UTF-8 in its own environment (PEP 538), so the environment we were started
    with is asked first.
    """
    environment = _initial_environment()
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environment.get(name):
            return "utf8" not in value.lower().replace("-", "")
    return True


def _initial_environment() -> dict[str, str]:
    try:
        raw = Path("/proc/self/environ").read_bytes().decode(errors="surrogateescape")
    except OSError:
        return dict(os.environ)
    return dict(entry.split("=", 1) for entry in raw.split("\0") if "=" in entry)
