"""`status --json` and `probe` against what ps, ss, tmux and the database say of the same real fleet."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libtmux
import pytest

from tests.e2e.fleet import Fleet, fleet


@pytest.fixture(scope="module")
def running() -> Iterator[Fleet]:
    with fleet() as started:
        yield started


@pytest.fixture(scope="module")
def status(running: Fleet) -> dict[str, Any]:
    finished = running.opsconsole("status", "--json")
    assert finished.returncode == 0, finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def named(reading: dict[str, Any], name: str) -> dict[str, Any]:
    (item,) = [item for item in reading["items"] if item["name"] == name]
    return item  # type: ignore[no-any-return]


def ps(pid: int, field: str) -> str:
    return subprocess.run(["ps", "-o", f"{field}=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout


def test_the_document_has_every_reading_of_the_contract(status: dict[str, Any]) -> None:
    assert status["schema"] == 1
    states = {
        key: status[key]["state"] for key in ("services", "workers", "sessions", "environments", "system", "queue")
    }
    assert set(states.values()) == {"ok"}, states


def test_a_service_is_held_by_the_process_that_ss_names(running: Fleet, status: dict[str, Any]) -> None:
    service = named(status["services"], "dashboard")
    listing = subprocess.run(
        ["ss", "-Hltnp", f"sport = :{running.service_port}"], capture_output=True, text=True, check=True
    ).stdout
    assert f"pid={service['pid']}," in listing
    assert [owner["pid"] for owner in service["owners"]] == [running.service_pid]


def test_a_200_whose_body_says_stopped_is_degraded(status: dict[str, Any]) -> None:
    service = named(status["services"], "dashboard")
    assert (service["state"], service["http_status"]) == ("degraded", 200)
    assert service["components"]["orchestrator"] == "stopped"
    assert service["stopped"] == ["orchestrator"]
    assert service["latency_ms"] > 0


def test_a_port_nobody_listens_on_is_down(status: dict[str, Any]) -> None:
    assert named(status["services"], "absent")["state"] == "down"


def test_instances_are_the_processes_that_were_started(running: Fleet, status: dict[str, Any]) -> None:
    worker = named(status["workers"], "twin")
    assert sorted(instance["pid"] for instance in worker["instances"]) == sorted(running.twin_pids)
    assert (worker["wanted"], worker["state"]) == (1, "duplicates")
    for instance in worker["instances"]:
        assert abs(instance["uptime_s"] - int(ps(instance["pid"], "etimes"))) < 30
        resident = int(ps(instance["pid"], "rss")) * 1024
        assert abs(instance["rss_bytes"] - resident) < 0.2 * resident
        assert instance["swap_bytes"] is not None
        assert "twin.py --daemon" in instance["command"]


def test_a_worker_that_does_not_run_is_missing(status: dict[str, Any]) -> None:
    worker = named(status["workers"], "absent")
    assert (worker["state"], worker["instances"]) == ("missing", [])


def test_pid_file_and_log_are_told(status: dict[str, Any]) -> None:
    worker = named(status["workers"], "twin")
    assert worker["pid_file"]["state"] == "missing"
    assert (worker["log"]["errors"], worker["log"]["lines"]) == (1, 2)


def test_sessions_are_those_of_tmux(running: Fleet, status: dict[str, Any]) -> None:
    # libtmux is the witness: it reads the server in its own way, by another's code.
    server = libtmux.Server(socket_path=str(running.socket))
    panes = {session.session_name: [pane.pane_pid for pane in session.panes] for session in server.sessions}
    assert sorted(item["name"] for item in status["sessions"]["items"]) == sorted(map(str, panes))
    for item in status["sessions"]["items"]:
        assert sorted(str(pane["pid"]) for pane in item["panes"]) == sorted(map(str, panes[item["name"]]))
        assert item["rss_bytes"] > 0
        assert item["attached"] == 0


def test_the_queue_is_that_of_the_database(running: Fleet, status: dict[str, Any]) -> None:
    with contextlib.closing(sqlite3.connect(running.database)) as database:
        counts = dict(database.execute("select status, count(*) from prompts group by status").fetchall())
    queue = status["queue"]["value"]
    assert queue["completed"] == counts["completed"]
    assert queue["failed"] == queue["failed_24h"] == counts["failed"]
    assert (queue["pending"], queue["active"], queue["total"]) == (2, 1, sum(counts.values()))
    assert queue["success_rate"] == pytest.approx(3 / 8)


def test_environments_are_stale_and_duplicate_where_they_are(status: dict[str, Any]) -> None:
    items = {item["id"]: item for item in status["environments"]["items"]}
    assert {key: item["stale"] for key, item in items.items()} == {"1": True, "2": False, "3": False}
    assert {key: item["duplicate"] for key, item in items.items()} == {"1": True, "2": True, "3": False}
    assert status["environments"]["pool"]["size"] == 10
    assert {6001, 6002, 6003} <= set(status["environments"]["pool"]["used"])


def test_the_system_agrees_with_the_kernel(status: dict[str, Any]) -> None:
    system = status["system"]["value"]
    with Path("/proc/meminfo").open(encoding="ascii") as meminfo:
        total = int(meminfo.readline().split()[1]) * 1024
    assert system["memory_total_bytes"] == total
    assert system["cpu_user"] + system["cpu_system"] + system["cpu_idle"] <= 100.5


def test_sites_are_probed(status: dict[str, Any]) -> None:
    assert named(status["sites"], "good")["state"] == "up"
    bad = named(status["sites"], "bad")
    assert (bad["state"], bad["http_status"]) == ("unexpected", 500)


def test_probe_tells_by_its_exit_status(running: Fleet) -> None:
    assert running.opsconsole("probe", "good").returncode == 0
    assert running.opsconsole("probe", "bad").returncode == 1
    wrong = running.opsconsole("probe", "nonesuch")
    assert wrong.returncode == 2
    assert "nonesuch" in wrong.stderr


def test_status_for_people_names_what_is_wrong(running: Fleet) -> None:
    text = running.opsconsole("status").stdout
    assert "twin" in text
    assert "orchestrator" in text
    assert "\x1b" not in text


def test_check_says_where_a_mistake_is(running: Fleet) -> None:
    wrong = running.folder / "wrong.toml"
    wrong.write_text('[[worker]]\nname = "a"\ncommand = ["x"]\npidfile = "/tmp/a.pid"\n')
    finished = running.opsconsole("--config", str(wrong), "check")
    assert finished.returncode == 2
    assert "wrong.toml:4" in finished.stderr
    assert "pid_file" in finished.stderr


def test_a_console_without_a_terminal_names_what_works_there(running: Fleet) -> None:
    finished = running.opsconsole()
    assert finished.returncode == 2
    assert "watch --plain" in finished.stderr
