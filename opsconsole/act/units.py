"""Which systemd service owns a process, told by its cgroup: such a process is stopped and started through systemctl.

A scope (a login session, a tmux server's own scope) is no service, and neither is the user's manager itself. A
process in the same service as this console is not the service's business either: the console was started there too.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from opsconsole.collect import procfs

_USER_MANAGER = re.compile(r"user@\d+\.service")


def unit_of(pid: int, root: Path = Path("/proc")) -> str:
    """``foo.service``, ``--user foo.service`` for one of the user's manager, or empty for none."""
    mine = _cgroup(f"{root}/self")
    theirs = _cgroup(f"{root}/{pid}")
    unit = _service_in(theirs)
    return "" if not unit or unit == _service_in(mine) else unit


def why_not_unit(unit: str) -> str:
    """Why a service's processes cannot be stopped and started by us; empty when systemctl does it."""
    if shutil.which("systemctl") is None:
        return f"systemd service {unit.split()[-1]} owns it, and there is no systemctl here"
    if not unit.startswith("--user ") and os.geteuid() != 0:
        return f"systemd service {unit} owns it: sudo systemctl restart {unit}"
    return ""


def systemctl(verb: str, unit: str) -> tuple[str, ...]:
    """The argv that does this to the unit."""
    return ("systemctl", *unit.split()[:-1], "--no-ask-password", verb, unit.split()[-1])


def _cgroup(base: str) -> str:
    raw = procfs.read_small(f"{base}/cgroup") or b""
    for line in raw.decode(errors="replace").splitlines():
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if hierarchy == "0" or controllers == "name=systemd":
            return path
    return ""


def _service_in(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    for place in range(len(parts) - 1, -1, -1):
        part = parts[place]
        if part.endswith(".scope") or _USER_MANAGER.fullmatch(part):
            return ""
        if part.endswith(".service"):
            owned_by_user = any(_USER_MANAGER.fullmatch(above) for above in parts[:place])
            return f"--user {part}" if owned_by_user else part
    return ""
