"""A whole diagnosis: what explains what, what is muted, the score, what is unknown."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.config.types import SessionsTable
from opsconsole.diagnose import diagnose
from opsconsole.diagnose.causes import related
from opsconsole.diagnose.diagnose import findings_of
from opsconsole.diagnose.rules import RULES, Rule
from opsconsole.diagnose.score import parts, score
from opsconsole.model.environment import PortPool
from opsconsole.model.finding import SEVERITIES, Diagnosis, Evidence, Finding, Remedy, Severity, found
from opsconsole.model.listener import Owner
from opsconsole.model.reading import unknown
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import PidFile
from tests import samples
from tests.makers import (
    AT,
    MB,
    environment,
    instance,
    port_of,
    process_id,
    queue,
    service,
    session,
    site,
    system,
    worker,
)
from tests.unit.diagnose.scenes import READINGS, config, environments, ids, scene

NO_PORTS = "RuntimeError: No available ports for new environment"


def incident(**changes: Any) -> Snapshot:
    """The seven issues of the report, and the facts behind them."""
    stale_file = PidFile("/tmp/o.pid", "stale", 99, "99 is not running")
    missing_file = PidFile("/tmp/a.pid", "missing", None, "no such file")
    twins = tuple(Owner(id=process_id(pid), command="python3 app.py") for pid in (1, 2))
    values: dict[str, Any] = {
        "services": (
            service(
                state="degraded",
                reason="stopped: orchestrator",
                stopped=("orchestrator",),
                owners=twins,
                sharing="reuseport",
            ),
        ),
        "workers": (
            worker("orchestrator", (), state="missing", critical=True, pid_file=stale_file),
            worker("assigner", pid_file=missing_file),
            worker("auto_confirm", (instance(3), instance(4)), state="duplicates", pid_file=None),
        ),
        "sessions": tuple(session(f"s{n}", n, state="idle", idle_s=9000.0) for n in range(1, 12)),
        "environments": environments(
            environment(age_s=90_000.0, stale=True, duplicate=True),
            environment(port=6002, duplicate=True),
            pool=PortPool(first=6001, last=6002, used=(6001, 6002)),
        ),
        "system": system(
            load1=8.13,
            load5=7.77,
            load15=8.60,
            cpu_idle=6.41,
            memory_available_bytes=163 * MB,
            swap_in_per_s=8.5 * MB,
            swap_out_per_s=11.0 * MB,
        ),
        "sites": (site(state="down", http_status=None, failures=9, reason="timed out"),),
        "queue": queue(completed=37, failed=85, success_rate=37 / 122, errors=((NO_PORTS, 40),)),
        "ports": (port_of(7085, (5, "python3 pharmacy.py")),),
    }
    return scene(**{**values, **changes})


def by_id(diagnosis: Diagnosis) -> dict[str, Finding]:
    return {finding.id: finding for finding in diagnosis.findings}


def test_the_incident_gives_the_reports_seven_issues_severities_and_score() -> None:
    diagnosis = diagnose(incident(), config())
    assert [(one.severity, one.id) for one in diagnosis.findings] == [
        ("critical", "worker-failing:assigner"),
        ("critical", "worker-missing:orchestrator"),
        ("high", "system-load:machine"),
        ("medium", "env-ports-exhausted:pool"),
        ("medium", "worker-duplicates:auto_confirm"),
        ("low", "port-shared:8080"),
        ("low", "worker-pidfile:workers"),
    ]
    assert diagnosis.score == 4.2
    assert [(part.severity, part.count, part.taken) for part in diagnosis.parts] == [
        ("critical", 2, 3.6),
        ("high", 1, 1.0),
        ("medium", 2, 1.0),
        ("low", 2, 0.2),
    ]


def test_a_cause_mutes_its_symptoms_and_tells_them() -> None:
    found_here = by_id(diagnose(incident(), config()))
    orchestrator = found_here["worker-missing:orchestrator"]
    assert [one.id for one in orchestrator.symptoms] == ["service-degraded:Dashboard", "worker-pidfile:orchestrator"]
    machine = found_here["system-load:machine"]
    assert {one.id for one in machine.causes} == {
        "sessions-many:sessions",
        *(f"session-idle:s{n}" for n in range(1, 12)),
    }
    assert [one.id for one in machine.symptoms] == [
        "memory-pressure:machine",
        "site-down:Selam Pharmacy",
        "swap-thrash:machine",
        "cpu-starved:machine",
    ]
    assert all(one.muted for one in (*machine.causes, *machine.symptoms, *orchestrator.symptoms))


def test_what_is_graver_than_its_cause_stands_and_names_it() -> None:
    found_here = by_id(diagnose(incident(), config()))
    failing, ports = found_here["worker-failing:assigner"], found_here["env-ports-exhausted:pool"]
    assert [(one.id, one.muted) for one in failing.causes] == [("env-ports-exhausted:pool", False)]
    assert [(one.id, one.muted) for one in ports.symptoms] == [("worker-failing:assigner", False)]
    assert {one.id for one in ports.causes} == {"env-stale:environments", "env-duplicate:environments"}
    assert "no port left" in failing.root_cause


def test_failing_prompts_are_not_laid_on_the_port_pool_without_evidence() -> None:
    other = queue(completed=37, failed=85, success_rate=0.3, errors=(("the agent answered nothing", 40),))
    failing = by_id(diagnose(incident(queue=other), config()))["worker-failing:assigner"]
    assert failing.causes == ()


def test_a_stopped_component_that_no_worker_explains_keeps_its_finding() -> None:
    both = service(state="degraded", stopped=("orchestrator", "mailer"))
    snapshot = scene(services=(both,), workers=(worker("orchestrator", (), state="missing", critical=True),))
    found_here = by_id(diagnose(snapshot, config()))
    assert list(found_here) == ["worker-missing:orchestrator", "service-degraded:Dashboard"]
    assert [one.id for one in found_here["service-degraded:Dashboard"].causes] == ["worker-missing:orchestrator"]


def test_a_silent_site_is_a_finding_of_its_own_once_the_machine_can_breathe() -> None:
    calm = diagnose(incident(system=system()), config())
    assert "site-down:Selam Pharmacy" in ids(calm.findings)
    refused = diagnose(incident(ports=()), config())
    assert "site-down:Selam Pharmacy" in ids(refused.findings), "nothing listens: no machine is too slow for that"


def test_idle_sessions_belong_to_their_crowd_when_the_machine_is_calm() -> None:
    calm = by_id(diagnose(incident(system=system()), config()))
    assert len(calm["sessions-many:sessions"].causes) == 11
    assert not any(one.startswith("session-idle") for one in calm)


def test_a_service_that_is_down_explains_what_is_asked_of_it() -> None:
    listing = unknown("http://127.0.0.1:8080/api/environments: HTTP 500", AT, answered=True)
    snapshot = samples.changed(
        scene(
            services=(service(state="down", reason="nothing listens"),),
            sites=(site(url="http://127.0.0.1:8080/", state="down", failures=3, http_status=None),),
        ),
        environments=listing,
    )
    (down,) = diagnose(snapshot, config()).findings
    assert [one.id for one in down.symptoms] == ["site-down:Selam Pharmacy", "env-source:environments"]


def test_healthy_gives_nothing() -> None:
    diagnosis = diagnose(samples.healthy(), config(sessions=SessionsTable(limit=8)))
    assert (diagnosis.findings, diagnosis.muted, diagnosis.score) == ((), (), 10.0)


@pytest.mark.parametrize("name", [name for name in READINGS if name not in ("processes", "tmux_servers")])
def test_an_unknown_reading_fires_nothing_of_its_own_and_is_listed(name: str) -> None:
    snapshot = samples.changed(scene(), **{name: unknown(f"{name}: no answer", AT)})
    diagnosis = diagnose(snapshot, config())
    assert diagnosis.findings == ()
    assert [(one.subject, one.reason) for one in diagnosis.unknown] == [(name, f"{name}: no answer")]
    assert diagnosis.unknown[0].rules


def test_what_a_limited_worker_takes_is_unknown_where_it_is_not_told() -> None:
    blind = worker("hungry", (instance(rss_bytes=None, cpu_percent=None),))
    diagnosis = diagnose(scene(workers=(blind,)), config())
    assert diagnosis.findings == ()
    (one,) = diagnosis.unknown
    assert (one.subject, one.rules, one.items) == ("limits of hungry", ("worker-limits",), ("hungry",))
    assert "memory, CPU time" in one.reason


def test_a_worker_over_its_limit_and_a_starved_machine_name_each_other() -> None:
    starved = system(memory_available_bytes=163 * MB)
    found_here = by_id(
        diagnose(scene(system=starved, workers=(worker("hungry", (instance(rss_bytes=900 * MB),)),)), config())
    )
    assert [one.id for one in found_here["memory-pressure:machine"].causes] == ["worker-limits:hungry"]
    assert [one.id for one in found_here["worker-limits:hungry"].symptoms] == ["memory-pressure:machine"]


def test_nothing_readable_is_ten_points_of_ignorance_not_of_health() -> None:
    diagnosis = diagnose(samples.unknown_everywhere(), config())
    assert diagnosis.findings == ()
    assert {"services", "workers", "sessions", "system", "queue"} <= {one.subject for one in diagnosis.unknown}


def test_numbers_that_the_system_does_not_tell_are_unknown() -> None:
    blind = system(load1=None, cpu_idle=None, memory_available_bytes=None, swap_in_per_s=None)
    diagnosis = diagnose(scene(system=blind), config())
    assert diagnosis.findings == ()
    assert [one.rules for one in diagnosis.unknown] == [
        ("system-load",),
        ("cpu-starved",),
        ("memory-pressure",),
        ("swap-thrash",),
    ]


def test_one_missed_probe_is_unknown_not_down() -> None:
    diagnosis = diagnose(scene(sites=(site(state="down", http_status=None, failures=1, reason="timed out"),)), config())
    assert diagnosis.findings == ()
    assert [one.subject for one in diagnosis.unknown] == ["site Selam Pharmacy"]


def test_sessions_that_cannot_be_told_are_listed_together() -> None:
    sessions = tuple(session(f"s{n}", n, state="unknown", reason="not read yet") for n in range(3))
    (one,) = diagnose(scene(sessions=sessions[:2]), config()).unknown
    assert one.subject == "2 sessions"
    assert "s0, s1" in one.reason


def test_a_bug_in_a_rule_is_told_and_silences_no_other() -> None:
    def broken(_snapshot: Snapshot, _config: object) -> Any:
        raise ZeroDivisionError("oh")

    diagnosis = diagnose(incident(), config(), rules=(Rule("broken", broken), *RULES))
    assert diagnosis.score == 4.2
    assert any(one.subject == "rule broken" and "ZeroDivisionError" in one.reason for one in diagnosis.unknown)


@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(READINGS), unique=True))
def test_the_order_of_rules_never_matters(shuffle: random.Random, unread: list[str]) -> None:
    snapshot = samples.changed(incident(), **{name: unknown("not read", AT) for name in unread})
    rules = list(RULES)
    shuffle.shuffle(rules)
    assert diagnose(snapshot, config(), rules) == diagnose(snapshot, config())


@given(st.sets(st.sampled_from([one.id for one in findings_of(incident(), config())[0]])))
def test_whatever_is_found_stands_or_is_told_in_what_stands(chosen: set[str]) -> None:
    findings = [one for one in findings_of(incident(), config())[0] if one.id in chosen]
    standing, muted = related(findings, incident(), config())
    assert {one.id for one in (*standing, *muted)} == chosen
    told = {related_one.id for one in standing for related_one in (*one.causes, *one.symptoms) if related_one.muted}
    assert {one.id for one in muted} == told
    for one in standing:
        for inside in (*one.causes, *one.symptoms):
            assert not inside.muted or SEVERITIES.index(inside.severity) >= SEVERITIES.index(one.severity)


@given(st.lists(st.sampled_from(SEVERITIES), max_size=40))
def test_the_score_is_ten_less_its_parts_and_never_under_zero(severities: list[Severity]) -> None:
    findings = [a_finding(severity, str(number)) for number, severity in enumerate(severities)]
    taken = parts(findings)
    assert [part.severity for part in taken] == list(SEVERITIES)
    assert score(taken) == max(0.0, round(10.0 - sum(part.taken for part in taken), 1))


def a_finding(severity: Severity, subject: str) -> Finding:
    return found(
        "made-up",
        severity,
        subject,
        "title",
        evidence=(Evidence("here", AT, "fact"),),
        root_cause="because",
        impact="none",
        remedy=Remedy(steps=("step",)),
        verify="look",
    )


def test_a_diagnosis_survives_json() -> None:
    diagnosis = diagnose(incident(), config())
    assert msgspec.json.decode(msgspec.json.encode(diagnosis), type=Diagnosis) == diagnosis
