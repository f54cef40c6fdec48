"""A run of fixes: the marked findings, or one after what causes it, put right plan after plan. What comes next.

Nothing is done here: it tells what to ask for, and remembers what was asked for and what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from opsconsole.config.types import LoadedConfig
from opsconsole.model.finding import Finding
from opsconsole.model.plan import JournalEntry
from opsconsole.model.snapshot import Snapshot
from opsconsole.ui.acting import Wish
from opsconsole.ui.context import Context
from opsconsole.ui.fixes import (
    after_its_causes,
    chosen_from_a_list,
    comes_first,
    next_step,
    settled_ids,
    step_words,
    steps_of,
    tried_text,
)

LOOKED_S = 5.0
"""Within so long of a plan's proof the machine may not have been looked at again: what it proved counts as settled."""


@dataclass
class FixRun:
    tried: dict[str, str] = field(default_factory=dict)
    """By a finding's id: what was done about it from here."""
    _plans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By a plan's id: the findings that it was to put right."""
    _proved: dict[str, float] = field(default_factory=dict)
    """By a finding's id: when a plan for it was proved, seconds since the epoch."""
    _findings: frozenset[str] = frozenset()
    """Ids of all that this run is about."""
    _plans_made: int = 0
    """How many plans of it were handed over."""

    def wish(self, context: Context, snapshot: Snapshot, loaded: LoadedConfig) -> Wish | None:
        """What is to be asked for next; None where there is nothing left that the console can do."""
        settled = self.settled(snapshot)
        aimed = context.findings
        run = aimed if context.marked else after_its_causes(aimed, snapshot, context.verbs, settled)
        steps = steps_of(run, context.verbs, settled)
        if not steps:
            return _listed(aimed, snapshot, loaded)
        ids = frozenset(one.id for one in run)
        if not (self._plans_made and ids <= self._findings):
            self._findings, self._plans_made = ids, 0
        step = next_step(run, context.verbs, settled) or steps[0]
        first = comes_first(step, aimed, steps) if not context.marked else ()
        return Wish(
            step.verb,
            step.names,
            snapshot,
            loaded,
            findings=step.findings,
            notes=(*first, *(note for note in step.notes if not first or "are marked" not in note)),
            then=tuple(one for later in steps[1:] for one in later.findings),
            place=_place(self._plans_made + 1, self._plans_made + len(steps)),
        )

    def settled(self, snapshot: Snapshot) -> frozenset[str]:
        """Ids of open findings that need nothing more: their evidence is gone, or was proved gone a moment ago."""
        proved = (one for one, at in self._proved.items() if snapshot.at < at + LOOKED_S)
        return frozenset((*settled_ids(snapshot), *proved))

    def handed_over(self, plan_id: str, wish: Wish) -> None:
        self._plans[plan_id] = wish.findings
        self._plans_made += bool(wish.findings)

    def is_about(self, plan_id: str) -> bool:
        """Whether the plan was for findings."""
        return bool(self._plans.get(plan_id))

    def note(self, entry: JournalEntry) -> None:
        """Keep what came of a plan."""
        for finding_id in self._plans.get(entry.plan.id, ()):
            self.tried[finding_id] = tried_text(entry)
            if is_proved(entry) and entry.result is not None:
                self._proved[finding_id] = entry.result.ended

    def next_words(self, entry: JournalEntry, context: Context, snapshot: Snapshot) -> str:
        """``delete environments env-2 (3 to go)``: what is asked about after this plan; empty for nothing."""
        if not self.is_about(entry.plan.id) or not context.marked or context.why_no_change:
            return ""
        self.note(entry)
        steps = steps_of(context.findings, context.verbs, self.settled(snapshot))
        return f"{step_words(steps[0])} ({len(steps)} to go)" if steps else ""


def is_proved(entry: JournalEntry) -> bool:
    """Whether a plan did what it should, as far as could be looked at: what comes after it may be asked about."""
    return entry.result is not None and entry.result.result == "done" and entry.result.verified is not False


def _place(number: int, of: int) -> str:
    return f"{number} of {of}" if of > 1 else ""


def _listed(findings: tuple[Finding, ...], snapshot: Snapshot, loaded: LoadedConfig) -> Wish | None:
    """The list of sessions, where a finding leaves it to a person which of them shall sleep."""
    chosen = tuple(one.id for one in findings if chosen_from_a_list(one))
    return Wish("hibernate", (), snapshot, loaded, listed=True, findings=chosen) if chosen else None
