"""Starting a worker or service: its configured argv, directory, environment and log, nothing inherited beside them.

A start counts when its process has been alive for the readiness time, or has put itself into the background and left
an instance there that has. One that ends is tried again, more slowly each time, while the start budget lasts; then
it is a crash loop, and left to the operator with the log's last lines.
"""

from __future__ import annotations

import os
import random
import resource
import stat
import subprocess
import time
from pathlib import Path

from opsconsole.act import living
from opsconsole.act.job import Job, StepFailed
from opsconsole.act.limits import Pair, argv_limited, limits_of
from opsconsole.act.start_spec import StartSpec, scope_runner, spec_of, why_not_start
from opsconsole.collect.files import FileUnreadable
from opsconsole.collect.logs import read_tail
from opsconsole.config.types import WorkerTable
from opsconsole.model.identity import ProcessId
from opsconsole.model.text import command_line
from opsconsole.model.worker import Instance

ATTEMPTS = 3
"""Starts of one subject in one plan."""
BUDGET = 5
BUDGET_S = 600.0
"""No more than so many starts in this time, unless by hand: the first of a plan always is."""
BACKOFF_S = (1.0, 60.0)
BACKGROUND_S = 5.0
"""How long a program that put itself into the background may take to be seen there."""
LINGERS_S = 1.0
"""How long what belongs to a program that failed may take to end as well."""
LOG_LINES = 8
STARTED = "started"
"""In a job's scratch: what it has started and is ready."""


class Returned(StepFailed):
    """A program returned, and what it has left running is there or cannot be told: another try might double it."""


def start_one(job: Job, table: WorkerTable, ready_s: float) -> ProcessId:
    """Start one instance and wait until it is ready. Raises StepFailed."""
    key = job.subplan.key
    for attempt in range(1, ATTEMPTS + 1):
        if attempt > 1:
            spent = job.journal.starts_since(key, time.time() - BUDGET_S)
            if spent >= BUDGET:
                raise _crash_loop(table, f"{spent} starts within {BUDGET_S / 60:g} minutes")
            pause = min(BACKOFF_S[1], BACKOFF_S[0] * 2 ** (attempt - 2)) * random.uniform(1.0, 1.3)  # noqa: S311  # jitter
            time.sleep(pause)
        child, began = _launch(job, table, attempt)
        try:
            ready = _wait_ready(job, table, child, began, ready_s)
            job.scratch.setdefault(STARTED, []).append(ready)
            return ready
        except Returned:
            raise
        except StepFailed as failed:
            if attempt == ATTEMPTS:
                raise _crash_loop(table, f"it ended {ATTEMPTS} times ({failed.reason})", failed.step) from failed
    raise AssertionError


def _crash_loop(table: WorkerTable, what: str, step: int | None = None) -> StepFailed:
    failed = StepFailed(f"crash loop: {what}; it is left stopped", last_lines(table))
    failed.step = step
    return failed


def _launch(job: Job, table: WorkerTable, attempt: int) -> tuple[subprocess.Popen[bytes], float]:
    again = f" (attempt {attempt} of {ATTEMPTS})" if attempt > 1 else ""
    with job.step(f"start {command_line(table.command)}{again}") as step:
        if reason := why_not_start(table):
            raise StepFailed(reason)
        spec = spec_of(table)
        executable, argv = _run_as(table, spec, _limits(job))
        output = open_log(spec.log)
        job.journal.record_start(job.subplan.key, None)
        began = time.time()
        try:
            child = subprocess.Popen(
                argv,
                executable=executable,
                cwd=spec.cwd,
                env=spec.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                close_fds=True,
            )
        finally:
            os.close(output)
        step.detail, step.process = f"pid {child.pid}", _identity(child.pid)
    return child, began


def _limits(job: Job) -> dict[str, Pair]:
    """Those of the plan. This executor's own descriptors, where it had to raise their limit, are its own affair."""
    given = {name: (int(soft), int(hard)) for name, (soft, hard) in (job.subplan.data.get("limits") or {}).items()}
    soft, hard = limits_of(0).get("nofile", (0, 0))
    if hard and soft != resource.getrlimit(resource.RLIMIT_NOFILE)[0]:
        given.setdefault("nofile", (soft, hard))
    return given


def _run_as(table: WorkerTable, spec: StartSpec, limits: dict[str, Pair]) -> tuple[str, tuple[str, ...]]:
    """What is executed, and its argv: nothing of it is looked for in a PATH any more."""
    scope = _scope(table)
    if limits:
        argv = (*scope, *argv_limited(limits, spec.executable, spec.argv))
        return argv[0], argv
    return (scope[0], (*scope, spec.executable, *spec.argv[1:])) if scope else (spec.executable, spec.argv)


def _scope(table: WorkerTable) -> tuple[str, ...]:
    """`systemd-run` in front, where limits are configured and a scope can hold them."""
    memory, cpu, runner = table.limits.memory, table.limits.cpu_percent, scope_runner()
    if (memory is None and cpu is None) or not runner:
        return ()
    limits = [f"-pMemoryMax={int(memory)}"] if memory is not None else []
    limits += [f"-pCPUQuota={cpu:g}%"] if cpu is not None else []
    return (runner, "--user", "--scope", "--quiet", "--collect", *limits, "--")


def open_log(path: Path | None) -> int:
    """Descriptor of the log to append to, or of nowhere. Raises StepFailed: a link, a FIFO, somebody else's."""
    if path is None:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o644)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid not in (0, os.geteuid()):
        os.close(descriptor)
        raise StepFailed(f"{path} is not a regular file of ours")
    os.set_blocking(descriptor, True)
    return descriptor


def _wait_ready(
    job: Job, table: WorkerTable, child: subprocess.Popen[bytes], began: float, ready_s: float
) -> ProcessId:
    with job.step(f"wait until {child.pid} has been alive for {ready_s:g}s") as step:
        identity = _identity(child.pid)
        try:
            status = child.wait(ready_s)
        except subprocess.TimeoutExpired:
            if identity is None:
                raise StepFailed(f"{child.pid} cannot be read") from None
            step.detail = "alive"
            return identity
        if status == 0 and (left := _in_background(job, began)) is not None:
            step.detail = f"it put itself into the background as {left.pid}"
            return left
        if status == 0:
            raise Returned(f"{child.pid} {_ending(status)} and nothing of it is seen to run", last_lines(table))
        if lingering := _left_running(job, began):
            told = f"{child.pid} {_ending(status)}, and left {lingering[-1].pid} running: it is not tried again"
            raise Returned(told, last_lines(table))
        raise StepFailed(f"{child.pid} {_ending(status)}", last_lines(table))


def _identity(pid: int) -> ProcessId | None:
    found = living.look_at(pid, living.boot_id())
    return found.mark.id if found is not None else None


def _in_background(job: Job, began: float) -> ProcessId | None:
    """The instance that a program which returned at once has left running."""
    deadline = time.monotonic() + BACKGROUND_S
    while time.monotonic() < deadline:
        fresh = _fresh(job)
        if fresh and all(each.start >= began - 1.0 for each in fresh):
            return fresh[-1].id
        time.sleep(0.2)
    return None


def _left_running(job: Job, began: float) -> list[Instance]:
    """The instances that have appeared since this start was begun, and are none that just end too."""
    until = time.monotonic() + LINGERS_S
    while (left := [each for each in _fresh(job) if each.start >= began - 1.0]) and time.monotonic() < until:
        time.sleep(0.2)
    return left


def _fresh(job: Job) -> list[Instance]:
    """The instances that were not there when the plan was made, but for those that it has started before."""
    worker = job.looker().look().workers.get(job.subplan.key)
    known = {*job.subplan.known, *job.scratch.get(STARTED, ())}
    return [each for each in worker.instances if each.id not in known] if worker is not None else []


def _ending(status: int) -> str:
    return f"ended with exit status {status}" if status >= 0 else f"was ended by signal {-status}"


def last_lines(table: WorkerTable) -> tuple[str, ...]:
    """The last lines of its log, for a message; cleaned and masked where they enter."""
    if table.log is None:
        return ()
    try:
        tail = read_tail(table.log, 16_384)
    except FileUnreadable as failure:
        return (failure.reason,)
    return tuple(f"{table.log.name}: {line}" for line in tail.lines[-LOG_LINES:])


__all__ = ["ATTEMPTS", "BUDGET", "STARTED", "StartSpec", "last_lines", "open_log", "start_one"]
