"""Rule on pid files: missing, stale, wrong."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config
from opsconsole.diagnose.recovery import just_started
from opsconsole.diagnose.words import listed, quoted, several
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import PidFile, Worker

WORKERS = "workers"
"""Subject of the one finding on all workers that run without their pid file."""


def worker_pidfile(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Workers run without the pid file they are configured with (one finding for all: it is one omission), or a pid
    file names a process that is gone or another one.

    Evidence: the files' content, held against the process table: instances, all below them, and who started them.
    Blind spots: who supervises a worker without having started it is taken for another process; a worker without
    `pid_file` in the config is not judged; an unreadable file is unknown.
    """
    workers = snapshot.workers.value or ()
    without = [(one, one.pid_file) for one in workers if one.pid_file is not None and one.pid_file.state == "missing"]
    running = [
        (worker, pid_file) for worker, pid_file in without if worker.instances and not just_started(worker, snapshot)
    ]
    if running:
        yield _missing(running, snapshot)
    for worker in workers:
        if worker.state == "unknown":
            continue  # Whether its pid file is a trace of its end is not known yet.
        pid_file = worker.pid_file
        if pid_file is not None and pid_file.state in ("stale", "wrong") and not just_started(worker, snapshot):
            yield _misleading(worker, pid_file, snapshot)


def _missing(running: list[tuple[Worker, PidFile]], snapshot: Snapshot) -> Finding:
    names = [worker.name for worker, _ in running]
    return found(
        "worker-pidfile",
        "low",
        WORKERS,
        f"{several(len(names), 'worker')} without pid file: {listed(names)}",
        evidence=tuple(
            Evidence(
                pid_file.path,
                snapshot.workers.at,
                f"no such file, while {worker.name} runs: pid {listed(one.pid for one in worker.instances)}",
            )
            for worker, pid_file in running
        ),
        root_cause="they do not write one, or write it elsewhere",
        impact="whether they run, and which process they are, must be told by other means",
        remedy=Remedy(
            "write-pid-file",
            tuple(names),
            any(worker.wanted == 1 for worker, _ in running),
            ("write the pid of each into its file: nothing is restarted", "let the program write and remove its own"),
        ),
        verify="each file is there and names the running instance",
    )


def _misleading(worker: Worker, pid_file: PidFile, snapshot: Snapshot) -> Finding:
    stale, remove = pid_file.state == "stale", f"rm {quoted(pid_file.path)}"
    return found(
        "worker-pidfile",
        "low",
        worker.name,
        f"pid file of {worker.name} {'is stale' if stale else 'names another process'}: {pid_file.pid}",
        evidence=(Evidence(pid_file.path, snapshot.workers.at, pid_file.reason),),
        root_cause="its process ended without removing it"
        if stale
        else "another program wrote its own pid there, or something that is not known to belong to the worker",
        impact="who trusts it signals nothing or the wrong process",
        remedy=Remedy("remove-pid-file", (worker.name,), True, (remove,))
        if stale
        else Remedy(steps=(f"see what it is: ps -fp {pid_file.pid}", f"if nothing trusts the file: {remove}")),
        verify=f"{pid_file.path} is gone or names the running instance",
    )
