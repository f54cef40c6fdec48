"""What of a plan a newer Snapshot contradicts. Pure.

Only what the Snapshot knows counts: a reading that failed changes nothing about a plan.
"""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.model.plan import Plan, Subplan
from opsconsole.model.snapshot import Snapshot


def what_changed(plan: Plan, snapshot: Snapshot) -> str:
    """The first target or survivor that is gone or another, in words; empty while all are there."""
    if snapshot.at <= plan.created:
        return ""
    return next((said for subplan in plan.subplans for said in _changes(subplan, snapshot)), "")


def _changes(subplan: Subplan, snapshot: Snapshot) -> Iterator[str]:
    table = snapshot.processes.value
    if table is not None:
        for target in subplan.targets:
            if target.process is not None and table.find(target.process.id) is None:
                yield f"{target.role} {target.process.pid} ({target.command}) has ended"
        for survivor in subplan.survivors:
            if table.find(survivor.id) is None:
                yield f"{survivor.pid} ({survivor.command}), which was to stay, has ended"
    listed = snapshot.environments.value
    if listed is not None:
        names = {environment.id: environment.name for environment in listed.items}
        for target in subplan.targets:
            if target.kind == "environment" and names.get(target.environment) != target.name:
                yield f"environment {target.name} ({target.environment}) is not listed any more"
    servers = snapshot.tmux_servers.value
    if servers is not None and not any(server.error for server in servers):
        panes = {pane.id for server in servers for pane in server.panes}
        for target in subplan.targets:
            if target.pane is not None and target.pane not in panes:
                yield f"pane {target.pane.pane} of {target.name} is gone"
