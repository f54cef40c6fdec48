"""Findings over time: what opens, what closes, what stays; clocks that jump, laptops that slept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.config.types import Config, ConsoleTable, Duration, RuleTable, WorkerTable
from opsconsole.diagnose.recovery import GRACE_S
from opsconsole.diagnose.rules import RULES
from opsconsole.diagnose.watch import Watch
from opsconsole.model.environment import PortPool
from opsconsole.model.finding import RULE_NAMES, Diagnosis
from opsconsole.model.reading import ok, unknown
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Log, PidFile, Worker
from tests.makers import AT, disk, environment, instance, queue, service, session, site, system, worker
from tests.samples import changed
from tests.unit.diagnose.scenes import READINGS, config, environments, ids, scene
from tests.unit.diagnose.test_rules import CASES, Case

MISSING = worker("orchestrator", (), state="missing", critical=True, pid_file=None, log=None)
STALE = PidFile("/tmp/a.pid", "stale", 99, "99 is not running")
THERE = worker("orchestrator", pid_file=None, log=None)


class Days:
    """One watch, looked at every two seconds of an injected clock."""

    def __init__(self, with_config: Config | None = None) -> None:
        self.watch = Watch()
        self.config = with_config or config()
        self.wall, self.monotonic = AT, 1000.0

    def look(self, fresh: bool = True, passed_s: float = 2.0, jump_s: float = 0.0, **values: Any) -> Diagnosis:
        """What is open; ``fresh`` gives each reading a new time."""
        self.wall += passed_s + jump_s
        self.monotonic += passed_s
        snapshot = scene(**values)
        read_at = self.wall if fresh else AT
        stamped = {name: ok(value, read_at) for name, value in values.items()}
        return self.of(changed(snapshot, **stamped))

    def of(self, snapshot: Snapshot) -> Diagnosis:
        return self.watch.diagnosis(changed(snapshot, at=self.wall, monotonic=self.monotonic), self.config)


def test_what_was_confirmed_where_it_was_read_opens_at_once() -> None:
    assert ids(Days().look(workers=(MISSING,)).findings) == ["worker-missing:orchestrator"]


def test_a_finding_closes_only_after_two_clean_looks() -> None:
    days = Days()
    first = days.look(workers=(MISSING,))
    once = days.look(workers=(THERE,))
    assert [one.recovering for one in (*first.findings, *once.findings)] == [False, True]
    assert once.score == first.score, "it counts until it is closed"
    assert days.look(workers=(THERE,)).findings == ()


def test_inodes_about_their_limit_do_not_flutter() -> None:
    days = Days()
    looks = [
        days.look(disks=(disk(inodes_free_percent=free),)).findings for free in (4.9, 5.1, 5.1, 5.1, 4.9, 5.1, 5.1)
    ]
    assert [len(found) for found in looks] == [1] * 7
    for _ in range(2):
        eased = days.look(disks=(disk(inodes_free_percent=8.0),))
    assert eased.findings == ()


def test_a_relapse_while_recovering_is_the_same_finding() -> None:
    days = Days()
    (first,) = days.look(workers=(MISSING,)).findings
    days.look(workers=(THERE,))
    (again,) = days.look(workers=(MISSING,)).findings
    assert (again.since, again.recovering) == (first.since, False)
    days.look(workers=(THERE,))
    assert days.look(workers=(THERE,)).findings == ()
    (anew,) = days.look(workers=(MISSING,)).findings
    assert anew.since != first.since


def test_a_look_at_the_same_reading_proves_nothing() -> None:
    days = Days()
    days.look(workers=(MISSING,))
    stale = changed(scene(workers=(THERE,)), workers=ok((THERE,), days.wall))
    for _ in range(5):
        days.wall, days.monotonic = days.wall + 2.0, days.monotonic + 2.0
        left = days.of(stale)
    assert ids(left.findings) == ["worker-missing:orchestrator"], "one old reading is one look, however often shown"


def test_what_cannot_be_told_neither_opens_nor_closes() -> None:
    days = Days()
    days.look(workers=(MISSING,))
    for _ in range(5):
        days.wall, days.monotonic = days.wall + 2.0, days.monotonic + 2.0
        left = days.of(changed(scene(), workers=unknown("no process table", days.wall)))
        assert ids(left.findings) == ["worker-missing:orchestrator"]
        assert not left.findings[0].recovering
    hidden = worker("orchestrator", (), state="unknown", reason="may be 42", pid_file=None, log=None)
    for _ in range(5):
        assert ids(days.look(workers=(hidden,)).findings) == ["worker-missing:orchestrator"]


def test_a_session_that_cannot_be_told_does_not_hold_others_open() -> None:
    days = Days()
    hung = session("a", 1, state="hung", idle_s=2700.0)
    for _ in range(3):
        assert (opened := days.look(sessions=(hung,)))
    assert ids(opened.findings) == ["session-hung:a"]
    blurred = session("b", 2, state="unknown", reason="?")
    for _ in range(2):
        last = days.look(sessions=(session("a", 1), blurred))
    assert last.findings == ()


def test_the_moment_is_judged_three_looks_of_five() -> None:
    days = Days()
    busy, calm = system(cpu_idle=2.0), system()
    assert [len(days.look(system=one).findings) for one in (busy, calm, busy, calm, busy)] == [0, 0, 0, 0, 1]
    other = Days()
    assert [len(other.look(system=one).findings) for one in (busy, calm, calm, calm, busy, busy)] == [0] * 6


def test_a_number_at_its_threshold_does_not_flutter() -> None:
    days = Days()
    high, just_under, well_under = (system(load1=load, load5=8.0, load15=8.0) for load in (8.1, 7.9, 5.9))
    assert ids(days.look(system=high).findings) == ["system-load:machine"]
    for _ in range(10):
        (still,) = days.look(system=just_under).findings
        assert not still.recovering
        assert "at most 6" in still.verify
    days.look(system=well_under)
    days.look(system=well_under)
    assert days.look(system=just_under).findings == (), "left below 6, it is entered above 8 only"


def test_a_queue_recovers_by_what_ended_last() -> None:
    days = Days()
    failing = queue(completed=37, failed=85, success_rate=37 / 122, recent=(1, 9))
    assert days.look(queue=failing).findings
    better = queue(completed=43, failed=89, success_rate=43 / 132, recent=(5, 5))
    for _ in range(4):
        assert days.look(queue=better).findings, "half is where it is entered, more is where it is left"
    well = queue(completed=50, failed=90, success_rate=50 / 140, recent=(7, 3))
    days.look(queue=well)
    assert days.look(queue=well).findings == ()


def test_for_counts_time_without_a_break() -> None:
    days = Days(config(rule=(RuleTable(name="worker-missing", for_=Duration(10.0)),)))
    for _ in range(4):
        assert days.look(workers=(MISSING,)).findings == ()
    days.look(workers=(THERE,))
    for _ in range(5):
        assert days.look(workers=(MISSING,)).findings == ()
    assert days.look(workers=(MISSING,)).findings


def test_seen_and_clean_come_from_the_config() -> None:
    days = Days(config(rule=(RuleTable(name="worker-missing", seen="2 of 3", clean=3),)))
    assert [len(days.look(workers=(MISSING,)).findings) for _ in range(2)] == [0, 1]
    assert [len(days.look(workers=(THERE,)).findings) for _ in range(3)] == [1, 1, 0]


def test_a_rule_can_be_switched_off() -> None:
    days = Days(config(rule=(RuleTable(name="worker-missing", enabled=False),)))
    assert days.look(workers=(MISSING,)).findings == ()


def test_a_slept_laptop_raises_nothing() -> None:
    silent_after = WorkerTable(name="assigner", command=("w",), silent_after=Duration(300.0))
    days = Days(config(worker=(silent_after,)))
    days.look(workers=(worker(),))
    silent = worker(silent=True)
    late = days.look(jump_s=8 * 3600.0, workers=(silent,), services=(service(state="down"),))
    assert late.findings == ()
    for _ in range(40):
        late = days.look(workers=(silent,))
    assert late.findings == (), "the worker has not had its five minutes since the machine woke"
    for _ in range(120):
        late = days.look(workers=(silent,))
    assert ids(late.findings) == ["worker-silent:assigner"]


def test_a_clock_set_back_or_forth_neither_opens_nor_closes() -> None:
    days = Days()
    days.look(workers=(MISSING,), sites=(site(),))
    for jump in (-86_400.0, 86_400.0):
        left = days.look(jump_s=jump, workers=(MISSING,), sites=(site(state="down", failures=4, http_status=None),))
        assert ids(left.findings) == ["worker-missing:orchestrator"]


def test_a_pause_of_ours_is_no_evidence() -> None:
    days = Days()
    days.look(workers=(THERE,))
    assert days.look(passed_s=600.0, workers=(MISSING,)).findings == ()
    for _ in range(16):
        last = days.look(workers=(MISSING,))
    assert last.findings


def test_what_just_started_may_be_without_its_pid_file() -> None:
    days = Days()
    missing = PidFile("/tmp/a.pid", "missing", None, "no such file")

    def started(ago_s: float) -> Any:
        return worker("assigner", (instance(),), pid_file=missing, starts=(days.wall - ago_s,))

    assert days.look(workers=(started(5.0),)).findings == ()
    assert ids(days.look(workers=(started(20.0),)).findings) == ["worker-pidfile:workers"]


def test_since_is_what_the_evidence_tells_else_when_it_was_first_seen() -> None:
    days = Days()
    (first,) = days.look(workers=(MISSING,)).findings
    assert first.since == days.wall
    (second,) = days.look(workers=(MISSING,)).findings
    assert second.since == first.since
    twice = worker("assigner", (instance(1, start=AT - 500.0), instance(2, start=AT - 90.0)), state="duplicates")
    days = Days()
    days.look(workers=(twice,))
    (duplicates,) = days.look(workers=(twice,)).findings
    assert duplicates.since == AT - 90.0


def test_a_symptom_is_not_told_by_itself_before_its_own_source_was_read_again() -> None:
    days = Days()

    def health(at: float) -> Any:
        return service(state="degraded", reason="stopped: orchestrator", stopped=("orchestrator",), probed_at=at)

    for probed_at in (1.0, 2.0, 3.0):
        opened = days.look(workers=(MISSING,), services=(health(probed_at),))
    assert ids(opened.findings) == ["worker-missing:orchestrator"]
    for _ in range(4):
        left = days.look(workers=(THERE,), services=(health(3.0),))
    assert left.findings == (), "the health URL was last asked before the worker was back"
    assert any("looked at again" in one.reason for one in left.unknown), "that is not to be called well meanwhile"
    again = days.look(workers=(THERE,), services=(health(4.0),))
    assert again.findings == (), "who has just started may not have told the service yet"
    days.look(passed_s=GRACE_S, workers=(THERE,), services=(health(4.0),))
    at_last = days.look(workers=(THERE,), services=(health(5.0),))
    assert ids(at_last.findings) == ["service-degraded:Dashboard"]


def test_what_is_gone_from_the_config_goes_from_the_findings() -> None:
    days = Days()
    days.look(workers=(MISSING,))
    days.look(workers=())
    assert days.look(workers=()).findings == ()


@given(st.lists(st.booleans(), max_size=40))
def test_between_two_changes_there_are_at_least_two_looks(missing: list[bool]) -> None:
    days = Days()
    states = [bool(days.look(workers=(MISSING if one else THERE,)).findings) for one in missing]
    for place in range(1, len(states)):
        if states[place - 1] and not states[place]:
            assert not missing[place]
            assert not missing[place - 1]
        if not states[place - 1] and states[place]:
            assert missing[place]


def test_the_names_that_a_config_may_use_are_those_of_the_rules() -> None:
    assert {rule.name for rule in RULES} == set(RULE_NAMES)
    assert len(RULES) == len(RULE_NAMES)


def test_what_was_acknowledged_stays_so_in_the_next_console_unless_it_closed_meanwhile() -> None:
    before = Days()
    before.look(workers=(MISSING,))
    before.watch.acknowledge("worker-missing:orchestrator")
    before.watch.acknowledge("service-down:Dashboard")
    after = Days()
    after.watch.take_notes(before.watch.notes())
    (again,) = after.look(workers=(MISSING,)).findings
    assert again.acknowledged
    for _ in range(20):
        after.look(workers=(MISSING,))
    assert len(after.watch.notes().findings) == 2, "what is probed seldom may still be found again"
    for _ in range(12):
        after.look(passed_s=50.0, workers=(MISSING,))
    assert after.watch.notes().findings == ("worker-missing:orchestrator",)


@pytest.mark.parametrize("lost", [name for name in READINGS if name not in ("processes", "tmux_servers")])
@pytest.mark.parametrize("case", CASES, ids=[f"{case.rule}-{case.subject}-{case.severity}" for case in CASES])
def test_a_finding_stays_open_while_a_source_is_lost(case: Case, lost: str) -> None:
    days = Days()
    finding_id = f"{case.rule}:{case.subject}"
    for turn in range(1, 7):
        opened = days.of(read_anew(case.fires, days, turn))
    assert finding_id in told_in(opened)
    for turn in range(7, 13):
        blind = changed(read_anew(case.fires, days, turn), **{lost: unknown("no answer", days.wall)})
        left = days.of(blind)
    assert finding_id in told_in(left)


def read_anew(snapshot: Snapshot, days: Days, turn: int) -> Snapshot:
    """The same again, read and probed two seconds later."""
    days.wall += 2.0
    days.monotonic += 2.0
    readings = {}
    for name in READINGS:
        reading = getattr(snapshot, name)
        if reading.state == "ok":
            reading = ok(reading.value, days.wall)
        elif reading.state == "unknown":
            reading = unknown(reading.reason, days.wall, answered=reading.answered)
        readings[name] = reading
    probed = {"services": "probed_at", "sites": "checked_at"}
    for name, field in probed.items():
        if readings[name].value:
            items = tuple(msgspec.structs.replace(one, **{field: days.wall}) for one in readings[name].value)
            readings[name] = ok(items, days.wall)
    return changed(snapshot, **readings)


def told_in(diagnosis: Diagnosis) -> set[str]:
    return {one.id for one in (*diagnosis.findings, *diagnosis.muted)}


@pytest.mark.parametrize(
    ("before", "then"),
    [
        (worker(silent=True), worker(silent=True, state="unknown", reason="7 may be it", instances=())),
        (worker(silent=True), worker(silent=None, log=Log(path="/tmp/a.log", state="missing"))),
        (worker(pid_file=STALE), worker(pid_file=STALE, state="unknown", instances=())),
    ],
    ids=["silent, then unknown", "silent, then its log is deleted", "stale pid file, then unknown"],
)
def test_a_worker_that_cannot_be_told_any_more_keeps_its_finding(before: Worker, then: Worker) -> None:
    silent_after = WorkerTable(name="assigner", command=("w",), silent_after=Duration(300.0))
    days = Days(config(worker=(silent_after,)))
    (opened,) = days.look(workers=(before,)).findings
    for _ in range(5):
        left = days.look(workers=(then,))
    assert ids(left.findings) == [opened.id]
    assert left.unknown


def test_a_pool_whose_listeners_are_not_known_is_not_called_free() -> None:
    full = environments(environment(), pool=PortPool(first=6001, last=6002, used=(6001, 6002)))
    claims = environments(
        environment(), pool=PortPool(first=6001, last=6002, used=(6001,), unclaimed=(), listeners_known=False)
    )
    days = Days()
    days.look(environments=full)
    for _ in range(5):
        left = days.look(environments=claims)
    assert ids(left.findings) == ["env-ports-exhausted:pool"]


def test_pid_files_of_others_do_not_keep_the_joint_finding_open() -> None:
    missing = PidFile("/tmp/a.pid", "missing", None, "no such file")
    other = worker("other", pid_file=PidFile("/tmp/o.pid", "unreadable", None, "permission denied"))
    days = Days()
    assert ids(days.look(workers=(worker(pid_file=missing), other)).findings) == ["worker-pidfile:workers"]
    for _ in range(2):
        left = days.look(workers=(worker(), other))
    assert left.findings == ()


def test_for_is_not_held_across_what_was_not_known() -> None:
    days = Days(config(rule=(RuleTable(name="worker-missing", for_=Duration(60.0)),)))
    days.look(workers=(MISSING,))
    for _ in range(40):
        days.of(changed(scene(), workers=unknown("no answer", days.wall), monotonic=days.monotonic))
        days.wall += 2.0
        days.monotonic += 2.0
    assert days.look(workers=(MISSING,)).findings == ()


def test_a_slow_refresh_is_no_pause() -> None:
    days = Days(config(console=ConsoleTable(refresh=Duration(120.0))))
    days.look(passed_s=120.0, workers=(THERE,))
    assert days.look(passed_s=120.0, workers=(MISSING,)).findings


def test_a_machine_so_slow_that_every_look_comes_late_is_judged_all_the_same() -> None:
    days = Days()
    days.look(workers=(THERE,))
    assert days.look(passed_s=120.0, workers=(MISSING,)).findings == (), "the first may be a pause"
    assert days.look(passed_s=120.0, workers=(MISSING,)).findings


def test_another_steadiness_of_a_reloaded_config_is_reached() -> None:
    days = Days()
    days.look(system=system(cpu_idle=1.0))
    days.config = config(rule=(RuleTable(name="cpu-starved", seen="6 of 10"),))
    for _ in range(6):
        last = days.look(system=system(cpu_idle=1.0))
    assert ids(last.findings) == ["cpu-starved:machine"]
