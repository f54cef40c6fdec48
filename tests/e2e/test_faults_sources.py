"""Every source of one machine is broken in its own way: each is told with its reason, and the rest goes on."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsconsole.config.load import load
from opsconsole.engine import Engine
from opsconsole.model.clock import SystemClock
from tests.e2e.ground import PYTHON, Ground, until
from tests.unit.collect.web import web

OPSCONSOLE = str(Path(sys.executable).with_name("opsconsole"))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    started = Ground(tmp_path_factory.mktemp("ground"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with web() as url:
        yield url


def config_of(folder: Path, text: str) -> Path:
    path = folder / "opsconsole.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def status(config: Path) -> tuple[int, dict[str, Any]]:
    command = [OPSCONSOLE, "--config", str(config), "status", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert ended.stderr == ""
    return ended.returncode, json.loads(ended.stdout)


def test_all_of_them_at_once(ground: Ground, base: str, tmp_path: Path) -> None:
    ground.write("steady.py", "import time; time.sleep(600)")
    pid = ground.start(PYTHON, "steady.py")
    for name in ("log", "pid", "queue"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "tmux").write_text("a file, no socket")
    code, told = status(
        config_of(
            tmp_path,
            f"""
[[service]]
name = "web"
port = {base.rpartition(":")[2]}
url = "{base}/slow-body"
timeout = "500ms"
[[site]]
name = "bomb"
url = "{base}/bomb"
[[worker]]
name = "steady"
command = ["{PYTHON}", "steady.py"]
cwd = "{ground.folder}"
log = "{tmp_path}/log"
pid_file = "{tmp_path}/pid"
[sessions]
socket = "{tmp_path}/tmux"
[environments]
url = "{base}/html"
[queue]
path = "{tmp_path}/queue"
""",
        )
    )
    assert code == 3
    (worker,) = told["workers"]["items"]
    assert [one["pid"] for one in worker["instances"]] == [pid]
    assert (worker["log"]["state"], worker["pid_file"]["state"]) == ("unreadable", "unreadable")
    assert "FIFO" in worker["log"]["reason"]
    (service,) = told["services"]["items"]
    assert service["state"] == "degraded"
    assert "timed out after 0.5 s" in service["reason"]
    assert [site["state"] for site in told["sites"]["items"]] == ["up"]
    assert told["system"]["state"] == "ok"
    for name, words in (("sessions", "socket"), ("environments", "HTML"), ("queue", "FIFO")):
        assert told[name]["state"] == "unknown"
        assert words in told[name]["reason"]


def test_a_source_that_answers_no_question_delays_nobody(ground: Ground, tmp_path: Path) -> None:
    """A server that accepts and says nothing: the screen's Snapshots come on, and its own reading becomes unknown."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        config = config_of(
            tmp_path,
            f'[console]\nrefresh = "200ms"\n[sessions]\nsocket = "{tmp_path}/none"\n'
            f'[environments]\nurl = "{url}"\ntimeout = "30s"\n'
            f'[[site]]\nname = "silent"\nurl = "{url}"\ntimeout = "30s"\n',
        )
        engine = Engine(load(config))
        engine.start(lambda _snapshot: None)
        try:
            until(lambda: engine.latest is not None and engine.latest.sequence > 8, "Snapshots that come on")
            assert engine.latest is not None
            assert engine.latest.environments.state == "unknown"
            assert [site.state for site in engine.latest.sites.value or ()] == ["unknown"]
        finally:
            engine.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "opsconsole-engine"]


class Jumping(SystemClock):
    offset = 0.0

    def wall(self) -> float:
        return super().wall() + self.offset


@pytest.mark.parametrize("jump_s", [86_400.0, -86_400.0])
def test_a_clock_that_jumps_makes_nothing_old(ground: Ground, base: str, tmp_path: Path, jump_s: float) -> None:
    ground.write("calm.py", "import time; time.sleep(600)")
    pid = ground.start(PYTHON, "calm.py", str(jump_s))
    config = config_of(
        tmp_path,
        f'[[service]]\nname = "web"\nport = {base.rpartition(":")[2]}\nurl = "{base}/healthy"\n'
        f'[[worker]]\nname = "calm"\ncommand = ["{PYTHON}", "calm.py", "{jump_s}"]\ncwd = "{ground.folder}"\n'
        f'[sessions]\nsocket = "{tmp_path}/none"\n',
    )
    clock = Jumping()
    engine = Engine(load(config), clock=clock)
    engine.start(lambda _snapshot: None)
    try:
        until(lambda: engine.latest and [one.state for one in engine.latest.services.value or ()] == ["up"], "web up")
    finally:
        engine.stop()
    clock.offset = jump_s
    snapshot = engine.collect()
    (worker,) = snapshot.workers.value or ()
    (service,) = snapshot.services.value or ()
    assert service.state == "up"
    assert [one.pid for one in worker.instances] == [pid]
    assert worker.uptime_s is not None
    assert 0 <= worker.uptime_s < 120
