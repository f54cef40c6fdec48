"""Which systemd service owns a process, told by its cgroup: such a process is stopped and started through systemctl.

A scope (a login session, a tmux server's own scope) is no service, and neither is the user's manager itself. A
process in the same service as this console is not the service's business either: the console was started there too.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from opsconsole.collect import procfs
from opsconsole.model.plan import Target

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


def strangers(unit: str, roots: Collection[int], root: Path = Path("/proc")) -> list[int]:
    """Pids in this service that are neither these processes nor below one of them: systemctl would end them too.

    A worker that cron, a terminal or a tmux server's service has started runs in *its* service.
    """
    parents: dict[int, int] = {}
    members = []
    for folder in root.glob("[0-9]*"):
        stat = procfs.parse_stat(procfs.read_stat(f"{folder}/stat") or b"")
        if stat is None:
            continue
        pid = int(folder.name)
        parents[pid] = stat.ppid
        if stat.state not in "ZX" and unit_of(pid, root) == unit:
            members.append(pid)
    return sorted(pid for pid in members if not _is_below(pid, roots, parents))


def _is_below(pid: int, roots: Collection[int], parents: dict[int, int]) -> bool:
    seen: set[int] = set()
    while pid > 1 and pid not in seen:
        if pid in roots:
            return True
        seen.add(pid)
        pid = parents.get(pid, 0)
    return False


def why_not_whole(targets: Iterable[Target], root: Path = Path("/proc")) -> str:
    """Why a service that owns some of these targets cannot be stopped for them: others run in it."""
    targets = [target for target in targets if target.unit and target.pid is not None]
    for unit in sorted({target.unit for target in targets}):
        ours = {target.pid for target in targets if target.unit == unit and target.pid is not None}
        if others := strangers(unit, ours, root):
            name = unit.split()[-1]
            return f"systemd service {name} also runs {', '.join(map(str, others[:5]))}, which stopping it would end"
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
