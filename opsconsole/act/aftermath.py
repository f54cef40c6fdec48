"""What was well before a plan and is not any more: said loudly, with its log's last lines."""

from __future__ import annotations

import time

from opsconsole.act.looking import Looker, View
from opsconsole.act.starting import last_lines
from opsconsole.config.types import LoadedConfig, WorkerTable
from opsconsole.model.plan import Plan, SubplanResult
from opsconsole.model.text import clean

CONFIRM_S = 2.0
"""Something that is missed is missed only when it still is after this time."""


def what_was_hurt(plan: Plan, loaded: LoadedConfig, looker: Looker, results: tuple[SubplanResult, ...]) -> list[str]:
    """One line for each worker and service that was well when the plan was made and is not there now."""
    if not any(result.result in ("done", "failed") for result in results):
        return []
    missing = _missing(plan, loaded, looker.look())
    if not missing:
        return []
    time.sleep(CONFIRM_S)
    still = _missing(plan, loaded, looker.look())
    return [text for key, text in still.items() if key in missing]


def _meant(plan: Plan) -> set[str]:
    """What the plan itself wants gone."""
    if plan.verb == "stop":
        return {subplan.key for subplan in plan.subplans}
    if plan.verb == "terminate":
        # What is ended by hand, one process at a time, is looked at by whoever ends it.
        return set(plan.healthy)
    return set()


def _missing(plan: Plan, loaded: LoadedConfig, view: View) -> dict[str, str]:
    expected = set(plan.healthy) - _meant(plan)
    found: dict[str, str] = {}
    for table in loaded.config.worker:
        key = f"worker:{clean(table.name)}"
        worker = view.workers.get(f"worker:{table.name}")
        if key in expected and worker is not None and not (worker.instances or worker.suspects):
            found[key] = _loud(table.name, "ran before and does not now", table)
    for service in loaded.config.service:
        key = f"service:{clean(service.name)}"
        if key in expected and view.listens(service.port) is False:
            table = WorkerTable(name=service.name, command=(), log=service.log)
            found[key] = _loud(service.name, f"listened on port {service.port} before and does not now", table)
    return found


def _loud(name: str, what: str, table: WorkerTable) -> str:
    lines = last_lines(table)
    return f"{clean(name)} {what}" + (f"; {' | '.join(lines[-3:])}" if lines else "")
