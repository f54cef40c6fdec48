"""`diagnose` on the sandbox: the report's seven issues with its severities and score; nothing on a healthy one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opsconsole.demo.expected import Expected
from opsconsole.demo.sandbox import Sandbox
from tests.e2e.demo_ground import eventually

SEVEN = {
    "worker-missing:orchestrator": "critical",
    "worker-failing:assigner": "critical",
    "system-load:machine": "high",
    "worker-duplicates:auto_confirm": "medium",
    "env-ports-exhausted:pool": "medium",
    "worker-pidfile:workers": "low",
    "port-shared": "low",
}


def diagnosed(sandbox: Sandbox) -> tuple[int, dict[str, Any]]:
    """Exit status and document. A machine too busy to answer the probes in time is asked again."""

    def look() -> tuple[int, dict[str, Any]] | None:
        command = [Path(sys.executable).with_name("opsconsole"), "--config", sandbox.config_path, "diagnose", "--json"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        document = json.loads(ended.stdout)
        late = {"environments", "queue", "service Architect Dashboard"}
        return None if late & {one["subject"] for one in document["unknown"]} else (ended.returncode, document)

    return eventually("answers in time", look, 60.0)


def put_right(sandbox: Sandbox, *findings: str) -> dict[str, Any]:
    command = [Path(sys.executable).with_name("opsconsole"), "--config", sandbox.config_path]
    command += ["--state-dir", sandbox.state_dir, "fix", *findings, "--yes", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    document: dict[str, Any] = {"status": ended.returncode, **json.loads(ended.stdout)}
    return document


def reported(sandbox: Sandbox) -> str:
    """The report as it is now."""
    report = sandbox.directory / "report.md"
    command = [Path(sys.executable).with_name("opsconsole"), "--config", sandbox.config_path]
    command += ["--state-dir", sandbox.state_dir, "report", "-o", report]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0
    return report.read_text()


def assert_the_report_still_holds_what_was_put_right(written: str, fixed: dict[str, Any]) -> None:
    """Evidence as it was, what was done, what proved it; and how bad it was."""
    assert f"**At the Worst**: {fixed['score_before']:.1f}/10 at " in written
    for title, action in (("orchestrator is not running", "Start: "), ("no port left for environments", "Clean up ")):
        (told,) = (part for part in written.split("\n### ") if part.startswith("Issue #") and title in part[:90])
        assert "- PUT RIGHT\n" in told
        assert action in told
        assert "done, verified" in told
        assert " - seen at " in told


def assert_it_was_put_right_in_order(fixed: dict[str, Any]) -> None:
    """Each plan verified, each finding closed by evidence collected again, the others left."""
    by_id = {one["finding"]: one for one in fixed["fixes"]}
    assert by_id["env-stale:environments"]["reason"] == "it is told in env-ports-exhausted:pool: fix that"
    done = [one for one in fixed["fixes"] if one["result"] == "done"]
    assert [one["finding"] for one in done] == ["env-ports-exhausted:pool", "worker-missing:orchestrator"]
    assert all(one["verified"] and one["closed"] for one in done), done
    assert fixed["result"] == "done"
    assert fixed["status"] == 0
    assert len(fixed["plans"]) == 2
    assert fixed["score_after"] == pytest.approx(fixed["score_before"] + 1.8 + 0.5)
    assert "worker-duplicates:auto_confirm" in fixed["left"]


def assert_the_report_has_the_sandbox_numbers(written: str, expected: Expected) -> None:
    """Whatever it tells is what the sandbox knows it built."""
    queue, system = expected.queue, expected.system
    assert f"**Failed Operations (24h)**: {queue.failed_24h} prompts" in written
    assert f"{queue.total} prompts: {queue.completed} completed, {queue.failed} failed" in written
    assert f"Load Average: {system.load1:.2f}, {system.load5:.2f}, {system.load15:.2f}" in written
    assert f"{system.cpu_user:.2f}% user, {system.cpu_system:.2f}% sys, {system.cpu_idle:.2f}% idle" in written
    for service in expected.services:
        row = next(line for line in written.splitlines() if line.startswith(f"| {service.name} | {service.port} |"))
        assert ("UP" if service.state == "up" else service.state.upper()) in row
        assert all(str(pid) in row for pid in service.pids)
    for worker in expected.workers:
        assert f"### {worker.name}\n" in written
        assert all(str(pid) in written for pid in (*worker.pids, *worker.wrappers))
    for site in expected.sites:
        assert f"| {site.name} | {site.url} | 200 |" in written
    for environment in expected.environments:
        assert f"| {environment.name} | {environment.port} |" in written


def test_the_incident_is_found_whole() -> None:
    with Sandbox.build() as sandbox:
        status, document = diagnosed(sandbox)
        expected = sandbox.expected
        written = reported(sandbox)
        fixed = put_right(sandbox, "worker-missing:orchestrator", "env-ports-exhausted:pool", "env-stale:environments")
        assert_it_was_put_right_in_order(fixed)
        assert_the_report_still_holds_what_was_put_right(reported(sandbox), fixed)
    assert_the_report_has_the_sandbox_numbers(written, expected)
    assert status == 1
    assert document["score"] == 4.2
    found = {one["id"]: one for one in document["findings"]}
    dashboard = next(one for one in expected.services if one.name == "Architect Dashboard")
    named = {**SEVEN, f"port-shared:{dashboard.port}": "low"}
    del named["port-shared"]
    assert {name: one["severity"] for name, one in found.items()} == named
    facts = {name: " ".join(each["fact"] for each in one["evidence"]) for name, one in found.items()}
    queue = expected.queue
    assert (
        f"{queue.total} prompts: {queue.completed} completed, {queue.failed} failed" in facts["worker-failing:assigner"]
    )
    assert "8.13, 7.77, 8.60" in facts["system-load:machine"]
    auto_confirm = next(one for one in expected.workers if one.name == "auto_confirm")
    for pid in (*auto_confirm.pids, *auto_confirm.wrappers):
        assert f"pid {pid}" in facts["worker-duplicates:auto_confirm"]
    stale = sorted(one.id for one in expected.environments if one.stale)
    assert sorted(found["env-ports-exhausted:pool"]["remedy"]["targets"]) == stale
    assert any(one["subject"] == "site Selam Pharmacy" for one in document["unknown"])


def test_a_healthy_fleet_gives_no_finding() -> None:
    with Sandbox.build(healthy=True) as sandbox:
        status, document = diagnosed(sandbox)
    assert document["findings"] == document["muted"] == []
    assert document["score"] == 10.0
    assert status == (3 if document["unknown"] else 0)
