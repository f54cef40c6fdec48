"""Ending processes: the procedure, and nothing that may shorten it.

1. Hold every process of the subplan (targets and the trees captured in the plan). 2. Recognise each, and who is to
stay; one that is not what the operator saw any more: nothing is sent to any. 3. SIGTERM to the roots, SIGCONT to those
that are stopped; wait. What outlives its root is recognised again and asked as well, and has as long. 4. After the
grace time recognise again, SIGKILL to the survivors of that very set. 5. A bounded wait: what is left then is stuck in
the kernel, and is said to be.
Wrappers are ended before what they would start again, which is then recognised again. Already gone is success.
"""

from __future__ import annotations

import math
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack

from opsconsole.act import units
from opsconsole.act.handle import Handle, close_all, wait_for
from opsconsole.act.job import Job, StepFailed, TargetChanged
from opsconsole.act.latecomers import note_latecomers
from opsconsole.act.living import Living, why_not_staying
from opsconsole.act.policy import why_not_signal
from opsconsole.model.plan import ProcessMark, Target

KILL_WAIT_S = 5.0
"""How long a killed process may take to be gone."""
SETTLE_S = 0.05
"""How long those that end at once are waited for, so that their step can say so."""
ORPHAN_WAIT_S = 1.0
"""How long what outlives its root may take to end by itself, before it is asked to."""
SYSTEMCTL_S = 60.0


class _Held:
    """One target with handles on its root and its tree."""

    def __init__(self, target: Target, mark: ProcessMark) -> None:
        self.target = target
        self.root = Handle(mark)
        self.tree = [Handle(member) for member in target.tree]
        self.root_asked_at = self.tree_asked_at = math.inf

    @property
    def handles(self) -> list[Handle]:
        return [self.root, *self.tree]

    @property
    def alive(self) -> list[Handle]:
        return [handle for handle in self.handles if not handle.has_ended]

    def keep_recognised(self, why_not: Callable[[Living], str]) -> None:
        """A child that is not what it was when the plan was made is none of the plan's any more."""
        kept = []
        for child in self.tree:
            if child.recognise(why_not):
                child.close()
            else:
                kept.append(child)
        self.tree = kept

    def overdue(self, grace_s: float, now: float) -> list[Handle]:
        """What was asked to end that long ago, and has not."""
        latest = now - grace_s
        root = [self.root] if self.root_asked_at <= latest else []
        return [handle for handle in (*root, *(self.tree if self.tree_asked_at <= latest else ())) if not handle.look()]


def end_targets(job: Job) -> None:
    """End all process targets of the subplan. Raises StepFailed; TargetChanged when nothing was sent."""
    held = [_Held(target, target.process) for target in job.subplan.targets if target.process is not None]
    if not held:
        return
    try:
        _recognise(job, held)
        note_latecomers(job, [each.root.mark for each in held])
        wrappers = [each for each in held if each.target.role.startswith("wrapper")]
        others = [each for each in held if each not in wrappers]
        for phase in (wrappers, others):
            if phase:
                _look_at_survivors(job)
                if phase is others and wrappers:
                    _recognise_again(job, others)
                _end(job, phase)
    finally:
        close_all([handle for each in held for handle in each.handles])


def _recognise(job: Job, held: Sequence[_Held]) -> None:
    """Every root must be as planned; of the children only those that are stay the plan's."""

    def why_not(process: Living) -> str:
        return why_not_signal(process, job.bounds)

    for each in held:
        if reason := each.root.recognise(why_not):
            raise TargetChanged(f"changed since the plan was made: {reason}; nothing was sent")
    if reason := why_not_staying(job.subplan.survivors):
        raise TargetChanged(f"changed since the plan was made: {reason}; nothing was sent")
    if reason := units.why_not_whole(each.target for each in held):
        raise TargetChanged(f"changed since the plan was made: {reason}; nothing was sent")
    for each in held:
        each.keep_recognised(why_not)


def _recognise_again(job: Job, held: Sequence[_Held]) -> None:
    """What is asked only after others have ended may have become another program meanwhile. Raises StepFailed."""
    for each in held:
        if reason := each.root.recognise(lambda process: why_not_signal(process, job.bounds)):
            raise StepFailed(f"changed meanwhile: {reason}; nothing further was sent")


def _look_at_survivors(job: Job) -> None:
    """What still runs is spared from here on when it would be the last one. Raises StepFailed."""
    if reason := why_not_staying(job.subplan.survivors):
        raise StepFailed(f"{reason}; nothing further was sent")


def _end(job: Job, held: Sequence[_Held]) -> None:
    _through_systemctl(job, [each for each in held if each.target.unit])
    _ask(job, [each for each in held if not each.target.unit])
    for each in held:
        each.root_asked_at = time.monotonic()
    while alive := _alive(held):
        wait_for(alive, ORPHAN_WAIT_S / 4)
        for each in held:
            _ask_orphans(job, each)
        now = time.monotonic()
        if overdue := [handle for each in held for handle in each.overdue(job.plan.grace_s, now)]:
            _look_at_survivors(job)
            _kill(job, overdue)


def _alive(held: Iterable[_Held]) -> list[Handle]:
    return [handle for each in held for handle in each.alive]


def recognise_targets(job: Job) -> None:
    """Raises TargetChanged when a target is not what the operator saw, before something else than a signal is used."""
    held = [_Held(target, target.process) for target in job.subplan.targets if target.process is not None]
    try:
        _recognise(job, held)
    finally:
        close_all([handle for each in held for handle in each.handles])


def _through_systemctl(job: Job, held: Sequence[_Held]) -> None:
    for unit in dict.fromkeys(each.target.unit for each in held):
        run_systemctl(job, "stop", unit)


def run_systemctl(job: Job, verb: str, unit: str) -> None:
    """Let systemd do it, as a step. Raises StepFailed with what it said."""
    argv = units.systemctl(verb, unit)
    with job.step(" ".join(argv)) as step:
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=SYSTEMCTL_S, check=False, text=True
            )
        except subprocess.TimeoutExpired:
            raise StepFailed(f"systemctl did not answer within {SYSTEMCTL_S:g}s") from None
        if done.returncode != 0:
            raise StepFailed(f"systemctl: {(done.stderr or done.stdout).strip()[:300] or done.returncode}")
        step.detail = "done"


def _ask(job: Job, held: Sequence[_Held]) -> None:
    """SIGTERM to each root, as a step of its own; none waits for another. All are recorded before the first is sent."""
    failed: list[tuple[int, str]] = []
    with ExitStack() as steps:
        under_way = []
        for each in held:
            mark = each.root.mark
            step = steps.enter_context(job.step(f"SIGTERM {mark.pid} ({each.target.role}: {mark.command})"))
            step.failure = "not sent"
            under_way.append((each, step))
        for each, step in under_way:
            try:
                step.detail, step.failure, step.over = _send_term(each.root), "", True
            except OSError as error:
                step.failure = f"not sent: {error.strerror}"
                failed.append((step.number, f"{each.root.mark.pid}: {error.strerror}"))
        _settle([each.root for each in held])
        for each, step in under_way:
            if each.root.has_ended and not step.detail:
                step.detail = "ended"
    if failed:
        number, reason = failed[0]
        failure = StepFailed(f"SIGTERM could not be sent to {reason}")
        failure.step = number
        raise failure


def _send_term(root: Handle) -> str:
    """Send it; what there is to say of it. Stopped, a process keeps the signal pending until it is continued."""
    if not root.send(signal.SIGTERM):
        return "had ended already"
    if root.state() in ("T", "t"):
        root.send(signal.SIGCONT)
        return "it was stopped: SIGCONT sent too"
    return ""


def _settle(roots: Sequence[Handle]) -> None:
    """Give those that end at once the moment that takes, so that their step can say so."""
    until = time.monotonic() + SETTLE_S
    while (alive := [root for root in roots if not root.has_ended]) and (left := until - time.monotonic()) > 0:
        wait_for(alive, left)


def _ask_orphans(job: Job, each: _Held) -> None:
    """What is left of a tree whose root has ended is asked to end as well, once."""
    asked = each.tree_asked_at < math.inf
    if asked or each.root.ended_at is None or time.monotonic() - each.root.ended_at < ORPHAN_WAIT_S:
        return
    each.tree_asked_at = time.monotonic()
    each.keep_recognised(lambda process: why_not_signal(process, job.bounds))
    left = [handle for handle in each.tree if not handle.look()]
    if not left:
        return
    pids = ", ".join(str(handle.mark.pid) for handle in left)
    with job.step(f"SIGTERM {pids} (outlived {each.root.mark.pid})"):
        for handle in left:
            if handle.send(signal.SIGTERM) and handle.state() in ("T", "t"):
                handle.send(signal.SIGCONT)


def _kill(job: Job, left: Sequence[Handle]) -> None:
    """SIGKILL to these of the planned set, each recognised once more."""

    def why_not(process: Living) -> str:
        return why_not_signal(process, job.bounds)

    pids = ", ".join(str(handle.mark.pid) for handle in left)
    with job.step(f"SIGKILL {pids} (did not end within {job.plan.grace_s:g}s)") as step:
        spared = []
        for handle in left:
            if reason := handle.recognise(why_not):
                spared.append(reason)
            else:
                handle.send(signal.SIGKILL)
        killed_by = time.monotonic() + KILL_WAIT_S
        while (alive := [handle for handle in left if not handle.has_ended]) and time.monotonic() < killed_by:
            wait_for(alive, killed_by - time.monotonic())
        if alive:
            raise StepFailed("; ".join(spared) or _stuck(alive))
        step.detail = "ended"


def _stuck(alive: Sequence[Handle]) -> str:
    told = ", ".join(f"{handle.mark.pid} (state {handle.state() or '?'})" for handle in alive)
    return f"still there {KILL_WAIT_S:g}s after SIGKILL, stuck in the kernel: {told}"
