"""The sandbox answers to what is done to it as the machine of the incident would: this is what actions are tried on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsconsole.demo.expected import ExpectedWorker
from opsconsole.demo.sandbox import Sandbox
from tests.e2e.demo_ground import eventually, exists, http


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.build() as built:
        yield built


def worker(sandbox: Sandbox, name: str) -> ExpectedWorker:
    return next(one for one in sandbox.expected.workers if one.name == name)


def beating(sandbox: Sandbox, name: str, other_than: int = 0) -> int | None:
    """The pid this worker last told, if it is alive."""
    try:
        pid = json.loads(sandbox.layout.heartbeat(name).read_text())["pid"]
    except OSError:
        return None
    return pid if pid != other_than and exists(pid) else None


def environments(sandbox: Sandbox) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = http(api(sandbox))["environments"]
    return listed


def api(sandbox: Sandbox) -> str:
    return sandbox.expected.services[0].url.replace("/health", "/api/environments")


def test_a_killed_instance_comes_back_until_its_loop_is_ended(sandbox: Sandbox) -> None:
    told = worker(sandbox, "auto_confirm")
    before = told.pids[1]
    os.kill(before, signal.SIGTERM)
    again = eventually("the loop to start it again", lambda: beating(sandbox, "auto_confirm_worker", before))
    os.kill(told.wrappers[0], signal.SIGTERM)
    eventually("the loop's end", lambda: not exists(told.wrappers[0]))
    assert exists(again)
    os.kill(again, signal.SIGTERM)
    eventually("its end", lambda: not exists(again))
    assert not sandbox.layout.heartbeat("auto_confirm_worker").exists()


def test_two_of_the_second_version_cannot_run(sandbox: Sandbox) -> None:
    second = subprocess.run(
        [str(sandbox.layout.python), "workers/auto_confirm_worker_v2.py", "--daemon"],
        cwd=sandbox.layout.architect,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (second.returncode, "another" in second.stderr) == (1, True)
    lock = (sandbox.layout.tmp / "auto_confirm_v2.lock").read_text()
    assert int(lock) == worker(sandbox, "auto_confirm").pids[0]


def test_what_the_supervisor_minds_comes_back(sandbox: Sandbox) -> None:
    (before,) = worker(sandbox, "site_health_monitor").pids
    os.kill(before, signal.SIGKILL)
    again = eventually("the supervisor to start it again", lambda: beating(sandbox, "site_health_monitor", before))
    assert again in {process.pid for process in sandbox.pids()}


def test_a_supervised_service_comes_back_too(sandbox: Sandbox) -> None:
    monitor = sandbox.expected.services[1]
    os.kill(monitor.pids[0], signal.SIGTERM)

    def listener() -> bool:
        listing = subprocess.run(["ss", "-Hltnp", f"sport = :{monitor.port}"], capture_output=True, text=True)
        return "pid=" in listing.stdout and f"pid={monitor.pids[0]}," not in listing.stdout

    eventually("another listener", listener)


def test_the_orchestrator_started_as_configured_makes_health_say_running(sandbox: Sandbox) -> None:
    config = tomllib.loads(sandbox.config_path.read_text())
    table = next(one for one in config["worker"] if one["name"] == "orchestrator")
    with subprocess.Popen(table["command"], cwd=table["cwd"], env=table["env"], start_new_session=True) as started:
        try:
            health = sandbox.expected.services[0].url
            eventually("health to say running", lambda: http(health)["orchestrator"] == "running")
            assert int(Path(table["pid_file"]).read_text()) == started.pid
            assert started.pid in {process.pid for process in sandbox.pids()}
        finally:
            started.terminate()
    assert http(health)["orchestrator"] == "stopped"
    assert not Path(table["pid_file"]).exists()


def test_a_deleted_environment_is_gone_with_its_process_and_frees_a_port(sandbox: Sandbox) -> None:
    victim = next(one for one in sandbox.expected.environments if one.stale and one.pid is not None)
    assert victim.pid is not None
    log = Path(worker(sandbox, "assigner").log)
    before = log.stat().st_size
    http(f"{api(sandbox)}/{victim.id}", "DELETE")
    assert victim.id not in {one["id"] for one in environments(sandbox)}
    assert len(environments(sandbox)) == 9
    eventually("the end of its process", lambda: not exists(victim.pid or 0))
    eventually("the assigner to find a port", lambda: "can be created" in log.read_text()[before:] or None, within_s=30)
