"""`fix`: what it makes of refusals and of a no. What is wrong is given; nothing is carried out."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from opsconsole.cli import fixing
from opsconsole.cli.acting import Manner
from opsconsole.cli.fixing import Fixing
from opsconsole.cli.root import opsconsole
from opsconsole.config.types import Config, LoadedConfig
from opsconsole.model.plan import Plan, RefusalKind, Refused, Verb
from tests.unit.present.test_findings import diagnosed
from tests.unit.present.test_report import entry

MISSING = "worker-missing:orchestrator"


def fixing_with(answer: Plan | Refused, monkeypatch: pytest.MonkeyPatch, state_dir: Path, *, yes: bool) -> Fixing:
    """A run on the incident, in which every plan is answered like this."""
    made = Fixing(LoadedConfig(config=Config(), path=None), state_dir, Manner(dry_run=False, yes=yes, as_json=True))
    snapshot = diagnosed()
    made._engine.latest = snapshot
    made._before = snapshot.diagnosis
    monkeypatch.setattr(fixing, "make_plan", lambda *_: answer)
    return made


@pytest.mark.parametrize(("kind", "status"), [("unknown", 3), ("refused", 4), ("nothing", 0)])
def test_a_plan_that_is_refused_ends_by_its_kind(
    kind: RefusalKind, status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    verb: Verb = "start"
    run = fixing_with(Refused(verb, "so it is", kind), monkeypatch, tmp_path / "state", yes=True)
    assert run.run((MISSING,)) == status
    assert run.document()["fixes"][0]["reason"] == "so it is"


def test_a_no_to_one_plan_is_no_answer_to_the_next(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def no(text: str, **_: object) -> bool:
        asked.append(text)
        return False

    monkeypatch.setattr(click, "confirm", no)
    run = fixing_with(entry("done", True).plan, monkeypatch, tmp_path / "state", yes=False)
    assert run.run(()) == 4
    reasons = {one["finding"]: one["reason"] for one in run.document()["fixes"]}
    assert reasons[MISSING] == reasons["worker-duplicates:auto_confirm"] == "not agreed to"
    assert reasons["worker-failing:assigner"] == "waits for env-ports-exhausted:pool, which causes it"
    assert len(asked) == sum(reason == "not agreed to" for reason in reasons.values()) > 1


def test_it_refuses_under_its_own_name(tmp_path: Path) -> None:
    config = tmp_path / "opsconsole.toml"
    config.write_text("")
    config.chmod(0o600)
    words = ["--config", str(config), "--state-dir", str(tmp_path / "state"), "fix", "--all"]
    ended = CliRunner().invoke(opsconsole, words)
    assert ended.exit_code == 4
    assert "Fix: refused: " in ended.output
