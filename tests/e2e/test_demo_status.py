"""`status --json` says of the sandbox what the sandbox knows it built, number for number; of a healthy one too."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from opsconsole.demo.expected import ExpectedWorker
from opsconsole.demo.sandbox import Sandbox

LOOKS = 5
SLACK_S = 90.0
"""What may pass between building and looking on a busy machine."""


class Looked(NamedTuple):
    sandbox: Sandbox
    status: dict[str, Any]

    def named(self, reading: str) -> dict[str, dict[str, Any]]:
        assert self.status[reading]["state"] == "ok"
        return {item["name"]: item for item in self.status[reading]["items"]}


@pytest.fixture(scope="module", params=[False, True], ids=["incident", "healthy"])
def looked(request: pytest.FixtureRequest) -> Iterator[Looked]:
    """One look; another one where the machine was too busy to answer the probes in time."""
    with Sandbox.build(healthy=request.param) as sandbox:
        for _ in range(LOOKS):
            status = look(sandbox)
            if not overloaded(sandbox, status):
                break
        yield Looked(sandbox, status)


def look(sandbox: Sandbox) -> dict[str, Any]:
    command = [Path(sys.executable).with_name("opsconsole"), "--config", sandbox.config_path]
    finished = subprocess.run(
        [*command, "--state-dir", sandbox.state_dir, "status", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    status: dict[str, Any] = json.loads(finished.stdout)
    return status


def overloaded(sandbox: Sandbox, status: dict[str, Any]) -> bool:
    """Whether an answer was too late of something that does answer."""
    mute = {one.name for one in sandbox.expected.sites if one.state != "up"}
    late = [item for item in status["sites"]["items"] if item["http_status"] is None and item["name"] not in mute]
    dashboard = status["services"]["items"][0]
    return bool(late) or dashboard["http_status"] is None or status["environments"]["state"] != "ok"


def test_services(looked: Looked) -> None:
    found = looked.named("services")
    assert list(found) == [one.name for one in looked.sandbox.expected.services]
    for one in looked.sandbox.expected.services:
        service = found[one.name]
        assert (service["port"], service["state"]) == (one.port, one.state), service
        assert sorted(owner["pid"] for owner in service["owners"]) == sorted(one.pids)
        assert tuple(service["stopped"]) == one.stopped
        assert service["http_status"] == (200 if one.url else None)
        assert (service["sharing"] == "reuseport") == (len(one.pids) > 1)


def test_workers(looked: Looked) -> None:
    found = looked.named("workers")
    assert list(found) == [one.name for one in looked.sandbox.expected.workers]
    for one in looked.sandbox.expected.workers:
        worker = found[one.name]
        assert (worker["wanted"], worker["state"]) == (one.wanted, one.state), worker
        assert pids(worker["instances"]) == sorted(one.pids)
        assert pids(worker["wrappers"]) == sorted(one.wrappers)
        assert (worker["remnants"], worker["suspects"]) == ([], [])
        assert worker["pid_file"]["state"] == one.pid_file, worker["pid_file"]
        assert worker["log"]["path"] == one.log
        assert_log_is_counted(worker["log"], one)


def pids(items: list[dict[str, Any]]) -> list[int]:
    return sorted(item["pid"] for item in items)


def assert_log_is_counted(log: dict[str, Any], one: ExpectedWorker) -> None:
    """The log has grown since, but only by lines of the same kind."""
    if not Path(one.log).exists():
        assert log["state"] == "missing"
        return
    lines = Path(one.log).read_text().splitlines()
    assert log["lines"] <= len(lines)
    assert log["errors"] == sum(" ERROR " in line for line in lines[: log["lines"]])


def test_sessions(looked: Looked) -> None:
    found = looked.named("sessions")
    assert list(found) == [one.name for one in looked.sandbox.expected.sessions]
    for one in looked.sandbox.expected.sessions:
        session = found[one.name]
        assert session["agent"] == "claude-code"
        assert session["state"] == one.state, session
        assert (session["session_id"], session["draft"]) == (one.session_id, one.draft)
        assert one.draft in session["reason"]
        assert bool(session["waiting_for"]) == bool(one.waiting_for)
        assert (session["attached"], session["protected"], session["cwd"]) == (one.attached, one.protected, one.cwd)
        assert [pane["agent_process"]["pid"] for pane in session["panes"]] == [one.agent_pid]
        assert one.idle_s <= session["idle_s"] <= one.idle_s + SLACK_S
        assert session["rss_bytes"] > 4_000_000
        assert session["processes"] == 1 + one.under_shell + 2 * (one.state == "shell")
        kinds = [below["kind"] for below in session["below"]]
        assert kinds == (["tool shell", "child"] if one.state == "shell" else [])


def test_the_tmux_server_tells_what_it_costs(looked: Looked) -> None:
    (server,) = looked.status["tmux"]
    assert (server["socket"], server["pid"]) == (str(looked.sandbox.tmux_socket), looked.sandbox.expected.tmux_pid)
    assert server["rss_bytes"] > 1_000_000
    assert server["oom_score"] is not None


def test_environments(looked: Looked) -> None:
    reading = looked.status["environments"]
    found = {item["id"]: item for item in reading["items"]}
    assert found.keys() == {one.id for one in looked.sandbox.expected.environments}
    for one in looked.sandbox.expected.environments:
        item = found[one.id]
        assert (item["name"], item["port"]) == (one.name, one.port)
        assert (item["stale"], item["duplicate"], item["alive"]) == (one.stale, one.duplicate, one.pid is not None)
        assert item["owner_pid"] == one.pid
        assert one.age_s - 1 <= item["age_s"] <= one.age_s + SLACK_S
        assert item["ttl_s"] == 24 * 3600
    pool = looked.sandbox.expected.pool
    assert reading["pool"]["used"] == list(pool.used)
    assert (reading["pool"]["first"], reading["pool"]["last"], reading["pool"]["size"]) == (pool.first, pool.last, 10)


def test_queue(looked: Looked) -> None:
    told = looked.sandbox.expected.queue
    queue = looked.status["queue"]["value"]
    for field in ("total", "completed", "failed", "failed_24h", "pending", "active"):
        assert queue[field] == getattr(told, field), field
    assert queue["success_rate"] == pytest.approx(told.success_rate)
    assert (queue["cancelled"], queue["other"]) == (0, 0)


def test_sites(looked: Looked) -> None:
    found = looked.named("sites")
    assert {name: site["state"] for name, site in found.items()} == {
        one.name: one.state for one in looked.sandbox.expected.sites
    }


def test_system_is_the_injected_one(looked: Looked) -> None:
    told = looked.sandbox.expected.system
    system = looked.status["system"]["value"]
    for field in ("load1", "load5", "load15", "cores", "memory_total_bytes", "memory_available_bytes"):
        assert system[field] == getattr(told, field), field
    for field in ("swap_total_bytes", "swap_used_bytes"):
        assert system[field] == getattr(told, field), field
    for field in ("cpu_user", "cpu_system", "cpu_idle"):
        assert system[field] == pytest.approx(getattr(told, field), abs=0.01), field
    for field in ("swap_in_per_s", "swap_out_per_s"):
        assert system[field] == pytest.approx(getattr(told, field), rel=0.5), field
    assert (system["memory_compressed_bytes"] or 0) == told.memory_compressed_bytes
    assert system["missing"] == []
