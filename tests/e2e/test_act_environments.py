"""Deleting environments through a real API, a command and a file; and all the answers on which nothing is deleted."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsconsole.config.load import ConfigError
from opsconsole.model.plan import Plan
from tests.e2e.act_ground import PYTHON, World

HOUR = 3600.0


class Api(http.server.ThreadingHTTPServer):
    """Environments in memory; ``answer`` replaces the list, ``delete_status`` what a DELETE is answered."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        now = time.time()
        self.items: list[dict[str, Any]] = [
            {"id": "e1", "name": "old", "port": 6001, "status": "running", "created_at": now - 30 * HOUR},
            {"id": "e2", "name": "older/one", "port": 6002, "status": "running", "created_at": now - 50 * HOUR},
            {"id": "e3", "name": "young", "port": 6003, "status": "running", "created_at": now - HOUR},
        ]
        self.answer: bytes | None = None
        self.delete_status = 200
        self.after_delete: bytes | None = None
        self.deleted: list[str] = []


class Handler(http.server.BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        answer = self.server.answer
        self._say(200, json.dumps(self.server.items).encode() if answer is None else answer)

    def do_DELETE(self) -> None:
        identifier = self.path.rpartition("/")[2]
        self.server.deleted.append(identifier)
        self.server.answer = self.server.after_delete
        if self.server.delete_status == 200:
            self.server.items = [item for item in self.server.items if item["id"] != identifier]
        self._say(self.server.delete_status, b"{}")

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def api(world: World) -> Iterator[Api]:
    with Api() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/api/environments"
        world.table("environments", {"url": url, "delete_url": f"{url}/{{id}}", "ttl": "24h", "timeout": "5s"})
        yield server
        server.shutdown()


def test_stale_ones_are_deleted_side_by_side_and_seen_to_be_gone(world: World, api: Api) -> None:
    plan = world.plan("prune-environments")
    assert {subplan.subject for subplan in plan.subplans} == {"e1", "e2"}
    assert plan.subplans[0].steps[-1] == f"DELETE http://127.0.0.1:{api.server_port}/api/environments/e1"
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True)
    assert sorted(api.deleted) == ["e1", "e2"]
    assert [item["id"] for item in api.items] == ["e3"]
    assert world.refused("prune-environments").kind == "nothing"


def test_one_is_deleted_by_name_stale_or_not(world: World, api: Api) -> None:
    assert world.done(world.plan("delete-environment", "young")).verified is True
    assert api.deleted == ["e3"]


def test_a_name_that_is_used_twice_is_asked_for_by_id(world: World, api: Api) -> None:
    api.items[1]["name"] = "old"
    refused = world.refused("delete-environment", "old")
    assert refused.kind == "usage"
    assert "e1, e2" in refused.reason
    assert world.done(world.plan("delete-environment", "e2")).verified is True
    assert api.deleted == ["e2"]


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (b"", "unknown", "empty"),
        (b"<html>no</html>", "unknown", "HTML"),
        (b"Expecting value", "unknown", "not JSON"),
        (b'"text"', "unknown", "not a list"),
        (b"[]", "nothing", "lists no environment"),
        (b"[" + b" " * 70_000 + b"]", "unknown", "64 KB"),
    ],
    ids=["empty", "html", "text", "shape", "nothing", "large"],
)
def test_a_list_that_tells_nothing_deletes_nothing(
    world: World, api: Api, answer: bytes, kind: str, reason: str
) -> None:
    before = world.plan("prune-environments")
    api.answer = answer
    refused = world.refused("prune-environments")
    assert refused.kind == kind
    assert reason in refused.reason
    result = world.done(before)
    assert result.result == "failed"
    assert "nothing is deleted" in result.reason
    assert api.deleted == []


def test_a_list_on_which_everything_is_stale_prunes_nothing(world: World, api: Api) -> None:
    before = world.plan("prune-environments")
    for item in api.items:
        item["created_at"] -= 1000 * HOUR
    refused = world.refused("prune-environments")
    assert "all 3 environments read stale" in refused.reason
    assert world.done(before).result == "failed"
    assert api.deleted == []


def test_one_that_is_another_by_now_is_left_alone(world: World, api: Api) -> None:
    plan = world.plan("delete-environment", "e1")
    api.items[0] |= {"created_at": time.time()}
    result = world.done(plan)
    assert (result.result, api.deleted) == ("refused", [])
    assert "another one now" in result.reason


def test_an_api_that_says_no_is_a_failure_and_one_that_lies_is_found_out(world: World, api: Api) -> None:
    api.delete_status = 503
    result = world.done(world.plan("delete-environment", "e1"))
    assert (result.result, result.failed_step) == ("failed", 2)
    assert "HTTP 503" in result.reason
    api.delete_status = 204
    result = world.verdict(_submitted(world, world.plan("delete-environment", "e1")))
    assert (result.result, result.verified) == ("done", False)
    assert "still in the list" in result.reason


def _submitted(world: World, plan: Plan) -> Plan:
    world.submit(plan)
    return plan


def test_a_list_that_is_empty_afterwards_proves_nothing_while_others_should_be_on_it(world: World, api: Api) -> None:
    """The delete broke the source: it answers well and lists nothing."""
    api.after_delete = b"[]"
    result = world.done(world.plan("delete-environment", "e1"))
    assert (result.result, result.verified) == ("done", None)
    assert "lists nothing at all now, and 2 that were not to be deleted are missing" in result.reason


def test_the_last_one_that_is_deleted_leaves_an_empty_list(world: World, api: Api) -> None:
    api.items = api.items[:1]
    assert world.done(world.plan("delete-environment", "e1")).verified is True


def test_an_entry_of_a_file_is_removed_and_the_rest_stays_as_it_is(world: World) -> None:
    path = world.folder / "environments.json"
    now = time.time()
    entries = [
        {"name": f"e{n}", "ports": {"dev": 6000 + n}, "created_at": now - n * 20 * HOUR, "note": n} for n in range(4)
    ]
    path.write_text(json.dumps({"version": 3, "environments": entries}))
    path.chmod(0o640)
    world.table("environments", {"file": str(path), "ttl": "24h"})
    assert world.done(world.plan("prune-environments")).verified is True
    left = json.loads(path.read_text())
    assert left == {"version": 3, "environments": entries[:2]}
    assert path.stat().st_mode & 0o777 == 0o640


REMOVER = """
import json, sys
path, name = sys.argv[1:]
left = [item for item in json.load(open(path)) if item["name"] != name]
json.dump(left, open(path, "w"))
"""


def test_a_command_gets_its_fields_as_words_never_as_a_shells_text(world: World) -> None:
    path = world.folder / "environments.json"
    name = "a; touch pwned $(id)"
    path.write_text(json.dumps([{"name": name, "created_at": 0}, {"name": "--all", "created_at": 0}, {"name": "b"}]))
    remover = world.program("remove.py", REMOVER)
    list_command = ["cat", str(path)]
    delete_command = [PYTHON, str(remover), str(path), "{name}"]
    world.table(
        "environments",
        {"command": list_command, "delete_command": delete_command, "cwd": str(world.folder), "ttl": "24h"},
    )
    assert world.done(world.plan("delete-environment", name)).verified is True
    assert not (world.folder / "pwned").exists()
    assert [item["name"] for item in json.loads(path.read_text())] == ["--all", "b"]
    # A value that would be an option is refused.
    made = world.make("delete-environment", "--all")
    assert not isinstance(made, Plan)
    assert "taken for an option" in made.reason


@pytest.mark.parametrize(
    ("command", "name"),
    [(["sh", "-c", "rm -r envs/$1", "sh", "{name}"], ".."), (["rm", "-r", "envs/one/{name}"], "../two")],
)
def test_a_name_that_leads_elsewhere_is_refused(world: World, command: list[str], name: str) -> None:
    for kept in ("one", "two"):
        (world.folder / "envs" / kept).mkdir(parents=True)
    path = world.folder / "environments.json"
    path.write_text(json.dumps([{"name": name, "created_at": 0}, {"name": "b"}]))
    entries = {"command": ["cat", str(path)], "delete_command": command, "cwd": str(world.folder)}
    world.table("environments", entries)
    assert "another directory" in world.refused("delete-environment", name).reason
    assert sorted(each.name for each in (world.folder / "envs").iterdir()) == ["one", "two"]


@pytest.mark.parametrize("heading", ["[action]", "environments"])
def test_a_field_in_a_shells_code_is_no_right_config(world: World, heading: str) -> None:
    """Whoever may name a session or an environment would run code as the operator."""
    code = ["sh", "-c", "echo removing {name}"]
    if heading == "environments":
        world.table(heading, {"command": ["cat", "envs.json"], "delete_command": code})
    else:
        world.table(heading, {"name": "say", "on": "session", "command": code})
    with pytest.raises(ConfigError, match="is code") as problem:
        world.loaded()
    assert '"$1"' in str(problem.value).replace("\\", "")


def test_an_own_command_runs_on_its_row(world: World) -> None:
    world.worker("w", log=str(world.log("w")))
    world.table("[action]", {"name": "Say it", "on": "worker", "command": ["echo", "{name} {pid}"], "changes": False})
    one = world.start(PYTHON, "w.py")
    plan = world.plan("command", "w", action="Say it")
    assert plan.subplans[0].steps == (f"run echo w {one.pid}",)
    result = world.done(plan)
    assert (result.result, result.subresults[0].evidence) == ("done", (f"w {one.pid}",))


def test_probing_tells_what_answers(world: World, api: Api) -> None:
    world.table("[site]", {"name": "api", "url": f"http://127.0.0.1:{api.server_port}/"})
    world.table("[site]", {"name": "nobody", "url": "http://127.0.0.1:1/"})
    result = world.done(world.plan("probe"))
    verified = {each.subject: each.verified for each in result.subresults}
    assert verified == {"api": True, "nobody": False}
