"""The panes and views by id: what each is, and what it has to show of one Snapshot.

Pure: the same Snapshot and history give the same content. Rows come in the order they were collected; sorting and
filtering are the front's.
"""

from __future__ import annotations

from opsconsole.model.snapshot import Snapshot
from opsconsole.present import (
    environments,
    findings_pane,
    queue,
    services,
    sessions,
    sites,
    system,
    wishes_pane,
    workers,
)
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.history import HistoryReader
from opsconsole.present.pane import PaneContent, PaneSpec
from opsconsole.present.tree import Trees

PANES: dict[str, PaneSpec] = {
    spec.id: spec
    for spec in (
        PaneSpec("services", "Services", 1, services.COLUMNS),
        PaneSpec("workers", "Workers", 2, workers.COLUMNS),
        PaneSpec("sessions", "Sessions", 3, sessions.COLUMNS),
        PaneSpec("environments", "Environments", 4, environments.COLUMNS),
        PaneSpec("system", "System", 5, system.COLUMNS),
        PaneSpec("sites", "Sites", 6, sites.COLUMNS),
        PaneSpec("queue", "Queue", 7, queue.COLUMNS),
        PaneSpec("findings", "Findings", 8, findings_pane.COLUMNS),
        PaneSpec("alerts", "Alerts and targets", 9, wishes_pane.COLUMNS),
    )
}

__all__ = ["PANES", "PaneContent", "PaneSpec", "pane_content"]


def _failing(snapshot: Snapshot) -> dict[str, str]:
    """By name: what is said of workers that run, and whose work fails."""
    findings = snapshot.diagnosis.findings if snapshot.diagnosis is not None else ()
    return {one.subject: one.title.removeprefix(f"{one.subject}: ") for one in findings if one.rule == "worker-failing"}


def pane_content(
    pane_id: str,
    snapshot: Snapshot,
    history: HistoryReader,
    *,
    tree: bool = False,
    folded: frozenset[str] = frozenset(),
    glyphs: Glyphs,
) -> PaneContent:
    """What the pane shows; ``tree`` adds the process trees below its rows, those of ``folded`` rows as one line.

    An id not in ``PANES`` is a KeyError.
    """
    table = snapshot.processes.value if tree else None
    trees = Trees(table, folded) if table is not None else None
    match pane_id:
        case "services":
            return services.services_content(snapshot.services, trees, glyphs)
        case "workers":
            return workers.workers_content(snapshot.workers, history, trees, glyphs, _failing(snapshot))
        case "sessions":
            return sessions.sessions_content(snapshot.sessions, trees, glyphs)
        case "environments":
            return environments.environments_content(snapshot.environments, trees, glyphs)
        case "system":
            return system.system_content(snapshot, history, glyphs)
        case "sites":
            return sites.sites_content(snapshot.sites, snapshot.at, glyphs)
        case "queue":
            return queue.queue_content(snapshot.queue, glyphs)
        case "findings":
            return findings_pane.findings_content(snapshot, glyphs)
        case "alerts":
            return wishes_pane.wishes_content(snapshot, glyphs)
    raise KeyError(pane_id)
