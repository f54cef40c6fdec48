"""`diagnose` on the sandbox: the report's seven issues with its severities and score; nothing on a healthy one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def test_the_incident_is_found_whole() -> None:
    with Sandbox.build() as sandbox:
        status, document = diagnosed(sandbox)
        expected = sandbox.expected
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
