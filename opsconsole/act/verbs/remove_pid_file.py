"""`remove-pid-file`: remove a worker's pid file that names no running instance."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.subjects import find_subject
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
