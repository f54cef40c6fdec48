"""`terminate`: end one process: an instance, a wrapper, a remnant, the owner of a port, or who respawned one."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.act.aim import aim, stop_steps
from opsconsole.act.job import Job, Verification
from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.respawn import targets_gone
from opsconsole.act.stopping import end_targets
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Subplan
from opsconsole.model.process import ProcessTable


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    table = request.snapshot.processes.value
    if table is None:
        raise WhyNot(f"processes: {request.snapshot.processes.reason or 'not read'}", "unknown")
    process, role = _meant(request, name, table)
    aimed = aim(request, process, role, "named by the operator", _tree(request, process.pid, table))
    target = aimed.target
    return Subplan(
        subject=str(process.pid),
        subject_kind="process",
        targets=(target,),
        steps=stop_steps(target, request.grace_s),
        checks=(f"{process.pid} and what the plan names of its tree have ended",),
        warnings=aimed.warnings,
    )


def _meant(request: Request, name: str, table: ProcessTable) -> tuple[ProcessId, str]:
    """The process of this pid, as the operator saw it, and what it is to the console."""
    if not (name.isascii() and name.isdigit()):
        raise WhyNot(f"{name!r} is no pid", "usage")
    pid = int(name)
    expected = next((each for each in request.expected if each.pid == pid), None)
    for worker in request.snapshot.workers.value or ():
        if any(suspect.pid == pid for suspect in worker.suspects):
            suspect = next(suspect for suspect in worker.suspects if suspect.pid == pid)
            raise WhyNot(f"{pid} only looks like {worker.name}: {suspect.reason}")
    role, seen = _role(request, pid)
    if seen is None and expected is None:
        raise WhyNot(f"{pid} is no instance, wrapper or remnant of anything in the config", "usage")
    if expected is not None and seen is not None and seen != expected:
        raise WhyNot(f"{pid} is another process now: look again")
    process = expected or seen
    if process is None or (pid in table.processes and table.find(process) is None):
        raise WhyNot(f"{pid} is another process now: look again")
    return process, role


def _role(request: Request, pid: int) -> tuple[str, ProcessId | None]:
    for worker in request.snapshot.workers.value or ():
        for role, members in (
            ("instance", worker.instances),
            ("wrapper", worker.wrappers),
            ("remnant", worker.remnants),
        ):
            found = next((member.id for member in members if member.pid == pid), None)
            if found is not None:
                return f"{role} of {worker.name}", found
    for service in request.snapshot.services.value or ():
        owner = next((owner.id for owner in service.owners if owner.pid == pid), None)
        if owner is not None:
            return f"owner of port {service.port}", owner
    return "process", None


def _tree(request: Request, pid: int, table: ProcessTable) -> list[int]:
    """Its descendants, without the trees of other workers' instances that it started."""
    others = {each.pid for worker in request.snapshot.workers.value or () for each in worker.instances} - {pid}
    apart = {process.pid for other in others for process in table.tree(other)} if others else set()
    if any(pid in {process.pid for process in table.tree(other)} for other in others):
        apart = set()
    return [process.pid for process in table.tree(pid)[1:] if process.pid not in apart]


def execute(job: Job) -> None:
    end_targets(job)


def verify(job: Job) -> Verification:
    return job.until(lambda: targets_gone(job), within_s=5.0)
