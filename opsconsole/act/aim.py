"""Freezing processes into targets: each is read now, must still be the one that was seen, and may be touched."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from opsconsole.act import units
from opsconsole.act.living import Living, look_at
from opsconsole.act.policy import why_not_signal
from opsconsole.act.request import Request, WhyNot
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import ProcessMark, Target
from opsconsole.model.process import usage


class Aimed(msgspec.Struct, frozen=True):
    """A target, and what the operator should know of it beforehand."""

    target: Target
    warnings: tuple[str, ...]


def aim(
    request: Request,
    process_id: ProcessId,
    role: str,
    reason: str,
    children: Iterable[int] = (),
    name: str = "",
    port: int | None = None,
) -> Aimed:
    """The process as a target, with those of its children that still are what the snapshot saw.

    Raises WhyNot: it has ended, is another process now, or must not be touched; the same for any of its children.
    """
    found = look_at(process_id.pid, process_id.boot_id)
    if found is None:
        raise WhyNot(f"{process_id.pid} has ended already", "nothing")
    if found.mark.id != process_id:
        raise WhyNot(f"{process_id.pid} is another process now ({found.mark.command}): look again")
    if found.ended:
        raise WhyNot(f"{process_id.pid} has ended and waits for its parent {_named(found.ppid, request)} to collect it")
    if reason_not := why_not_signal(found, request.bounds):
        raise WhyNot(reason_not)
    unit = units.unit_of(found.pid)
    if unit and (reason_not := units.why_not_unit(unit)):
        raise WhyNot(f"{found.pid} ({found.mark.command}): {reason_not}")
    tree = _tree(request, found, children)
    target = Target(
        kind="process",
        role=role,
        name=name,
        reason=reason,
        process=found.mark,
        tree=tree,
        start=found.started_at,
        command=found.mark.command,
        memory_bytes=memory_of(request, (found.pid, *(mark.pid for mark in tree))),
        port=port,
        unit=unit,
    )
    return Aimed(target, tuple(_warnings(request, found, unit)))


def _tree(request: Request, root: Living, children: Iterable[int]) -> tuple[ProcessMark, ...]:
    table = request.snapshot.processes.value
    marks = []
    for pid in children:
        seen = table.get(pid) if table is not None else None
        child = look_at(pid, root.mark.id.boot_id)
        if child is None or child.ended or (seen is not None and seen.id != child.mark.id):
            continue
        if reason := why_not_signal(child, request.bounds):
            raise WhyNot(f"below {root.pid} ({root.mark.command}) runs {reason}")
        marks.append(child.mark)
    return tuple(marks)


def _warnings(request: Request, process: Living, unit: str) -> Iterable[str]:
    who = f"{process.pid}"
    if process.ignores_term and not unit:
        yield f"{who} ignores SIGTERM: SIGKILL follows after {request.grace_s:g}s"
    if process.state in "Tt":
        yield f"{who} is stopped: SIGCONT follows SIGTERM"
    if process.state == "D":
        yield f"{who} is stuck in the kernel (state D): no signal may reach it"
    if unit:
        yield f"{who} belongs to systemd service {unit.split()[-1]}: systemctl does it"


def memory_of(request: Request, pids: Iterable[int]) -> int | None:
    """Resident bytes of these processes together, as the snapshot has them."""
    table = request.snapshot.processes.value
    if table is None:
        return None
    return usage([process for pid in pids if (process := table.get(pid)) is not None]).rss_bytes


def _named(pid: int, request: Request) -> str:
    table = request.snapshot.processes.value
    process = table.get(pid) if table is not None else None
    return f"{pid} ({process.command})" if process is not None else str(pid)


def stop_steps(target: Target, grace_s: float) -> tuple[str, ...]:
    """What will be run to end a process target, for people."""
    mark = target.process
    if mark is None:
        return ()
    if target.unit:
        return (" ".join(units.systemctl("stop", target.unit)),)
    children = len(target.tree)
    tree = f" and its {children} child{'ren' if children > 1 else ''}" if children else ""
    outlives = "; what outlives it is asked as well, and has as long" if children else ""
    left = f"SIGKILL to what is left of {'them' if children else 'it'}{outlives}"
    return (
        f"SIGTERM {mark.pid} ({target.role}: {target.command})",
        f"wait up to {grace_s:g}s for it{tree} to end; {left}",
    )
