"""Each rule: the smallest snapshot that fires it, the nearest that does not."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from opsconsole.config.types import DiagnoseTable, SessionsTable, WorkerTable
from opsconsole.diagnose.rules import RULES
from opsconsole.model.environment import PortPool
from opsconsole.model.finding import Severity
from opsconsole.model.listener import Owner
from opsconsole.model.reading import unknown
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import Consumers
from opsconsole.model.worker import Helper, PidFile
from tests.makers import (
    AT,
    GB,
    MB,
    disk,
    environment,
    instance,
    process,
    process_id,
    process_table,
    queue,
    service,
    session,
    site,
    system,
    worker,
)
from tests.samples import changed
from tests.unit.diagnose.scenes import config, environments, found_by, ids, scene

DOWN: dict[str, Any] = {"state": "down", "reason": "nothing listens on port 8080"}
REMNANT = Helper(id=process_id(500), pid=500, start=AT, command="python3 old.py", reason="orphan")
POOL = PortPool(first=6001, last=6002, used=(6001, 6002))
FREE = PortPool(first=6001, last=6002, used=(6001,))


def owners(*commands: str) -> tuple[Owner, ...]:
    return tuple(Owner(id=process_id(700 + n), command=command) for n, command in enumerate(commands))


def held_port(command: str, **changes: Any) -> Snapshot:
    """The dashboard's port, degraded, held by this command."""
    held = service(state="degraded", owners=owners(command), **changes)
    return scene(services=(held,), processes=process_table([process(700, command)]))


def answered(reason: str, did_answer: bool) -> Snapshot:
    return changed(scene(), environments=unknown(reason, AT, answered=did_answer))


class Case(NamedTuple):
    rule: str
    subject: str
    severity: Severity
    fires: Snapshot
    nearest: Snapshot


CASES = (
    Case("service-down", "Dashboard", "high", scene(services=(service(**DOWN),)), scene(services=(service(),))),
    Case(
        "service-degraded",
        "Dashboard",
        "high",
        scene(services=(service(state="degraded", reason="stopped: orchestrator", stopped=("orchestrator",)),)),
        scene(services=(service(state="down"),)),
    ),
    Case(
        "service-degraded",
        "Dashboard",
        "medium",
        scene(services=(service(state="degraded", reason="HTTP 500 instead of 200", http_status=500),)),
        scene(services=(service(http_status=500),)),
    ),
    Case(
        "port-shared",
        "8080",
        "low",
        scene(services=(service(sharing="reuseport", owners=owners("python3 app.py", "python3 app.py")),)),
        scene(services=(service(sharing="inherited", owners=owners("python3 app.py", "python3 app.py")),)),
    ),
    Case(
        "port-shared",
        "8080",
        "medium",
        scene(services=(service(sharing="reuseport", owners=owners("python3 app.py", "node app.js")),)),
        scene(services=(service(sharing="dual-stack", owners=owners("python3 app.py", "node app.js")),)),
    ),
    Case(
        "port-held",
        "8080",
        "high",
        held_port("nc -lk 8080", holder="other"),
        held_port("gunicorn: master [app:app]"),
    ),
    Case(
        "port-held",
        "8080",
        "high",
        scene(
            services=(service(owners=(Owner(id=process_id(500), command="python3 old.py"),)),),
            workers=(worker(remnants=(REMNANT,)),),
        ),
        scene(services=(service(),), workers=(worker(remnants=(REMNANT,)),)),
    ),
    Case(
        "port-held",
        "pool",
        "low",
        scene(environments=environments(pool=PortPool(first=6001, last=6002, used=(6001,), unclaimed=(6001,)))),
        scene(environments=environments(environment(), pool=FREE)),
    ),
    Case(
        "worker-missing",
        "orchestrator",
        "critical",
        scene(workers=(worker("orchestrator", (), state="missing", critical=True),)),
        scene(workers=(worker("orchestrator", (), state="unknown", critical=True),)),
    ),
    Case(
        "worker-missing",
        "assigner",
        "high",
        scene(workers=(worker(state="missing", wanted=2),)),
        scene(workers=(worker(),)),
    ),
    Case(
        "worker-duplicates",
        "assigner",
        "medium",
        scene(workers=(worker("assigner", (instance(1), instance(2)), state="duplicates"),)),
        scene(workers=(worker("assigner", (instance(1), instance(2)), wanted=2),)),
    ),
    Case(
        "worker-duplicates",
        "assigner",
        "low",
        scene(workers=(worker(remnants=(REMNANT,)),)),
        scene(workers=(worker(wrappers=(REMNANT,), suspects=(REMNANT,)),)),
    ),
    Case(
        "worker-failing",
        "assigner",
        "critical",
        scene(queue=queue(completed=37, failed=85, success_rate=37 / 122)),
        scene(queue=queue(completed=61, failed=61, success_rate=0.5)),
    ),
    Case(
        "worker-crash-loop",
        "assigner",
        "high",
        scene(workers=(worker(starts=(AT - 300.0, AT - 200.0, AT - 100.0), ends=(AT - 201.0, AT - 101.0)),)),
        scene(workers=(worker(starts=(AT - 300.0, AT - 200.0, AT - 100.0), ends=(AT - 201.0,)),)),
    ),
    Case(
        "worker-pidfile",
        "workers",
        "low",
        scene(workers=(worker(pid_file=PidFile("/tmp/a.pid", "missing", None)),)),
        scene(workers=(worker("assigner", (), pid_file=PidFile("/tmp/a.pid", "missing", None)),)),
    ),
    Case(
        "worker-pidfile",
        "assigner",
        "low",
        scene(workers=(worker(pid_file=PidFile("/tmp/a.pid", "stale", 99, "99 is not running")),)),
        scene(workers=(worker(pid_file=PidFile("/tmp/a.pid", "unreadable", None, "permission denied")),)),
    ),
    Case(
        "worker-silent",
        "assigner",
        "medium",
        scene(workers=(worker(silent=True),)),
        scene(workers=(worker(silent=False),)),
    ),
    Case(
        "worker-limits",
        "hungry",
        "medium",
        scene(workers=(worker("hungry", (instance(rss_bytes=501 * MB),)),)),
        scene(workers=(worker("hungry", (instance(1, rss_bytes=449 * MB), instance(2, rss_bytes=449 * MB))),)),
    ),
    Case(
        "worker-limits",
        "hungry",
        "low",
        scene(workers=(worker("hungry", (instance(rss_bytes=450 * MB),)),)),
        scene(workers=(worker("assigner", (instance(rss_bytes=5000 * MB),)),)),
    ),
    Case(
        "worker-limits",
        "hungry",
        "medium",
        scene(workers=(worker("hungry", (instance(cpu_percent=151.0),)),)),
        scene(workers=(worker("hungry", (instance(cpu_percent=150.0, rss_bytes=None),)),)),
    ),
    Case(
        "system-load",
        "machine",
        "high",
        scene(system=system(load1=8.13, load5=7.77, load15=8.60)),
        scene(system=system(load1=8.0, load5=7.77, load15=8.60)),
    ),
    Case(
        "system-load",
        "machine",
        "medium",
        scene(system=system(load1=8.13, load5=2.0, load15=1.0)),
        scene(system=system(load1=7.9, load5=2.0, load15=1.0)),
    ),
    Case("cpu-starved", "machine", "medium", scene(system=system(cpu_idle=9.9)), scene(system=system(cpu_idle=10.0))),
    Case(
        "memory-pressure",
        "machine",
        "medium",
        scene(system=system(memory_total_bytes=100 * GB, memory_available_bytes=9 * GB)),
        scene(system=system(memory_total_bytes=100 * GB, memory_available_bytes=10 * GB)),
    ),
    Case(
        "memory-pressure",
        "machine",
        "high",
        scene(system=system(memory_total_bytes=100 * GB, memory_available_bytes=4 * GB)),
        scene(system=system(memory_total_bytes=100 * GB, memory_available_bytes=11 * GB)),
    ),
    Case(
        "swap-thrash",
        "machine",
        "high",
        scene(system=system(swap_in_per_s=1_000_001.0, swap_out_per_s=20_000_000.0)),
        scene(system=system(swap_in_per_s=1_000_000.0, swap_out_per_s=20_000_000.0)),
    ),
    Case(
        "disk-full",
        "/",
        "medium",
        scene(disks=(disk(used=900, available=100),)),
        scene(disks=(disk(used=899, available=101),)),
    ),
    Case(
        "disk-full",
        "/",
        "medium",
        scene(disks=(disk(inodes_free_percent=4.9),)),
        scene(disks=(disk(used=99, available=1, read_only=True),)),
    ),
    Case(
        "disk-full",
        "/",
        "critical",
        scene(disks=(disk(inodes_free_percent=0.0),)),
        scene(disks=(disk(inodes_free_percent=5.0),)),
    ),
    Case(
        "sessions-many",
        "sessions",
        "medium",
        scene(sessions=(session("a", 1), session("b", 2), session("c", 3, state="unknown"))),
        scene(sessions=(session("a", 1), session("b", 2), session("c", 3, state="hibernated"))),
    ),
    Case(
        "session-idle",
        "a",
        "low",
        scene(sessions=(session("a", state="idle", idle_s=7200.0),)),
        scene(sessions=(session("a", state="idle", idle_s=7199.0),)),
    ),
    Case(
        "session-hung",
        "a",
        "medium",
        scene(sessions=(session("a", state="hung", idle_s=2700.0),)),
        scene(sessions=(session("a", state="working", idle_s=2700.0),)),
    ),
    Case(
        "session-dead",
        "a",
        "low",
        scene(sessions=(session("a", state="dead"),)),
        scene(sessions=(session("a", state="shell"),)),
    ),
    Case(
        "env-stale",
        "environments",
        "low",
        scene(environments=environments(environment(age_s=90_000.0, stale=True), pool=FREE)),
        scene(environments=environments(environment(age_s=90_000.0, stale=False), pool=FREE)),
    ),
    Case(
        "env-duplicate",
        "environments",
        "low",
        scene(environments=environments(environment(duplicate=True), environment(port=6002, duplicate=True))),
        scene(environments=environments(environment(), environment("other", 6002))),
    ),
    Case(
        "env-ports-exhausted",
        "pool",
        "medium",
        scene(environments=environments(environment(), pool=POOL)),
        scene(environments=environments(environment(), pool=FREE)),
    ),
    Case(
        "env-source",
        "environments",
        "medium",
        answered("http://127.0.0.1:8080/api/environments: the answer is empty; a JSON list is expected", True),
        answered("http://127.0.0.1:8080/api/environments: connection refused", False),
    ),
    Case(
        "site-down",
        "Selam Pharmacy",
        "high",
        scene(sites=(site(state="down", http_status=None, failures=2, reason="refused"),)),
        scene(sites=(site(state="down", http_status=None, failures=1, reason="refused"),)),
    ),
    Case(
        "site-unexpected",
        "Selam Pharmacy",
        "medium",
        scene(sites=(site(state="unexpected", http_status=503, reason="HTTP 503 instead of 200"),)),
        scene(sites=(site(state="up", http_status=503),)),
    ),
    Case(
        "site-tls",
        "Selam Pharmacy",
        "medium",
        scene(sites=(site(state="down", http_status=None, tls_error=True, failures=5, reason="expired"),)),
        scene(sites=(site(state="down", http_status=None, failures=5, reason="refused"),)),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=[f"{case.rule}-{case.subject}-{case.severity}" for case in CASES])
def test_a_rule_fires_on_its_smallest_case_and_not_on_the_nearest(case: Case) -> None:
    (finding,) = found_by(case.rule, case.fires)
    assert finding.id == f"{case.rule}:{case.subject}"
    assert finding.severity == case.severity
    assert found_by(case.rule, case.nearest) == []


@pytest.mark.parametrize("case", CASES, ids=[f"{case.rule}-{case.subject}-{case.severity}" for case in CASES])
def test_every_finding_says_all_that_a_reader_needs(case: Case) -> None:
    (finding,) = found_by(case.rule, case.fires)
    for text in (finding.title, finding.root_cause, finding.impact, finding.verify):
        assert text.strip()
    assert len(finding.title) <= 160
    assert finding.evidence
    assert all(evidence.source and evidence.fact for evidence in finding.evidence)
    assert finding.remedy.steps, "even an automatic remedy says what it does"
    assert bool(finding.remedy.action) == finding.remedy.automatic == bool(finding.remedy.targets)


def test_every_rule_has_a_case() -> None:
    assert {rule.name for rule in RULES} - {"log-errors"} == {case.rule for case in CASES}


def test_every_rule_says_its_evidence_and_its_blind_spots() -> None:
    for rule in RULES:
        documented = rule.judge.__doc__ or ""
        assert "Evidence:" in documented, rule.name
        assert "Blind spots:" in documented, rule.name


def test_thresholds_come_from_the_config() -> None:
    strict = config(diagnose=DiagnoseTable(load_per_core=0.1, cpu_idle_percent=90.0, disk_used_percent=20.0))
    snapshot = scene(system=system(), disks=(disk(),))
    assert found_by("system-load", snapshot) == []
    assert ids(found_by("system-load", snapshot, strict)) == ["system-load:machine"]
    assert ids(found_by("cpu-starved", snapshot, strict)) == ["cpu-starved:machine"]
    assert ids(found_by("disk-full", snapshot, strict)) == ["disk-full:/"]


def test_pid_files_missing_are_one_finding_for_all_workers() -> None:
    workers = tuple(
        worker(name, pid_file=PidFile(f"/tmp/{name}.pid", "missing", None)) for name in ("assigner", "auto_confirm")
    )
    (finding,) = found_by("worker-pidfile", scene(workers=workers))
    assert finding.remedy.targets == ("assigner", "auto_confirm")
    assert (finding.remedy.action, finding.remedy.automatic) == ("write-pid-file", True)
    assert [evidence.source for evidence in finding.evidence] == ["/tmp/assigner.pid", "/tmp/auto_confirm.pid"]


def test_a_pid_file_for_several_wanted_instances_is_for_a_person() -> None:
    twice = worker("pool", (instance(1), instance(2)), wanted=2, pid_file=PidFile("/tmp/pool.pid", "missing", None))
    (finding,) = found_by("worker-pidfile", scene(workers=(twice,)))
    assert not finding.remedy.automatic


def test_a_stale_pid_file_waits_until_it_is_known_whether_its_worker_runs() -> None:
    stale = PidFile("/tmp/a.pid", "stale", 99, "99 is not running")
    assert found_by("worker-pidfile", scene(workers=(worker("assigner", (), state="unknown", pid_file=stale),))) == []


def test_hibernation_is_offered_for_sessions_known_to_be_idle_only() -> None:
    sessions = (
        session("asleep", 1, state="hibernated"),
        session("idle_long", 2, state="idle", idle_s=9000.0),
        session("idle_longest", 3, state="idle", idle_s=19000.0),
        session("idle_shortly", 4, state="idle", idle_s=60.0),
        session("protected", 5, state="idle", idle_s=9000.0, protected=True),
        session("looked_at", 6, state="idle", idle_s=9000.0, attached=1),
        session("unknown", 7, state="unknown", idle_s=9000.0),
        session("shell_only", 8, agent="", state="none", idle_s=9000.0),
    )
    (finding,) = found_by("sessions-many", scene(sessions=sessions))
    assert finding.remedy.action == "hibernate"
    assert finding.remedy.targets == ("idle_longest", "idle_long")


def test_where_sessions_rest_but_not_for_long_a_person_chooses_which_of_them_shall_sleep() -> None:
    resting = (session("rests", 1, state="idle", idle_s=60.0), session("works", 2, state="working"))
    (finding,) = found_by("sessions-many", scene(sessions=resting), config(sessions=SessionsTable(limit=1)))
    assert (finding.remedy.action, finding.remedy.targets, finding.remedy.automatic) == ("hibernate", (), False)
    at_work = (session("one", 1, state="working"), session("other", 2, state="working"))
    (finding,) = found_by("sessions-many", scene(sessions=at_work), config(sessions=SessionsTable(limit=1)))
    assert finding.remedy.action == "", "nobody is there who could sleep"


@pytest.mark.parametrize(
    ("load5", "load15", "severity", "told"),
    [
        (9.0, 8.6, "high", "sustained"),
        (11.0, 9.6, "high", "9.60 over 15 minutes"),
        (9.0, 2.0, "medium", "a spike"),
    ],
)
def test_a_load_is_called_sustained_only_where_its_means_prove_it(
    load5: float, load15: float, severity: str, told: str
) -> None:
    load1 = 10.0 if told != "9.60 over 15 minutes" else 16.3
    (finding,) = found_by("system-load", scene(system=system(load1=load1, load5=load5, load15=load15)))
    assert finding.severity == severity
    assert finding.title == f"load {load1:.2f} on 8 cores, {told}"
    assert ("not a spike" in finding.root_cause) is (told == "sustained")


def test_secrets_of_a_command_are_not_told_in_steps() -> None:
    secret = config(worker=(WorkerTable(name="assigner", command=("run", "--token", "hunter22")),))
    (finding,) = found_by("worker-missing", scene(workers=(worker("assigner", (), state="missing"),)), secret)
    assert not any("hunter22" in step for step in finding.remedy.steps)


def test_a_disk_without_inodes_is_proved_right_by_its_inodes() -> None:
    (scarce,) = found_by("disk-full", scene(disks=(disk(used=50, available=50, inodes_free_percent=0.0),)))
    assert scarce.verify == "at least 7.5 % of the inodes of / free"
    assert "du -xh --inodes" in scarce.remedy.steps[0]


@pytest.mark.parametrize(
    ("ends", "loops"),
    [
        ((), False),
        ((AT - 101.0, AT - 100.5, AT - 100.0), False),
        ((AT - 201.0, AT - 200.5, AT - 200.0, AT - 101.0, AT - 100.5, AT - 100.0), True),
        ((AT - 108.0, AT - 106.0, AT - 104.0, AT - 102.0), True),
    ],
    ids=["restarted once", "restarted twice", "all end again and again", "one of them ends again and again"],
)
def test_restarting_several_instances_is_no_crash_loop(ends: tuple[float, ...], loops: bool) -> None:
    starts = tuple(AT - 300.0 + second for second in range(6))
    found = found_by("worker-crash-loop", scene(workers=(worker(wanted=3, starts=starts, ends=ends),)))
    assert ids(found) == (["worker-crash-loop:assigner"] if loops else [])


def test_a_pid_file_that_names_something_else_is_not_removed_unasked() -> None:
    wrong = worker(pid_file=PidFile("/run/a.pid", "wrong", 9, "9 is no process of it: cron"))
    (found,) = found_by("worker-pidfile", scene(workers=(wrong,)))
    assert not found.remedy.automatic


@pytest.mark.parametrize(
    "unsure",
    [
        scene(sessions=(session("a", state="unknown", idle_s=90_000.0),)),
        scene(environments=environments(environment(age_s=None, stale=None), pool=FREE)),
        scene(sites=(site(state="unknown", reason="not probed yet"),)),
        scene(workers=(worker("assigner", (), silent=True),)),
        scene(services=(service(state="unknown", reason="not probed yet", http_status=500),)),
    ],
    ids=["session", "environment", "site", "worker that does not run", "service"],
)
def test_what_is_not_known_is_no_finding(unsure: Snapshot) -> None:
    assert [one.name for one in RULES if found_by(one.name, unsure)] == []


def test_load_without_an_agent_session_is_no_advice_about_agent_sessions() -> None:
    """What takes most is named instead, never this program; where an agent takes part, hibernating is told."""
    takes = (
        Consumers("Services", 2, 3.0, 900 << 20, 0, 2),
        Consumers("opsconsole", 1, 400.0, 950 << 20, 0, 1),
        Consumers("cc1plus", 4, 380.0, 300 << 20, 0, 4),
    )
    busy = system(load1=80.0, load5=70.0, load15=60.0)
    (load,) = found_by("system-load", changed(scene(system=busy), consumers=takes))
    assert load.remedy.steps[0] == "end or slow down what takes most: cc1plus (380 % of a core)"
    short = system(memory_available_bytes=1 << 20)
    (memory,) = found_by("memory-pressure", changed(scene(system=short), consumers=takes))
    assert memory.remedy.steps[0] == "end or slow down what takes most: Services (900M)"
    assert not any("session" in step for step in (*load.remedy.steps, *memory.remedy.steps))
    at_work = session("a", state="working", cpu_percent=90.0)
    (load,) = found_by("system-load", changed(scene(system=busy, sessions=(at_work,)), consumers=takes))
    assert "agent sessions" in load.remedy.steps[0]
