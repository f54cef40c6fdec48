"""What `f` puts right: the finding under the cursor, the marked ones plan after plan, or what an alert proposes. Pure.

The marks are the list of what is left: those that a plan was handed over for lose theirs. Each plan is made when its
turn comes, from what is true then: what an earlier one did changes what a later one is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from opsconsole.diagnose.order import in_order
from opsconsole.model.alert import Alert
from opsconsole.model.finding import Finding
from opsconsole.model.plan import JournalEntry, Verb
from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.findings import remedy_brief
from opsconsole.present.plan import TITLES, deed_words, result_word
from opsconsole.ui.verbs import BY_ID


class Step(NamedTuple):
    """One plan's worth of findings: the same verb, and nothing of the others comes between them."""

    verb: Verb
    names: tuple[str, ...]
    findings: tuple[str, ...]
    """Their ids."""
    notes: tuple[str, ...]
    """What has to be known before it is agreed to, beside the plan itself."""


def row_key(finding_id: str) -> str:
    return f"finding:{finding_id}"


def findings_at(snapshot: Snapshot, row_keys: Iterable[str]) -> tuple[Finding, ...]:
    """The findings that these rows show, each after those that cause it."""
    wanted = set(row_keys)
    diagnosis = snapshot.diagnosis
    return in_order(one for one in (diagnosis.findings if diagnosis is not None else ()) if row_key(one.id) in wanted)


def settled_ids(snapshot: Snapshot) -> tuple[str, ...]:
    """Of findings that are open only until their evidence has been missing for long enough."""
    diagnosis = snapshot.diagnosis
    return tuple(one.id for one in (diagnosis.findings if diagnosis is not None else ()) if one.recovering)


def alert_at(snapshot: Snapshot, key: str) -> Alert | None:
    """The alert that a row shows."""
    diagnosis = snapshot.diagnosis
    return next((one for one in (diagnosis.alerts if diagnosis else ()) if f"alert:{one.name}" == key), None)


def why_not_fixed(finding: Finding, verbs: Iterable[str]) -> str:
    """Why the console cannot put this one right; empty when it can."""
    if finding.recovering:
        return "recovering: it closes after fresh looks"
    if not finding.remedy.automatic and not chosen_from_a_list(finding):
        return remedy_brief(finding.remedy)
    return "" if finding.remedy.action in verbs else "not available"


def chosen_from_a_list(finding: Finding) -> bool:
    """Whether the console can put it right once a person has chosen by what: which sessions shall sleep."""
    return finding.remedy.action == "hibernate" and not finding.remedy.automatic


def why_not_proposed(alert: Alert, verbs: Iterable[str]) -> str:
    """Why the console cannot do what the alert proposes; empty when it can."""
    if alert.silenced_until is not None:
        return "silenced"
    if not alert.proposal:
        return "it proposes nothing now"
    spec = BY_ID.get(alert.proposal)
    if spec is None or not spec.all_of_them:
        return f"by hand: {alert.proposal}"
    return "" if spec.verb in verbs else "not available"


def next_step(findings: Sequence[Finding], verbs: Iterable[str], settled: Iterable[str] = ()) -> Step | None:
    """The first plan for these findings, which are in their order; None when there is nothing the console can do.

    ``settled`` are ids of open findings that need nothing more.
    """
    settled = {*settled, *(one.id for one in findings if one.recovering)}
    due = [one for one in findings if one.id not in settled]
    able = [one for one in due if one.remedy.automatic and not why_not_fixed(one, verbs)]
    if not able:
        return None
    action = able[0].remedy.action
    together = [able[0]]
    for other in able[1:]:
        if other.remedy.action != action:
            break
        together.append(other)
    assert action  # noqa: S101  # what is automatic has an action
    # What is stale is the plan's own to say.
    names = () if action == "prune-environments" else tuple(name for one in together for name in one.remedy.targets)
    later = [one for one in able if one not in together]
    by_hand = [one for one in due if one not in able]
    return Step(
        action,
        tuple(dict.fromkeys(names)),
        tuple(one.id for one in together),
        (*_unsettled(together, settled), *_of_the_marked(len(due), later, by_hand)),
    )


def steps_of(findings: Sequence[Finding], verbs: Iterable[str], settled: Iterable[str] = ()) -> list[Step]:
    """All plans for these findings as things are now, the next one first."""
    steps: list[Step] = []
    left, verbs, settled = list(findings), frozenset(verbs), frozenset(settled)
    while (step := next_step(left, verbs, settled)) is not None:
        steps.append(step)
        left = [one for one in left if one.id not in step.findings]
    return steps


def step_words(step: Step) -> str:
    """What a plan will do, in a sentence."""
    return deed_words(step.verb, step.names)


def after_its_causes(
    findings: Sequence[Finding], snapshot: Snapshot, verbs: Iterable[str], settled: Iterable[str]
) -> tuple[Finding, ...]:
    """The same, and before them the open findings that cause them and that the console can put right."""
    diagnosis, verbs, settled = snapshot.diagnosis, frozenset(verbs), frozenset(settled)
    by_id = {one.id: one for one in (diagnosis.findings if diagnosis is not None else ())}
    run = {one.id: one for one in findings}
    waiting = list(findings)
    while waiting:
        for cause in waiting.pop().causes:
            found = by_id.get(cause.id)
            if found is None or found.id in run or found.id in settled or not found.remedy.automatic:
                continue
            if not why_not_fixed(found, verbs):
                run[found.id] = found
                waiting.append(found)
    return in_order(run.values())


def comes_first(step: Step, aimed: Sequence[Finding], steps: Sequence[Step]) -> tuple[str, ...]:
    """Why a plan is about something else than the finding that was asked about; empty where it is about that."""
    asked = [one for one in aimed if one.id not in step.findings]
    if not asked or len(steps) < 2:
        return ()
    then = "; ".join(step_words(later) for later in steps[1:])
    return (f"this causes what you asked about: {asked[0].title}. It comes first; then: {then}",)


def _unsettled(findings: Sequence[Finding], settled: Iterable[str]) -> list[str]:
    """Open findings that cause these: as long as they are there the evidence comes back."""
    ids = {*(one.id for one in findings), *settled}
    causes = {cause.id: cause for one in findings for cause in one.causes if not cause.muted and cause.id not in ids}
    return [
        f"its cause is still open: {cause.title}. Put that right first, or this comes back" for cause in causes.values()
    ]


def _of_the_marked(count: int, later: Sequence[Finding], by_hand: Sequence[Finding]) -> list[str]:
    if count < 2:
        return []
    told = [f"{count} findings are marked. After this: " + "; ".join(_each_once(later))]
    return [*(told if later else []), *(f"marked, but {remedy_brief(one.remedy)}: {one.title}" for one in by_hand)]


def _each_once(findings: Iterable[Finding]) -> list[str]:
    """What will be done about these, each deed once with all that it is done to."""
    targets: dict[str, dict[str, None]] = {}
    for finding in findings:
        targets.setdefault(finding.remedy.action, {}).update(dict.fromkeys(finding.remedy.targets))
    return [deed_words(action, tuple(names)) for action, names in targets.items()]


def tried_text(entry: JournalEntry) -> str:
    """``restart 14:10, still open``: what was done about a finding, for the row of one that is still there."""
    deed = TITLES[entry.plan.verb].lower()
    if entry.result is None:
        return f"{deed} {entry.state}"
    at = humanise.clock_time(entry.result.ended)[:5]
    if entry.result.result == "done" and entry.result.verified:
        return f"{deed} {at}, still open"
    return f"{deed} {result_word(entry.result)} {at}"


def what_it_does(findings: Sequence[Finding], alert: Alert | None) -> str:
    """What putting right would mean of these, in one line."""
    if alert is not None:
        return deed_words(alert.proposal)
    return "; ".join(remedy_brief(finding.remedy) for finding in findings)
