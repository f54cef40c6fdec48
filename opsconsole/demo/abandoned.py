"""Sandboxes whose owner was killed: ended and removed, by their registration, whoever finds them first."""

from __future__ import annotations

import time

from opsconsole.demo.ending import end
from opsconsole.demo.processes import alive
from opsconsole.demo.registration import Registration, registrations

_HOLDER_ENDS_WITHIN_S = 10.0


def remove_abandoned() -> tuple[list[str], list[str]]:
    """End and remove every sandbox whose owner is gone. Returns their directories, and what could not be ended."""
    removed, refused = [], []
    for registration in registrations():
        if not registration.abandoned:
            continue
        directory = registration.header.directory
        if _holder_does_it(registration):
            removed.append(directory)
        elif left := end(registration):
            names = ", ".join(str(process.pid) for process in sorted(left))
            refused.append(f"processes {names} of the sandbox in {directory} would not end")
        else:
            removed.append(directory)
    return removed, refused


def _holder_does_it(registration: Registration) -> bool:
    """Whether its holder, which has noticed as well, ends it in good time."""
    until = time.monotonic() + _HOLDER_ENDS_WITHIN_S
    while alive(registration.header.holder) and time.monotonic() < until:
        time.sleep(0.01)
    return not registration.folder.exists()
