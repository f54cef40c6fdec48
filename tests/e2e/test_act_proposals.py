"""What merely runs is not started from guesses: the refusal has what the config lacks, made of real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from opsconsole.act.glance import glance
from opsconsole.act.planning import make_plan
from opsconsole.config.load import load
from opsconsole.config.types import Config, ConsoleTable, LoadedConfig
from opsconsole.model.plan import Refused
from opsconsole.model.reading import ok
from tests.e2e.act_ground import PYTHON, World, eventually, free_port

SERVE = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_restarting_a_worker_that_was_merely_found_says_what_to_add_and_that_makes_the_restart(world: World) -> None:
    world.worker("found")
    log = world.folder / "its own.log"
    environment = {**os.environ, "SECRET_PLACE": "hidden value"}
    with log.open("w") as output:
        found = subprocess.Popen([PYTHON, "found.py"], cwd=world.folder, stdout=output, env=environment)
    world.children.append(found)
    eventually("it", lambda: world.instances("found"))
    snapshot = glance(world.loaded(), "restart")
    workers = snapshot.workers.value
    assert workers is not None
    merely = tuple(msgspec.structs.replace(worker, discovered=True) for worker in workers)
    without = LoadedConfig(config=Config(console=ConsoleTable(allow_root=True)), path=None)
    made = make_plan("restart", ("found",), msgspec.structs.replace(snapshot, workers=ok(merely, snapshot.at)), without)
    assert isinstance(made, Refused)
    assert (made.kind, made.outcome) == ("refused", "refused")
    assert made.reason == "found: no command is configured for it; this in the config says it:"
    (refusal,) = made.refusals
    assert "SECRET_PLACE" in refusal.proposal
    assert "hidden value" not in refusal.proposal
    table = tomllib.loads(refusal.proposal)["worker"][0]
    assert table == {"name": "found", "command": [PYTHON, "found.py"], "cwd": str(world.folder), "log": str(log)}
    assert found.poll() is None

    path = world.folder / "other.toml"
    path.write_text(f"[console]\nallow_root = true\n\n{refusal.proposal}\n")
    path.chmod(0o600)
    loaded = load(path)
    plan = make_plan("restart", ("found",), glance(loaded, "restart"), loaded)
    assert not isinstance(plan, Refused)
    assert [target.pid for target in plan.targets] == [found.pid]


@pytest.mark.parametrize("configured", [True, False])
def test_the_command_prints_what_a_service_lacks(world: World, configured: bool) -> None:
    port = free_port()
    world.program("serving.py", SERVE)
    world.start(PYTHON, "serving.py", str(port))
    if configured:
        world.table("[service]", {"name": "board", "port": port})
    world.loaded()
    name = "board" if configured else "serving.py"
    command = [str(Path(sys.executable).with_name("opsconsole")), "restart", name, "--yes", "--config"]
    common = [str(world.folder / "opsconsole.toml"), "--state-dir", str(world.state)]
    done = subprocess.run([*command, *common], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (4, "")
    refusal, _, block = done.stderr.partition("\n\n")
    assert "no command is configured for it; this in the config says it:" in refusal
    table = tomllib.loads(block)
    if configured:
        assert block.startswith("# into the [[service]] board:\n")
    else:
        table = table["service"][0]
        assert (table.pop("name"), table.pop("port")) == (name, port)
    assert table == {"command": [PYTHON, "serving.py", str(port)], "cwd": str(world.folder)}
