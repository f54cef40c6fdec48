"""Which sessions may be hibernated to give memory back, and how."""

from __future__ import annotations

from opsconsole.config.types import Config
from opsconsole.diagnose.look import session_asked_as, session_subject
from opsconsole.diagnose.recovery import recovered_config
from opsconsole.diagnose.words import listed
from opsconsole.model.finding import Remedy
from opsconsole.model.session import Session
from opsconsole.model.size import size
from opsconsole.model.snapshot import Snapshot

BUSY_PERCENT = 5.0
"""Of one core: a session that uses less takes no part in a load."""

OWN = "opsconsole"
"""What this program's own processes are told as among those that take most."""


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
        if session.agent and not session.lost and session.state not in ("hibernated", "dead", "none")
    )


def memory_is_short(snapshot: Snapshot, config: Config) -> bool:
    """Whether memory given back is known to ease the machine: little is available, or swap is worked with."""
    system = snapshot.system.value
    if system is None:
        return False
    limits = recovered_config(config).diagnose
    available, total = system.memory_available_bytes, system.memory_total_bytes
    if available is not None and total and 100.0 * available / total < limits.memory_available_percent:
        return True
    return min(system.swap_in_per_s or 0.0, system.swap_out_per_s or 0.0) > limits.swap_per_s


def weighs(session: Session, snapshot: Snapshot, config: Config) -> bool:
    """Whether a session is known to be part of what the machine lacks: memory where that is short, else CPU time."""
    return memory_is_short(snapshot, config) or (session.cpu_percent or 0.0) >= BUSY_PERCENT


def hibernation(snapshot: Snapshot, config: Config, any_eases: bool = True) -> Remedy:
    """Hibernate idle sessions where some are known to be idle for long; where others rest a person chooses among them;
    else what a person can look for.

    Without ``any_eases`` only those that weigh on the machine: where it lacks CPU time, what sleeps gives none back.
    """
    idle = [one for one in idle_sessions(snapshot, config) if any_eases or weighs(one, snapshot, config)]
    if idle:
        names = [session_subject(session, snapshot) for session in idle]
        asked = tuple(session_asked_as(session, snapshot) for session in idle)
        return Remedy("hibernate", asked, True, (f"hibernate {listed(names)}", "look again at load and memory"))
    taking_part = [one for one in agent_sessions(snapshot) if any_eases or weighs(one, snapshot, config)]
    if not taking_part:
        return Remedy(steps=_of_the_largest(snapshot, by_memory=any_eases))
    limit = f" to at most {config.sessions.limit}" if config.sessions.limit is not None else ""
    steps = (
        f"reduce the agent sessions{limit}: end or hibernate what nobody uses",
        "look for what takes most CPU and memory: top -o %MEM",
    )
    # Idle, but not for so long that it goes without saying: which of them may sleep is a person's to choose.
    rests = any(one.state == "idle" and not one.protected for one in taking_part)
    return Remedy("hibernate" if rests else "", (), False, steps)


def _of_the_largest(snapshot: Snapshot, by_memory: bool) -> tuple[str, ...]:
    """What a person can do where no agent takes part: begin with the kind of program that takes most."""
    look = f"look for what takes most of it: top -o {'%MEM' if by_memory else '%CPU'}"
    # What the console itself takes while it starts is over when it is read.
    others = [one for one in snapshot.consumers if one.kind != OWN]
    kinds = [(one.rss_bytes if by_memory else one.cpu_percent, one) for one in others]
    known = [(taken, one) for taken, one in kinds if taken]
    if not known:
        return (look,)
    taken, most = max(known, key=lambda each: each[0])
    told = size(taken) if by_memory else f"{taken:.0f} % of a core"
    return (f"end or slow down what takes most: {most.kind} ({told})", look)
