"""`start`: start a worker or service that does not run, from its configured command."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from opsconsole.act.job import Job, NothingLeft, StepFailed, Verification
from opsconsole.act.limits import LimitPlan, limits_of, plan_limits, told_limits
from opsconsole.act.living import is_alive
from opsconsole.act.pid_file import remove_pid_file, write_pid_file
from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.start_spec import run_keys, start_steps, why_not_start
from opsconsole.act.subjects import Subject, find_subject
from opsconsole.act.tables import port_of, table_of
from opsconsole.collect.pid_files import read_pid_file
from opsconsole.config.types import WorkerTable
from opsconsole.model.plan import Subplan
from opsconsole.model.worker import PidFile, Worker

READY_S = 2.0
"""For how long a started process must be alive to count as started."""


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    subject = find_subject(request, name)
    seen = subject.seen
    if len(seen.instances) >= seen.wanted:
        raise WhyNot(f"already running: {', '.join(str(each.pid) for each in seen.instances)}", "nothing")
    if seen.state == "unknown":
        raise WhyNot(f"its state is unknown: {seen.reason}", "unknown")
    return start_subplan(subject, seen.wanted - len(seen.instances))


def start_subplan(subject: Subject, count: int, limits: LimitPlan | None = None) -> Subplan:
    """Starting this many; ``limits``: where they are not the config's alone. Raises WhyNot: the spec does not hold."""
    table = subject.table
    if table is None:
        raise WhyNot(f"no command is configured for {subject.name}")
    if reason := why_not_start(table):
        raise WhyNot(f"{subject.name} cannot be started: {reason}")
    remnants = subject.seen.remnants
    limits = limits or plan_limits(table.limits)
    times = (f"({count} times)",) if count > 1 else ()
    stale, pid_file = _pid_file_steps(subject)
    return Subplan(
        subject=subject.name,
        subject_kind=subject.kind,
        steps=(*stale, *start_steps(table, told_limits(limits.give)), *times, *pid_file),
        checks=ready_checks(subject),
        seen=limits.seen,
        warnings=(
            *limits.warnings,
            *(f"a remnant of it still runs: {each.pid} ({each.command})" for each in remnants),
            *(f"wrapper {each.pid} ({each.command}) may start it too" for each in subject.seen.wrappers),
        ),
        known=tuple(instance.id for instance in subject.seen.instances),
        data={
            "count": count,
            "wanted": subject.seen.wanted,
            "limits": limits.give,
            "runs": run_keys(table, subject.port),
        },
    )


def _pid_file_steps(subject: Subject) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What will be done about its pid file before and after the start, for people."""
    seen = subject.seen.pid_file
    if seen is None:
        return (), ()
    if seen.state == "wrong":
        return (), (f"leave the pid file {seen.path}: {seen.reason}",)
    stale = (f"remove the stale pid file {seen.path}",) if seen.state == "stale" else ()
    return stale, (f"write its pid to {seen.path}, unless it does so itself",)


def ready_checks(subject: Subject) -> tuple[str, ...]:
    """What makes a started subject ready, for people."""
    found = [f"{subject.name}: runs for {READY_S:g}s without ending"]
    if subject.port is not None:
        found.append(f"port {subject.port} listens")
    component = subject.table.component if subject.table is not None else ""
    if component:
        service, _, part = component.partition(":")
        found.append(f"{service} reports {part} running")
    return tuple(found)


PORT_FREE_S = 5.0
VERIFY_S = 30.0


def execute(job: Job) -> None:
    view = job.looker().look()
    worker = view.workers.get(job.subplan.key)
    if view.processes.value is None or worker is None:
        raise StepFailed(view.processes.reason or "what runs of it could not be read")
    missing = worker.wanted - len(worker.instances)
    if missing <= 0:
        raise NothingLeft(f"it runs already: {', '.join(str(each.pid) for each in worker.instances)}")
    start_missing(job, missing)


def start_missing(job: Job, count: int) -> None:
    """Start so many instances, each until it is ready. Raises StepFailed."""
    from opsconsole.act.starting import start_one

    table = table_of(job)
    if table is None:
        raise StepFailed("no command is configured for it any more")
    _remove_stale_pid_file(job, table)
    if (port := port_of(job)) is not None:
        _wait_for_free_port(job, port)
    started = [start_one(job, table, READY_S) for _ in range(count)]
    if table.pid_file is not None and len(started) == 1:
        _write_pid_file(job, table.pid_file, started[0].pid)


def take_over(job: Job, worker: Worker) -> None:
    """Treat what somebody else has started as started here: it must stay, and has its pid file."""
    job.scratch["started"] = [each.id for each in worker.instances]
    table = table_of(job)
    if table is None or table.pid_file is None or len(worker.instances) != 1:
        return
    path, pid = table.pid_file, worker.instances[0].pid
    if not job.until(lambda: Verification(read_pid_file(path).pid == pid), READY_S).holds:
        _write_pid_file(job, path, pid)


def _remove_stale_pid_file(job: Job, table: WorkerTable) -> None:
    """A pid file that names nobody any more may keep it from starting. One that names somebody else may be theirs."""
    seen = _pid_file(job)
    if table.pid_file is None or seen is None or seen.state != "stale" or seen.pid is None:
        return
    with job.step(f"remove the stale pid file {table.pid_file} (it holds {seen.pid})"):
        remove_pid_file(table.pid_file, seen.pid)


def _pid_file(job: Job) -> PidFile | None:
    worker = job.looker().look().workers.get(job.subplan.key)
    return worker.pid_file if worker is not None else None


def _write_pid_file(job: Job, path: Path, pid: int) -> None:
    if read_pid_file(path).pid == pid or (seen := _pid_file(job)) is None or seen.state == "ok":
        return  # it, or what it has started, wrote its own
    if seen.state not in ("missing", "stale"):
        with job.step(f"leave the pid file {path}: {seen.reason}"):
            return
    with job.step(f"write {pid} to the pid file {path}"):
        write_pid_file(path, pid)


def _wait_for_free_port(job: Job, port: int) -> None:
    def free() -> Verification:
        return Verification(job.looker().look().listens(port) is False)

    if not free().holds:
        with job.step(f"wait until port {port} is free"):
            if not job.until(free, PORT_FREE_S).holds:
                raise StepFailed(f"port {port} is held by {_holder(job, port)}")


def _holder(job: Job, port: int) -> str:
    ports = job.looker().look().ports.value or ()
    owners = [owner for each in ports if each.port == port for heard in each.listeners for owner in heard.owners]
    return f"{owners[0].pid} ({owners[0].command})" if owners else "somebody who cannot be told"


def verify(job: Job) -> Verification:
    return job.until(lambda: runs_well(job), VERIFY_S)


def runs_well(job: Job) -> Verification:
    """As many as wanted run, what was started among them; the port listens; the component reports itself running."""
    from opsconsole.act.components import component_runs

    table, port = table_of(job), port_of(job)
    if table is None:
        return Verification(None, "it is not in the config any more")
    for process in job.scratch.get("started", ()):
        if not is_alive(process):
            return Verification(False, f"{process.pid} has ended since")
    view = job.looker().look()
    worker = view.workers.get(job.subplan.key)
    if view.processes.value is None or worker is None:
        return Verification(None, view.processes.reason or "what runs of it could not be read")
    counted = f"{len(worker.instances)} of {worker.wanted} running"
    if len(worker.instances) != worker.wanted:
        return Verification(False, counted)
    if port is not None and not view.listens(port):
        return Verification(False, f"nothing listens on port {port}")
    evidence = (counted, *((f"port {port} listens",) if port is not None else ()), *_limits_held(job))
    if not table.component:
        return Verification(True, evidence=evidence)
    component = component_runs(job, table.component)
    return Verification(component.holds, component.reason, (*evidence, *component.evidence))


def _limits_held(job: Job) -> list[str]:
    """What limits those that were started have now, of those that they were given."""
    wanted = job.subplan.data.get("limits") or {}
    found = []
    for process in job.scratch.get("started", ()) if wanted else ():
        now = {name: pair for name, pair in limits_of(process.pid).items() if name in wanted}
        if now:
            found.append(f"{process.pid} is limited to {told_limits(now)}")
    return found
