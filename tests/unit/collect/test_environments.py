"""Environments from all three sources and forms; what is no list is unknown with what came."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.collect.environments import EnvironmentSource, assemble_environments
from opsconsole.config.load import load
from opsconsole.config.types import Duration, EnvironmentsTable
from opsconsole.model.clock import SystemClock
from opsconsole.model.environment import Environments
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import ok, unknown
from tests.unit.collect.web import closed_port, web

NOW = 1_770_600_000.0
NO_PROCESSES = ok(ProcessTable(at=NOW, boot_id="boot", processes={}), NOW)
DAY = 86_400.0


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with web() as url:
        yield url


def read(table: EnvironmentsTable) -> Environments:
    raw = EnvironmentSource(table).read(SystemClock())
    reading = assemble_environments(table, raw, ok((), NOW), NO_PROCESSES, NOW)
    assert reading.value is not None, reading.reason
    return reading.value


def reason(table: EnvironmentsTable) -> str:
    reading = EnvironmentSource(table).read(SystemClock())
    assert reading.state == "unknown"
    return reading.reason


def written(tmp_path: Path, document: object, **settings: object) -> EnvironmentsTable:
    path = tmp_path / "environments.json"
    path.write_text(json.dumps(document))
    return EnvironmentsTable(file=path, **settings)  # type: ignore[arg-type]


def test_over_http(base: str) -> None:
    (item,) = read(EnvironmentsTable(url=f"{base}/list")).items
    assert (item.id, item.name, item.port) == ("1", "a", 6001)


def test_from_a_command() -> None:
    command = (sys.executable, "-c", 'print(\'[{"name": "a", "port": 6001, "status": "running", "pid": 1}]\')')
    (item,) = read(EnvironmentsTable(command=command)).items
    assert (item.id, item.state) == ("a", "running")


def test_from_a_file_with_several_ports(tmp_path: Path) -> None:
    document = {"environments": [{"name": "a", "git_branch": "main", "ports": {"dev": 6001, "qa": 6002}}]}
    (item,) = read(written(tmp_path, document)).items
    assert (item.ports, item.branch) == ((6001, 6002), "main")


def test_an_object_by_name(tmp_path: Path) -> None:
    assert [item.name for item in read(written(tmp_path, {"a": {"port": 1}, "b": {"port": 2}})).items] == ["a", "b"]


def test_age_is_read_in_each_form_and_makes_stale(tmp_path: Path) -> None:
    document = [
        {"name": "iso", "created_at": "2026-02-07T01:20:00Z"},
        {"name": "sqlite", "created_at": "2026-02-07 01:20:00"},
        {"name": "epoch", "created_at": NOW - 2 * DAY},
        {"name": "javascript", "created_at": int((NOW - 2 * DAY) * 1000)},
        {"name": f"ui_improvement-{int(NOW - 2 * DAY)}"},
        {"name": "young", "created_at": NOW - 60},
        {"name": "none"},
    ]
    items = read(written(tmp_path, document, ttl=Duration(DAY))).items
    assert [item.stale for item in items] == [True, True, True, True, True, False, None]
    assert items[2].age_s == pytest.approx(2 * DAY)


def test_duplicates_by_name_and_by_port(tmp_path: Path) -> None:
    document = [{"name": "a", "port": 1}, {"name": "a", "port": 2}, {"name": "b", "port": 3}, {"name": "c", "port": 3}]
    assert [item.duplicate for item in read(written(tmp_path, document)).items] == [True] * 4


def test_the_pool_counts_what_is_claimed(tmp_path: Path) -> None:
    document = [{"name": str(port), "port": port} for port in (6001, 6002, 7000)]
    pool = read(written(tmp_path, document, port_pool="6001-6010")).pool
    assert pool is not None
    assert (pool.used, pool.size, pool.free) == ((6001, 6002), 10, 8)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        *(("empty", "empty"), ("html", "HTML"), ("broken", "HTTP 500"), ("healthy", "not a list"), ("missing", "404")),
        *(("text", "not JSON; came: OK"), ("slow-body", "timed out after 0.5 s"), ("bomb", "longer than 64 KB")),
        *(("large", "longer than 64 KB"), ("far", "another host")),
    ],
)
def test_what_is_no_list_is_unknown_with_what_came(base: str, path: str, words: str) -> None:
    told = reason(EnvironmentsTable(url=f"{base}/{path}", timeout=Duration(0.5 if path == "slow-body" else 5)))
    assert words in told
    assert "\x1b" not in told


def test_nobody_answers() -> None:
    assert "refused" in reason(EnvironmentsTable(url=f"http://127.0.0.1:{closed_port()}/"))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; sys.exit('unknown option --json')", "exit status 1; said: unknown option --json"),
        ("print('\\x1b[32mNAME  PORT\\x1b[0m')", "not JSON; came: [32mNAME"),
        ("", "empty"),
        ("import time; time.sleep(60)", "no answer within 1 s"),
    ],
)
def test_a_command_that_fails_is_told_in_words(program: str, words: str) -> None:
    table = EnvironmentsTable(command=(sys.executable, "-c", program), timeout=Duration(1))
    assert words in reason(table)


def test_a_command_that_is_not_there() -> None:
    assert "No such file" in reason(EnvironmentsTable(command=("/nonexistent/env_manager.py",)))


def test_an_entry_without_a_name_is_told_and_is_nobodys_duplicate(tmp_path: Path) -> None:
    table = written(tmp_path, [{"port": 6001}, {"port": 6002}, {"id": 7}, {"name": ["x"]}, {"name": "a"}])
    raw = EnvironmentSource(table).read(SystemClock())
    reading = assemble_environments(table, raw, ok((), NOW), NO_PROCESSES, NOW)
    assert reading.note == "4 of 5 entries have no 'name'"
    assert reading.value is not None
    items = reading.value.items
    assert [item.name for item in items] == ["(no name)", "(no name)", "(no name, id 7)", "(no name)", "a"]
    assert [item.id for item in items] == ["", "", "7", "", "a"]
    assert not any(item.duplicate for item in items)
    assert "no name" in items[0].reason


def test_a_pool_whose_listeners_are_unknown_says_that_it_counts_claims_only(tmp_path: Path) -> None:
    table = written(tmp_path, [{"name": "a", "port": 6001}], port_pool="6001-6010")
    raw = EnvironmentSource(table).read(SystemClock())
    reading = assemble_environments(table, raw, unknown("no netlink", NOW), NO_PROCESSES, NOW)
    assert reading.value is not None
    assert reading.value.pool is not None
    assert not reading.value.pool.listeners_known
    assert "claims only: no netlink" in reading.note


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "no such file" in reason(EnvironmentsTable(file=tmp_path / "absent.json"))


def test_a_command_that_may_not_be_run_is_unknown_with_the_reason(tmp_path: Path) -> None:
    """What loading leaves of a config that others may write."""
    path = tmp_path / "c.toml"
    path.write_text('[environments]\ncommand = ["touch", "ran"]\n')
    path.chmod(0o666)
    table = load(path).config.environments
    assert table is not None
    assert "[environments]: its command is not run" in reason(table)
    assert list(tmp_path.iterdir()) == [path]


def test_a_long_list_costs_in_proportion_to_its_length(tmp_path: Path) -> None:
    def cost(count: int) -> float:
        table = written(tmp_path, [{"name": f"env-{number}", "port": 1 + number} for number in range(count)])
        raw = EnvironmentSource(table).read(SystemClock())
        began = time.process_time()
        assemble_environments(table, raw, ok((), NOW), NO_PROCESSES, NOW)
        return time.process_time() - began

    # Eight times the list; squared it would be 64 times the cost.
    assert min(cost(8_000) for _ in range(2)) < 30 * min(cost(1_000) for _ in range(3))
