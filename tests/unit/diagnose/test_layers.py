"""The root cause across layers: each chain with the smallest snapshot that shows it, and what breaks it."""

from __future__ import annotations

import pytest

from opsconsole.config.types import SessionsTable
from opsconsole.diagnose import diagnose
from opsconsole.model.environment import PortPool
from opsconsole.model.finding import Finding
from opsconsole.model.listener import Owner
from opsconsole.model.log_pattern import LogPattern
from opsconsole.model.reading import unknown
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Helper, Log
from tests.makers import (
    AT,
    GB,
    environment,
    instance,
    process,
    process_id,
    process_table,
    queue,
    service,
    session,
    system,
    worker,
)
from tests.samples import changed
from tests.unit.diagnose.scenes import config, environments, scene

SUPERVISOR = worker("supervisor", (instance(7),), pid_file=None, log=None)
NO_PORTS = "RuntimeError: No available ports for new environment"


def found(snapshot: Snapshot, **told: object) -> dict[str, Finding]:
    return {one.id: one for one in diagnose(snapshot, config(**told)).findings}


def family(parent: int) -> Snapshot:
    """Two copies of a worker, the second with this parent; 7 is the supervisor."""
    twice = worker("assigner", (instance(8), instance(9)), state="duplicates", pid_file=None, log=None)
    table = process_table([process(7, "supervisor"), process(8, "w"), process(9, "w", ppid=parent)])
    return scene(workers=(SUPERVISOR, twice), processes=table)


def test_a_supervisor_that_respawns_is_named_and_stopped_first() -> None:
    finding = found(family(parent=7))["worker-duplicates:assigner"]
    assert "supervisor (pid 7) has started 9 and does so again whenever it ends" in finding.root_cause
    assert finding.remedy.steps[0] == "stop supervisor first, or it comes back: opsconsole stop supervisor"


@pytest.mark.parametrize("snapshot", [family(1), changed(family(7), processes=unknown("hung", AT))])
def test_another_parent_or_an_unread_table_names_nobody(snapshot: Snapshot) -> None:
    finding = found(snapshot)["worker-duplicates:assigner"]
    assert "supervisor" not in finding.root_cause
    assert "supervisor" not in finding.remedy.steps[0]


def test_a_supervisor_of_a_crash_loop_is_named() -> None:
    looping = worker(
        "assigner",
        (instance(9),),
        starts=(AT - 300.0, AT - 200.0, AT - 100.0),
        ends=(AT - 201.0, AT - 101.0),
        pid_file=None,
        log=None,
    )
    table = process_table([process(7, "supervisor"), process(9, "w", ppid=7)])
    finding = found(scene(workers=(SUPERVISOR, looping), processes=table))["worker-crash-loop:assigner"]
    assert "supervisor (pid 7) has started 9" in finding.root_cause


def test_a_wrapper_loop_is_named_and_stopped_first() -> None:
    loop = Helper(id=process_id(6), pid=6, start=AT, command="bash keepalive.sh", reason="shell loop around 9")
    twice = worker("auto_confirm", (instance(8), instance(9)), state="duplicates", wrappers=(loop,))
    finding = found(scene(workers=(twice,)))["worker-duplicates:auto_confirm"]
    assert "pid 6 (shell loop around 9) starts it again whenever it ends" in finding.root_cause
    assert finding.remedy.steps[0] == "stop the wrapper first, or it comes back: kill 6"
    without = found(scene(workers=(worker("auto_confirm", (instance(8), instance(9)), state="duplicates"),)))
    assert "whenever it ends" not in without["worker-duplicates:auto_confirm"].root_cause


REMNANT = Helper(id=process_id(500), pid=500, start=AT, command="python3 old.py", reason="orphan")
HOLDS = (Owner(id=process_id(500), command="python3 old.py"),)


def test_a_remnant_that_holds_the_port_explains_why_the_service_is_not_well() -> None:
    down = service(state="degraded", reason="HTTP 500 instead of 200", http_status=500, owners=HOLDS)
    left = worker(remnants=(REMNANT,), pid_file=None, log=None)
    standing = found(scene(services=(down,), workers=(left,)))
    assert list(standing) == ["port-held:8080"]
    held = standing["port-held:8080"]
    assert {one.id for one in held.symptoms} == {"service-degraded:Dashboard"}
    assert {one.id for one in held.causes} == {"worker-duplicates:assigner"}
    assert (held.remedy.action, held.remedy.targets) == ("kill-duplicates", ("assigner",))


def test_a_remnant_elsewhere_or_a_port_whose_owner_is_unseen_explains_nothing() -> None:
    left = worker(remnants=(REMNANT,), pid_file=None, log=None)
    for owners in ((Owner(id=process_id(700), command="python3 app.py"),), ()):
        ill = service(state="degraded", reason="HTTP 500 instead of 200", http_status=500, owners=owners)
        standing = found(scene(services=(ill,), workers=(left,)))
        assert set(standing) == {"service-degraded:Dashboard", "worker-duplicates:assigner"}
        assert standing["service-degraded:Dashboard"].causes == ()


def prompts(*errors: tuple[str, int]) -> Snapshot:
    """Old environments, a full pool, prompts that fail, a worker that logs it."""
    pattern = LogPattern(NO_PORTS, 29, AT - 9000.0, AT - 60.0, (300.0, 900.0), f"ERROR {NO_PORTS}")
    log = Log(path="/tmp/a.log", state="ok", age_s=4.0, patterns=(pattern,) if errors else ())
    return scene(
        environments=environments(
            environment(age_s=90_000.0, stale=True),
            environment("other", 6002),
            pool=PortPool(first=6001, last=6002, used=(6001, 6002)),
        ),
        queue=queue(completed=37, failed=85, success_rate=37 / 122, errors=errors),
        workers=(worker(log=log, pid_file=None),),
    )


def test_environments_that_stay_lead_to_failing_prompts_and_a_failing_worker() -> None:
    standing = found(prompts((NO_PORTS, 60)))
    assert list(standing) == ["worker-failing:assigner", "env-ports-exhausted:pool"]
    pool = standing["env-ports-exhausted:pool"]
    assert {one.id for one in pool.causes} == {"env-stale:environments"}
    assert {one.id for one in pool.symptoms} == {"worker-failing:assigner", "log-errors:assigner"}
    assert "no port left for environments" in standing["worker-failing:assigner"].root_cause


def test_prompts_that_fail_otherwise_or_a_pool_that_is_not_known_are_not_joined() -> None:
    assert found(prompts())["worker-failing:assigner"].causes == ()
    blind = changed(prompts((NO_PORTS, 60)), environments=unknown("refused", AT))
    assert "env-ports-exhausted:pool" not in found(blind)
    assert "no port left for environments" not in found(blind)["worker-failing:assigner"].root_cause


CROWD = tuple(session(f"s{number}", number, state="idle", idle_s=9000.0) for number in range(1, 4))


def test_too_many_sessions_lead_to_swapping() -> None:
    swapping = system(swap_in_per_s=2e6, swap_out_per_s=2e6, memory_available_bytes=GB // 2)
    standing = found(scene(system=swapping, sessions=CROWD))
    assert list(standing) == ["memory-pressure:machine"]
    leader = standing["memory-pressure:machine"]
    assert {one.rule for one in leader.causes} == {"sessions-many", "session-idle"}
    assert {one.rule for one in leader.symptoms} == {"swap-thrash"}
    assert leader.remedy.action == "hibernate"


def test_a_machine_that_is_not_known_to_swap_leaves_the_crowd_by_itself() -> None:
    for told in (system(), system(swap_in_per_s=None, memory_available_bytes=None, load1=None, cpu_idle=None)):
        assert list(found(scene(system=told, sessions=CROWD))) == ["sessions-many:sessions"]
    few = found(scene(sessions=CROWD), sessions=SessionsTable(limit=3))
    assert all(one.rule == "session-idle" for one in few.values())
