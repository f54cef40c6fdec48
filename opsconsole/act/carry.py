"""Carrying a plan out, inside the executor: gates, one thread per subplan, results into the journal."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from opsconsole.act import living
from opsconsole.act.descriptors import make_room
from opsconsole.act.job import Job, NothingLeft, StepFailed, TargetChanged, Verification
from opsconsole.act.journal import Journal, JournalFailed
from opsconsole.act.locks import Locked, Locks
from opsconsole.act.minding import by_minding
from opsconsole.act.policy import Bounds, bounds_of, config_digest, why_not_act, why_not_profiles
from opsconsole.act.verbs import MODULES, VerbModule, module_of
from opsconsole.config.load import ConfigError, load
from opsconsole.config.types import Config, LoadedConfig
from opsconsole.model.plan import Outcome, Plan, PlanResult, Respawner, Subplan, SubplanResult
from opsconsole.model.text import clean

if TYPE_CHECKING:
    from opsconsole.act.looking import Looker

AT_ONCE = 64
"""Subplans under way at one time."""


def carry_out(state_dir: Path, plan_id: str) -> int:
    """Take this plan and carry it out. Returns the process's exit status."""
    try:
        journal = Journal(state_dir)
        us = living.look_at(os.getpid(), living.boot_id())
        if us is None:
            raise JournalFailed("this process cannot be read in the process table")
        plan = journal.take(plan_id, us.mark.id)
    except JournalFailed as failed:
        sys.stderr.write(f"plan {clean(plan_id, 60)}: {failed}\n")
        return 1
    if plan is None:
        return 1
    try:
        Carrier(journal, state_dir, plan).run()
    except JournalFailed as failed:
        sys.stderr.write(f"plan {plan.id}: {failed}\n")
        return 1
    return 0


class Carrier:
    """One plan under way."""

    def __init__(self, journal: Journal, state_dir: Path, plan: Plan) -> None:
        self._journal = journal
        self._state_dir = state_dir
        self._plan = plan
        self._config = Config()
        self._looker: Looker | None = None
        self._making = threading.Lock()
        self._settled: float | None = None

    def run(self) -> None:
        """Do it, and put the result into the journal."""
        loaded, reason = self._admitted()
        if loaded is None:
            self._journal.conclude(
                PlanResult(plan=self._plan.id, result="refused", verified=None, ended=time.time(), reason=reason)
            )
            return
        self._config = loaded.config
        module = module_of(self._plan.verb)
        bounds = bounds_of(loaded.config, (*self._plan.spared, *living.own_line(self._plan.boot_id)))
        make_room(self._plan)
        errands = [self._errand(module, subplan, loaded, bounds) for subplan in self._plan.subplans]
        groups = [[errands[place] for place in group] for group in by_minding(self._plan.subplans)]
        for group in groups if len(groups) > 1 else ():
            _side_by_side([errand.end for errand in group])
        for group in groups:
            _side_by_side([errand.do for errand in group])
        watched = [errand for errand in errands if errand.worth_watching]
        results = tuple(errand.result for errand in errands)
        if watched:
            self._settled = time.time()
            self._journal.conclude(self._result(results, watching=True))
        hurt: list[str] = []

        def look_round() -> None:
            from opsconsole.act.aftermath import what_was_hurt

            hurt.extend(what_was_hurt(self._plan, loaded, self.looker(), results))

        _side_by_side([look_round, *(errand.watch for errand in watched)])
        respawners = tuple(each for errand in errands for each in errand.respawners)
        final = self._result(tuple(errand.result for errand in errands), respawners=respawners, hurt=tuple(hurt))
        self._journal.conclude(final)

    def looker(self) -> Looker:
        from opsconsole.act.looking import Looker

        with self._making:
            if self._looker is None:
                self._looker = Looker(self._config)
        return self._looker

    def _errand(self, module: VerbModule, subplan: Subplan, loaded: LoadedConfig, bounds: Bounds) -> Errand:
        job = Job(
            plan=self._plan,
            subplan=subplan,
            loaded=loaded,
            bounds=bounds,
            journal=self._journal,
            looker=self.looker,
            state_dir=self._state_dir,
            scratch={},
        )
        return Errand(module, job, Locks(self._state_dir, self._plan, subplan))

    def _admitted(self) -> tuple[LoadedConfig | None, str]:
        """The config, if the plan may be carried out here and now; else why not."""
        plan = self._plan
        if plan.verb not in MODULES:
            return None, f"{plan.verb} is not there"
        if plan.boot_id != living.boot_id():
            return None, "the machine was started anew since the plan was made"
        if plan.uid != os.geteuid():
            return None, f"the plan was made by uid {plan.uid}"
        try:
            loaded = load(Path(plan.config_path) if plan.config_path else None)
        except ConfigError as error:
            return None, f"the config cannot be read any more: {clean(str(error), 300)}"
        if config_digest(loaded.config) != plan.config_digest:
            return None, "the config has changed since the plan was made"
        reason = why_not_act(loaded, read_only=False) or why_not_profiles(plan.verb)
        return (None, reason) if reason else (loaded, "")

    def _result(
        self,
        results: tuple[SubplanResult, ...],
        watching: bool = False,
        respawners: tuple[Respawner, ...] = (),
        hurt: tuple[str, ...] = (),
    ) -> PlanResult:
        outcome: Outcome = "nothing-to-do"
        outcome = next((each for each in _ORDER if any(result.result == each for result in results)), outcome)
        bad = next((each for each in results if each.result == outcome), None)
        if outcome == "refused" and any(result.result == "done" for result in results):
            outcome = "failed"  # Refused is what nothing was done of.
        if outcome == "done":
            bad = next((each for found in (False, None) for each in results if each.verified is found), None)
        reason = ""
        if bad is not None and bad.reason and (outcome != "done" or bad.verified is not True):
            reason = bad.reason if len(results) == 1 else f"{bad.subject}: {bad.reason}"
        return PlanResult(
            plan=self._plan.id,
            result=outcome,
            verified=(False if hurt else _all_verified(results)) if outcome == "done" else None,
            ended=time.time(),
            settled=self._settled,
            reason=reason,
            failed_step=bad.failed_step if bad is not None else None,
            subresults=results,
            respawners=respawners,
            hurt=hurt,
            watching=watching,
        )


_ORDER: tuple[Outcome, ...] = ("failed", "refused", "done", "nothing-to-do")
"""The gravest first: what a plan's result says of several subplans."""


def _all_verified(results: tuple[SubplanResult, ...]) -> bool | None:
    looked_at = [each.verified for each in results if each.result == "done"]
    if False in looked_at:
        return False
    return None if None in looked_at or not looked_at else True


class Errand:
    """One subplan under way, on a thread of its own."""

    def __init__(self, module: VerbModule, job: Job, locks: Locks) -> None:
        self._module = module
        self._job = job
        self._locks = locks
        self._locked = self._over = False
        self.respawners: tuple[Respawner, ...] = ()
        self.result = self._outcome("failed", "it was not begun")

    @property
    def worth_watching(self) -> bool:
        return hasattr(self._module, "watch") and self.result.verified is True

    def end(self) -> None:
        """The first half of the steps, where the verb has one; the locks are kept for the second."""
        first_half: Callable[[Job], None] | None = getattr(self._module, "end", None)
        if first_half is None or not self._take_locks():
            return
        if not self._guarded(partial(first_half, self._job)):
            self._over = True
            self._locks.release()

    def do(self) -> None:
        """Steps, then checks, under the locks."""
        if self._over or not (self._locked or self._take_locks()):
            return
        try:
            self._guarded(self._execute_and_verify)
        finally:
            self._locks.release()

    def _take_locks(self) -> bool:
        try:
            self._locks.take()
        except Locked as locked:
            self.result, self._over = self._outcome("refused", str(locked)), True
        except OSError as error:
            self.result, self._over = self._outcome("refused", f"no lock could be taken: {error}"), True
        else:
            self._locked = True
        return self._locked

    def watch(self) -> None:
        self._guarded(self._watch)

    def _execute_and_verify(self) -> None:
        self._module.execute(self._job)
        self._take(self._module.verify(self._job))

    def _watch(self) -> None:
        watch: Callable[[Job], Verification] = self._module.watch  # type: ignore[attr-defined]  # not every verb has it
        seen = watch(self._job)
        if seen.holds is not True or seen.evidence:
            self._take(msgspec.structs.replace(seen, evidence=(*self.result.evidence, *seen.evidence)))

    def _take(self, seen: Verification) -> None:
        self.respawners += tuple(each for each in seen.respawners if each not in self.respawners)
        reason = seen.reason if seen.holds is not True else ""
        self.result = msgspec.structs.replace(
            self._outcome("done", reason), verified=seen.holds, evidence=tuple(clean(line) for line in seen.evidence)
        )

    def _guarded(self, work: Callable[[], None]) -> bool:
        """Whether it went through; why not is the result."""
        try:
            work()
            return True
        except NothingLeft as nothing:
            self.result = self._outcome("nothing-to-do", nothing.reason)
        except TargetChanged as changed:
            self.result = self._outcome("refused", changed.reason)
        except StepFailed as failed:
            self.result = msgspec.structs.replace(
                self._outcome("failed", failed.reason), failed_step=failed.step, evidence=failed.evidence
            )
        except JournalFailed as failed:
            self.result = self._outcome("failed", f"nothing further was done: {failed}")
        except Exception as error:  # noqa: BLE001  # a bug in one subplan must not leave the others without a result
            import traceback

            traceback.print_exc()
            self.result = self._outcome("failed", f"a fault of opsconsole, see executor.log: {error!r}")
        return False

    def _outcome(self, outcome: Outcome, reason: str) -> SubplanResult:
        return SubplanResult(subject=self._job.subplan.subject, result=outcome, reason=clean(reason, 600))


def _side_by_side(work: list[Callable[[], None]]) -> None:
    """All of these at once, each on a thread; returns when all have ended."""
    for start in range(0, len(work), AT_ONCE):
        threads = [threading.Thread(target=each) for each in work[start : start + AT_ONCE]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
