"""Words and lines of plans that only the screen needs. Pure."""

from __future__ import annotations

from opsconsole.model.plan import JournalEntry, Plan, PlanResult, Verb
from opsconsole.present.plan import own_action, result_word
from opsconsole.ui.fields import wrapped

_DEEDS: dict[Verb, str] = {
    "kill-duplicates": "End",
    "terminate": "End",
    "stop": "Stop",
    "restart": "Restart",
    "start": "Start",
    "write-pid-file": "Write",
    "remove-pid-file": "Remove",
    "delete-environment": "Delete",
    "prune-environments": "Delete",
    "probe": "Probe",
    "command": "Run",
    "hibernate": "Hibernate",
    "wake": "Wake",
}
_COUNTED: dict[Verb, str] = {
    "kill-duplicates": "process",
    "terminate": "process",
    "write-pid-file": "pid file",
    "remove-pid-file": "pid file",
    "delete-environment": "environment",
    "prune-environments": "environment",
}
"""What the targets of a verb are; of the others the subjects are counted."""


LONGEST_NAME = 24


def confirm_word(plan: Plan) -> str:
    """What the confirming button says: ``End 2 processes``, ``Restart assigner``."""
    deed = _DEEDS[plan.verb]
    noun = _COUNTED.get(plan.verb)
    if noun is not None:
        count = len(plan.targets)
        return f"{deed} {count} {noun if count == 1 else plural(noun)}"
    if own := own_action(plan):
        return f"{deed} {own}" if len(own) <= LONGEST_NAME else deed
    names = [subplan.subject for subplan in plan.subplans]
    if len(names) == 1:
        return f"{deed} {names[0]}" if len(names[0]) <= LONGEST_NAME else deed
    kinds = {subplan.subject_kind for subplan in plan.subplans}
    return f"{deed} {len(names)} {plural(kinds.pop())}" if len(kinds) == 1 else f"{deed} {len(names)}"


def plural(noun: str) -> str:
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def hanging(text: str, width: int, indent: int = 2) -> list[tuple[int, str]]:
    """(indent, part) of the lines of one entry: facts, set apart by two blanks, are kept whole where they fit."""
    lines: list[str] = [""]
    for fact in text.split("  "):
        joined = f"{lines[-1]}  {fact}" if lines[-1] else fact
        room = width if len(lines) == 1 else width - indent
        if len(joined) <= room:
            lines[-1] = joined
        else:
            folded = wrapped(fact, max(width - indent, 1))
            lines[-1:] = [*([lines[-1]] if lines[-1] else []), *folded]
    return [(0 if number == 0 else indent, line) for number, line in enumerate(lines)]


def result_status(result: PlanResult | None) -> str:
    """The status that a result is shown with."""
    if result is None:
        return "accent"
    if result.hurt or result.result == "failed":
        return "bad"
    if result.respawners or result.result == "refused" or (result.result == "done" and result.verified is False):
        return "warn"
    return "ok" if result.result == "done" else "muted"


def standing(entry: JournalEntry) -> tuple[str, str]:
    """(how a plan of the journal stands, status)."""
    if entry.state == "abandoned":
        return "left unfinished", "bad"
    if entry.result is None:
        return ("running", "accent") if entry.state == "running" else (entry.state, "accent")
    word = result_word(entry.result)
    return (f"{word}, watching" if entry.result.watching else word), result_status(entry.result)
