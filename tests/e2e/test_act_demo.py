"""The incident put right from the command line, in the demo's sandbox of real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsconsole.demo.sandbox import Sandbox
from tests.e2e.demo_ground import eventually, exists, http


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.build() as built:
        yield built


def run(sandbox: Sandbox, *words: str) -> tuple[int, Any]:
    """Exit status and document of a command with --json."""
    command = [str(Path(sys.executable).with_name("opsconsole")), *words, "--json"]
    command += ["--config", str(sandbox.config_path), "--state-dir", str(sandbox.state_dir)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=100, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def health(sandbox: Sandbox) -> Any:
    service = next(each for each in sandbox.expected.services if each.url)
    return http(service.url)


def test_without_a_terminal_nothing_is_done_that_was_not_agreed_to(sandbox: Sandbox) -> None:
    status, document = run(sandbox, "kill-duplicates", "auto_confirm")
    assert (status, document["result"], document["steps"]) == (4, "refused", [])
    status, document = run(sandbox, "kill-duplicates", "auto_confirm", "--dry-run")
    assert (status, document["dry_run"], document["verified"]) == (0, True, None)
    assert "result" not in document
    roles = [target["role"] for target in document["plan"]["subplans"][0]["targets"]]
    assert roles == ["wrapper", "instance"]
    assert not (sandbox.state_dir / "journal.sqlite3").exists()


def test_the_duplicates_are_gone_for_good_and_version_two_stays(sandbox: Sandbox) -> None:
    worker = next(each for each in sandbox.expected.workers if each.name == "auto_confirm")
    status, document = run(sandbox, "kill-duplicates", "auto_confirm", "--yes")
    assert (status, document["schema"], document["result"], document["verified"]) == (0, 1, "done", True)
    assert document["respawners"] == []
    assert exists(worker.pids[0])
    assert not any(exists(pid) for pid in (*worker.pids[1:], *worker.wrappers))
    status, document = run(sandbox, "kill-duplicates", "auto_confirm", "--yes")
    assert (status, document["result"]) == (0, "nothing-to-do")


def test_the_orchestrator_runs_and_the_dashboard_says_so(sandbox: Sandbox) -> None:
    assert health(sandbox)["orchestrator"] == "stopped"
    status, document = run(sandbox, "start", "orchestrator", "--yes")
    assert (status, document["result"], document["verified"]) == (0, "done", True)
    assert health(sandbox)["orchestrator"] == "running"


def test_stale_environments_are_cleaned_up(sandbox: Sandbox) -> None:
    stale = {each.id for each in sandbox.expected.environments if each.stale}
    status, document = run(sandbox, "env", "prune", "--yes")
    assert (status, document["verified"]) == (0, True)
    assert {each["subject"] for each in document["subresults"]} == stale
    status, document = run(sandbox, "env", "list")
    assert status == 0
    assert not {each["id"] for each in document["environments"]["items"]} & stale


def test_what_the_supervisor_minds_comes_back_and_it_is_named(sandbox: Sandbox) -> None:
    status, document = run(sandbox, "stop", "site_health_monitor", "--yes")
    assert (status, document["result"], document["verified"]) == (1, "done", False)
    supervisor = next(each for each in sandbox.expected.workers if each.name == "process_supervisor")
    assert [each["parent"]["pid"] for each in document["respawners"]] == [supervisor.pids[0]]


def test_a_dashboard_that_is_bound_twice_is_restarted_as_one(sandbox: Sandbox) -> None:
    service = sandbox.expected.services[0]
    assert len(service.pids) == 2
    status, document = run(sandbox, "restart", service.name, "--yes")
    assert (status, document["result"], document["verified"]) == (0, "done", True)
    assert not any(exists(pid) for pid in service.pids)
    eventually("its health", lambda: health(sandbox)["database"] == "connected")


def test_the_journal_tells_all_of_it(sandbox: Sandbox) -> None:
    status, document = run(sandbox, "journal")
    assert status == 0
    verbs = [entry["plan"]["verb"] for entry in document["entries"]]
    assert verbs == ["restart", "stop", "prune-environments", "start", "kill-duplicates"]
    assert {entry["state"] for entry in document["entries"]} == {"finished"}
    assert all(step["state"] == "done" for entry in document["entries"] for step in entry["steps"])


@pytest.mark.parametrize(("words", "status"), [(("stop", "nobody", "--yes"), 2), (("start", "assigner", "--yes"), 0)])
def test_exit_statuses(sandbox: Sandbox, words: tuple[str, ...], status: int) -> None:
    assert run(sandbox, *words)[0] == status
