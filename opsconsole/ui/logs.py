"""Where the log of a row is, and which session it shows. Pure."""

from __future__ import annotations

from opsconsole.model.session import Session
from opsconsole.model.snapshot import Snapshot
from opsconsole.present.cell import Row
from opsconsole.present.finding_details import evidence_logs
from opsconsole.present.keys import keyed
from opsconsole.ui.fixes import findings_at


def log_path(snapshot: Snapshot, row: Row) -> str:
    """Path of the log of the service or worker that the row, or the row it stands below, shows; of a finding the
    first that its evidence is from. Empty for none."""
    wanted = row.parent or row.key
    for finding in findings_at(snapshot, (wanted,)):
        return next(iter(evidence_logs(finding, snapshot)), "")
    for key, service in keyed("service", ((one.name, one) for one in snapshot.services.value or ())):
        if key == wanted:
            return service.log
    for key, worker in keyed("worker", ((one.name, one) for one in snapshot.workers.value or ())):
        if key == wanted:
            return worker.log.path if worker.log is not None else ""
    return ""


def session_of(snapshot: Snapshot, row: Row) -> Session | None:
    """The session that the row, or the row it stands below, shows."""
    wanted = row.parent or row.key
    found = keyed("session", ((one.id, one) for one in snapshot.sessions.value or ()))
    return next((session for key, session in found if key == wanted), None)
