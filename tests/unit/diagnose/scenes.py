"""Snapshots in which nothing is read but what a test puts there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from opsconsole.config.types import (
    Config,
    DiagnoseTable,
    Duration,
    EnvironmentsTable,
    LimitsTable,
    QueueTable,
    ServiceTable,
    SessionsTable,
    SiteTable,
    Size,
    WorkerTable,
)
from opsconsole.diagnose.diagnose import findings_of
from opsconsole.diagnose.rules import RULES
from opsconsole.model.environment import Environment, Environments, PortPool
from opsconsole.model.finding import Finding
from opsconsole.model.reading import ok, unconfigured
from opsconsole.model.snapshot import Snapshot
from tests.makers import AT

READINGS = (
    *("services", "workers", "sessions", "environments", "system", "sites", "queue"),
    *("disks", "processes", "ports", "tmux_servers"),
)


def scene(**values: Any) -> Snapshot:
    """A Snapshot with these values read, everything else unconfigured."""
    readings = {name: ok(values[name], AT) if name in values else unconfigured("") for name in READINGS}
    return Snapshot(sequence=1, at=AT, monotonic=1000.0, host="test", **readings)  # type: ignore[arg-type]


def environments(*items: Environment, pool: PortPool | None = None) -> Environments:
    return Environments(items=items, pool=pool, source="http://127.0.0.1:8080/api/environments")


def config(**changes: Any) -> Config:
    """The machine of the incident as its operator describes it."""
    fields: dict[str, Any] = {
        "service": (
            ServiceTable(
                name="Dashboard",
                port=8080,
                url="http://127.0.0.1:8080/health",
                command=("python3", "app.py", "--port", "8080"),
                cwd=Path("/home/op/architect"),
            ),
        ),
        "worker": (
            WorkerTable(
                name="orchestrator",
                command=("python3", "workers/project_orchestrator.py"),
                component="Dashboard:orchestrator",
                critical=True,
            ),
            WorkerTable(name="assigner", command=("python3", "workers/assigner_worker.py", "--daemon")),
            WorkerTable(name="auto_confirm", command=("python3", "workers/auto_confirm_worker_v2.py")),
            WorkerTable(
                name="hungry",
                command=("python3", "hungry.py"),
                limits=LimitsTable(memory=Size(500 << 20), cpu_percent=150.0),
            ),
        ),
        "site": (SiteTable(name="Selam Pharmacy", url="http://127.0.0.1:7085/"),),
        "sessions": SessionsTable(limit=2, idle_after=Duration(3600), review_after=Duration(7200)),
        "environments": EnvironmentsTable(
            url="http://127.0.0.1:8080/api/environments",
            delete_url="http://127.0.0.1:8080/api/environments/{id}",
            port_pool="6001-6002",
        ),
        "queue": QueueTable(path=Path("/data/assigner.db")),
        "diagnose": DiagnoseTable(),
    }
    return Config(**{**fields, **changes})


def found_by(rule: str, snapshot: Snapshot, with_config: Config | None = None) -> list[Finding]:
    """What this rule alone says."""
    rules = [one for one in RULES if one.name == rule]
    assert rules, rule
    findings, bugs = findings_of(snapshot, with_config or config(), rules)
    assert not bugs
    return findings


def ids(findings: Iterable[Finding]) -> list[str]:
    return [finding.id for finding in findings]
