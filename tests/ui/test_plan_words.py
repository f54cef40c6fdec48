"""Words of plans on the screen: what a button says, how long facts fold, how a plan stands."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.model.plan import JournalEntry, PlanResult, Respawner
from opsconsole.present.plan import plan_title
from opsconsole.ui.plan_words import confirm_word, hanging, standing
from tests import samples
from tests.ui.consoles import duplicates_plan

PLAN = duplicates_plan(samples.incident())
RESULT = PlanResult(plan=PLAN.id, result="done", verified=True, ended=PLAN.created + 1.0)


@pytest.mark.parametrize(
    ("verb", "subjects", "word"),
    [
        ("kill-duplicates", ["auto_confirm"], "End 2 processes"),
        ("restart", ["assigner"], "Restart assigner"),
        ("restart", ["assigner", "auto_confirm"], "Restart 2 workers"),
        ("restart", ["a-name-that-is-longer-than-a-button"], "Restart"),
        ("delete-environment", ["env-1"], "Delete 2 environments"),
    ],
)
def test_the_button_says_what_it_does(verb: str, subjects: list[str], word: str) -> None:
    subplans = tuple(msgspec.structs.replace(PLAN.subplans[0], subject=name) for name in subjects)
    if verb in ("kill-duplicates", "delete-environment"):
        subplans = PLAN.subplans
    assert confirm_word(msgspec.structs.replace(PLAN, verb=verb, subplans=subplans)) == word


def test_an_own_command_is_called_by_its_own_name() -> None:
    subplan = msgspec.structs.replace(PLAN.subplans[0], subject="assigner", data={"action": "Drain queue"})
    plan = msgspec.structs.replace(PLAN, verb="command", subplans=(subplan,))
    assert confirm_word(plan) == "Run Drain queue"
    assert plan_title(plan) == "Drain queue: assigner"


@given(st.text(alphabet="abc  ", max_size=80), st.integers(8, 40))
def test_facts_fold_within_the_width_and_lose_no_word(text: str, width: int) -> None:
    folded = hanging(text, width)
    assert all(indent + len(part) <= width for indent, part in folded)
    assert "".join("".join(part for _, part in folded).split()) == "".join(text.split())


def entry(state: str, **changes: object) -> JournalEntry:
    fields: dict[str, object] = {"plan": PLAN, "state": state, "steps": (), "result": None}
    return JournalEntry(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        (entry("waiting"), ("waiting", "accent")),
        (entry("running"), ("running", "accent")),
        (entry("abandoned"), ("left unfinished", "bad")),
        (entry("finished", result=RESULT), ("done, verified", "ok")),
        (entry("watching", result=msgspec.structs.replace(RESULT, watching=True)), ("done, verified, watching", "ok")),
        (entry("finished", result=msgspec.structs.replace(RESULT, verified=False)), ("done, NOT verified", "warn")),
        (entry("finished", result=msgspec.structs.replace(RESULT, result="failed")), ("failed", "bad")),
        (
            entry("finished", result=msgspec.structs.replace(RESULT, hurt=("the site is down",))),
            ("done, verified", "bad"),
        ),
        (
            entry("finished", result=msgspec.structs.replace(RESULT, respawners=(Respawner("x", 1, None, ""),))),
            ("done, verified", "warn"),
        ),
    ],
)
def test_how_a_plan_stands(told: JournalEntry, stands: tuple[str, str]) -> None:
    assert standing(told) == stands
