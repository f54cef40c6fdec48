"""Why an action is dimmed: told from the Snapshot alone, fast enough for every movement of the cursor.

Empty means that a plan may be made; making it looks closer, and may still find a reason.
"""

from __future__ import annotations

from opsconsole.act.policy import why_not_act, why_not_name
from opsconsole.act.verbs import MODULES
from opsconsole.config.types import LoadedConfig
from opsconsole.model.plan import Verb
from opsconsole.model.service import Service
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Worker

_ON_SUBJECTS: frozenset[Verb] = frozenset({"kill-duplicates", "restart", "start", "stop", "remove-pid-file"})


def why_not(verb: Verb, name: str, snapshot: Snapshot, loaded: LoadedConfig, read_only: bool = False) -> str:
    """Why this verb makes no sense for what has this name, such as ``one instance running``; empty when it may."""
    if reason := why_not_act(loaded, read_only):
        return reason
    if verb not in MODULES:
        return f"{verb} is not there yet"
    if verb in _ON_SUBJECTS:
        if reason := why_not_name(name, loaded.config.console.protect):
            return "protected"
        worker = next((each for each in snapshot.workers.value or () if each.name == name), None)
        if worker is not None:
            return _for_worker(verb, worker, loaded)
        service = next((each for each in snapshot.services.value or () if each.name == name), None)
        return _for_service(verb, service, loaded) if service is not None else "state unknown"
    if verb == "delete-environment":
        return _for_environments(loaded) or ("" if snapshot.environments.ok else "the list could not be read")
    if verb == "prune-environments":
        return _for_environments(loaded) or _for_pruning(snapshot)
    return ""


def _for_worker(verb: Verb, worker: Worker, loaded: LoadedConfig) -> str:
    startable = any(table.name == worker.name for table in loaded.config.worker)
    count = len(worker.instances)
    if verb == "remove-pid-file":
        state = worker.pid_file.state if worker.pid_file is not None else "missing"
        return "" if state in ("stale", "wrong") else "no PID file" if state == "missing" else f"PID file {state}"
    if verb in ("start", "restart") and not startable:
        return "no command configured"
    if worker.state == "unknown" and not count:
        return "state unknown"
    if verb == "kill-duplicates":
        return "" if count > worker.wanted or (worker.wrappers and count == worker.wanted) else _running(count)
    if verb == "start":
        return "" if count < worker.wanted else "already running"
    if verb == "stop":
        return "" if count or worker.wrappers or worker.remnants else "not running"
    return ""


def _for_service(verb: Verb, service: Service, loaded: LoadedConfig) -> str:
    startable = any(table.name == service.name and table.command for table in loaded.config.service)
    if verb == "remove-pid-file":
        return "a service has no PID file"
    if verb in ("start", "restart") and not startable:
        return "no command configured"
    if not service.owners:
        if service.state != "down":
            return "who holds its port is not known"
        return "" if verb in ("start", "restart") else "not running"
    if verb == "start":
        return "already running"
    if verb == "kill-duplicates":
        return "" if service.sharing == "reuseport" else "one process family holds the port"
    return ""


def _running(count: int) -> str:
    return "not running" if not count else "one instance running" if count == 1 else f"{count} instances, as wanted"


def _for_environments(loaded: LoadedConfig) -> str:
    from opsconsole.act.environment_removal import why_not_removable

    return why_not_removable(loaded.config.environments)


def _for_pruning(snapshot: Snapshot) -> str:
    environments = snapshot.environments.value
    if environments is None:
        return "the list could not be read"
    return "" if any(item.stale for item in environments.items) else "none is stale"
