"""Rules on sessions: too many, idle, hung, dead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opsconsole.config.types import Config
from opsconsole.diagnose.hibernation import agent_sessions, hibernation, idle_sessions
from opsconsole.diagnose.look import session_asked_as, session_subject
from opsconsole.diagnose.words import command, listed, several, span
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.session import Session
from opsconsole.model.size import size
from opsconsole.model.snapshot import Snapshot

SUBJECT = "sessions"
_DEFAULT_SOCKET = re.compile(r"(/private)?/tmp/tmux-\d+/default")
"""What tmux asks by itself; one that is called the same elsewhere must be named."""


def sessions_many(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """More agent sessions are open than `limit` of [sessions] allows.

    Evidence: tmux, and the process trees of its panes.
    Blind spots: agents outside tmux are not counted; without a `limit` there is nothing to judge.
    """
    agents, limit = agent_sessions(snapshot), config.sessions.limit
    if limit is None or len(agents) <= limit:
        return
    held = [session.rss_bytes for session in agents if session.rss_bytes is not None]
    facts = [f"{len(agents)} agent sessions: {listed((session.name for session in agents), 20)}"]
    if held:
        facts.append(f"{size(sum(held))} resident in {several(len(held), 'session')}")
    yield found(
        "sessions-many",
        "medium",
        SUBJECT,
        f"{len(agents)} agent sessions, {limit} allowed",
        evidence=tuple(Evidence("tmux", snapshot.sessions.at, fact) for fact in facts),
        root_cause="sessions are kept open when their work is done",
        impact="each holds memory, used or not",
        remedy=hibernation(snapshot, config),
        verify=f"at most {limit} agent sessions awake",
    )


def session_idle(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """An agent session has been idle for `review_after`.

    Evidence: the agent's own state, and when anything in it last moved.
    Blind spots: needs the agent's state to be known; a draft in its input line may make hibernating it impossible.
    """
    for session in idle_sessions(snapshot, config):
        if session.idle_s is None or session.idle_s < config.sessions.review_after:
            continue
        named = session_subject(session, snapshot)
        held = "" if session.rss_bytes is None else f", holds {size(session.rss_bytes)}"
        yield found(
            "session-idle",
            "low",
            named,
            f"session {named} idle for {span(session.idle_s)}{held}",
            evidence=(
                Evidence("tmux", snapshot.sessions.at, f"{session.reason}; nothing moved for {span(session.idle_s)}"),
            ),
            root_cause="its work is done and nobody closed it",
            impact="it holds memory and does nothing",
            remedy=Remedy(
                "hibernate",
                (session_asked_as(session, snapshot),),
                True,
                ("hibernate it: it is resumed in the same pane",),
            ),
            verify=f"{named} is hibernated, in use again or gone",
            since=snapshot.at - session.idle_s,
        )


def session_hung(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """An agent says that it works, and nothing of it moves.

    Evidence: the agent's own state against its output and CPU time.
    Blind spots: a tool that runs for long without output looks alike.
    """
    for session in snapshot.sessions.value or ():
        if session.state != "hung":
            continue
        named = session_subject(session, snapshot)
        still = "" if session.idle_s is None else f" for {span(session.idle_s)}"
        yield found(
            "session-hung",
            "medium",
            named,
            f"session {named} hangs: no progress{still}",
            evidence=(Evidence("tmux and process table", snapshot.sessions.at, session.reason),),
            root_cause="its agent waits for an answer that does not come, or was starved",
            impact="its work stands still and holds memory",
            remedy=Remedy(
                steps=(
                    f"attach to {session.name}, interrupt it: {_tmux(session, 'attach', '-t', f'={session.name}')}",
                    "escape interrupts it; if that does nothing, end the agent and resume its conversation",
                )
            ),
            verify=f"{named} works, waits or is idle",
            since=None if session.idle_s is None else snapshot.at - session.idle_s,
        )


def session_dead(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """The processes of a session have ended, its panes are left; or what was put to sleep cannot be resumed any more.

    Evidence: tmux says that the pane is dead; the record of what sleeps, and that its transcript is gone.
    Blind spots: only panes kept by remain-on-exit are seen dead; others are gone.
    """
    for session in snapshot.sessions.value or ():
        if session.state != "dead":
            continue
        if session.lost:
            yield _conversation_lost(session, snapshot)
            continue
        named = session_subject(session, snapshot)
        yield found(
            "session-dead",
            "low",
            named,
            f"session {named} is dead",
            evidence=(Evidence("tmux", snapshot.sessions.at, session.reason),),
            root_cause="its program ended or was killed",
            impact="its work stands still",
            remedy=Remedy(
                steps=(
                    f"read its last words: {_tmux(session, 'capture-pane', '-p', '-t', f'={session.name}:')}",
                    f"start it again, or close it: {_tmux(session, 'respawn-pane', '-t', f'={session.name}:')}",
                )
            ),
            verify=f"{named} runs again or is gone",
        )


def _conversation_lost(session: Session, snapshot: Snapshot) -> Finding:
    named = session_subject(session, snapshot)
    return found(
        "session-dead",
        "low",
        named,
        f"session {named} cannot be resumed",
        evidence=(Evidence("record of what sleeps", snapshot.sessions.at, session.reason),),
        root_cause="its pane and its transcript are gone",
        impact="its conversation is lost",
        remedy=Remedy(steps=(f"forget it: {session.by_hand}",)),
        verify=f"nothing is kept of {named}",
    )


def _tmux(session: Session, *words: str) -> str:
    """A tmux command for the session's own server."""
    server = () if _DEFAULT_SOCKET.fullmatch(session.socket) else ("-S", session.socket)
    return command(("tmux", *server, *words))
