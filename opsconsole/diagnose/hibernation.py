"""Which sessions may be hibernated to give memory back, and how."""

from __future__ import annotations

from opsconsole.config.types import Config
from opsconsole.diagnose.words import listed
from opsconsole.model.finding import Remedy
from opsconsole.model.session import Session
from opsconsole.model.snapshot import Snapshot


def idle_sessions(snapshot: Snapshot, config: Config) -> tuple[Session, ...]:
    """Agent sessions known to be idle for `idle_after` that nobody would miss: neither protected, nor looked at, nor
    with unsent text in an input box; longest idle first."""
    idle = [
        session
        for session in snapshot.sessions.value or ()
        if session.agent
        and session.state == "idle"
        and session.idle_s is not None
        and session.idle_s >= config.sessions.idle_after
        and not session.protected
        and not session.attached
        and not any(pane.draft for pane in session.panes)
    ]
    return tuple(sorted(idle, key=lambda session: (-(session.idle_s or 0.0), session.name)))


def agent_sessions(snapshot: Snapshot) -> tuple[Session, ...]:
    """Sessions in which an agent runs: not those that sleep or have ended."""
    return tuple(
        session
        for session in snapshot.sessions.value or ()
        if session.agent and session.state not in ("hibernated", "dead", "none")
    )


def hibernation(snapshot: Snapshot, config: Config) -> Remedy:
    """Hibernate idle sessions where some are known to be; else what a person can look for."""
    idle = idle_sessions(snapshot, config)
    if idle:
        names = tuple(session.name for session in idle)
        return Remedy("hibernate", names, True, (f"hibernate {listed(names)}", "look again at load and memory"))
    limit = f" to at most {config.sessions.limit}" if config.sessions.limit is not None else ""
    return Remedy(
        steps=(
            f"reduce the agent sessions{limit}: end or hibernate what nobody uses",
            "look for what takes most CPU and memory: top -o %MEM",
        )
    )
