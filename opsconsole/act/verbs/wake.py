"""`wake`: bring a hibernated conversation back in the same pane, with the same flags, directory and environment.

One after the other, each only while there is memory for it. Done is when the agent's own word and its screen say that
this conversation is ready; unsent text is put back then, unsent. A wake that fails leaves the card, and says why.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable

from opsconsole.act.agent_look import AgentLooker
from opsconsole.act.broken_off import WHAT, is_broken_off, take_back
from opsconsole.act.card import show_card
from opsconsole.act.job import Job, StepFailed, TargetChanged, Verification
from opsconsole.act.journal import JournalFailed
from opsconsole.act.locks import in_turn
from opsconsole.act.pane import (
    PaneLost,
    ask,
    cursor_line,
    directory,
    facts,
    hold,
    last_words,
    reads_commands,
    release,
    set_option,
    type_text,
)
from opsconsole.act.policy import why_not_name
from opsconsole.act.request import Part, Request, WhyNot, each, one_of
from opsconsole.act.sleep_outcome import available_bytes
from opsconsole.act.sleeping_store import ASKED, NotKept, SleepingStore
from opsconsole.act.waking import (
    draft_is_back,
    is_ready,
    mode_is_kept,
    remove_mark,
    type_draft,
    went_on,
    why_not_wake,
)
from opsconsole.model.plan import Subplan, Target
from opsconsole.model.session import Pane, Session
from opsconsole.model.sleeping import SavedSession
from opsconsole.model.text import shown

TURN_WITHIN_S = 600.0
ROOM_WITHIN_S = 60.0
READY_WITHIN_S = 30.0
DRAFT_WITHIN_S = 5.0
SETTLE_S = 0.5
"""Between blocking the pane and reading its line: what was typed just before stands on it by then."""
GIVE_BACK_S = 60
"""After so long typing is possible again whatever has become of the executor; longer than being ready may take."""
LEAST_LEFT_BYTES = 256 * 1024 * 1024
"""What must stay available beside what the session held before."""
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "fish", "ksh"})


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
        for lost in request.snapshot.sessions.value or ():
            if lost.lost and name in (lost.name, lost.id):
                by_hand = f"; by hand: {lost.by_hand}" if lost.state == "hibernated" else ""
                raise WhyNot(f"{lost.reason}: there is no pane to wake it in{by_hand}")
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
    if pane.in_mode:
        raise WhyNot("somebody looks back in its pane (copy mode)")
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
            f"wait for its turn, and up to {ROOM_WITHIN_S:g}s for memory",
            f"resume conversation {conversation} in pane {pane.id.pane}, with its flags, directory and environment",
            "wait until it is ready; put unsent text back",
        ),
        checks=(
            "the agent's own word and its screen say that the same conversation is ready",
            "it may do no more unasked than when it was put to sleep",
        ),
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
    with in_turn(job.state_dir, "wake", TURN_WITHIN_S) as ours:
        if not ours:
            raise StepFailed(f"others were still being woken after {TURN_WITHIN_S:g} s; nothing was done")
        try:
            _room(job, saved)
            looker = AgentLooker(job.loaded.config)
            pane = _still_asleep(job, looker, saved)
            if why_not := why_not_wake(saved):
                raise StepFailed(why_not)
            if went_on(saved):
                job.scratch["stale"] = True
            _wake(job, looker, store, saved, pane)
        except PaneLost as lost:
            raise StepFailed(str(lost)) from None


def _still_asleep(job: Job, looker: AgentLooker, saved: SavedSession) -> Pane:
    target = job.subplan.targets[0]
    found = looker.look().session_of(saved.pane)
    if target.pane != saved.pane or found is None:
        raise TargetChanged("the pane in which it was put to sleep is not there any more; nothing was done")
    _, pane = found
    if pane.agent_state != "hibernated" or pane.asleep is None or pane.asleep.conversation != saved.conversation:
        raise TargetChanged(f"it is not asleep any more ({pane.agent_state}); nothing was done")
    if pane.in_mode:
        raise TargetChanged("somebody looks back in its pane (copy mode); nothing was done")
    return pane


def _room(job: Job, saved: SavedSession) -> None:
    """What it held comes back into memory, what was swapped out of it too."""
    needed = (saved.memory_bytes or 0) + (saved.swap_bytes or 0) + LEAST_LEFT_BYTES
    with job.step(f"see that there is memory for it ({needed // 1048576} MiB)") as step:
        until = time.monotonic() + ROOM_WITHIN_S
        while (available := available_bytes()) is not None and available < needed:
            if time.monotonic() >= until:
                short = f"only {available // 1048576} MiB are available after {ROOM_WITHIN_S:g} s"
                raise StepFailed(f"{short}; nothing was done")
            time.sleep(1.0)
        step.detail = "not known" if available is None else f"{available // 1048576} MiB are available"


def _wake(job: Job, looker: AgentLooker, store: SleepingStore, saved: SavedSession, pane: Pane) -> None:
    """Nobody types into it while we do: our words and theirs would be one."""
    held = False
    if saved.draft or saved.under_shell:
        with job.step(f"block typing in pane {saved.pane.pane}") as step:
            held = hold(saved.pane, GIVE_BACK_S)
            step.detail = "" if held else "its user has done so already"
    try:
        time.sleep(SETTLE_S if held else 0.0)
        _resume(job, store, saved, pane)
        _until_ready(job, looker, store, saved)
        if saved.draft:
            _put_draft_back(job, looker, store, saved)
    finally:
        if held:
            _release(job, saved)
    with job.step("remove the mark; it is awake"):
        remove_mark(saved)
        if "draft_lost" not in job.scratch:
            store.forget(saved.conversation)


def _release(job: Job, saved: SavedSession) -> None:
    try:
        with job.step(f"allow typing in pane {saved.pane.pane} again"):
            release(saved.pane)
    except JournalFailed:
        # Nothing new is done without a record; but a pane must not stay deaf because the disk is full.
        release(saved.pane)
        raise


def _resume(job: Job, store: SleepingStore, saved: SavedSession, pane: Pane) -> None:
    script = f"{shlex.quote(str(store.script_path(saved.conversation)))} {ASKED}"
    now = facts(saved.pane)
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
        by_hand = f"sh {shlex.quote(str(store.script_path(saved.conversation)))}"
        typed = f"something may be typed on its shell's line already ({shown(line, 80)})"
        raise StepFailed(f"{typed}: clear it, or wake it there by hand: {by_hand}")
    with job.step(f"type into its shell: sh {script}"):
        type_text(saved.pane, f" sh {script}", "Enter")


def _until_ready(job: Job, looker: AgentLooker, store: SleepingStore, saved: SavedSession) -> None:
    with job.step("wait until it is ready") as step:
        began = time.monotonic()
        seen = job.until(lambda: is_ready(looker, saved), READY_WITHIN_S)
        if not seen.holds:
            last = last_words(saved.pane, 6)
            why = f"it was not ready within {READY_WITHIN_S:g} s: {seen.reason}"
            _back_to_card(store, saved, why)
            raise StepFailed(why, tuple(last))
        step.detail = f"after {time.monotonic() - began:.1f} s"
    mode = mode_is_kept(looker, saved)
    job.scratch["told"] = mode.evidence
    if not mode.holds:
        job.scratch["laxer"] = mode.reason


def _put_draft_back(job: Job, looker: AgentLooker, store: SleepingStore, saved: SavedSession) -> None:
    with job.step("put its unsent text back, unsent") as step:
        if job.scratch.get("stale"):
            back = Verification(False, f"its conversation was carried on since: {shown(saved.draft)}")
        else:
            back = type_draft(looker, saved)
            if back.holds:
                back = job.until(lambda: draft_is_back(looker, saved), DRAFT_WITHIN_S)
        if not back.holds:
            kept = f"{back.reason}; it is kept in {store.record_path(saved.conversation)}"
            step.failure = job.scratch["draft_lost"] = kept


def _back_to_card(store: SleepingStore, saved: SavedSession, why: str) -> None:
    """When nothing of it runs: the card again. What runs is left alone: it may yet come up."""
    if not saved.under_shell and facts(saved.pane).dead:
        show_card(saved.pane, store, saved, shown(why, 300))


def verify(job: Job) -> Verification:
    if job.subplan.data.get("broken_off"):
        return job.until(lambda: _is_taken_back(job), DRAFT_WITHIN_S)
    target = job.subplan.targets[0]
    conversation = str(job.subplan.data["conversation"])
    looker = AgentLooker(job.loaded.config)
    wrong = "; ".join(str(job.scratch[what]) for what in ("draft_lost", "laxer") if what in job.scratch)

    def look() -> Verification:
        found = looker.look().session_of(target.pane) if target.pane is not None else None
        if found is None:
            return Verification(False, "its pane is gone")
        _, pane = found
        if pane.conversation == conversation and pane.agent_state in ("idle", "shell", "working", "waiting"):
            told = f"conversation {conversation} is {pane.agent_state} in pane {pane.id.pane}"
            return Verification(not wrong, wrong, (told, *job.scratch.get("told", ())))
        return Verification(False, f"it is {pane.agent_state}: {pane.agent_reason}")

    return look() if wrong else job.until(look, READY_WITHIN_S)
