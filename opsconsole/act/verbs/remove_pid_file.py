"""`remove-pid-file`: remove a worker's pid file that names no running instance."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from opsconsole.act.job import Job, NothingLeft, StepFailed, Verification
from opsconsole.act.pid_file import remove_pid_file
from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.subjects import find_subject
from opsconsole.collect.pid_files import read_pid_file
from opsconsole.model.plan import Subplan, Target


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    subject = find_subject(request, name)
    pid_file = subject.seen.pid_file
    if pid_file is None or pid_file.state == "missing":
        raise WhyNot("there is no pid file", "nothing")
    if pid_file.state == "ok":
        raise WhyNot(f"its pid file names the running instance {pid_file.pid}")
    if pid_file.state == "unreadable" or pid_file.pid is None:
        raise WhyNot(f"its pid file cannot be read: {pid_file.reason}", "unknown")
    if subject.seen.state == "unknown":
        raise WhyNot(f"its state is unknown: {subject.seen.reason}", "unknown")
    target = Target(
        kind="file", role="pid file", name=subject.name, reason=pid_file.reason, path=pid_file.path, command=""
    )
    return Subplan(
        subject=subject.name,
        subject_kind=subject.kind,
        targets=(target,),
        steps=(f"remove {pid_file.path}, if it still holds {pid_file.pid}",),
        checks=(f"{pid_file.path} is not there, or names a running instance",),
        data={"pid": pid_file.pid},
    )


def execute(job: Job) -> None:
    path, pid = Path(job.subplan.targets[0].path), int(job.subplan.data["pid"])
    content = read_pid_file(path)
    if content.error == "missing":
        raise NothingLeft(f"{path} is not there any more")
    worker = job.looker().look().workers.get(job.subplan.key)
    if worker is None:
        raise StepFailed("what runs of it could not be read")
    if any(instance.pid == content.pid for instance in worker.instances):
        raise NothingLeft(f"{path} names the running instance {content.pid} now")
    with job.step(f"remove {path} (it holds {pid})"):
        if not remove_pid_file(path, pid):
            raise StepFailed(f"{path} does not hold {pid} any more")


def verify(job: Job) -> Verification:
    path = Path(job.subplan.targets[0].path)
    content = read_pid_file(path)
    if content.error == "missing":
        return Verification(True, evidence=(f"{path} is gone",))
    worker = job.looker().look().workers.get(job.subplan.key)
    holds = worker is not None and any(instance.pid == content.pid for instance in worker.instances)
    return Verification(holds, f"{path} holds {content.pid}")
