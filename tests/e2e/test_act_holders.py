"""A service that names no command is known by who holds its port: what comes back to it is seen, and who brought it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.model.plan import Plan
from tests.e2e.act_ground import PYTHON, World, eventually, free_port, listened

SERVER = """
import socket, sys, time
one = socket.socket()
one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
one.bind(("127.0.0.1", int(sys.argv[1])))
one.listen()
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.program("server.py", SERVER)
    yield made
    made.close()


def _minded(world: World, port: int) -> int:
    """Pid of a loop that starts the server again a while after it has ended."""
    world.program("loop.sh", f"while :; do {PYTHON} server.py {port}; sleep 1; done\n")
    return world.start("/bin/sh", "loop.sh").pid


def test_a_stopped_service_that_comes_back_while_it_is_watched_is_told_with_who_brought_it(world: World) -> None:
    port = free_port()
    world.table("[service]", {"name": "Dash", "port": port})
    loop = _minded(world, port)
    listened(port)
    result = world.done(world.plan("stop", "Dash", watch_s=20.0))
    assert (result.result, result.verified) == ("done", False), result
    assert [each.parent.pid for each in result.respawners if each.parent is not None] == [loop]
    assert f"by {loop} " in result.reason


def test_a_duplicate_of_a_service_that_comes_back_is_told(world: World) -> None:
    port = free_port()
    world.table("[service]", {"name": "Dash", "port": port})
    oldest = world.start(PYTHON, "server.py", str(port)).pid
    loop = _minded(world, port)
    plan = eventually("two that listen", lambda: _duplicates(world, oldest))
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", False), result
    assert [each.parent.pid for each in result.respawners if each.parent is not None] == [loop]


def _duplicates(world: World, keep: int) -> Plan | None:
    made = world.make("kill-duplicates", "Dash", watch_s=20.0, keep=keep)
    return made if isinstance(made, Plan) else None


def test_a_stopped_service_that_stays_away_is_verified(world: World) -> None:
    port = free_port()
    world.table("[service]", {"name": "Dash", "port": port})
    world.start(PYTHON, "server.py", str(port))
    result = world.done(world.plan("stop", "Dash"))
    assert (result.result, result.verified, result.respawners) == ("done", True, ()), result
