"""Limits of what is started: those of the config, and for a restart those that the running one had.

`memory` and `cpu_percent` of the config are held by a systemd scope where there is one. `address_space`, `cpu_time` and
`open_files` are resource limits (getrlimit(2)) and hold everywhere. Where the config is silent about one, a restarted
program gets what its predecessor had, as far as that was given to it: its parent has the same, or it is no lower than
this console's own. A lower one may be of the program's own making, taken on when it had all it needed, and a successor
that had it from its first instruction might never come up. Whatever cannot be had or is not kept is a warning.
"""

from __future__ import annotations

import os
import re
import resource
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from opsconsole.act.start_spec import scope_runner
from opsconsole.collect import procfs
from opsconsole.collect.descriptors import usual_soft_limit
from opsconsole.config.types import LimitsTable

Pair = tuple[int, int]
"""(soft, hard); -1 for no limit."""

LABELS = {
    "as": "address space", "core": "core file", "cpu": "CPU time", "data": "data", "fsize": "file size",
    "locks": "file locks", "memlock": "locked memory", "msgqueue": "message queues", "nice": "niceness",
    "nofile": "open files", "nproc": "processes", "rss": "resident memory", "rtprio": "real-time priority",
    "rttime": "real-time CPU time", "sigpending": "pending signals", "stack": "stack",
}  # fmt: skip
"""What people call them, by the name of the kernel's constant."""
_BYTES = frozenset({"as", "core", "data", "fsize", "memlock", "msgqueue", "rss", "stack"})
_CAP_SYS_RESOURCE = 1 << 24
_CGROUPS = Path("/sys/fs/cgroup")
_NO_LIMIT = 1 << 60
"""The first version of cgroups writes no limit as a number beyond this."""


class LimitPlan(msgspec.Struct, frozen=True):
    """What a start does about limits."""

    give: dict[str, Pair] = {}
    """Resource limits other than this console's own, by kernel name."""
    seen: tuple[str, ...] = ()
    """What is kept of the running one, for people."""
    warnings: tuple[str, ...] = ()


def plan_limits(limits: LimitsTable, running: int | None = None) -> LimitPlan:
    """What is given to a program with these limits in the config, the successor of this pid where there is one."""
    own = limits_of(0)
    if not own:
        return LimitPlan(warnings=_held_by_scope(limits))
    configured = _configured(limits, own)
    kept, doubtful = _given_to(running, own) if running is not None else ({}, {})
    doubtful = {name: pair for name, pair in doubtful.items() if name not in configured}
    give, seen, warnings = {}, [], [*_held_by_scope(limits), *_dangers(limits)]
    for name, wanted in sorted({**kept, **configured}.items()):
        can = _within(wanted, own.get(name, wanted))
        if can != wanted:
            warnings.append(f"{_told(name, wanted)} cannot be given: this console's own is {_told(name, own[name])}")
        if can != own.get(name, can):
            give[name] = can
            if name not in configured:
                seen.append(_told(name, can))
    if running is not None:
        warnings += [*_not_kept(running, doubtful), *_lost_with_cgroup(running, limits)]
    kept_of = (f"{running} runs with these limits, and its successor gets them: {', '.join(seen)}",) if seen else ()
    return LimitPlan(give, kept_of, tuple(warnings))


def limits_of(pid: int) -> dict[str, Pair]:
    """The resource limits of a process, 0 for what this one hands on; empty where they cannot be read."""
    found = {}
    for name in LABELS:
        number = getattr(resource, f"RLIMIT_{name.upper()}", None)
        if number is None:
            continue
        try:
            found[name] = resource.prlimit(pid, number) if pid else resource.getrlimit(number)
        except (OSError, ValueError, AttributeError):
            return {}
    if not pid and "nofile" in found:
        found["nofile"] = (usual_soft_limit(), found["nofile"][1])
    return found


def _given_to(pid: int, own: Mapping[str, Pair]) -> tuple[dict[str, Pair], dict[str, Pair]]:
    """What a process was given of its limits, as far as that can be told, and lower ones that may be of its making."""
    has, parents = limits_of(pid), limits_of(_parent_of(pid))
    given, doubtful = {}, {}
    for name, pair in has.items():
        ours = own.get(name, pair)
        if pair == parents.get(name) or all(map(_at_most, ours, pair)):
            given[name] = pair
        else:
            doubtful[name] = pair
    return given, doubtful


def _parent_of(pid: int) -> int:
    """-1, which nothing has, where it cannot be read."""
    stat = procfs.parse_stat(procfs.read_stat(f"/proc/{pid}/stat") or b"")
    return stat.ppid if stat is not None and stat.ppid > 0 else -1


def _not_kept(pid: int, doubtful: Mapping[str, Pair]) -> list[str]:
    if not doubtful:
        return []
    keys = {"as": "address_space", "cpu": "cpu_time", "nofile": "open_files"}
    named = [keys[name] for name in sorted(doubtful) if name in keys]
    advice = f"; if it was given them, {', '.join(named)} under limits in its [[worker]] says so" if named else ""
    return [f"{pid} may have set itself {told_limits(doubtful)}: its successor is started without{advice}"]


def told_limits(give: Mapping[str, Pair]) -> str:
    """``open files 256 (hard 512), address space 2048 MiB``."""
    return ", ".join(_told(name, pair) for name, pair in sorted(give.items()))


def _told(name: str, pair: Pair) -> str:
    soft, hard = (_amount(name, value) for value in pair)
    return f"{LABELS[name]} {soft}" + (f" (hard {hard})" if hard != soft else "")


def _amount(name: str, value: int) -> str:
    if value == resource.RLIM_INFINITY:
        return "unlimited"
    if name in _BYTES and value >= 1024:
        return f"{value // 1048576} MiB" if value >= 1048576 else f"{value // 1024} KiB"
    return f"{value}s" if name == "cpu" else str(value)


def _configured(limits: LimitsTable, own: Mapping[str, Pair]) -> dict[str, Pair]:
    found: dict[str, Pair] = {}
    if limits.address_space is not None:
        found["as"] = (int(limits.address_space), int(limits.address_space))
    if limits.cpu_time is not None:
        seconds = max(int(limits.cpu_time), 1)
        found["cpu"] = (seconds, seconds)
    if limits.open_files is not None:
        hard = own["nofile"][1]
        found["nofile"] = (limits.open_files, hard if _at_most(limits.open_files, hard) else limits.open_files)
    return found


def _at_most(value: int, limit: int) -> bool:
    return limit == resource.RLIM_INFINITY or (value != resource.RLIM_INFINITY and value <= limit)


def _within(wanted: Pair, own: Pair) -> Pair:
    """As much of it as may be given: only a privileged process raises a hard limit."""
    if _at_most(wanted[1], own[1]) or _may_raise():
        return wanted
    hard = own[1]
    return (wanted[0] if _at_most(wanted[0], hard) else hard, hard)


def _may_raise() -> bool:
    status = procfs.read_small("/proc/self/status") or b""
    match = re.search(rb"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return bool(int(match[1], 16) & _CAP_SYS_RESOURCE) if match is not None else os.geteuid() == 0


def _held_by_scope(limits: LimitsTable) -> tuple[str, ...]:
    if limits.memory is None and limits.cpu_percent is None:
        return ()
    if scope_runner():
        return ("memory and cpu_percent are enforced by a systemd scope",)
    return ("memory and cpu_percent are watched, not enforced: there is no systemd user manager here",)


def _dangers(limits: LimitsTable) -> tuple[str, ...]:
    found = []
    if limits.address_space is not None:
        found.append("address_space counts what is reserved, not what is held: threads and runtimes reserve far more")
    if limits.cpu_time is not None:
        found.append("cpu_time counts its whole life: a healthy program is killed without warning when it is spent")
    return tuple(found)


def _lost_with_cgroup(pid: int, limits: LimitsTable, proc: Path = Path("/proc"), root: Path = _CGROUPS) -> list[str]:
    """What holds the running one and will not hold its successor: that is started in this console's cgroup."""
    found = []
    theirs, ours = _cgroups(f"{proc}/{pid}"), _cgroups(f"{proc}/self")
    memory = _cgroup_memory(theirs, ours, root)
    if memory is not None and (limits.memory is None or not scope_runner()):
        held = f"the cgroup of {pid} holds it to {_amount('rss', memory)} of memory; its successor starts outside"
        advice = f": limits = {{ memory = {memory} }} in its [[worker]] says so" if limits.memory is None else ""
        found.append(held + advice)
    return found


def _cgroups(base: str) -> dict[str, str]:
    """Path by controller; that of the unified hierarchy by the empty name."""
    raw = (procfs.read_small(f"{base}/cgroup") or b"").decode(errors="replace")
    rows = [line.split(":", 2) for line in raw.splitlines()]
    return {controller: row[2] for row in rows if len(row) == 3 for controller in row[1].split(",")}


def _cgroup_memory(theirs: Mapping[str, str], ours: Mapping[str, str], root: Path) -> int | None:
    """Bytes that a cgroup of theirs, and none of ours, allows; the least of them. None: none does."""
    found = []
    for controller, folders, file in (
        ("", (root, root / "unified"), "memory.max"),
        ("memory", (root / "memory",), "memory.limit_in_bytes"),
    ):
        path, own = theirs.get(controller, "/"), ours.get(controller, "/")
        while path.strip("/") and not f"{own.rstrip('/')}/".startswith(f"{path}/"):
            for folder in folders:
                text = (procfs.read_small(f"{folder}{path}/{file}") or b"").decode(errors="replace").strip()
                if text.isdecimal() and int(text) < _NO_LIMIT:
                    found.append(int(text))
            path = path.rpartition("/")[0]
    return min(found, default=None)


def argv_limited(give: Mapping[str, Pair], executable: str, argv: tuple[str, ...]) -> tuple[str, ...]:
    """What is run in place of ``argv``, so that it has its limits from its first instruction on."""
    launcher = Path(__file__).with_name("limited.py")
    words = [f"{name}={soft}:{hard}" for name, (soft, hard) in sorted(give.items())]
    return (sys.executable, "-I", "-S", str(launcher), ",".join(words), executable, *argv)
