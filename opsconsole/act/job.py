"""One subplan being carried out: what a verb's ``execute`` and ``verify`` are handed.

Every step goes through ``Job.step``: it is in the journal, on the disk, before its body runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from opsconsole.act.policy import Bounds
from opsconsole.config.types import LoadedConfig
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Plan, Respawner, StepRecord, StepState, Subplan

if TYPE_CHECKING:
    # Dear to import, and wanted only after the first signal.
    from opsconsole.act.looking import Looker

VERIFY_WITHIN_S = 30.0
"""Deadline of a check, unless the verb knows better."""
LOOK_AGAIN_S = 0.2


class StepFailed(Exception):
    """Why a step could not be taken or did not do what it should; nothing further is done for this subject."""

    def __init__(self, reason: str, evidence: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence
        """What speaks for it: a log's last lines."""
        self.step: int | None = None


class TargetChanged(StepFailed):
    """A target is not what the operator saw any more: nothing was sent to it."""


class NothingLeft(StepFailed):
    """It is so already: somebody else has done it since the plan was made."""


class Verification(msgspec.Struct, frozen=True):
    """What the look afterwards saw."""

    holds: bool | None
    """Whether all checks hold; None when there is nothing to look at, or it could not be looked at."""
    reason: str = ""
    evidence: tuple[str, ...] = ()
    respawners: tuple[Respawner, ...] = ()


class Recorder(Protocol):
    """What a job needs of the journal."""

    def begin_step(self, plan_id: str, subject: str, text: str) -> StepRecord: ...

    def end_step(
        self, plan_id: str, step: StepRecord, state: StepState, detail: str = "", process: ProcessId | None = None
    ) -> StepRecord: ...

    def record_start(self, subject: str, process: ProcessId | None) -> None: ...

    def starts_since(self, subject: str, since: float) -> int: ...


class Step:
    """The step under way: its body may set what came of it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.detail = ""
        self.process: ProcessId | None = None
        """What it has started."""
        self.failure = ""
        """Set: the step did not do what it should, and its body went on all the same."""
        self.over = False
        """Whether it is done whatever becomes of the steps that are under way beside it."""


class Job(msgspec.Struct, frozen=True):
    """One subplan, and everything that carrying it out takes."""

    plan: Plan
    subplan: Subplan
    loaded: LoadedConfig
    """Read again by the executor, and the same as when the plan was made."""
    bounds: Bounds
    journal: Recorder
    looker: Callable[[], Looker]
    """The shared looker; made when it is first asked for, since it costs imports."""
    state_dir: Path
    """Where a verb keeps what must outlive it."""
    scratch: dict[str, Any]
    """What ``execute`` leaves for ``verify``."""

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        """Record that this is about to be done, do it, record what came of it. JournalFailed: it is not done."""
        record = self.journal.begin_step(self.plan.id, self.subplan.subject, text)
        step = Step(record.number)
        try:
            yield step
        except StepFailed as failure:
            failure.step = failure.step or record.number
            self.journal.end_step(self.plan.id, record, "failed", failure.reason)
            raise
        except OSError as error:
            self.journal.end_step(self.plan.id, record, "failed", str(error))
            failed = StepFailed(error.strerror or str(error))
            failed.step = record.number
            raise failed from error
        except Exception as error:
            # Whoever reads the journal later must not take it for still under way.
            if step.over:
                self.journal.end_step(self.plan.id, record, "done", step.detail, step.process)
            else:
                reason = str(error) or type(error).__name__
                self.journal.end_step(self.plan.id, record, "failed", ": ".join(filter(None, (step.failure, reason))))
            raise
        if step.failure:
            self.journal.end_step(self.plan.id, record, "failed", step.failure)
        else:
            self.journal.end_step(self.plan.id, record, "done", step.detail, step.process)

    def until(self, condition: Callable[[], Verification], within_s: float = VERIFY_WITHIN_S) -> Verification:
        """Look until the condition holds; what was seen last when the deadline has passed."""
        deadline = time.monotonic() + within_s
        while True:
            seen = condition()
            if seen.holds or seen.respawners or time.monotonic() >= deadline:
                return seen
            time.sleep(LOOK_AGAIN_S)
