"""`wake`: bring a hibernated conversation back in the same pane, with the same flags, directory and environment.

One after the other, each only while there is memory for it. Done is when the agent's own word and its screen say that
this conversation is ready; unsent text is put back then, unsent. A wake that fails leaves the card, and says why.
"""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from opsconsole.act.agent_look import AgentLooker
from opsconsole.act.broken_off import WHAT, is_broken_off, take_back
from opsconsole.act.job import Job, StepFailed, TargetChanged, Verification
from opsconsole.act.pane import (
    PaneLost,
    ask,
    cursor_line,
    directory,
    facts,
    reads_commands,
    screen,
    set_option,
    type_text,
)
from opsconsole.act.policy import why_not_name
from opsconsole.act.request import Part, Request, WhyNot, each, one_of
from opsconsole.act.sleep_outcome import available_bytes, whole
from opsconsole.act.sleeping_store import ASKED, NotKept, SleepingStore
from opsconsole.act.verbs.hibernate import show_card
from opsconsole.collect.agent_registry import EntryUnreadable, live_holders
from opsconsole.collect.agent_screen import parse
from opsconsole.collect.agents import load_agents
from opsconsole.collect.tmux import SLEEPS
from opsconsole.config.locate import agent_profiles
from opsconsole.model.plan import Subplan, Target
from opsconsole.model.session import Pane, Session
from opsconsole.model.sleeping import SavedSession
from opsconsole.model.text import shown

READY_WITHIN_S = 30.0
DRAFT_WITHIN_S = 5.0
LEAST_LEFT_BYTES = 256 * 1024 * 1024
"""What must stay available beside what the session held before."""
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "fish", "ksh"})
_one_at_a_time = threading.Lock()


def plan(request: Request) -> Iterable[Part]:
    view = AgentLooker(request.loaded.config).look()
    sessions = view.sessions.value
    if sessions is None:
        raise_reason = view.sessions.reason

        def unknown(_request: Request, _name: str) -> Subplan:
            raise WhyNot(raise_reason, "unknown")

        return each(request, unknown)
    return each(request, lambda asked, name: _subplan(asked, sessions, name))


def _subplan(request: Request, sessions: tuple[Session, ...], name: str) -> Subplan:
    asleep = [session.name for session in sessions if session.state == "hibernated"]
    found = [session for session in sessions if name in (session.name, session.id)]
    if not found:
        raise WhyNot(f"no session {name!r}; hibernated: {one_of(asleep)}", "usage")
    if len(found) > 1:
        raise WhyNot("sessions of several tmux servers have this name", "usage")
    session = found[0]
    if reason := why_not_name(session.name, request.loaded.config.console.protect):
        raise WhyNot(reason)
    if (left := next(filter(is_broken_off, session.panes), None)) is not None:
        return _taken_back(session, left)
    pane = next((pane for pane in session.panes if pane.agent_state == "hibernated"), None)
    if pane is None or pane.asleep is None:
        raise WhyNot(f"it is not hibernated ({session.state})", "nothing")
    conversation = pane.asleep.conversation
    return Subplan(
        subject=session.name,
        subject_kind="session",
        targets=(
            Target(
                kind="pane",
                role="sleeping session",
                name=session.name,
                reason=f"conversation {conversation}",
                pane=pane.id,
            ),
        ),
        steps=(
            "wait for its turn, and until there is memory for it",
            f"resume conversation {conversation} in pane {pane.id.pane}, with its flags, directory and environment",
            "wait until it is ready; put unsent text back",
        ),
        checks=("the agent's own word and its screen say that the same conversation is ready",),
        data={"conversation": conversation, "pane_pid": pane.pid},
    )


def _taken_back(session: Session, pane: Pane) -> Subplan:
    """Its agent was never ended: what is left of the attempt goes."""
    target = Target(kind="pane", role="pane", name=session.name, reason="its agent runs", pane=pane.id)
    return Subplan(
        subject=session.name,
        subject_kind="session",
        targets=(target,),
        steps=(f"take back {WHAT}: pane {pane.id.pane}",),
        checks=("nothing in its pane says any more that it sleeps",),
        data={"broken_off": True},
    )


def _take_back(job: Job) -> None:
    target = job.subplan.targets[0]
    found = AgentLooker(job.loaded.config).look().session_of(target.pane) if target.pane is not None else None
    if found is None:
        raise TargetChanged("its pane is not there any more; nothing was done")
    if not is_broken_off(found[1]):
        raise TargetChanged("its pane is not as it was planned; nothing was done")
    try:
        take_back(job, found[1])
    except PaneLost as lost:
        raise StepFailed(str(lost)) from None


def _is_taken_back(job: Job) -> Verification:
    target = job.subplan.targets[0]
    found = AgentLooker(job.loaded.config).look().session_of(target.pane) if target.pane is not None else None
    if found is None:
        return Verification(None, "its pane cannot be looked at")
    return Verification(found[1].asleep is None, "" if found[1].asleep is None else "its pane is still marked")


def execute(job: Job) -> None:
    if job.subplan.data.get("broken_off"):
        _take_back(job)
        return
    store = SleepingStore(job.state_dir)
    try:
        saved = store.read(str(job.subplan.data["conversation"]))
    except NotKept as why:
        raise StepFailed(str(why)) from None
    with _one_at_a_time:
        try:
            looker = AgentLooker(job.loaded.config)
            pane = _still_asleep(job, looker, saved)
            _check(saved)
            _room(job, saved)
            _resume(job, store, saved, pane)
            _until_ready(job, looker, store, saved)
        except PaneLost as lost:
            raise StepFailed(str(lost)) from None


def _still_asleep(job: Job, looker: AgentLooker, saved: SavedSession) -> Pane:
    target = job.subplan.targets[0]
    found = looker.look().session_of(saved.pane)
    if target.pane != saved.pane or found is None:
        raise TargetChanged("the pane in which it was put to sleep is not there any more; nothing was done")
    session, pane = found
    if session.state != "hibernated" or pane.asleep is None or pane.asleep.conversation != saved.conversation:
        raise TargetChanged(f"it is not asleep any more ({session.state}); nothing was done")
    return pane


def _check(saved: SavedSession) -> None:
    profile = load_agents(agent_profiles()).profiles.get(saved.agent)
    if profile is None or profile.registry is None:
        raise StepFailed(f"there is no profile of {saved.agent} any more")
    try:
        holders = live_holders(Path(saved.home), profile.registry, saved.conversation)
    except EntryUnreadable as failure:
        raise StepFailed(f"who holds its conversation is not known: {failure}") from None
    if holders:
        raise StepFailed(f"its conversation is open already, in process {holders[0]}")
    if not Path(saved.cwd).is_dir():
        raise StepFailed(f"its directory {saved.cwd} is gone")
    if not Path(saved.resume[0]).exists():
        raise StepFailed(f"its program {saved.resume[0]} is gone")
    why, _ = whole(Path(saved.transcript), saved.transcript_bytes)
    if why:
        raise StepFailed(why)


def _room(job: Job, saved: SavedSession) -> None:
    needed = (saved.memory_bytes or 0) + LEAST_LEFT_BYTES
    available = available_bytes()
    with job.step(f"see that there is memory for it ({needed // 1048576} MiB)") as step:
        if available is not None and available < needed:
            raise StepFailed(f"only {available // 1048576} MiB are available; nothing was done")
        step.detail = "not known" if available is None else f"{available // 1048576} MiB are available"


def _resume(job: Job, store: SleepingStore, saved: SavedSession, pane: Pane) -> None:
    script = f"{shlex.quote(str(store.script_path(saved.conversation)))} {ASKED}"
    now = facts(saved.pane)
    if now.synchronized and (saved.under_shell or saved.draft):
        raise StepFailed("what is typed there would go to every pane of its window (synchronize-panes)")
    if not saved.under_shell:
        if not now.dead and (now.pid != pane.pid or now.command not in _SHELLS):
            raise TargetChanged(f"its pane runs {now.command} now, not the card; nothing was done")
        with job.step(f"resume conversation {saved.conversation} in pane {saved.pane.pane}"):
            set_option(saved.pane, "remain-on-exit", "on")
            where = directory(saved.cwd)
            ask(saved.pane, "respawn-pane", "-k", "-t", saved.pane.pane, "-c", where, f"exec sh {script}")
        return
    if now.dead or now.pid != pane.pid or now.command not in _SHELLS:
        raise StepFailed(f"its shell is busy with {now.command}: nothing was typed")
    if not reads_commands(now.pid):
        raise StepFailed(f"its shell waits for another {now.command} to end: nothing was typed")
    if (line := cursor_line(saved.pane)) not in ("", saved.prompt):
        # What is half typed there is somebody's: neither erased nor run.
        raise StepFailed(f"something may be typed on its shell's line already ({shown(line, 80)}): clear it first")
    with job.step(f"type into its shell: sh {script}"):
        type_text(saved.pane, f" sh {script}")
        ask(saved.pane, "send-keys", "-t", saved.pane.pane, "Enter")


def _until_ready(job: Job, looker: AgentLooker, store: SleepingStore, saved: SavedSession) -> None:
    with job.step("wait until it is ready") as step:
        began = time.monotonic()
        seen = job.until(lambda: _ready(looker, saved), READY_WITHIN_S)
        if not seen.holds:
            last = [line.text for line in parse(screen(saved.pane)) if line.text.strip()][-6:]
            _back_to_card(store, saved)
            raise StepFailed(f"it was not ready within {READY_WITHIN_S:g} s: {seen.reason}", tuple(last))
        step.detail = f"after {time.monotonic() - began:.1f} s"
    if saved.draft:
        with job.step("put its unsent text back, unsent") as step:
            type_text(saved.pane, saved.draft)
            back = job.until(lambda: _draft_is_back(looker, saved), DRAFT_WITHIN_S)
            if not back.holds:
                step.failure = job.scratch["draft_lost"] = back.reason
    with job.step("remove the mark; it is awake"):
        set_option(saved.pane, SLEEPS, "")
        if not saved.under_shell:
            set_option(saved.pane, "remain-on-exit", saved.remain_on_exit)
        store.forget(saved.conversation)


def _draft_is_back(looker: AgentLooker, saved: SavedSession) -> Verification:
    """Blanks aside: a box may have become narrower, and folds it."""
    found = looker.look().session_of(saved.pane)
    drawn = found[1].draft if found is not None else ""
    if drawn.split() == shown(saved.draft).split():
        return Verification(True)
    held = f"it holds {drawn!r}" if drawn else "it is empty"
    return Verification(False, f"its unsent text is not in its box again ({held}): {shown(saved.draft)}")


def _back_to_card(store: SleepingStore, saved: SavedSession) -> None:
    """When nothing of it runs: the card again. What runs is left alone: it may yet come up."""
    now = facts(saved.pane)
    if not saved.under_shell and now.dead:
        show_card(saved.pane, store, saved)


def _ready(looker: AgentLooker, saved: SavedSession) -> Verification:
    found = looker.look().session_of(saved.pane)
    if found is None:
        return Verification(False, "its pane is gone")
    _, pane = found
    if pane.dead:
        return Verification(False, "it ended at once")
    if pane.agent_process is None:
        return Verification(False, "no agent runs in its pane")
    same = pane.conversation == saved.conversation
    ready = pane.agent_state in ("idle", "shell")
    if same and ready:
        return Verification(True, evidence=(f"conversation {saved.conversation} is ready: {pane.agent_reason}",))
    return Verification(False, pane.agent_reason if same else f"it holds conversation {pane.conversation}")


def verify(job: Job) -> Verification:
    if job.subplan.data.get("broken_off"):
        return job.until(lambda: _is_taken_back(job), DRAFT_WITHIN_S)
    target = job.subplan.targets[0]
    conversation = str(job.subplan.data["conversation"])
    looker = AgentLooker(job.loaded.config)
    draft_lost = str(job.scratch.get("draft_lost", ""))

    def look() -> Verification:
        found = looker.look().session_of(target.pane) if target.pane is not None else None
        if found is None:
            return Verification(False, "its pane is gone")
        session, pane = found
        if pane.conversation == conversation and session.state in ("idle", "shell", "working", "waiting"):
            told = f"conversation {conversation} is {session.state} in pane {pane.id.pane}"
            return Verification(not draft_lost, draft_lost, (told,))
        return Verification(False, f"it is {session.state}: {session.reason}")

    return look() if draft_lost else job.until(look, READY_WITHIN_S)
