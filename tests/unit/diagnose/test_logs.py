"""The rule on logs: the same error again and again, as long as it goes on; known errors explain themselves."""

from __future__ import annotations

from typing import Any

import pytest

from opsconsole.config.types import ErrorTable
from opsconsole.diagnose import diagnose
from opsconsole.diagnose.known_errors import BUILT_IN, known_error
from opsconsole.diagnose.words import every
from opsconsole.model.log_pattern import LogPattern
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Log
from tests.makers import AT, queue, service, worker
from tests.unit.diagnose.scenes import config, found_by, ids, scene

NO_PORTS = "RuntimeError: No available ports for new environment"


def pattern(**changes: Any) -> LogPattern:
    fields: dict[str, Any] = {
        "template": NO_PORTS,
        "count": 29,
        "first": AT - 30_000.0,
        "last": AT - 400.0,
        "every_s": (300.0, 900.0),
        "sample": f"2026-02-08 17:12:20 ERROR {NO_PORTS}",
    }
    return LogPattern(**{**fields, **changes})


def logged(*patterns: LogPattern, **changes: Any) -> Snapshot:
    log = Log(path="/tmp/assigner.log", state="ok", age_s=4.0, patterns=patterns, **changes)
    return scene(workers=(worker(log=log),))


def test_a_repeated_error_is_told_with_count_cadence_and_what_it_means() -> None:
    (finding,) = found_by("log-errors", logged(pattern()))
    assert finding.id == "log-errors:assigner"
    assert finding.severity == "low"
    assert finding.evidence[0].fact == f"29 times, every 5 to 15 min: {NO_PORTS}"
    assert "ports exhausted" in finding.root_cause
    assert finding.since == AT - 30_000.0


@pytest.mark.parametrize(
    "nearest",
    [
        pattern(count=2),
        pattern(last=AT - 1801.0),
        pattern(every_s=None, last=AT - 61.0),
        pattern(every_s=(9000.0, 9000.0), last=AT - 3601.0),
    ],
    ids=["too few", "two gaps passed", "no cadence and a minute passed", "an hour passed"],
)
def test_an_error_that_is_rare_or_has_ceased_is_no_finding(nearest: LogPattern) -> None:
    assert found_by("log-errors", logged(nearest)) == []


def test_a_log_without_times_is_judged_by_its_last_write() -> None:
    timeless = pattern(first=None, last=None, every_s=None)
    assert found_by("log-errors", logged(timeless))
    old = Log(path="/tmp/assigner.log", state="ok", age_s=90.0, patterns=(timeless,))
    assert found_by("log-errors", scene(workers=(worker(log=old),))) == []


def test_a_services_log_is_mined_like_a_workers() -> None:
    log = Log(path="/tmp/app.log", state="ok", age_s=4.0, patterns=(pattern(),))
    (finding,) = found_by("log-errors", scene(services=(service(log=log.path, log_tail=log),)))
    assert finding.id == "log-errors:Dashboard"
    assert finding.evidence[0].source == "/tmp/app.log"
    assert found_by("log-errors", scene(services=(service(log=log.path),))) == []


def test_a_log_that_two_share_is_told_once_and_two_of_one_name_are_told_apart() -> None:
    mine, other = (
        Log(path=path, state="ok", age_s=4.0, patterns=(pattern(),)) for path in ("/tmp/one.log", "/tmp/other.log")
    )
    workers = (worker("Dashboard", log=mine),)
    shared = scene(workers=workers, services=(service(log_tail=mine),))
    assert ids(found_by("log-errors", shared)) == ["log-errors:Dashboard"]
    apart = scene(workers=workers, services=(service(log_tail=other),))
    assert ids(found_by("log-errors", apart)) == ["log-errors:Dashboard", "log-errors:service Dashboard"]


def test_the_errors_of_a_service_that_is_down_are_told_in_its_finding() -> None:
    log = Log(path="/tmp/app.log", state="ok", age_s=4.0, patterns=(pattern(),))
    (finding,) = diagnose(scene(services=(service(state="down", log_tail=log),)), config()).findings
    assert finding.id == "service-down:Dashboard"
    assert [one.id for one in finding.causes] == ["log-errors:Dashboard"]


@pytest.mark.parametrize(
    ("gaps", "told"),
    [
        ((300.0, 900.0), "every 5 to 15 min"),
        ((780.0, 780.0), "every 13 min"),
        ((4.0, 2340.0), "every 4 s to 39 min"),
        ((0.0, 2340.0), "at most 39 min apart"),
        ((0.0, 0.4), "several a second"),
        ((60.0, 7200.0), "every 60 s to 2 h"),
    ],
)
def test_a_cadence_is_told_in_units_that_fit_both_its_ends(gaps: tuple[float, float], told: str) -> None:
    assert every(*gaps) == told


def test_an_unreadable_log_fires_nothing_and_is_unknown() -> None:
    log = Log(path="/tmp/assigner.log", state="unreadable", reason="/tmp/assigner.log: permission denied")
    diagnosis = diagnose(scene(workers=(worker(log=log, silent=None),)), config())
    assert diagnosis.findings == ()
    assert [one.subject for one in diagnosis.unknown] == ["log of assigner"]
    diagnosis = diagnose(scene(services=(service(log_tail=log),)), config())
    assert diagnosis.findings == ()
    assert [one.subject for one in diagnosis.unknown] == ["log of Dashboard"]


def test_the_errors_of_a_failing_worker_are_told_in_its_finding() -> None:
    log = Log(path="/tmp/assigner.log", state="ok", age_s=4.0, patterns=(pattern(),))
    snapshot = scene(workers=(worker(log=log),), queue=queue(completed=37, failed=85, success_rate=0.3))
    (finding,) = diagnose(snapshot, config()).findings
    assert finding.rule == "worker-failing"
    assert [one.id for one in finding.causes] == ["log-errors:assigner"]


def test_the_configs_errors_come_before_the_built_in_ones() -> None:
    own = config(error=(ErrorTable(name="pool", match="available ports", cause="ours", fix="do"),))
    found = known_error(NO_PORTS, own)
    assert found is not None
    assert (found.name, found.cause) == ("pool", "ours")
    built_in = known_error(NO_PORTS, config())
    assert built_in is not None
    assert built_in.name == "ports exhausted"
    assert known_error("the cat sat on the keyboard", config()) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Failed to get environment info: Expecting value: line 1 column 1 (char 0)", "no JSON"),
        ("ValueError: Environment 'reading-ui-improvement' already exists", "name taken"),
        ("OSError: [Errno 12] Cannot allocate memory", "out of memory"),
        ("OSError: [Errno 98] Address already in use", "address in use"),
        ("sqlite3.OperationalError: database is locked", "database locked"),
        ("OSError: [Errno 28] No space left on device", "disk full"),
        ("requests.exceptions.ReadTimeout: Read timed out", "timed out"),
    ],
)
def test_known_errors(text: str, name: str) -> None:
    found = known_error(text, config())
    assert found is not None
    assert found.name == name


def test_every_known_error_says_what_to_do() -> None:
    assert len({known.name for known in BUILT_IN}) == len(BUILT_IN)
    assert all(known.cause and known.fix for known in BUILT_IN)


@pytest.mark.parametrize(
    "line",
    [
        "ERROR no port given in URL",
        "ERROR no ports allowed in host",
        "ERROR job 429 failed: bad input",
        "ERROR request time out of range",
        '  File "a.py", line 429, in run',
    ],
)
def test_a_common_word_is_no_known_error(line: str) -> None:
    assert known_error(line, config()) is None
