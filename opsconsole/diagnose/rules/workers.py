"""Rules on workers: missing, too many, crashing again and again, silent."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config
from opsconsole.diagnose.look import start_steps, worker_table
from opsconsole.diagnose.minders import minders
from opsconsole.diagnose.recovery import just_started
from opsconsole.diagnose.words import listed, look_at_log, several, span
from opsconsole.model.finding import Evidence, Finding, Remedy, Severity, found
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Worker

_TABLE = "process table"
TOGETHER_S = 15.0
"""Instances of one worker that end within so long may be ended together."""


def worker_missing(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Fewer instances of a worker run than are wanted.

    Evidence: the process table of two scans in a row; what its pid file and the end of its log say of its end.
    Blind spots: a worker that hides its command line may be there (then it is unknown, not missing); one that hangs
    is running here (see worker-silent).
    """
    for worker in snapshot.workers.value or ():
        if worker.state != "missing":
            continue
        table = worker_table(config, worker.name)
        evidence = [Evidence(_TABLE, snapshot.workers.at, f"{worker.name}: {worker.reason or 'no process runs it'}")]
        if worker.pid_file is not None and worker.pid_file.state == "stale":
            evidence.append(Evidence(worker.pid_file.path, snapshot.workers.at, worker.pid_file.reason))
        evidence += _last_words(worker, snapshot.workers.at)
        log = worker.log.path if worker.log is not None else ""
        yield found(
            "worker-missing",
            _grave(worker, "high"),
            worker.name,
            f"{worker.name} is not running"
            if not worker.instances
            else f"{worker.name}: {len(worker.instances)} of {worker.wanted} running",
            evidence=tuple(evidence),
            root_cause=_why_missing(worker),
            impact=(table.impact if table is not None else "") or f"what {worker.name} does is not done",
            remedy=Remedy("start", (worker.name,), True, start_steps(table.command, table.cwd, log))
            if table is not None
            else Remedy(steps=("start it",)),
            verify=f"{several(worker.wanted, 'instance')} of {worker.name} in the process table"
            + (
                f", and {table.component.replace(':', ' says that ')} runs"
                if table is not None and table.component
                else ""
            ),
        )


def worker_duplicates(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """More instances of a worker run than are wanted, or remnants of ended ones are left.

    Evidence: the process table; identity is told by program and arguments, not by name (see docs of `collect`).
    Blind spots: instances in other pid namespaces or of other users are not counted.
    """
    for worker in snapshot.workers.value or ():
        extra = len(worker.instances) - worker.wanted if worker.state == "duplicates" else 0
        if extra <= 0 and not worker.remnants:
            continue
        helpers = (*worker.wrappers, *worker.remnants)
        evidence = [
            Evidence(_TABLE, snapshot.workers.at, f"pid {each.pid}, up {span(each.uptime_s)}: {each.command}")
            for each in worker.instances
        ]
        evidence += [
            Evidence(_TABLE, snapshot.workers.at, f"pid {each.pid} is no instance, {each.reason}: {each.command}")
            for each in helpers
        ]
        starts = sorted(each.start for each in worker.instances)
        yield found(
            "worker-duplicates",
            "medium" if extra > 0 else "low",
            worker.name,
            _too_many(worker) if extra > 0 else f"{worker.name} left {several(len(worker.remnants), 'remnant')} behind",
            evidence=tuple(evidence),
            root_cause=_why_twice(worker, extra) + _minded(worker, snapshot),
            impact="they compete for the same work and hold memory twice"
            if extra > 0
            else "they hold memory and ports",
            remedy=Remedy("kill-duplicates", (worker.name,), True, (*_unminded(worker, snapshot), *_by_hand(worker))),
            verify=f"{several(worker.wanted, 'instance')} of {worker.name} in the process table, nothing respawned",
            since=starts[worker.wanted] if extra > 0 and 0 <= worker.wanted < len(starts) else None,
        )


def worker_crash_loop(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A worker was started again and again within ten minutes, and what was started ended again.

    Evidence: new instances seen in the process table while the console watched, and seen gone from it. Where several
    are wanted, those that end together count as one end: all of them are restarted at once.
    Blind spots: needs the console to have watched; lives shorter than a scan are missed; restarts by hand, one after
    the other within ten minutes, look alike.
    """
    for worker in snapshot.workers.value or ():
        ended = _rounds(worker.ends, worker.wanted)
        if len(worker.starts) < config.diagnose.restarts or ended < config.diagnose.restarts - 1:
            continue
        ago = span(max(snapshot.at - worker.starts[-1], 0.0))
        minder = worker.wrappers[0] if worker.wrappers else None
        yield found(
            "worker-crash-loop",
            _grave(worker, "high"),
            worker.name,
            f"{worker.name} was started {len(worker.starts)} times in 10 minutes",
            evidence=(
                Evidence(
                    _TABLE,
                    snapshot.workers.at,
                    f"{len(worker.starts)} new instances, the last {ago} ago; {len(worker.ends)} of them have ended",
                ),
                *_last_words(worker, snapshot.workers.at),
            ),
            root_cause="it ends soon after each start"
            + (f"; pid {minder.pid} starts it again ({minder.reason})" if minder is not None else "")
            + _minded(worker, snapshot),
            impact="what it does is done in pieces or not at all",
            remedy=Remedy(
                steps=(
                    *((f"look at the end of its log: {look_at_log(worker.log.path)}",) if worker.log else ()),
                    *((f"stop {minder.command} first, or it comes back",) if minder is not None else ()),
                    *_unminded(worker, snapshot),
                    "put right what ends it, then start it",
                )
            ),
            verify=f"no new instance of {worker.name} for 10 minutes",
            since=worker.starts[0],
        )


def worker_silent(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A worker runs, but its log is older than its `silent_after`.

    Evidence: the last write to its log, its instances.
    Blind spots: a worker that has nothing to do and says nothing looks the same; so does one whose log was moved.
    """
    for worker in snapshot.workers.value or ():
        log, table = worker.log, worker_table(config, worker.name)
        if not worker.silent or not worker.instances or log is None or log.age_s is None:
            continue
        if just_started(worker, snapshot):
            continue
        yield found(
            "worker-silent",
            "high" if worker.critical else "medium",
            worker.name,
            f"{worker.name} has written nothing for {span(log.age_s)}",
            evidence=(
                Evidence(log.path, snapshot.workers.at, f"last write {span(log.age_s)} ago: {log.last_line}"),
                Evidence(_TABLE, snapshot.workers.at, f"running: pid {listed(one.pid for one in worker.instances)}"),
            ),
            root_cause="it hangs, waits for something that does not come, or writes elsewhere",
            impact=(table.impact if table is not None else "") or f"what {worker.name} does may not be done",
            remedy=Remedy("restart", (worker.name,), True, (look_at_log(log.path), "restart it")),
            verify=f"{log.path} grows again",
            since=snapshot.at - log.age_s,
        )


def _rounds(ends: tuple[float, ...], wanted: int) -> int:
    """How many times instances ended, of which as many as are wanted may end together."""
    rounds, first, members = 0, 0.0, 0
    for end in sorted(ends):
        if not rounds or members >= wanted or end - first > TOGETHER_S:
            rounds, first, members = rounds + 1, end, 0
        members += 1
    return rounds


def _grave(worker: Worker, otherwise: Severity) -> Severity:
    return "critical" if worker.critical else otherwise


def _last_words(worker: Worker, at: float | None) -> list[Evidence]:
    log = worker.log
    if log is None or not log.last_line:
        return []
    age = f"{span(log.age_s)} ago" if log.age_s is not None else "last"
    return [Evidence(log.path, at, f"last line, {age}: {log.last_line}")]


def _why_missing(worker: Worker) -> str:
    if worker.pid_file is not None and worker.pid_file.state == "stale":
        why = f"it crashed: its pid file still names {worker.pid_file.pid}, which does not run"
        if worker.log is not None and worker.log.errors:
            why += f"; the last it said: {worker.log.last_line}"
        return why
    if worker.log is not None and worker.log.state == "missing":
        return "it was never started: it has neither a process nor a log"
    return "it crashed, was stopped or was never started: no trace says which"


def _minded(worker: Worker, snapshot: Snapshot) -> str:
    told = (
        f"; {each.name} (pid {each.pid}) has started {each.minded} and does so again whenever it ends"
        for each in minders(worker, snapshot)
    )
    return "".join(told)


def _unminded(worker: Worker, snapshot: Snapshot) -> tuple[str, ...]:
    names = dict.fromkeys(each.name for each in minders(worker, snapshot))
    return tuple(f"stop {name} first, or it comes back: opsconsole stop {name}" for name in names)


def _too_many(worker: Worker) -> str:
    text = f"{several(len(worker.instances), 'instance')} of {worker.name}"
    if worker.wrappers:
        text += f" and {several(len(worker.wrappers), 'wrapper')}"
    return f"{text}, {worker.wanted} wanted"


def _why_twice(worker: Worker, extra: int) -> str:
    if extra <= 0:
        return "their root ended and left them behind"
    versions = list(dict.fromkeys(each.version for each in worker.instances))
    replaced = [each.version for each in worker.instances if each.replaced]
    why = f"{' and '.join(versions)} run side by side" if len(versions) > 1 else "it was started again while it ran"
    if replaced:
        why += f": {listed(dict.fromkeys(replaced))} was replaced and never stopped"
    for wrapper in worker.wrappers:
        why += f"; pid {wrapper.pid} ({wrapper.reason}) starts it again whenever it ends"
    return why


def _by_hand(worker: Worker) -> tuple[str, ...]:
    steps = [f"stop the wrapper first, or it comes back: kill {each.pid}" for each in worker.wrappers]
    steps += [f"end the remnant {each.pid}" for each in worker.remnants]
    old = [each for each in worker.instances if each.replaced]
    others = [each for each in worker.instances if not each.replaced]
    surplus = max(len(worker.instances) - worker.wanted, 0)
    chosen = (old + others[::-1])[:surplus]
    steps += [f"end {each.version}: kill {each.pid}" for each in chosen]
    return tuple(steps)
