"""`hibernate`: end an agent that is known to be at rest, keep what brings its conversation back, leave its pane.

Exit and resume, never freeze. Everything is looked at when the plan is made, again before the pane is blocked, and once
more behind the block; whatever differs, nothing is done and the pane is as it was. SIGTERM only: an agent that does not
end within its time is left running. The pane stays, with a card that says what sleeps there.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable

import msgspec

from opsconsole.act.agent_look import AgentLooker, SessionsView
from opsconsole.act.broken_off import WHAT, is_broken_off, take_back
from opsconsole.act.card import print_card, show_card
from opsconsole.act.handle import Handle, wait_for
from opsconsole.act.job import Job, StepFailed, TargetChanged, Verification
from opsconsole.act.journal import JournalFailed
from opsconsole.act.living import look_at
from opsconsole.act.pane import (
    PaneLost,
    cursor_line,
    facts,
    hold,
    reads_commands,
    release,
    screen,
    set_option,
)
from opsconsole.act.policy import why_not_signal
from opsconsole.act.request import Part, Request, WhyNot, one_of
from opsconsole.act.sleep_outcome import available_bytes, gone_and_kept, swapped_bytes, tree_bytes
from opsconsole.act.sleep_preflight import Candidate, examine
from opsconsole.act.sleep_proposal import beforehand, rank
from opsconsole.act.sleeping_store import NotKept, SleepingStore
from opsconsole.collect.agent_screen import parse
from opsconsole.collect.tmux import SLEEPS
from opsconsole.model.identity import PaneId
from opsconsole.model.plan import ProcessMark, Refusal, Subplan, Target
from opsconsole.model.session import Session
from opsconsole.model.sleeping import SavedSession
from opsconsole.model.text import clean, shown

SETTLE_S = 1.0
"""Between blocking the pane and looking again: what was typed just before has arrived by then."""
ENDS_WITHIN_S = 15.0
SURVIVORS_WAIT_S = 3.0
PROMPT_WITHIN_S = 5.0
PROMPT_STILL_S = 0.2
GIVE_BACK_S = 45
"""After so long typing is possible again whatever has become of the executor; longer than all of it takes."""


def plan(request: Request) -> Iterable[Part]:
    """Of the sessions named; without names, of all that are idle for long enough and known to be clean, by memory."""
    looker = AgentLooker(request.loaded.config)
    view = looker.look()
    if view.sessions.value is None:
        return [Refusal("sessions", view.sessions.reason, "unknown")]
    sessions = view.sessions.value
    if not request.names:
        return _proposal(request, looker, view, sessions)
    parts: list[Part] = []
    for name in dict.fromkeys(request.names):
        found = [session for session in sessions if name in (session.name, session.id)]
        if not found:
            parts.append(Refusal(clean(name, 120), f"no session {name!r}; {one_of(s.name for s in sessions)}", "usage"))
        elif len(found) > 1:
            parts.append(Refusal(clean(name, 120), "sessions of several tmux servers have this name", "usage"))
        elif request.idle_s is not None and (found[0].idle_s or 0.0) < request.idle_s:
            parts.append(Refusal(found[0].name, "it has not been idle for long enough", "nothing"))
        else:
            parts.append(_part(request, looker, view, found[0]))
    return parts


def _proposal(
    request: Request, looker: AgentLooker, view: SessionsView, sessions: tuple[Session, ...]
) -> Iterable[Part]:
    wanted = request.idle_s if request.idle_s is not None else float(request.loaded.config.sessions.idle_after)
    parts: list[Part] = []
    for session in rank(sessions):
        if session.state == "hibernated":
            continue
        if session.state == "idle" and not request.doubtful and (doubt := _doubt(session, wanted)):
            parts.append(Refusal(session.name, doubt, "nothing"))
        else:
            part = _part(request, looker, view, session, wanted if request.doubtful else 0.0)
            # Nobody asked for this very one: that it does not qualify is no refusal.
            parts.append(part if isinstance(part, Subplan) else msgspec.structs.replace(part, kind="nothing"))
    return sorted(parts, key=_least_given_back)


def _least_given_back(part: Part) -> int:
    """Those first that give most back, of which only the agents' own trees count."""
    return -sum(part.data.get(field) or 0 for field in ("rss_bytes", "swap_bytes")) if isinstance(part, Subplan) else 1


def _doubt(session: Session, wanted_s: float) -> str:
    """Why it is not proposed where nobody can be asked about it; empty when it may be."""
    if (session.idle_s or 0.0) < wanted_s:
        return "it has not been idle for long enough"
    if session.draft:
        return "unsent text waits in its box: name it to have that kept"
    return "somebody is attached to it" if session.attached else ""


def _part(request: Request, looker: AgentLooker, view: SessionsView, session: Session, wanted_s: float = 0.0) -> Part:
    try:
        candidate = examine(looker, view, session, request.loaded.config)
        return _subplan(request, candidate, wanted_s)
    except WhyNot as why_not:
        return Refusal(session.name, clean(why_not.reason, 600), why_not.kind)


def _subplan(request: Request, candidate: Candidate, wanted_s: float) -> Subplan:
    session, living = candidate.session, candidate.living
    if reason := why_not_signal(living, request.bounds):
        raise WhyNot(reason)
    below = tuple(found.mark for each in session.below if (found := look_at(each.pid, request.boot_id)) is not None)
    pane = candidate.pane.id
    target = Target(
        kind="process",
        role="agent",
        name=session.name,
        reason=candidate.pane.agent_reason,
        process=living.mark,
        tree=below,
        pane=pane,
        start=living.started_at,
        command=living.mark.command,
        memory_bytes=candidate.memory_bytes,
    )
    known = beforehand(candidate, wanted_s)
    left = (f"first its pane is freed of {WHAT}",) if is_broken_off(candidate.pane) else ()
    where = "it stays in the pane"
    ended = f"SIGTERM {living.pid} ({living.mark.command}); never SIGKILL; {ENDS_WITHIN_S:g}s to end"
    if candidate.under_shell:
        where = "only when its shell waits for a command"
        ended += "; what was typed behind it on its shell's line (`claude; …`) runs then, and cannot be seen before"
    return Subplan(
        subject=session.name,
        subject_kind="session",
        targets=(target,),
        steps=(
            f"block typing in pane {pane.pane}, wait {SETTLE_S:g}s, look at everything again",
            f"save what brings conversation {candidate.entry.session_id} back",
            "mark the pane as the place where it sleeps",
            ended,
            f"leave a card: {where}; typing is possible again",
        ),
        checks=(
            f"{living.pid} and what it started are gone, its registry entry too",
            f"the transcript has at least {candidate.transcript.size} bytes, and its end can be read",
            "memory before and after, measured",
        ),
        seen=(*known.seen, *((candidate.mode_told,) if candidate.mode_told else ())),
        warnings=(*known.warnings, *left),
        preflight=known.preflight,
        data={
            "conversation": candidate.entry.session_id,
            "pane_pid": candidate.pane.pid,
            "idle_s": session.idle_s,
            "rss_bytes": candidate.memory_bytes,
            "swap_bytes": candidate.swap_bytes,
            "status_at": candidate.entry.status_at,
            "transcript_bytes": candidate.transcript.size,
            "draft": shown(candidate.draft),
            "mode": candidate.mode,
        },
    )


def execute(job: Job) -> None:
    target = job.subplan.targets[0]
    assert target.pane is not None  # noqa: S101 - every plan of this verb has them
    assert target.process is not None  # noqa: S101
    looker = AgentLooker(job.loaded.config)
    found = _same(job, looker)
    job.scratch["available_before"] = available_bytes()
    try:
        if is_broken_off(found.pane):
            take_back(job, found.pane)
        with job.step(f"block typing in pane {target.pane.pane}") as step:
            held = hold(target.pane, GIVE_BACK_S)
            step.detail = "" if held else "its user has done so already"
        try:
            time.sleep(SETTLE_S)
            with job.step("look at everything again: nothing has changed"):
                candidate = _same(job, looker)
            saved = _save(job, candidate)
            _end(job, target.process, target.tree, saved)
            # While nobody can type: the shell's line is empty, and what stands on it is its prompt.
            _leave_card(job, saved)
        finally:
            if held:
                _unblock(job, target)
    except PaneLost as lost:
        raise StepFailed(str(lost)) from None


def _same(job: Job, looker: AgentLooker) -> Candidate:
    """The candidate, still as it was planned. Raises TargetChanged."""
    target, data = job.subplan.targets[0], job.subplan.data
    view = looker.look()
    found = view.session_of(target.pane) if target.pane is not None else None
    if found is None:
        raise TargetChanged(view.sessions.reason or "its pane is not there any more")
    try:
        candidate = examine(looker, view, found[0], job.loaded.config)
    except WhyNot as why_not:
        raise TargetChanged(f"not as planned: {why_not.reason}; nothing was done") from None
    changes = {
        "its agent": candidate.living.mark == target.process,
        "its pane": candidate.pane.id == target.pane and candidate.pane.pid == data["pane_pid"],
        "its name": candidate.session.name == job.subplan.subject,
        "its conversation": candidate.entry.session_id == data["conversation"],
        "its status": candidate.entry.status_at == data["status_at"],
        "its transcript": candidate.transcript.size == data["transcript_bytes"],
        "its draft": shown(candidate.draft) == data["draft"],
        "its permission mode": candidate.mode == data["mode"],
    }
    if changed := [what for what, same in changes.items() if not same]:
        raise TargetChanged(f"{', '.join(changed)} changed since the plan was made; nothing was done")
    if reason := why_not_signal(candidate.living, job.bounds):
        raise TargetChanged(f"{reason}; nothing was done")
    return candidate


def _save(job: Job, candidate: Candidate) -> SavedSession:
    shown_last = "\n".join(line.text for line in parse(screen(candidate.pane.id)))
    below = [mark.pid for mark in job.subplan.targets[0].tree]
    saved = SavedSession(
        agent=candidate.pane.agent,
        conversation=candidate.entry.session_id,
        session_name=candidate.session.name,
        pane=candidate.pane.id,
        under_shell=candidate.under_shell,
        argv=candidate.argv,
        resume=candidate.resume,
        mode=candidate.mode,
        files=candidate.files,
        exe=candidate.living.mark.exe,
        cwd=candidate.cwd,
        environment=candidate.environment,
        home=candidate.evidence.home,
        transcript=str(candidate.transcript_path),
        transcript_bytes=candidate.transcript.size,
        draft=candidate.draft,
        screen=shown_last,
        remain_on_exit=facts(candidate.pane.id).remain_on_exit,
        memory_bytes=tree_bytes(candidate.living.pid, below),
        swap_bytes=swapped_bytes((candidate.living.pid, *below)),
        moved_at=candidate.pane.moved_at,
        since=time.time(),
    )
    with job.step("save argv, environment, directory, conversation and last screen (0600, synced)") as step:
        try:
            step.detail = str(SleepingStore(job.state_dir).keep(saved))
        except NotKept as why:
            raise StepFailed(str(why)) from None
    return saved


def _end(job: Job, mark: ProcessMark, tree: tuple[ProcessMark, ...], saved: SavedSession) -> None:
    handle, below = Handle(mark), [Handle(member) for member in tree]
    asked = False
    try:
        # Before the signal: whatever becomes of this executor then, what sleeps here is known, and `wake` finds it.
        with job.step("mark the pane as the place where it sleeps"):
            _mark(saved)
        with job.step(f"SIGTERM {mark.pid} ({mark.command})") as step:
            if reason := handle.recognise(lambda now: why_not_signal(now, job.bounds)):
                raise TargetChanged(f"{reason}; nothing was sent")
            asked = handle.send(signal.SIGTERM)
            wait_for([handle], ENDS_WITHIN_S)
            if not handle.has_ended:
                kept = "what brings it back is kept, and its pane stays, should it end later"
                raise StepFailed(f"it did not end within {ENDS_WITHIN_S:g} s, and was left running; {kept}")
            until = time.monotonic() + SURVIVORS_WAIT_S
            while (left := [each for each in below if not each.look()]) and time.monotonic() < until:
                wait_for(left, until - time.monotonic())
            step.detail = "ended" + (f"; outlived by {', '.join(str(each.mark.pid) for each in left)}" if left else "")
            job.scratch["survivors"] = [f"{each.mark.pid} ({each.mark.command})" for each in left]
    finally:
        untouched = not asked and not handle.has_ended
        for each in (handle, *below):
            each.close()
        # Also when the journal cannot be written any more: nothing was sent, so nothing may look as if.
        if untouched:
            _take_back(job, saved)


def _mark(saved: SavedSession) -> None:
    """What sleeps in the pane, as its own option; and the pane stays when its process ends."""
    if not saved.under_shell:
        set_option(saved.pane, "remain-on-exit", "on")
    moved = f"/{int(saved.moved_at)}" if saved.moved_at is not None else ""
    set_option(saved.pane, SLEEPS, f"{saved.agent}/{saved.conversation}/{int(saved.since)}{moved}")


def _take_back(job: Job, saved: SavedSession) -> None:
    set_option(saved.pane, SLEEPS, "")
    if not saved.under_shell:
        set_option(saved.pane, "remain-on-exit", saved.remain_on_exit)
    SleepingStore(job.state_dir).forget(saved.conversation)


def _unblock(job: Job, target: Target) -> None:
    assert target.pane is not None  # noqa: S101
    try:
        with job.step(f"allow typing in pane {target.pane.pane} again"):
            release(target.pane)
    except JournalFailed:
        # Nothing new is done without a record; but a pane must not stay deaf because the disk is full.
        release(target.pane)
        raise


def _leave_card(job: Job, saved: SavedSession) -> None:
    pane, store = saved.pane, SleepingStore(job.state_dir)
    if saved.under_shell:
        with job.step("see that its shell waits for a command again"):
            prompt = _prompt(pane)
    with job.step("leave a card in the pane"):
        if saved.under_shell:
            store.keep(msgspec.structs.replace(saved, prompt=prompt))
            print_card(facts(pane).tty, store, saved)
        else:
            show_card(pane, store, saved)


def _prompt(pane: PaneId) -> str:
    """The line of the shell that has the terminal back, once it has stood still; empty when it does not stand still.

    Raises StepFailed when the shell has something else to do: the screen is somebody else's then.
    """
    until, before, line = time.monotonic() + PROMPT_WITHIN_S, "", ""
    while time.monotonic() < until:
        line = cursor_line(pane) if reads_commands(facts(pane).pid) else ""
        if line and line == before:
            return line
        before = line
        time.sleep(PROMPT_STILL_S)
    if not reads_commands(facts(pane).pid):
        busy = f"its shell went on with something else ({facts(pane).command}) when the agent had ended"
        raise StepFailed(f"{busy}: look at the pane; no card was printed. What wakes the conversation is kept")
    return ""


def verify(job: Job) -> Verification:
    saved = SleepingStore(job.state_dir).read(str(job.subplan.data["conversation"]))
    return job.until(lambda: _asleep(job, saved), 10.0)


def _asleep(job: Job, saved: SavedSession) -> Verification:
    target = job.subplan.targets[0]
    held, evidence = gone_and_kept(saved, target)
    if held:
        return Verification(False, held, evidence)
    found = AgentLooker(job.loaded.config).look().session_of(saved.pane)
    if found is None or found[1].agent_state != "hibernated":
        return Verification(False, "its pane is not marked as asleep", evidence)
    after = tree_bytes(found[1].pid) if found[1].pid is not None else 0
    before = saved.memory_bytes
    if before is not None and after is not None:
        evidence = (*evidence, f"its memory: {_mib(before)} before, {_mib(after)} after: {_mib(before - after)} freed")
    available = job.scratch.get("available_before"), available_bytes()
    if available[0] is not None and available[1] is not None:
        evidence = (*evidence, f"available memory: {_mib(available[0])} before, {_mib(available[1])} after")
    if survivors := job.scratch.get("survivors"):
        evidence = (*evidence, f"outlived it, and were left alone: {', '.join(survivors)}")
    return Verification(True, evidence=evidence)


def _mib(size: int) -> str:
    return f"{size / 1048576:.0f} MiB"
