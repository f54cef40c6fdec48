"""`write-pid-file`: write the pid of a worker's one running instance into its missing pid file.

Nothing is ended or started for it. A file that is there is never overwritten, whatever it holds, and which process is
meant must be certain: one instance wanted, one running, nothing beside it that might be it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from opsconsole.act.job import Job, NothingLeft, StepFailed, TargetChanged, Verification
from opsconsole.act.living import look_at, why_not_staying
from opsconsole.act.pid_file import create_pid_file, remove_pid_file
from opsconsole.act.policy import why_not_signal
from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.subjects import find_subject
from opsconsole.act.tables import table_of
from opsconsole.model.plan import RefusalKind, Subplan, Survivor, Target
from opsconsole.model.text import clean
from opsconsole.model.worker import Instance, PidFile, Worker

VERIFY_S = 10.0


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    subject = find_subject(request, name)
    path = subject.table.pid_file if subject.table is not None else None
    if path is None or subject.seen.pid_file is None:
        raise WhyNot(f"no pid_file is configured for {subject.name}")
    if (why_not := _why_not_missing(subject.seen.pid_file)) or (why_not := _why_not_one(subject.seen)):
        raise WhyNot(*why_not)
    instance = subject.seen.instances[0]
    staying = _staying(request, instance)
    folder, whole = _folder_of(path)
    shown = clean(str(path))
    return Subplan(
        subject=subject.name,
        subject_kind=subject.kind,
        targets=(Target(kind="file", role="pid file", name=subject.name, reason="missing", path=shown),),
        survivors=(staying,),
        steps=(f"write {instance.pid} to the new file {shown}{whole}, unless something has that name by then",),
        checks=(f"{shown} names the running instance {instance.pid}",),
        warnings=(f"{subject.name} may not know of the file: if it ends by itself, the file may stay behind",),
        known=(instance.id,),
        data={"pid": instance.pid, "folder": folder},
    )


def _why_not_missing(pid_file: PidFile) -> tuple[str, RefusalKind] | None:
    """Why there is no pid file to be written; None when it is missing."""
    if pid_file.state == "missing":
        return None
    if pid_file.state == "ok":
        return f"its pid file is there, and right: it names {pid_file.pid}", "nothing"
    if pid_file.state == "unreadable":
        return f"its pid file cannot be read: {pid_file.reason}", "unknown"
    told = f"{pid_file.path} is there, and is never overwritten: {pid_file.reason}"
    return (f"{told}; remove it first" if pid_file.state == "stale" else told), "refused"


def _why_not_one(seen: Worker) -> tuple[str, RefusalKind] | None:
    """Why it is not certain which process a pid file of it would have to name; None when it is."""
    if seen.wanted != 1:
        return f"{seen.wanted} instances of it are wanted: one pid file cannot name them all", "refused"
    if len(seen.instances) > 1:
        pids = ", ".join(str(each.pid) for each in seen.instances)
        return f"{len(seen.instances)} instances run ({pids}): end the duplicates first", "refused"
    if seen.suspects:
        suspect = seen.suspects[0]
        return f"{suspect.pid} may be it ({suspect.reason}): which process is meant cannot be told", "unknown"
    if seen.remnants:
        remnant = seen.remnants[0]
        return f"{remnant.pid} may be it as well ({remnant.reason}): end that remnant first", "refused"
    if not seen.instances:
        return (f"its state is unknown: {seen.reason}", "unknown") if seen.state == "unknown" else _NOT_RUNNING
    return None


_NOT_RUNNING: tuple[str, RefusalKind] = "it does not run: there is no pid to write", "refused"


def _staying(request: Request, instance: Instance) -> Survivor:
    """The instance as it is now: by this it is recognised right before its pid is written. Raises WhyNot."""
    found = look_at(instance.pid, request.boot_id)
    if found is None or found.ended or found.mark.id != instance.id:
        raise WhyNot(f"{instance.pid} has ended or is another process by now: look again")
    if reason := why_not_signal(found, request.bounds):
        # Whoever trusts the file sends signals to what it names.
        raise WhyNot(f"its pid is not put where others act on it: {reason}")
    return Survivor(
        instance.id,
        instance.command,
        instance.start,
        instance.rss_bytes,
        "the one instance; nothing is sent to it",
        found.mark,
    )


def _folder_of(path: Path) -> tuple[list[int], str]:
    """Device and inode of the directory that the file goes to, and where that really is. Raises WhyNot."""
    try:
        with _held(path.parent) as folder:
            status = os.fstat(folder)
            if not os.access(
                ".", os.W_OK | os.X_OK, dir_fd=folder, effective_ids=os.access in os.supports_effective_ids
            ):
                raise WhyNot(f"{path.parent} cannot be written to")
            with suppress(FileNotFoundError):
                os.stat(path.name, dir_fd=folder, follow_symlinks=False)
                raise WhyNot(f"{path} is there by now, and is never overwritten: look again")
        real = path.parent.resolve(strict=True)
    except FileNotFoundError:
        raise WhyNot(f"its directory {path.parent} does not exist; it is not made") from None
    except OSError as error:
        raise WhyNot(f"its directory {path.parent} cannot be read: {error.strerror}", "unknown") from None
    return [status.st_dev, status.st_ino], f" in {clean(str(real))}" if real != path.parent else ""


@contextmanager
def _held(folder: Path) -> Iterator[int]:
    """A descriptor of the directory: what is done through it is done there, whatever its name means later."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def execute(job: Job) -> None:
    table, pid = table_of(job), int(job.subplan.data["pid"])
    if table is None or table.pid_file is None:
        raise TargetChanged("no pid_file is configured for it any more; nothing was written")
    path = table.pid_file
    _look_again(job)
    with job.step(f"write {pid} to the pid file {clean(str(path))}"), _held(path.parent) as folder:
        status = os.fstat(folder)
        if [status.st_dev, status.st_ino] != job.subplan.data["folder"]:
            raise TargetChanged(f"{path.parent} is another directory than when the plan was made; nothing was written")
        if reason := why_not_staying(job.subplan.survivors):
            raise TargetChanged(f"changed since the plan was made: {reason}; nothing was written")
        try:
            create_pid_file(path.name, pid, folder)
        except FileExistsError:
            raise TargetChanged(f"{path} is there by now; it was not overwritten") from None
        if reason := why_not_staying(job.subplan.survivors):
            remove_pid_file(path, pid)
            raise StepFailed(f"{reason}; the pid file was taken away again")


def _look_again(job: Job) -> None:
    """It must still be missing, and the one instance still the one. Raises TargetChanged, NothingLeft."""
    worker = job.looker().look().workers.get(job.subplan.key)
    if worker is None or worker.pid_file is None:
        raise StepFailed("what runs of it could not be read; nothing was written")
    if why_not := _why_not_missing(worker.pid_file):
        reason, kind = why_not
        if kind == "nothing":
            raise NothingLeft(reason)
        raise TargetChanged(f"changed since the plan was made: {reason}; nothing was written")
    if why_not := _why_not_one(worker):
        raise TargetChanged(f"changed since the plan was made: {why_not[0]}; nothing was written")
    if worker.instances[0].id not in job.subplan.known:
        other = worker.instances[0].pid
        raise TargetChanged(f"changed since the plan was made: {other} runs now instead; nothing was written")


def verify(job: Job) -> Verification:
    return job.until(lambda: _names_it(job), VERIFY_S)


def _names_it(job: Job) -> Verification:
    """Whether the collectors find the instance's pid in it."""
    worker, pid = job.looker().look().workers.get(job.subplan.key), job.subplan.data["pid"]
    if worker is None or worker.pid_file is None:
        return Verification(None, "what runs of it could not be read")
    found = worker.pid_file
    if found.state == "ok" and found.pid == pid and [each.pid for each in worker.instances] == [pid]:
        return Verification(True, evidence=(f"{found.path} names the running instance {pid}",))
    return Verification(False, f"{found.path}: {found.reason or f'it holds {found.pid}'}")
