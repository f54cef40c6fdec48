"""What a command that acts tells in the end, whatever it could learn of it."""

from __future__ import annotations

import json

import pytest

from opsconsole.cli.acting import Manner, _tell, exit_status
from opsconsole.model.plan import JournalEntry, Outcome, Plan, PlanResult

PLAN = Plan(
    id="p1", verb="stop", created=0.0, host="h", boot_id="b", uid=0, config_path="", config_digest="", subplans=()
)


def test_text_and_json_tell_the_same_time_since_it_was_confirmed(capsys: pytest.CaptureFixture[str]) -> None:
    result = PlanResult(plan="p1", result="done", verified=True, ended=12.0)
    entry = JournalEntry(plan=PLAN, state="finished", steps=(), result=result, confirmed=10.5, took_s=1.5)
    assert _tell(PLAN, entry, Manner(dry_run=False, yes=True, as_json=False)) == 0
    assert capsys.readouterr().out == "done, verified, 1.5s after it was confirmed\n"
    assert _tell(PLAN, entry, Manner(dry_run=False, yes=True, as_json=True)) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["confirmed"], said["took_s"], said["ended"]) == (10.5, 1.5, 12.0)


def test_an_end_that_cannot_be_read_is_one_object_as_well_and_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert _tell(PLAN, None, Manner(dry_run=False, yes=True, as_json=True)) == 3
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["plan"]["id"], said["verified"], said["steps"]) == (1, "p1", None, [])


@pytest.mark.parametrize(
    ("result", "verified", "status"),
    [
        ("done", True, 0),
        ("done", False, 1),
        ("done", None, 3),
        ("nothing-to-do", None, 0),
        ("failed", None, 1),
        ("refused", None, 4),
    ],
)
def test_only_what_was_proved_ends_with_0(result: Outcome, verified: bool | None, status: int) -> None:
    assert exit_status(PlanResult(plan="p", result=result, verified=verified, ended=0.0)) == status
