"""One run of `fix`: a watched machine, findings in order, a plan for each, and what became of them."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

import click
import msgspec

from opsconsole.act.planning import changed, make_plan
from opsconsole.act.submit import Submitted, submit
from opsconsole.act.verbs import MODULES
from opsconsole.cli.acting import Manner, agrees, executor_at_hand, follow
from opsconsole.cli.root import ExitCode
from opsconsole.cli.watched import READ_WITHIN_S, REFRESH_S, TOLD_WITHIN_S, Watched
from opsconsole.config.types import LoadedConfig
from opsconsole.diagnose.order import in_order, restarted_with
from opsconsole.engine.happenings import Happenings
from opsconsole.engine.history_file import HistoryFile
from opsconsole.engine.target_samples import TargetSamples
from opsconsole.model.finding import RULE_NAMES, Diagnosis, Finding
from opsconsole.model.plan import Outcome, Plan, Refused
from opsconsole.model.text import shown
from opsconsole.present.json import SCHEMA
from opsconsole.present.people import login
from opsconsole.present.plan import plan_text

UNREAD = f"nothing could be read within {READ_WITHIN_S:g} s"
CONFIRMED_WITHIN_S = 15.0
"""What one look shows and several must confirm is looked at again for so long."""
CLOSES_WITHIN_S = 30.0
SLOW_CLOSES_WITHIN_S = 6.0
"""Averages and rates need minutes to tell: they are looked at, not waited for."""
_SLOW = frozenset({"system-load", "cpu-starved", "memory-pressure", "swap-thrash", "worker-failing", "log-errors"})


class Fix(msgspec.Struct):
    """What became of one finding."""

    finding: str
    result: Outcome | None = None
    """None: only planned."""
    verified: bool | None = None
    closed: bool | None = None
    """Whether fresh evidence no longer shows it; None: not looked."""
    reason: str = ""
    plan: Plan | None = None
    confirmed: float | None = None
    """When it was agreed to, seconds since the epoch."""
    took_s: float | None = None
    """From then until it was done and verified, or failed."""
    steps: list[Any] = []


class Fixing:
    """Starts watching when it is entered, ends when it is left."""

    def __init__(self, loaded: LoadedConfig, state_dir: Path, manner: Manner) -> None:
        self._loaded, self._state_dir, self._manner = loaded, state_dir, manner
        self.watched = Watched(loaded)
        self._fixes: list[Fix] = []
        self._inside: list[Fix] = []
        """Of those that were named: what is told in another finding, and goes with it."""
        self._by_hand: list[str] = []
        self._ordered: tuple[Finding, ...] = ()
        self._joined: dict[str, str] = {}
        """By the id of each finding whose remedy was in the plan of another: that one's."""
        self._before: Diagnosis | None = None
        self._result: Outcome | None = None
        self._unread_any = False
        self._happenings: Happenings | None = None

    def __enter__(self) -> Fixing:
        self.watched.start()
        self._before = self.watched.diagnosis
        self._keep_targets()
        self._record()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.watched.stop()

    def run(self, wanted: tuple[str, ...]) -> int:
        """Put these right, or with none everything that can be. Returns the exit status."""
        unsure = self._confirm(wanted)
        self._ordered = in_order(self._chosen(wanted, unsure))
        for finding in self._ordered:
            if not finding.remedy.automatic or finding.remedy.action not in MODULES:
                self._by_hand.append(finding.id)
            elif not self._put_right(finding):
                break
            self._record()
        for told in self._inside if not self._manner.dry_run else ():
            told.closed = self.watched.open(told.finding) is None or self.watched.closes(told.finding, TOLD_WITHIN_S)
        self._fixes += [_not_sure(finding) for finding in unsure]
        self._unread_any |= bool(unsure) or not self.watched.all_told(wanted)
        self._result = self._overall()
        self._record()
        return self._status(wanted)

    def _status(self, wanted: tuple[str, ...]) -> int:
        """Failing and what is left weigh more than what is not known, that more than a refusal."""
        if self._result == "failed" or self._left(wanted):
            return ExitCode.FOUND
        if self._unread_any:
            return ExitCode.UNKNOWN
        if self._result == "refused":
            return ExitCode.REFUSED
        refused = any(one.result == "refused" for one in self._fixes)
        return ExitCode.FOUND if refused and not self._manner.dry_run else ExitCode.DONE

    def _left(self, wanted: tuple[str, ...]) -> bool:
        """Whether something still holds that was to be put right. What is for a person counts where it was named."""
        if self._manner.dry_run:
            return False
        return bool(wanted and self._by_hand) or any(one.closed is False for one in self._fixes)

    def document(self) -> dict[str, Any]:
        """The document of ``fix --json``."""
        plans = [msgspec.to_builtins(one.plan) for one in self._fixes if one.plan is not None]
        now = self.watched.diagnosis
        return {
            "schema": SCHEMA,
            "dry_run": self._manner.dry_run,
            **({"result": self._result} if self._result is not None else {}),
            **({"reason": UNREAD} if now is None else {}),
            "verified": self._verified(),
            "plan": plans[0] if len(plans) == 1 else None,
            "plans": plans,
            "steps": [step for one in self._fixes for step in one.steps],
            "fixes": [
                {**msgspec.to_builtins(one), "plan": one.plan.id if one.plan is not None else None}
                for one in self._fixes
            ],
            "by_hand": self._by_hand,
            "left": [finding.id for finding in now.findings] if now is not None else [],
            "score_before": self._before.score if self._before is not None else None,
            "score_after": now.score if now is not None else None,
        }

    def _keep_targets(self) -> None:
        """Let a report tell what the targets' metrics were before anything was put right."""
        snapshot = self.watched.latest
        if self._manner.dry_run or snapshot is None or snapshot.diagnosis is None:
            return
        samples = TargetSamples(self._state_dir)
        if samples.record(snapshot.diagnosis.targets, snapshot.at, snapshot.monotonic) and (problem := samples.save()):
            click.echo(problem, err=True)

    def _record(self) -> None:
        """Let the timeline tell what was found and what has closed: a report tells the incident from that."""
        diagnosis = self.watched.diagnosis
        if self._manner.dry_run or diagnosis is None:
            return
        try:
            with closing(HistoryFile(self._state_dir)) as file:
                if self._happenings is None:
                    self._happenings = Happenings(file.standing(), login(os.geteuid()))
                file.write(diagnosis.at, {}, self._happenings.look(diagnosis, time.monotonic()))
        except (OSError, sqlite3.Error, msgspec.MsgspecError) as error:
            click.echo(f"the timeline is not kept: {shown(str(error))}", err=True)

    # Choosing

    def _confirm(self, wanted: tuple[str, ...]) -> tuple[Finding, ...]:
        """Look again until what a single look shows is open or gone. Returns what is neither, and can be put right."""
        until = time.monotonic() + CONFIRMED_WITHIN_S
        while (unsure := self.watched.unsure(wanted)) and time.monotonic() < until:
            self.watched.look_again()
            self.watched.wait(lambda: not self.watched.unsure(wanted), REFRESH_S)
        self._before = self.watched.diagnosis
        return tuple(one for one in unsure if wanted or one.remedy.automatic)

    def _chosen(self, wanted: tuple[str, ...], unsure: tuple[Finding, ...]) -> tuple[Finding, ...]:
        found = self._before.findings if self._before is not None else ()
        if not wanted:
            return found
        by_id = {finding.id: finding for finding in found}
        for finding_id in wanted:
            if finding_id not in by_id and finding_id not in {one.id for one in unsure}:
                self._explain(finding_id)
        return tuple(by_id[one] for one in dict.fromkeys(wanted) if one in by_id)

    def _explain(self, finding_id: str) -> None:
        """Why a finding that was named is none of the open ones."""
        if self._hold_up_unread(finding_id):
            return
        findings = self._before.findings if self._before is not None else ()
        inside = [one.id for one in findings for each in (*one.causes, *one.symptoms) if each.id == finding_id]
        if inside:
            told = Fix(finding_id, "nothing-to-do", reason=f"it is told in {inside[0]}: fix that")
            self._fixes.append(told)
            self._inside.append(told)
        else:
            self._fixes.append(Fix(finding_id, "nothing-to-do", reason="there is no such finding now"))

    # Doing

    def _put_right(self, finding: Finding) -> bool:
        """Plan it as things are now, do it, look again; False when nothing further may be done."""
        if held_up := self._causes_left(finding):
            self._fixes.append(Fix(finding.id, "refused", reason=f"waits for {held_up[0]}, which causes it"))
            return True
        current = self.watched.open(finding.id)
        if current is None and self._hold_up_unread(finding.id):
            return True
        if current is None and not self._manner.dry_run:
            self._fixes.append(Fix(finding.id, "nothing-to-do", closed=True, reason="put right by what came before"))
            return True
        remedy = (current or finding).remedy
        snapshot = self.watched.latest
        if snapshot is None or not remedy.action:
            return True
        fixed = Fix(finding.id)
        if leader := self._joined.get(finding.id):
            fixed.result, fixed.reason = "nothing-to-do", f"restarted in one plan with {leader}"
            fixed.closed = None if self._manner.dry_run else self.watched.closes(finding.id, SLOW_CLOSES_WITHIN_S)
            self._fixes.append(fixed)
            return True
        names = () if remedy.action == "prune-environments" else remedy.targets
        joined = restarted_with(finding, (one for one in self._ordered if self._due(one)), snapshot)
        names = tuple(dict.fromkeys((*names, *(name for one in joined for name in one.remedy.targets))))
        made = make_plan(remedy.action, names, snapshot, self._loaded, dry_run=self._manner.dry_run)
        self._fixes.append(fixed)
        if isinstance(made, Refused):
            # Nothing was touched: what does not hang on it may go on.
            fixed.result, fixed.reason = made.outcome, made.reason
            self._unread_any |= made.kind == "unknown"
            if made.kind == "nothing" and not self._manner.dry_run:
                fixed.closed = self.watched.closes(finding.id, SLOW_CLOSES_WITHIN_S)
            return True
        fixed.plan = made
        self._joined |= {one.id: finding.id for one in joined}
        with executor_at_hand(self._state_dir, self._manner) as ready:
            if not (agreed := self._agreed(made, finding)):
                fixed.result, fixed.reason = ("refused", "not agreed to") if not self._manner.dry_run else (None, "")
                return agreed is not None
            if not self._manner.yes and (reason := changed(made)):
                fixed.result, fixed.reason = "refused", f"changed meanwhile: {reason}"
                return True
            submitted = submit(made, self._state_dir, ready=ready)
        self._follow(made, submitted, fixed)
        if fixed.result not in ("done", "nothing-to-do") or fixed.verified is False:
            return False
        slow = finding.rule in _SLOW
        fixed.closed = self.watched.closes(finding.id, SLOW_CLOSES_WITHIN_S if slow else CLOSES_WITHIN_S)
        return fixed.closed or slow

    def _due(self, finding: Finding) -> bool:
        """Whether it is to be put right now, together with another."""
        return self._manner.dry_run or (self.watched.open(finding.id) is not None and not self._causes_left(finding))

    def _causes_left(self, finding: Finding) -> list[str]:
        """What causes it and is still there, but for what is told inside of it: that goes with it."""
        if self._manner.dry_run:
            return []
        closed = {one.finding for one in self._fixes if one.closed}
        return [
            cause.id
            for cause in finding.causes
            if not cause.muted and cause.id not in closed and self.watched.open(cause.id) is not None
        ]

    def _agreed(self, plan: Plan, finding: Finding) -> bool | None:
        if self._manner.dry_run:
            if not self._manner.as_json:
                click.echo(f"{finding.id}: {finding.title}\n{plan_text(plan)}\n")
            return False
        click.echo(f"{finding.id}: {finding.title}", err=True)
        if self._manner.yes:
            return True
        click.echo(plan_text(plan), err=True)
        return agrees()

    def _follow(self, plan: Plan, submitted: Submitted | Refused, fixed: Fix) -> None:
        if isinstance(submitted, Refused):
            fixed.result, fixed.reason = submitted.outcome, submitted.reason
            self._unread_any |= submitted.kind == "unknown"
            return
        entry = follow(self._state_dir, plan, lambda text: click.echo(f"  {text}", err=True))
        result = entry.result if entry is not None else None
        if entry is None or result is None:
            fixed.result, fixed.reason = "failed", "the executor ended before the plan did"
            return
        fixed.result, fixed.verified, fixed.reason = result.result, result.verified, result.reason
        fixed.confirmed, fixed.took_s = entry.confirmed, entry.took_s
        fixed.steps = msgspec.to_builtins(entry.steps)

    def _hold_up_unread(self, finding_id: str) -> bool:
        """Refuse a finding that cannot be looked at; whether it was."""
        if not (reason := self.watched.unread(finding_id)):
            return False
        self._unread_any = True
        self._fixes.append(Fix(finding_id, "refused", reason=f"unknown whether it holds: {reason}"))
        return True

    def _overall(self) -> Outcome | None:
        """What was done. None: nothing was to be done but planning."""
        results = [one.result for one in self._fixes]
        if "failed" in results or any(one.verified is False for one in self._fixes):
            return "failed"
        if "done" in results:
            return "done"
        if "refused" in results and not any(one.plan for one in self._fixes if one.result is None):
            return "refused"
        if self.watched.diagnosis is None:
            return "refused"
        return None if self._manner.dry_run else "nothing-to-do"

    def _verified(self) -> bool | None:
        told = [one.verified for one in self._fixes if one.plan is not None]
        return None if not told or None in told else all(told)


def usage_of(wanted: tuple[str, ...]) -> str:
    """What is no finding's id among these; empty when all might be one."""
    strange = next((one for one in wanted if one.partition(":")[0] not in RULE_NAMES), None)
    return "" if strange is None else f"no rule makes a finding {strange!r}; `opsconsole diagnose` tells the open ones"


def _not_sure(finding: Finding) -> Fix:
    return Fix(finding.id, "refused", reason="it was seen, but not often enough to be sure: look again later")
