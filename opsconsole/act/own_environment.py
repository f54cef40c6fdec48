"""The environment as whoever started this process made it, without what the interpreter has put there for itself."""

from __future__ import annotations

import os
from pathlib import Path

_COERCED = "LC_CTYPE"
"""Set by the interpreter where there is no locale (PEP 538)."""


def own_environment(initial: Path = Path("/proc/self/environ")) -> dict[str, str]:
    """What may be handed on. Where that first environment cannot be read, it is the present one."""
    found = dict(os.environ)
    try:
        first = initial.read_bytes().split(b"\0")
    except OSError:
        return found
    if not any(line.startswith(f"{_COERCED}=".encode()) for line in first):
        found.pop(_COERCED, None)
    return found
