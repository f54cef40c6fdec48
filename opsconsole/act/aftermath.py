"""What was well before a plan and is not any more, gone or doubled: said loudly, with its log's last lines."""

from __future__ import annotations

import time

from opsconsole.act.looking import Looker, View
from opsconsole.act.starting import last_lines
from opsconsole.collect.health import is_running
from opsconsole.config.types import LoadedConfig, WorkerTable
from opsconsole.model.plan import Plan, SubplanResult
from opsconsole.model.text import clean

CONFIRM_S = 2.0
"""Something that is missed is missed only when it still is after this time."""


def what_was_hurt(plan: Plan, loaded: LoadedConfig, looker: Looker, results: tuple[SubplanResult, ...]) -> list[str]:
    """One line for each worker and service that was well when the plan was made and is not now."""
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
        worker = view.workers.get(key)
        if key in expected and worker is not None and not (worker.instances or worker.suspects):
            found[key] = _loud(table.name, "ran before and does not now", table)
        elif key in expected and worker is not None and len(worker.instances) > worker.wanted:
            found[key] = _loud(table.name, f"{len(worker.instances)} of {worker.wanted} running now", table)
    for service in loaded.config.service:
        key = f"service:{clean(service.name)}"
        if key in expected and view.listens(service.port) is False:
            table = WorkerTable(name=service.name, command=(), log=service.log)
            found[key] = _loud(service.name, f"listened on port {service.port} before and does not now", table)
    return found | _silent_components(plan, loaded)


def _silent_components(plan: Plan, loaded: LoadedConfig) -> dict[str, str]:
    """Components that their service does not report running any more. One that cannot be asked is not accused."""
    expected = [key for key in plan.healthy if key.startswith("component:")]
    if plan.verb == "stop":
        stopped = {f"worker:{clean(table.name)}": table.component for table in loaded.config.worker}
        ended = {f"component:{stopped.get(subplan.key, '')}" for subplan in plan.subplans}
        expected = [key for key in expected if key not in ended]
    if not expected or plan.verb in ("terminate", "probe"):
        return {}
    from opsconsole.act.components import health_of

    found: dict[str, str] = {}
    for service in loaded.config.service:
        prefix = f"component:{clean(service.name)}:"
        wanted = [key.removeprefix(prefix) for key in expected if key.startswith(prefix)]
        components = health_of(service)[0] if wanted and service.url else None
        for name in wanted if components is not None else ():
            state = (components or {}).get(name)
            if state is not None and not is_running(state):
                found[prefix + name] = f"{clean(service.name)} reported {name} running before and {state} now"
    return found


def _loud(name: str, what: str, table: WorkerTable) -> str:
    lines = last_lines(table)
    return f"{clean(name)} {what}" + (f"; {' | '.join(lines[-3:])}" if lines else "")
