"""`terminate`: end one process: an instance, a wrapper, a remnant, the owner of a port, or who respawned one.

What is of a worker, or of a service with a command, is watched afterwards: a copy that comes back is told, with who
started it. The plan says beforehand who would.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from opsconsole.act import respawn
from opsconsole.act.aim import aim, stop_steps
from opsconsole.act.job import Job, Verification
from opsconsole.act.minding import minders_of, warnings_of
from opsconsole.act.neighbours import below
from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.stopping import end_targets
from opsconsole.act.tables import SERVICE
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Subplan
from opsconsole.model.process import ProcessTable
from opsconsole.model.text import clean
from opsconsole.model.worker import Worker


class _Part(msgspec.Struct, frozen=True):
    """What a process is to the console."""

    role: str = "process"
    id: ProcessId | None = None
    """As the snapshot has it."""
    of: Worker | None = None
    key: str = ""
    """Of the worker or service whose copies are looked for afterwards; empty for none."""


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    table = request.snapshot.processes.value
    if table is None:
        raise WhyNot(f"processes: {request.snapshot.processes.reason or 'not read'}", "unknown")
    process, part = _meant(request, name, table)
    # Whatever is of anything in the config stands by itself, another instance of the same worker too.
    found = below(request, table, process.pid, (process,))
    aimed = aim(request, process, part.role, "named by the operator", found.own)
    target = aimed.target
    return Subplan(
        subject=str(process.pid),
        subject_kind="process",
        targets=(target,),
        steps=stop_steps(target, request.grace_s),
        checks=(f"{process.pid} and what the plan names of its tree have ended", *_watched(request, part)),
        warnings=(
            *aimed.warnings,
            *found.told,
            *_wrapped(process, part, table),
            *warnings_of(request, minders_of(request, (target,), table)),
        ),
        known=_known(request, part),
        data={"of": part.key} if part.key else {},
    )


def _watched(request: Request, part: _Part) -> tuple[str, ...]:
    if not part.key:
        return ()
    name = part.key.partition(":")[2]
    return (f"no new copy of {name} appears within {request.watch_s:g}s; if one does, who started it is named",)


def _wrapped(process: ProcessId, part: _Part, table: ProcessTable) -> tuple[str, ...]:
    """The wrappers around it: they stay, and start it again."""
    around = [
        wrapper
        for wrapper in (part.of.wrappers if part.of is not None and part.role.startswith("instance") else ())
        if any(member.id == process for member in table.tree(wrapper.pid))
    ]
    return tuple(
        f"wrapper {wrapper.pid} ({wrapper.command}) is not ended and will start it again, if it is a loop:"
        f" `stop` ends both, wrapper first"
        for wrapper in around
    )


def _known(request: Request, part: _Part) -> tuple[ProcessId, ...]:
    worker = part.of
    if part.key.startswith(SERVICE):
        # The snapshot knows who holds its port; its copies are told by what they run.
        worker = request.view.workers.get(part.key)
    return tuple(instance.id for instance in worker.instances) if worker is not None else ()


def _meant(request: Request, name: str, table: ProcessTable) -> tuple[ProcessId, _Part]:
    """The process of this pid, as the operator saw it, and what it is to the console."""
    if not (name.isascii() and name.isdigit()):
        raise WhyNot(f"{name!r} is no pid", "usage")
    pid = int(name)
    expected = next((each for each in request.expected if each.pid == pid), None)
    for worker in request.snapshot.workers.value or ():
        if any(suspect.pid == pid for suspect in worker.suspects):
            suspect = next(suspect for suspect in worker.suspects if suspect.pid == pid)
            raise WhyNot(f"{pid} only looks like {worker.name}: {suspect.reason}")
    part = _part(request, pid)
    seen = part.id
    if seen is None and expected is None:
        raise WhyNot(f"{pid} is no instance, wrapper or remnant of anything in the config", "usage")
    if expected is not None and seen is not None and seen != expected:
        raise WhyNot(f"{pid} is another process now: look again")
    process = expected or seen
    if process is None or (pid in table.processes and table.find(process) is None):
        raise WhyNot(f"{pid} is another process now: look again")
    return process, part


def _part(request: Request, pid: int) -> _Part:
    for worker in request.snapshot.workers.value or ():
        for role, members in (
            ("instance", worker.instances),
            ("wrapper", worker.wrappers),
            ("remnant", worker.remnants),
        ):
            found = next((member.id for member in members if member.pid == pid), None)
            if found is not None:
                return _Part(
                    f"{role} of {worker.name}", found, worker, "" if worker.discovered else f"worker:{worker.name}"
                )
    for service in request.snapshot.services.value or ():
        owner = next((owner.id for owner in service.owners if owner.pid == pid), None)
        if owner is not None:
            commanded = any(
                table.command for table in request.loaded.config.service if clean(table.name) == service.name
            )
            return _Part(f"owner of port {service.port}", owner, key=SERVICE + service.name if commanded else "")
    return _Part()


def execute(job: Job) -> None:
    end_targets(job)


def verify(job: Job) -> Verification:
    return job.until(lambda: _gone_for_now(job), within_s=5.0)


def _gone_for_now(job: Job) -> Verification:
    gone = respawn.targets_gone(job)
    if not gone.holds or "of" not in job.subplan.data:
        return gone
    view = job.looker().look()
    if view.processes.value is None:
        return Verification(None, view.processes.reason)
    found = respawn.newcomers(job, view).respawners
    return Verification(False, respawn.told(found), respawners=found) if found else gone


def watch(job: Job) -> Verification:
    return respawn.watch(job) if "of" in job.subplan.data else Verification(True)
