"""A plan, its progress and its result as text. Pure: the dialog, ``--dry-run`` and the journal's view show the same.

Every line is one sentence or one thing, with a kind, so that a screen may set it apart; ``plan_text`` is all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from opsconsole.model.plan import (
    JournalEntry,
    Plan,
    PlanResult,
    Refused,
    StepRecord,
    Subplan,
    SubplanResult,
    Survivor,
    Target,
    Verb,
)
from opsconsole.present import humanise

LineKind = Literal["title", "heading", "target", "survivor", "step", "check", "warning", "left-out", "result", "blank"]

TITLES: dict[Verb, str] = {
    "kill-duplicates": "Kill duplicates",
    "restart": "Restart",
    "start": "Start",
    "stop": "Stop",
    "terminate": "Terminate",
    "write-pid-file": "Write PID file",
    "remove-pid-file": "Remove PID file",
    "delete-environment": "Delete environment",
    "prune-environments": "Clean up stale environments",
    "probe": "Probe",
    "command": "Run command",
    "hibernate": "Hibernate",
    "wake": "Wake",
}


_DEEDS: dict[str, tuple[str, str]] = {
    "kill-duplicates": ("end duplicates of", "end duplicates"),
    "terminate": ("end process", "end processes"),
    "write-pid-file": ("write the pid file of", "write pid files"),
    "remove-pid-file": ("remove the pid file of", "remove pid files"),
    "delete-environment": ("delete environment", "delete environments"),
    "prune-environments": ("delete environment", "delete stale environments"),
    "hibernate": ("hibernate", "hibernate sessions"),
    "hibernate-idle": ("hibernate idle session", "hibernate idle sessions"),
    "command": ("run", "run a command"),
}
"""(before the names, where there are none) of what is not called as people call it."""


def deed_words(action: str, names: Sequence[str] = ()) -> str:
    """What an action does, in a sentence: ``delete environments env-2, env-4``, ``restart assigner``."""
    before, alone = _DEEDS.get(action, (action, action))
    if not names:
        return alone
    several = "s" if len(names) > 1 and before.endswith((" environment", " process", " session")) else ""
    plural = "es" if several and before.endswith("s") else several
    return f"{before}{plural} {', '.join(names)}"


class PlanLine(NamedTuple):
    kind: LineKind
    text: str


def plan_title(plan: Plan, *, whole: bool = False) -> str:
    """``Kill duplicates: auto_confirm``; of more than three subjects those beyond are counted, unless ``whole``."""
    names = [subject_label(subplan) for subplan in plan.subplans]
    named = len(names) if whole else 3
    shown = ", ".join(names[:named]) + (f" and {len(names) - named} more" if len(names) > named else "")
    return f"{own_action(plan) or TITLES[plan.verb]}: {shown}"


def own_action(plan: Plan) -> str:
    """Name of the config's own command that the plan runs; empty for any other plan."""
    named = plan.subplans[0].data.get("action") if plan.verb == "command" and plan.subplans else None
    return named if isinstance(named, str) else ""


def subject_label(subplan: Subplan) -> str:
    """What a subplan is about, for people: an environment by its name and id, anything else by its name."""
    if subplan.subject_kind == "environment" and subplan.targets and subplan.targets[0].name != subplan.subject:
        return f"{subplan.targets[0].name} ({subplan.subject})"
    return subplan.subject


def plan_lines(plan: Plan) -> tuple[PlanLine, ...]:
    """Everything the operator must know before agreeing: targets, what stays and why, steps, checks."""
    lines = [PlanLine("title", plan_title(plan))]
    if plan.verb == "hibernate":
        lines.append(PlanLine("heading", freed_line(plan)))
        if len(plan.subplans) > 1:
            lines += [PlanLine("check", f"{subject_label(each)}: {_gives_back(each)}") for each in plan.subplans]
    for subplan in plan.subplans:
        lines.append(PlanLine("blank", ""))
        if len(plan.subplans) > 1:
            lines.append(PlanLine("heading", subject_label(subplan)))
        lines += _subplan_lines(subplan, plan.created)
    if plan.left_out:
        lines += [PlanLine("blank", ""), PlanLine("heading", "Left out")]
        lines += [PlanLine("left-out", f"{each.subject}: {each.reason}") for each in plan.left_out]
    return tuple(lines)


def freed_line(plan: Plan) -> str:
    """What hibernating these gives back: ``These 4: frees about 5.1G of memory and 2.2G of swap; idle 2h to 9h``."""
    told = [subplan.data for subplan in plan.subplans]
    sums = [_sum(each.get(field) for each in told) for field in ("rss_bytes", "swap_bytes")]
    idle = sorted(float(each["idle_s"]) for each in told if each.get("idle_s") is not None)
    since = dict.fromkeys(humanise.duration_short(seconds) for seconds in (idle[:1] + idle[-1:]))
    which = "This one" if len(told) == 1 else f"These {len(told)}"
    swap = f" and {humanise.size(sums[1])} of swap" if sums[1] else ""
    return f"{which}: frees about {humanise.size(sums[0])} of memory{swap}; idle {' to '.join(since)}"


def _gives_back(subplan: Subplan) -> str:
    """``1.3G of memory, 0.2G of swap, idle 9h 0m``; what is unknown stands as unknown."""
    told = subplan.data
    memory, swap = humanise.size(told.get("rss_bytes")), humanise.size(told.get("swap_bytes"))
    return f"{memory} of memory, {swap} of swap, idle {humanise.duration(told.get('idle_s'))}"


def _sum(sizes: Iterable[Any]) -> int | None:
    known = [size for size in sizes if isinstance(size, int)]
    return sum(known) if known else None


def plan_text(plan: Plan) -> str:
    """The same as plain text; no line end last."""
    return "\n".join(f"{_INDENT[line.kind]}{line.text}".rstrip() for line in plan_lines(plan))


_INDENT: dict[LineKind, str] = {
    "title": "",
    "heading": "",
    "blank": "",
    "target": "  ",
    "survivor": "  ",
    "step": "  ",
    "check": "  ",
    "warning": "  ! ",
    "left-out": "  ",
    "result": "",
}


def _subplan_lines(subplan: Subplan, now: float) -> Iterator[PlanLine]:
    if subplan.targets:
        yield PlanLine("heading", "Targets")
        for target in subplan.targets:
            yield PlanLine("target", target_line(target, now))
    if subplan.survivors:
        yield PlanLine("heading", "Stays")
        for survivor in subplan.survivors:
            yield PlanLine("survivor", survivor_line(survivor, now))
    if subplan.seen:
        yield PlanLine("heading", "Seen beforehand")
        for seen in subplan.seen:
            yield PlanLine("check", seen)
    for warning in subplan.warnings:
        yield PlanLine("warning", warning)
    if subplan.steps:
        yield PlanLine("heading", "Will be run")
        for number, step in enumerate(subplan.steps, start=1):
            yield PlanLine("step", f"{number}. {step}")
    if subplan.checks:
        yield PlanLine("heading", "Checked afterwards")
        for check in subplan.checks:
            yield PlanLine("check", check)


def target_line(target: Target, now: float) -> str:
    """``wrapper 87841  up 4h 12m since 13:07:02  3.1M  bash keepalive.sh  (would start another copy)``."""
    facts = [f"{target.role} {target.pid}" if target.pid is not None else target.role]
    if target.kind == "pane" and target.name:
        facts.append(target.name)
    if target.kind == "environment":
        facts.append(f"{target.name} ({target.environment})" if target.environment != target.name else target.name)
    if target.port is not None and target.kind == "environment":
        facts.append(f"port {target.port}")
    if target.age_s is not None:
        facts.append(f"age {humanise.duration(target.age_s)}")
    if target.start is not None:
        facts.append(f"up {humanise.duration(now - target.start)} since {humanise.date_time(target.start)}")
    if target.process is not None:
        facts.append(humanise.size(target.memory_bytes))
    if target.tree:
        facts.append(f"{len(target.tree)} child{'ren' if len(target.tree) > 1 else ''}")
    facts += [fact for fact in (target.path, target.command) if fact]
    return "  ".join([*facts, f"({target.reason})"] if target.reason else facts)


def survivor_line(survivor: Survivor, now: float) -> str:
    since = f"up {humanise.duration(now - survivor.start)} since {humanise.date_time(survivor.start)}"
    memory = humanise.size(survivor.memory_bytes)
    return f"{survivor.pid}  {since}  {memory}  {survivor.command}  ({survivor.reason})"


def step_line(step: StepRecord) -> str:
    """One step of the journal: time, subject, what, what came of it."""
    took = "" if step.ended is None else f" ({humanise.latency((step.ended - step.began) * 1000.0)})"
    state = {"started": "…", "done": "ok", "failed": "FAILED"}[step.state]
    detail = f": {step.detail}" if step.detail else ""
    return f"{humanise.clock_time(step.began)}  {step.number:>3}  {step.subject}: {step.text} {state}{took}{detail}"


def result_word(result: PlanResult | SubplanResult) -> str:
    """``done, verified`` and its like: the one phrase that says how it ended."""
    if result.result != "done":
        return {"failed": "failed", "refused": "refused", "nothing-to-do": "nothing to do"}[result.result]
    if result.verified is None:
        return "done, nothing to verify"
    return "done, verified" if result.verified else "done, NOT verified"


def result_lines(result: PlanResult, took_s: float | None = None) -> tuple[PlanLine, ...]:
    """How a plan ended, and how long after it was confirmed; then what does not hold, loudest first."""
    step = f" at step {result.failed_step}" if result.failed_step is not None else ""
    after = f", {took_words(took_s)} after it was confirmed" if took_s is not None else ""
    word = result_word(result) + step + after + ("; watching for a respawn" if result.watching else "")
    lines = [PlanLine("result", f"{word}: {result.reason}" if result.reason else word)]
    lines += [PlanLine("warning", text) for text in result.hurt]
    lines += [
        PlanLine("warning", f"{each.subject}: {each.pid} was started again by {_who(each.parent, each.command)}")
        for each in result.respawners
    ]
    for part in result.subresults:
        if len(result.subresults) > 1 or part.evidence:
            reason = f": {part.reason}" if part.reason and part.reason != result.reason else ""
            lines.append(PlanLine("check", f"{part.subject}: {result_word(part)}{reason}"))
        lines += [PlanLine("check", f"  {text}") for text in part.evidence]
    return tuple(lines)


def _who(parent: object, command: str) -> str:
    pid = getattr(parent, "pid", None)
    return f"{pid} ({command})" if pid is not None else command or "somebody who has ended since"


def result_text(result: PlanResult, took_s: float | None = None) -> str:
    return "\n".join(f"{_INDENT[line.kind]}{line.text}".rstrip() for line in result_lines(result, took_s))


def took_words(seconds: float) -> str:
    """``340ms``, ``1.2s``, ``4m 12s``."""
    return humanise.latency(seconds * 1000.0) if seconds < 100.0 else humanise.duration(seconds)


def confirmed_at(entry: JournalEntry) -> float:
    """When it was agreed to, seconds since the epoch."""
    return entry.confirmed if entry.confirmed is not None else entry.plan.created


def refused_text(refused: Refused) -> str:
    return f"{TITLES[refused.verb]}: {'nothing to do' if refused.kind == 'nothing' else 'refused'}: {refused.reason}"


def proposals(refused: Refused) -> str:
    """What to add to the config so that it can be done, as it can be pasted; empty for nothing."""
    return "\n\n".join(dict.fromkeys(each.proposal for each in refused.refusals if each.proposal))


def entry_line(entry: JournalEntry) -> str:
    """One plan of the journal in one line: time, what, how it stands."""
    stands = result_word(entry.result) if entry.result is not None else entry.state
    if entry.state == "abandoned":
        stands = "left unfinished: its executor has ended"
    reason = f": {entry.result.reason}" if entry.result is not None and entry.result.reason else ""
    return f"{humanise.date_time(confirmed_at(entry))}  {entry.plan.id}  {plan_title(entry.plan)}  {stands}{reason}"
