"""A plan and its result as text: what the dialog and --dry-run show."""

from __future__ import annotations

from typing import Any

import pytest

from opsconsole.model.identity import PaneId
from opsconsole.model.plan import (
    Plan,
    PlanResult,
    ProcessMark,
    Refusal,
    Refused,
    Respawner,
    StepRecord,
    Subplan,
    SubplanResult,
    Survivor,
    Target,
)
from opsconsole.present.plan import (
    deed_words,
    plan_lines,
    plan_text,
    plan_title,
    refused_text,
    result_text,
    step_line,
    target_line,
)
from tests.makers import AT, BOOT, MB, process_id


def mark(pid: int, command: str) -> ProcessMark:
    return ProcessMark(process_id(pid), "/usr/bin/python3.11", "digest", 1000, 7, command)


def target(pid: int, role: str, command: str, reason: str, **changes: Any) -> Target:
    fields: dict[str, Any] = {
        "kind": "process",
        "role": role,
        "name": "auto_confirm",
        "reason": reason,
        "process": mark(pid, command),
        "command": command,
        "start": AT - 3600,
        "memory_bytes": 21 * MB,
    }
    return Target(**{**fields, **changes})


SUBPLAN = Subplan(
    subject="auto_confirm",
    subject_kind="worker",
    targets=(
        target(87841, "wrapper", "sh keepalive.sh", "would start another copy"),
        target(
            88337, "instance", "python3 auto_confirm_worker.py", "another version", tree=(mark(1, "x"), mark(2, "y"))
        ),
    ),
    survivors=(Survivor(process_id(8157), "python3 v2.py", AT - 7200, None, "the configured version"),),
    steps=("SIGTERM 87841", "SIGTERM 88337"),
    checks=("auto_confirm: 1 instance runs",),
    warnings=("88337 ignores SIGTERM",),
)


def plan(*subplans: Subplan, **changes: Any) -> Plan:
    fields: dict[str, Any] = {
        "id": "p",
        "verb": "kill-duplicates",
        "created": AT,
        "host": "here",
        "boot_id": BOOT,
        "uid": 1000,
        "config_path": "",
        "config_digest": "",
        "subplans": subplans or (SUBPLAN,),
    }
    return Plan(**{**fields, **changes})


def test_everything_is_named_before_it_is_agreed_to() -> None:
    lines = plan_text(plan()).splitlines()
    assert lines[0] == "Kill duplicates: auto_confirm"
    assert lines[2] == "Targets"
    assert lines[3].startswith("  wrapper 87841  up 1h 0m since ")
    assert lines[3].endswith("  21M  sh keepalive.sh  (would start another copy)")
    assert "  2 children  python3 auto_confirm_worker.py  (another version)" in lines[4]
    assert lines[5] == "Stays"
    assert lines[6].startswith("  8157  up 2h 0m since ")
    # What is not known is not shown as nothing.
    assert lines[6].endswith("  ?  python3 v2.py  (the configured version)")
    assert lines[7:] == [
        "  ! 88337 ignores SIGTERM",
        "Will be run",
        "  1. SIGTERM 87841",
        "  2. SIGTERM 88337",
        "Checked afterwards",
        "  auto_confirm: 1 instance runs",
    ]


def test_of_many_subjects_each_has_its_heading_and_what_is_left_out_is_told() -> None:
    subplans = [Subplan(subject=f"w{number}", subject_kind="worker") for number in range(5)]
    made = plan(*subplans, verb="stop", left_out=(Refusal("w9", "it is not running", "nothing"),))
    assert plan_title(made) == "Stop: w0, w1, w2 and 2 more"
    headings = [line.text for line in plan_lines(made) if line.kind == "heading"]
    assert headings == ["w0", "w1", "w2", "w3", "w4", "Left out"]
    assert plan_lines(made)[-1].text == "w9: it is not running"


def test_an_environment_is_told_by_its_name() -> None:
    old = Target(
        kind="environment", role="environment", name="old", reason="stale: 1d 7h of 1d", environment="e1", port=6001
    )
    made = plan(Subplan(subject="e1", subject_kind="environment", targets=(old,)), verb="delete-environment")
    assert plan_title(made) == "Delete environment: old (e1)"
    assert "  environment  old (e1)  port 6001  (stale: 1d 7h of 1d)" in plan_text(made).splitlines()


def result(**changes: Any) -> PlanResult:
    fields: dict[str, Any] = {"plan": "p", "result": "done", "verified": True, "ended": AT}
    return PlanResult(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "done, verified"),
        ({"verified": None}, "done, nothing to verify"),
        ({"watching": True}, "done, verified; watching for a respawn"),
        ({"verified": False, "reason": "0 of 1 running"}, "done, NOT verified: 0 of 1 running"),
        ({"result": "failed", "verified": None, "failed_step": 3, "reason": "EPERM"}, "failed at step 3: EPERM"),
        ({"result": "refused", "verified": None, "reason": "read-only"}, "refused: read-only"),
        ({"result": "nothing-to-do", "verified": None}, "nothing to do"),
    ],
)
def test_how_it_ended_is_one_phrase(changes: dict[str, Any], text: str) -> None:
    assert result_text(result(**changes)) == text


def test_what_was_hurt_and_who_respawned_come_before_the_rest() -> None:
    respawner = Respawner("w", 4242, process_id(7), "python3 supervisor.py")
    unknown = Respawner("w", 4243, None, "")
    failed = SubplanResult(subject="w", result="failed", reason="crash loop", evidence=("w.log: no ledger",))
    lines = result_text(
        result(hurt=("b ran before and does not now",), respawners=(respawner, unknown), subresults=(failed,))
    ).splitlines()
    assert lines[1:] == [
        "  ! b ran before and does not now",
        "  ! w: 4242 was started again by 7 (python3 supervisor.py)",
        "  ! w: 4243 was started again by somebody who has ended since",
        "  w: failed: crash loop",
        "    w.log: no ledger",
    ]


def test_a_step_tells_what_came_of_it() -> None:
    step = StepRecord(number=2, subject="w", text="SIGTERM 7", began=AT, ended=AT + 0.012, state="done", detail="ended")
    assert step_line(step).endswith("    2  w: SIGTERM 7 ok (12ms): ended")
    under_way = StepRecord(number=3, subject="w", text="wait", began=AT)
    assert step_line(under_way).endswith("    3  w: wait …")


def test_a_refusal_says_so_and_nothing_to_do_is_none() -> None:
    assert refused_text(Refused("stop", "read-only")) == "Stop: refused: read-only"
    assert refused_text(Refused("stop", "w: not running", "nothing")) == "Stop: nothing to do: w: not running"


def test_a_sleeping_session_is_told_by_its_name() -> None:
    pane = PaneId(socket="/tmp/tmux", server_pid=1, server_start=1, pane="%1")
    target = Target(kind="pane", role="sleeping session", name="tester", reason="conversation 0f0f", pane=pane)
    assert target_line(target, AT) == "sleeping session  tester  (conversation 0f0f)"


def test_what_a_remedy_does_is_said_in_words() -> None:
    assert deed_words("prune-environments", ("env-2",)) == "delete environment env-2"
    assert deed_words("prune-environments", ("env-2", "env-4")) == "delete environments env-2, env-4"
    assert deed_words("prune-environments") == "delete stale environments"
    assert deed_words("kill-duplicates", ("auto_confirm",)) == "end duplicates of auto_confirm"
    assert deed_words("restart", ("assigner",)) == "restart assigner"
    assert deed_words("larger pool") == "larger pool"
