"""Where the log of a row is, and which session it shows. Pure."""

from __future__ import annotations

from opsconsole.diagnose.look import session_subject
from opsconsole.model.session import Session
from opsconsole.model.snapshot import Snapshot
from opsconsole.present.cell import Row
from opsconsole.present.finding_details import evidence_logs
from opsconsole.present.keys import keyed, kind_of
from opsconsole.ui.fixes import findings_at

OF_SESSIONS = ("session-hung", "session-idle", "session-dead")
"""Rules whose findings are each about one session."""


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
    """The session that the row, or the row it stands below, shows, or that its finding is about."""
    return session_at(snapshot, row.parent or row.key)


def shows_session(snapshot: Snapshot, row: Row) -> bool:
    """Whether it is the finding on a session: there is its screen, not a log."""
    return kind_of(row.key) == "finding" and session_of(snapshot, row) is not None


def session_at(snapshot: Snapshot, key: str) -> Session | None:
    """The same by the key of a row."""
    sessions = snapshot.sessions.value or ()
    for finding in findings_at(snapshot, (key,)):
        if finding.rule not in OF_SESSIONS:
            return None
        return next((one for one in sessions if session_subject(one, snapshot) == finding.subject), None)
    return next((one for known, one in keyed("session", ((one.id, one) for one in sessions)) if known == key), None)
