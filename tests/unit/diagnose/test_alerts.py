"""Alerts and targets: when they are active, what they propose when, what they say of what is not known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from opsconsole.config.metrics import METRICS
from opsconsole.config.types import AlertTable, Config, Duration, EscalationTable, TargetTable, WorkerTable
from opsconsole.diagnose.alerts import GOES_ON_WITHIN_S, Alerts
from opsconsole.diagnose.metrics import read_metric
from opsconsole.diagnose.targets import Targets
from opsconsole.model.alert import Alert, AlertNote, Held, Target, TargetSample
from opsconsole.model.environment import PortPool
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Helper, Log
from tests.makers import AT, disk, environment, instance, process_id, queue, service, session, site, system, worker
from tests.samples import changed, unknown_everywhere
from tests.unit.diagnose.scenes import config, environments, scene

LOAD = AlertTable(
    name="load",
    when="load1 > 6.0",
    for_=Duration(120.0),
    do="investigate",
    escalate=(EscalationTable(after=Duration(600.0), do="hibernate-idle"),),
)
BUSY, CALM = system(load1=8.13), system(load1=1.0)


class Course:
    def __init__(self, *tables: AlertTable) -> None:
        self.alerts = Alerts()
        self.config = config(alert=tables)
        self.now = self.ahead = 0.0

    def look(self, passed_s: float = 2.0, jump_s: float = 0.0, every_s: float = 30.0, **values: Any) -> Alert:
        """The alert once so much time has passed, looked at all along with these values."""
        while passed_s > every_s:
            passed_s -= every_s
            self._look(every_s, 0.0, values)
        return self._look(passed_s, jump_s, values)

    def _look(self, passed_s: float, jump_s: float, values: dict[str, Any]) -> Alert:
        self.now += passed_s
        self.ahead += jump_s
        snapshot = changed(scene(**values), monotonic=self.now, at=AT + self.now + self.ahead)
        return self.alerts.look(snapshot, self.config, 10.0)[0]


def test_an_alert_is_active_once_its_condition_held_long_enough() -> None:
    course = Course(LOAD)
    assert course.look(system=CALM).state == "quiet"
    first = course.look(system=BUSY)
    assert (first.state, first.proposal) == ("pending", "")
    assert course.look(118.0, system=BUSY).state == "pending"
    active = course.look(2.0, system=BUSY)
    assert (active.state, active.proposal, active.since) == ("active", "investigate", first.since)
    assert active.measured[0].value == 8.13


def test_a_break_begins_the_wait_anew() -> None:
    course = Course(LOAD)
    course.look(system=BUSY)
    course.look(110.0, system=CALM)
    assert course.look(system=BUSY).state == "pending"
    assert course.look(20.0, system=BUSY).state == "pending"


def test_the_ladder_proposes_the_next_step_after_its_time() -> None:
    course = Course(LOAD)
    course.look(system=BUSY)
    course.look(120.0, system=BUSY)
    assert course.look(590.0, system=BUSY).proposal == "investigate"
    later = course.look(10.0, system=BUSY)
    assert later.proposal == "hibernate-idle"
    assert [(rung.do, rung.reached) for rung in later.ladder] == [("investigate", True), ("hibernate-idle", True)]


def test_an_alert_ends_after_two_looks_without_it() -> None:
    course = Course(LOAD)
    course.look(system=BUSY)
    course.look(120.0, system=BUSY)
    assert course.look(system=CALM).state == "active"
    assert course.look(system=CALM).state == "quiet"


def test_what_is_not_known_neither_raises_nor_ends_an_alert() -> None:
    course = Course(LOAD)
    assert course.look(system=system(load1=None)).state == "unknown"
    assert course.look().state == "unconfigured"
    course.look(system=BUSY)
    course.look(120.0, system=BUSY)
    for _ in range(5):
        assert course.look(system=system(load1=None)).state == "active"


def test_an_acknowledged_alert_stays_so_until_it_is_quiet() -> None:
    course = Course(LOAD)
    course.look(system=BUSY)
    course.look(120.0, system=BUSY)
    assert course.alerts.acknowledge("load")
    assert course.look(system=BUSY).acknowledged
    assert not course.alerts.acknowledge("load")
    course.alerts.acknowledge("load")
    for _ in range(2):
        last = course.look(system=CALM)
    assert not last.acknowledged


def test_an_acknowledged_alert_climbs_no_further() -> None:
    course = Course(LOAD)
    course.look(system=BUSY)
    assert course.look(120.0, system=BUSY).proposal == "investigate"
    course.alerts.acknowledge("load")
    taken = course.look(700.0, system=BUSY)
    assert (taken.state, taken.proposal) == ("active", "")
    course.alerts.acknowledge("load")
    assert course.look(system=BUSY).proposal == "hibernate-idle"


def test_one_look_below_does_not_undo_an_acknowledgement_of_an_earlier_console() -> None:
    course = Course(LOAD)
    course.alerts.take({"load": AlertNote(acknowledged=True)})
    course.look(system=BUSY)
    assert course.look(system=CALM).acknowledged
    assert course.look(system=BUSY).acknowledged
    for _ in range(2):
        last = course.look(system=CALM)
    assert not last.acknowledged


SILENCE = AlertTable(name="silent", when="worker.assigner.silence > 5m", for_=Duration(60.0), do="SIGTERM")


def heard(age_s: float) -> dict[str, Any]:
    return {"workers": (worker(log=Log(path="/tmp/a.log", state="ok", age_s=age_s)),)}


def test_a_slept_laptop_raises_no_alert_and_a_worker_that_stays_silent_does() -> None:
    course = Course(SILENCE)
    course.look(**heard(2.0))
    woken = course.look(jump_s=8 * 3600.0, **heard(8 * 3600.0))
    assert woken.proposal == ""
    assert course.look(280.0, **heard(8 * 3600.0 + 280.0)).state == "pending"
    assert course.look(40.0, **heard(8 * 3600.0 + 320.0)).proposal == "SIGTERM"


def test_two_looks_an_hour_apart_are_no_hour_in_which_it_held() -> None:
    course = Course(LOAD)
    course.look(system=BUSY)
    assert course.look(3600.0, every_s=3600.0, system=BUSY).state == "pending"


def test_what_was_unknown_in_between_was_not_held() -> None:
    course = Course(LOAD)
    course.look(system=BUSY)
    course.look(300.0, system=system(load1=None))
    assert course.look(system=BUSY).state == "pending"
    assert course.look(120.0, system=BUSY).state == "active"


def test_metrics_over_workers_are_unknown_where_one_of_them_is() -> None:
    told = config(worker=(WorkerTable(name="assigner", command=("w",), silent_after=Duration(300.0), log=Path("/l")),))
    deaf = worker(log=Log(path="/l", state="unreadable", reason="no"), silent=None)
    assert read_metric(("workers", "longest_silence"), scene(workers=(deaf,)), told, 10.0).value is None
    lost = worker("other", (), state="unknown")
    assert read_metric(("workers", "surplus"), scene(workers=(deaf, lost)), told, 10.0).value is None


def test_a_silenced_alert_proposes_nothing_until_its_time_is_up() -> None:
    course = Course(LOAD)
    course.look(system=BUSY)
    course.look(120.0, system=BUSY)
    course.alerts.silence("load", 3600.0)
    silent = course.look(system=BUSY)
    assert (silent.state, silent.proposal) == ("active", "")
    assert silent.silenced_until == pytest.approx(AT + course.now - 2.0 + 3600.0)
    assert course.look(3600.0, system=BUSY).proposal == "hibernate-idle"


@pytest.mark.parametrize(
    ("when", "state"),
    [
        ("load1 > 6 or queue.failed_24h > 10", "active"),
        ("load1 > 6 and queue.failed_24h > 10", "unconfigured"),
        ("load1 > 9 and queue.failed_24h > 10", "quiet"),
        ("not load1 > 9", "active"),
        ("not queue.failed_24h > 10", "unconfigured"),
    ],
)
def test_a_condition_over_something_unknown_is_decided_where_it_can_be(when: str, state: str) -> None:
    assert Course(AlertTable(name="x", when=when)).look(system=BUSY).state == state


def targets_of(*tables: TargetTable, **values: Any) -> tuple[Target, ...]:
    return Targets().look(scene(**values), config(target=tables), 10.0)


def test_the_reports_targets_against_the_incident() -> None:
    wrapper = Helper(id=process_id(9), pid=9, start=AT, command="sh", reason="loop")
    auto_confirm = worker("auto_confirm", (instance(1), instance(2)), wrappers=(wrapper,), state="duplicates")
    tables = (
        TargetTable(name="success", metric="queue.success_rate", want="> 80%"),
        TargetTable(name="load", metric="load1", want="< 4.0"),
        TargetTable(name="orchestrator", metric="service.Dashboard.orchestrator", want="running"),
        TargetTable(name="instances", metric="worker.auto_confirm.processes", want="== 1"),
        TargetTable(name="failed", metric="queue.failed_24h", want="< 10"),
        TargetTable(name="pool", metric="environments.ports_free", want="> 0"),
    )
    told = targets_of(
        *tables,
        queue=queue(success_rate=37 / 122, failed_24h=40),
        system=BUSY,
        services=(service(components={"orchestrator": "stopped"}),),
        workers=(auto_confirm,),
    )
    assert [(one.name, one.current, one.met) for one in told] == [
        ("success", 37 / 122, False),
        ("load", 8.13, False),
        ("orchestrator", "stopped", False),
        ("instances", 3.0, False),
        ("failed", 40, False),
        ("pool", None, None),
    ]
    assert [one.configured for one in told] == [True] * 5 + [False]


@pytest.mark.parametrize(
    ("want", "before", "after", "trend"),
    [
        ("< 4", 8.0, 5.0, "better"),
        ("< 4", 5.0, 8.0, "worse"),
        ("> 4", 1.0, 3.0, "better"),
        ("== 4", 8.0, 5.0, "better"),
        ("== 4", 5.0, 8.0, "worse"),
        ("< 4", 8.0, 8.01, "same"),
        ("< 4", 8.0, None, "unknown"),
    ],
)
def test_the_trend_is_towards_what_is_wanted(want: str, before: float, after: float | None, trend: str) -> None:
    targets, table = Targets(), config(target=(TargetTable(name="load", metric="load1", want=want),))
    targets.look(scene(system=system(load1=before)), table, 10.0)
    (now,) = targets.look(scene(system=system(load1=after)), table, 10.0)
    assert (now.trend, now.first) == (trend, before)


def everything() -> Snapshot:
    log = Log(path="/tmp/a.log", state="ok", age_s=412.0)
    return scene(
        services=(service(state="degraded"),),
        workers=(worker(silent=True, log=log),),
        sessions=(session("a", 1, state="idle", idle_s=9000.0), session("b", 2, state="hung")),
        environments=environments(environment(stale=True), pool=PortPool(first=6001, last=6003, used=(6001,))),
        system=system(memory_compressed_bytes=5),
        sites=(site(state="down"),),
        queue=queue(oldest_pending_s=60.0),
        disks=(disk(used=75, available=25),),
    )


def test_every_metric_is_read() -> None:
    minded = WorkerTable(name="assigner", command=("w",), silent_after=Duration(300.0), log=Path("/tmp/a.log"))
    told = config(worker=(minded,))
    values = {name: read_metric(tuple(name.split(".")), everything(), told, 10.0).value for name in METRICS}
    assert [name for name, value in values.items() if value is None] == []
    assert values["workers.longest_silence"] == 412.0
    assert (values["sessions.agents"], values["sessions.idle"], values["sessions.hung"]) == (2.0, 1.0, 1.0)
    assert (values["environments.ports_free"], values["environments.stale"]) == (2.0, 1.0)
    assert (values["services.down"], values["sites.down"]) == (1.0, 1.0)
    assert values["disk.used"] == 75.0


def test_no_metric_invents_a_number_where_nothing_can_be_read() -> None:
    blind = unknown_everywhere()
    for name in set(METRICS) - {"score"}:
        value = read_metric(tuple(name.split(".")), blind, Config(), 10.0)
        assert (value.value, value.configured) == (None, True), name


def test_what_was_noted_goes_on_in_the_next_console() -> None:
    before = Course(LOAD)
    before.look(system=BUSY)
    before.look(130.0, system=BUSY)
    before.alerts.acknowledge("load")
    before.alerts.silence("load", 3600.0)
    after = Course(LOAD)
    after.alerts.take(before.alerts.notes())
    assert after.alerts.notes() == before.alerts.notes(), "kept also before the first look"
    after.now = before.now + 600.0
    told = after.look(system=BUSY)
    assert told.acknowledged
    assert told.silenced_until == before.look(system=BUSY).silenced_until
    assert after.look(3600.0, system=BUSY).silenced_until is None
    after.look(system=CALM)
    assert after.look(system=CALM).acknowledged is False, "until it is quiet"
    assert after.alerts.notes() == {}


def test_a_silence_that_is_over_or_of_a_wrong_clock_is_not_taken_over() -> None:
    for until in (AT - 5.0, AT + 400 * 86_400.0):
        course = Course(LOAD)
        course.alerts.take({"load": AlertNote(silenced_until=until)})
        assert course.look(system=BUSY).silenced_until is None


def test_a_target_tells_its_trend_since_the_first_kept_sample_beside_that_since_the_start() -> None:
    targets, wished = Targets(), config(target=(TargetTable(name="load", metric="load1", want="< 4.0"),))
    targets.take({"load1": TargetSample(AT - 86_400.0, 8.13)})
    (told,) = targets.look(scene(system=system(load1=2.0)), wished, 10.0)
    assert (told.trend, told.recorded_trend) == ("same", "better")
    assert told.recorded == TargetSample(AT - 86_400.0, 8.13)
    (without,) = Targets().look(scene(system=system(load1=2.0)), wished, 10.0)
    assert (without.recorded, without.recorded_trend) == (None, "unknown")


def held(**changes: Any) -> Held:
    """Active for 20 minutes when it was last seen, at the time at which a Course begins."""
    return msgspec.structs.replace(Held(LOAD.when, AT - 1320.0, 1320.0, 1200.0, AT), **changes)


def after(gap_s: float, before: Held, **values: Any) -> Alert:
    """What the next console tells at its first look, so long after."""
    course = Course(LOAD)
    course.alerts.take_held({"load": before})
    return course.look(gap_s, every_s=gap_s, **values)


def test_an_active_alert_goes_on_in_the_next_console_and_the_time_between_is_not_counted() -> None:
    course = Course(LOAD)
    course.alerts.take_held({"load": held(active_s=540.0)})
    first = course.look(180.0, every_s=180.0, system=BUSY)
    assert (first.state, first.active_s, first.proposal) == ("active", 540.0, "investigate")
    assert (first.since, first.unwatched_s) == (AT - 1320.0, 180.0)
    assert course.look(58.0, system=BUSY).proposal == "investigate"
    later = course.look(2.0, system=BUSY)
    assert (later.active_s, later.proposal) == (600.0, "hibernate-idle")
    assert later.unwatched_s == 180.0
    for _ in range(2):
        last = course.look(system=CALM)
    assert (last.state, last.since, last.active_s, last.unwatched_s) == ("quiet", None, None, 0.0)
    assert course.look(system=BUSY).state == "pending", "what has ended is another alert when it comes again"


@pytest.mark.parametrize(
    ("gap_s", "before"),
    [
        (GOES_ON_WITHIN_S + 1.0, held()),
        (2.0, held(condition="load1 > 5.0")),
        (2.0, held(seen=AT + 3600.0, since=AT)),
        (2.0, held(active_s=1e9)),
        (2.0, held(held_s=1e9)),
        (2.0, held(active_s=-1.0)),
    ],
    ids=["nobody looked for too long", "another condition", "the future", "more than held", "more than passed", "less"],
)
def test_what_cannot_be_the_same_alert_begins_anew(gap_s: float, before: Held) -> None:
    assert after(gap_s, before, system=BUSY).state == "pending"


def test_an_alert_whose_condition_does_not_hold_at_the_first_look_has_ended() -> None:
    course = Course(LOAD)
    course.alerts.take_held({"load": held()})
    assert course.look(system=CALM).state == "quiet"
    assert course.look(system=BUSY).state == "pending"


def test_an_alert_is_not_said_to_go_on_before_its_condition_is_known() -> None:
    course = Course(LOAD)
    course.alerts.take_held({"load": held()})
    blind = course.look(system=system(load1=None))
    assert (blind.state, blind.active_s) == ("unknown", None)
    known = course.look(20.0, system=BUSY)
    assert (known.active_s, known.unwatched_s) == (1200.0, 22.0)
    course = Course(LOAD)
    course.alerts.take_held({"load": held()})
    course.look(GOES_ON_WITHIN_S, system=system(load1=None))
    assert course.look(system=BUSY).state == "pending", "nobody knew for too long"


def test_neither_a_pause_nor_what_was_unknown_moves_an_active_alert_up_its_ladder() -> None:
    course = Course(LOAD)
    course.look(system=BUSY)
    course.look(120.0, system=BUSY)
    course.look(300.0, system=system(load1=None))
    assert course.look(system=BUSY).active_s == 0.0
    paused = course.look(3600.0, every_s=3600.0, system=BUSY)
    assert (paused.active_s, paused.proposal) == (0.0, "investigate")
    assert paused.unwatched_s == 3902.0
    assert course.look(600.0, system=BUSY).proposal == "hibernate-idle"


def test_an_alert_with_another_condition_after_an_edit_begins_anew() -> None:
    course = Course(LOAD)
    course.look(system=BUSY)
    assert course.look(120.0, system=BUSY).state == "active"
    course.config = config(alert=(msgspec.structs.replace(LOAD, when="load1 > 7.0"),))
    assert course.look(system=BUSY).state == "pending"
