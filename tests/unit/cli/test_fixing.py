"""`fix`: what it makes of refusals and of a no. What is wrong is given; nothing is carried out."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from opsconsole.cli import fixing
from opsconsole.cli.acting import Manner
from opsconsole.cli.fixing import Fix, Fixing
from opsconsole.cli.root import opsconsole
from opsconsole.cli.watched import Watched
from opsconsole.config.types import Config, EnvironmentsTable, LoadedConfig, TargetTable, WorkerTable
from opsconsole.diagnose import diagnose
from opsconsole.engine.history_file import read_events
from opsconsole.engine.target_samples import TargetSamples
from opsconsole.model.alert import TargetSample
from opsconsole.model.environment import PortPool
from opsconsole.model.plan import Plan, RefusalKind, Refused, Verb
from opsconsole.model.reading import ok, unknown
from opsconsole.model.session import Session
from opsconsole.model.snapshot import Snapshot
from opsconsole.present.put_right import course_of
from tests.makers import AT, GB, environment, queue, session, system, worker
from tests.samples import changed
from tests.unit.diagnose.scenes import config, environments, scene
from tests.unit.diagnose.test_diagnosis import incident
from tests.unit.present.test_report import entry

MISSING = "worker-missing:orchestrator"
TWO_WORKERS = config(
    worker=tuple(WorkerTable(name=name, command=("python3", f"{name}.py")) for name in ("orchestrator", "other"))
)


def idle_session() -> Session:
    return session("notes", state="idle", idle_s=9000.0)


def fixing_with(
    answer: Plan | Refused,
    monkeypatch: pytest.MonkeyPatch,
    state_dir: Path,
    *,
    yes: bool = True,
    dry_run: bool = False,
    found_in: Snapshot | None = None,
    under: Config | None = None,
) -> Fixing:
    """A run on the incident, or what is ``found_in`` another snapshot, in which every plan is answered like this."""
    loaded = LoadedConfig(config=under or config(), path=None)
    made = Fixing(loaded, state_dir, Manner(dry_run=dry_run, yes=yes, as_json=True))
    see(made, found_in or incident())
    monkeypatch.setattr(fixing, "make_plan", lambda *_, **__: answer)
    return made


def see(run: Fixing, snapshot: Snapshot) -> None:
    """Let the run's engine have read this."""
    run.watched.engine.latest = changed(snapshot, diagnosis=diagnose(snapshot, run._loaded.config))


def carried_out(run: Fixing, monkeypatch: pytest.MonkeyPatch, *, then: Snapshot | None = None) -> None:
    """Let every plan be done and verified; then the machine is like this, or as it was."""

    def follow(_plan: Plan, _submitted: object, fixed: Fix) -> None:
        fixed.result, fixed.verified = "done", True
        if then is not None:
            see(run, then)

    monkeypatch.setattr(fixing, "submit", lambda *_, **__: None)
    monkeypatch.setattr(fixing, "executor_at_hand", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(run, "_follow", follow)


def results(run: Fixing) -> dict[str, tuple[str | None, bool | None]]:
    return {one["finding"]: (one["result"], one["closed"]) for one in run.document()["fixes"]}


@pytest.fixture(autouse=True)
def _never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of these runs is not started: what it has read does not change by waiting."""
    monkeypatch.setattr(Watched, "wait", lambda _self, until, _within_s: until())
    monkeypatch.setattr(fixing, "CONFIRMED_WITHIN_S", 0.0)


@pytest.mark.parametrize(("kind", "status"), [("unknown", 3), ("refused", 4), ("nothing", 1)])
def test_a_plan_that_is_refused_ends_by_its_kind(
    kind: RefusalKind, status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    verb: Verb = "start"
    run = fixing_with(Refused(verb, "so it is", kind), monkeypatch, tmp_path / "state", yes=True)
    assert run.run((MISSING,)) == status
    assert run.document()["fixes"][0]["reason"] == "so it is"


NOT_THERE = scene(workers=(worker("orchestrator", (), state="missing", critical=True, pid_file=None, log=None),))
STARVED = scene(system=system(memory_available_bytes=GB // 2, memory_total_bytes=24 * GB), sessions=(idle_session(),))
NO_PORTS = queue(
    completed=37, failed=85, success_rate=0.3, errors=(("RuntimeError: No available ports for new environment", 60),)
)
EXHAUSTED = scene(
    queue=NO_PORTS,
    workers=(worker("assigner"),),
    environments=environments(
        environment(port=6001, age_s=90_000.0, stale=True),
        environment("other", 6002),
        pool=PortPool(first=6001, last=6002, used=(6001, 6002)),
    ),
)


def test_what_is_told_in_another_finding_meanwhile_is_not_put_right(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = fixing_with(entry("done", True).plan, monkeypatch, tmp_path / "state", found_in=STARVED)
    busier = changed(STARVED, system=ok(system(load1=30.0, load5=30.0, load15=30.0, memory_available_bytes=GB // 2), 1))
    carried_out(run, monkeypatch, then=busier)
    assert run.run(()) == 1
    assert results(run) == {"memory-pressure:machine": ("done", False)}


def test_a_finding_that_is_for_a_person_is_not_put_right_where_it_was_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    by_hand = scene(sessions=(session("s", state="hung", idle_s=2700.0),))
    for wanted, status in ((("session-hung:s",), 1), ((), 0)):
        run = fixing_with(entry("done", True).plan, monkeypatch, tmp_path / "state", found_in=by_hand)
        assert run.run(wanted) == status
        assert run.document()["by_hand"] == ["session-hung:s"]


def test_a_symptom_that_was_named_is_put_right_with_what_tells_it_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stale = "env-stale:environments"
    alone = fixing_with(entry("done", True).plan, monkeypatch, tmp_path / "state", found_in=EXHAUSTED)
    assert alone.run((stale,)) == 1
    assert results(alone) == {stale: ("nothing-to-do", False)}
    both = fixing_with(entry("done", True).plan, monkeypatch, tmp_path / "state", found_in=EXHAUSTED)
    carried_out(both, monkeypatch, then=scene())
    assert both.run((stale, "env-ports-exhausted:pool")) == 0


def test_what_one_look_shows_and_several_do_not_confirm_is_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = fixing_with(entry("done", True).plan, monkeypatch, tmp_path / "state", found_in=NOT_THERE)
    run.watched.engine.latest = changed(NOT_THERE, diagnosis=diagnose(scene(), config()))
    assert run.run((MISSING,)) == 3
    assert "not often enough" in run.document()["fixes"][0]["reason"]


def test_all_is_not_well_where_nothing_could_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blind = changed(scene(), **{name: unknown("hung", AT) for name in ("workers", "services", "system")})
    run = fixing_with(entry("done", True).plan, monkeypatch, tmp_path / "state", found_in=blind)
    assert run.run(()) == 3
    nothing = fixing_with(entry("done", True).plan, monkeypatch, tmp_path / "state")
    nothing.watched.engine.latest = None
    assert nothing.run(()) == 3
    assert nothing.document()["result"] == "refused"
    assert "nothing could be read" in nothing.document()["reason"]


@pytest.mark.parametrize("deletable", [False, True], ids=["cause by hand", "cause not put right"])
def test_a_symptom_waits_for_its_cause(deletable: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pool = EnvironmentsTable(
        url="http://127.0.0.1:8080/e",
        delete_url="http://127.0.0.1:8080/e/{id}" if deletable else "",
        port_pool="6001-6002",
    )
    under = config(environments=pool)
    run = fixing_with(entry("done", True).plan, monkeypatch, tmp_path / "state", found_in=EXHAUSTED, under=under)
    carried_out(run, monkeypatch)
    assert run.run(()) == (1 if deletable else 4)
    assert results(run).get("worker-failing:assigner") in (None, ("refused", None))
    assert ("done", None) not in results(run).values()


def test_a_refusal_beside_what_was_done_is_no_refusal_of_everything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    two = scene(workers=(*(NOT_THERE.workers.value or ()), worker("other", (), state="missing", log=None)))
    run = fixing_with(entry("done", True).plan, monkeypatch, tmp_path / "state", found_in=two, under=TWO_WORKERS)
    answers = iter((entry("done", True).plan, Refused("start", "protected", "refused")))
    monkeypatch.setattr(fixing, "make_plan", lambda *_, **__: next(answers))
    carried_out(run, monkeypatch, then=scene(workers=(worker("other", (), state="missing", log=None),)))
    assert run.run(()) == 1
    assert run.document()["result"] == "done"


def test_a_trial_of_which_everything_is_refused_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refused = Refused("start", "protected", "refused")
    run = fixing_with(refused, monkeypatch, tmp_path / "state", dry_run=True, found_in=NOT_THERE)
    assert run.run(()) == 4
    assert run.document()["result"] == "refused"


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


def test_the_timeline_and_the_targets_tell_how_it_was_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    wish = TargetTable(name="ports", metric="environments.ports_free", want="> 0")
    run = fixing_with(
        entry("done", True).plan, monkeypatch, state_dir, found_in=EXHAUSTED, under=config(target=(wish,))
    )
    carried_out(run, monkeypatch, then=changed(scene(), at=AT + 60.0))
    run._keep_targets()
    run._record()
    assert run.run(()) == 0
    course = course_of(read_events(state_dir, 100, AT).value or (), AT + 120.0)
    assert {one.finding.id for one in course.closed} == {"env-ports-exhausted:pool", "worker-failing:assigner"}
    samples = TargetSamples(state_dir)
    assert samples.read() == ""
    assert samples.first() == {"environments.ports_free": TargetSample(AT, 0.0)}
