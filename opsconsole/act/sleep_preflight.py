"""Whether one session may be hibernated: everything that must be known to be clean, else the reason.

Pure but for what it reads of the agent's own process and files. Asked when the plan is made, and twice again by the
executor: before it blocks the pane, and after that.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import msgspec

from opsconsole.act.agent_look import AgentLooker, SessionsView
from opsconsole.act.living import Living, look_at
from opsconsole.act.pane import PaneLost, foreground, screen
from opsconsole.act.permission_mode import mode_asked_for, mode_on_screen, mode_to_wake_in
from opsconsole.act.policy import why_not_name
from opsconsole.act.request import WhyNot
from opsconsole.act.resume_command import files_named, options_kept, resume_command
from opsconsole.collect import procfs
from opsconsole.collect.agent_hooks import hooks_object
from opsconsole.collect.agent_patterns import Mode
from opsconsole.collect.agent_registry import EntryUnreadable, live_holders
from opsconsole.collect.agent_screen import raw_draft
from opsconsole.collect.agent_transcript import find_transcript
from opsconsole.collect.agents import AgentProfile
from opsconsole.collect.command import SHELL, interpreter_kind, parse
from opsconsole.config.types import Config
from opsconsole.model.agent import AgentEvidence, RegistryEntry, TranscriptTail
from opsconsole.model.process import usage
from opsconsole.model.session import Pane, Session

QUIET_S = 600.0
"""Neither status, window nor transcript may have moved for as long, whatever the config calls idle."""
YOUNGEST_S = 15.0
_STANDS_FOR_MORE = re.compile(r"\[(Pasted text|Image)\b[^\]]*\]")
"""What the box shows in place of something pasted."""
_GOES_ON = re.compile(r"[;&|(){}<>`\n]")
"""In the code of a shell: it may be more than one plain command."""
_ENVIRONMENT_BYTES = 1024 * 1024


class Candidate(msgspec.Struct, frozen=True):
    """A session that may be hibernated, and what that takes."""

    session: Session
    pane: Pane
    evidence: AgentEvidence
    entry: RegistryEntry
    transcript: TranscriptTail
    transcript_path: Path
    living: Living
    argv: tuple[str, ...]
    environment: dict[str, str]
    cwd: str
    resume: tuple[str, ...]
    mode: str
    """The permission mode that it wakes in; empty where the agent has none."""
    mode_told: str
    """The same for people; empty for none."""
    files: tuple[str, ...]
    """What ``resume`` names and needs."""
    draft: str
    """Unsent text, whole; empty for none."""
    memory_bytes: int | None
    """Of the agent and all below it, which is what is given back; shared pages by their share where that is known."""
    swap_bytes: int | None
    under_shell: bool


def examine(looker: AgentLooker, view: SessionsView, session: Session, config: Config) -> Candidate:
    """The session as a candidate. Raises WhyNot with the first thing that speaks against it."""
    if session.protected:
        raise WhyNot("it is protected (protect under [sessions])")
    if reason := why_not_name(session.name, config.console.protect):
        raise WhyNot(reason)
    pane = _only_agent(session)
    _only_place(view, session, pane)
    profile = looker.agents.profiles[pane.agent]
    if profile.resume is None:
        raise WhyNot(f"{pane.agent} is not hibernated: bringing its conversation back was never tried")
    _at_rest(session, pane, config)
    evidence = view.evidence.get(pane.id)
    if evidence is None or evidence.entry is None:
        raise WhyNot("its registry entry is not known", "unknown")
    transcript = _finished(evidence)
    living = _readable(evidence)
    _only_holder(evidence, profile)
    started_at = living.started_at or time.time()
    if reason := hooks_object(Path(evidence.home), living.pid, evidence.entry, started_at):
        raise WhyNot(reason)
    argv, environment, cwd = living.argv, _environment(living.pid), _cwd(living.pid)
    mode, mode_told = _mode(argv, pane, evidence, profile)
    resume = resume_command(argv, environment, cwd, evidence.entry.session_id, profile.resume, mode)
    draft = _whole_draft(pane, evidence, profile)
    memory, swap = _given_back(view, living)
    return Candidate(
        session=session,
        pane=pane,
        evidence=evidence,
        entry=evidence.entry,
        transcript=transcript,
        transcript_path=_transcript_path(evidence, profile),
        living=living,
        argv=argv,
        environment=environment,
        cwd=cwd,
        resume=resume,
        mode=mode.name if mode is not None else "",
        mode_told=mode_told,
        files=files_named(resume, cwd, profile.resume),
        draft=draft,
        memory_bytes=memory,
        swap_bytes=swap,
        under_shell=_under_shell(view, pane, living),
    )


def _only_agent(session: Session) -> Pane:
    with_agent = [pane for pane in session.panes if pane.agent]
    if not with_agent:
        raise WhyNot("no coding agent runs in it", "nothing")
    awake = [pane for pane in with_agent if pane.agent_state != "hibernated"]
    if not awake:
        raise WhyNot("it is hibernated already", "nothing")
    if len(awake) > 1:
        raise WhyNot(f"{len(awake)} agents run in it: which one is meant cannot be told")
    return awake[0]


def _only_place(view: SessionsView, session: Session, pane: Pane) -> None:
    """Who sits in a session that shares the pane is not told of this one."""
    others = [each.name for each in view.sessions.value or () if each.id != session.id and _has(each, pane)]
    if others:
        raise WhyNot(f"its pane is in session {others[0]} too: whether somebody sits there is not known")


def _has(session: Session, pane: Pane) -> bool:
    return any(each.id == pane.id for each in session.panes)


def _given_back(view: SessionsView, living: Living) -> tuple[int | None, int | None]:
    """(memory, swap) of the agent's tree in bytes; None where it cannot be read."""
    table = view.processes.value
    tree = [each for each in table.tree(living.pid) if each.state != "Z"] if table is not None else []
    if not tree:
        return None, None
    cost = usage(tree)
    shares = [procfs.read_pss_bytes(f"/proc/{each.pid}") for each in tree]
    known = [share for share in shares if share is not None]
    return (sum(known) if len(known) == len(shares) else cost.rss_bytes), cost.swap_bytes


def _under_shell(view: SessionsView, pane: Pane, living: Living) -> bool:
    """Whether its shell has the pane when it ends; False when the pane ends with it. Raises WhyNot for more:
    whatever else waits for its end would go on with what it has to do then."""
    table = view.processes.value
    root = table.get(pane.pid) if table is not None and pane.pid is not None else None
    agent = table.get(living.pid) if table is not None else None
    if root is None or agent is None:
        raise WhyNot("its pane's process is not in the process table", "unknown")
    if root.pid == living.pid:
        return False
    kind = interpreter_kind(root.exe or "")
    shell = parse(kind, root.argv) if kind == SHELL and root.argv else None
    if shell is not None and shell.code and not _GOES_ON.search(shell.code) and agent.ppid == root.pid:
        return False  # `sh -c claude`, as tmux runs a command: it ends with it
    if shell is None or shell.script or shell.code or agent.ppid != root.pid:
        parent = table.get(agent.ppid) if table is not None else None
        told = f"{parent.pid} ({parent.command})" if parent is not None else f"{root.pid} ({root.command})"
        raise WhyNot(f"{told} waits for its end, and would go on with whatever comes then")
    stat = procfs.parse_stat(procfs.read_stat(f"/proc/{living.pid}/stat") or b"")
    if stat is None or stat.process_group != living.pid or foreground(living.pid) != living.pid:
        raise WhyNot(f"it is no job of its own of the shell {root.pid}: what comes after its end cannot be told")
    return True


def _mode(argv: tuple[str, ...], pane: Pane, evidence: AgentEvidence, profile: AgentProfile) -> tuple[Mode | None, str]:
    """The permission mode that it is to wake in, and the words for that. Raises WhyNot."""
    assert profile.resume is not None  # noqa: S101 - asked for before
    try:
        seen = mode_on_screen(screen(pane.id), profile, evidence.version)
    except PaneLost as lost:
        raise WhyNot(f"its mode cannot be read: {lost}", "unknown") from None
    asked = mode_asked_for(options_kept(argv, profile.resume), profile.resume)
    mode = mode_to_wake_in(seen, asked, profile.resume)
    if mode is None:
        return None, ""
    told = f"wakes in its mode of now: {mode.shows.removesuffix(' on')}"
    if seen is None:
        told = f"its permission mode is not to be seen; wakes in {mode.shows.removesuffix(' on')}"
    elif asked is not None and asked != mode:
        told += f" (not {asked.shows.removesuffix(' on')}, in which it was started)"
    return mode, told


def _at_rest(session: Session, pane: Pane, config: Config) -> None:
    if pane.agent_state == "unknown":
        raise WhyNot(f"its state is unknown: {pane.agent_reason}", "unknown")
    if pane.agent_state != "idle":
        raise WhyNot(f"it is {pane.agent_state}: {pane.agent_reason}")
    if session.idle_s is None or pane.activity_at is None:
        raise WhyNot("since when nothing moved is not known", "unknown")
    if session.idle_s < QUIET_S:
        raise WhyNot(f"something moved {session.idle_s:.0f} s ago, less than {QUIET_S / 60:.0f} min")
    grace = float(config.sessions.attached_grace)
    if session.attached and session.human_idle_s is None:
        raise WhyNot("somebody is attached, and when they last typed is not known", "unknown")
    if session.human_idle_s is not None and session.human_idle_s < grace:
        raise WhyNot(f"somebody is attached and typed {session.human_idle_s:.0f} s ago")
    if pane.in_mode:
        raise WhyNot("somebody looks back in its pane (copy mode)")


def _finished(evidence: AgentEvidence) -> TranscriptTail:
    if evidence.transcript is None:
        raise WhyNot(evidence.transcript_missing or "it has no transcript", "refused")
    if evidence.transcript.ends != "finished":
        raise WhyNot(f"its transcript does not end in a finished turn ({evidence.transcript.ends})")
    return evidence.transcript


def _transcript_path(evidence: AgentEvidence, profile: AgentProfile) -> Path:
    assert evidence.entry is not None  # noqa: S101 - asked for before
    assert profile.registry is not None  # noqa: S101 - an entry was read from it
    path = find_transcript(Path(evidence.home) / profile.registry.transcripts, evidence.entry.session_id)
    if path is None:
        raise WhyNot("its transcript is not there any more")
    return path


def _readable(evidence: AgentEvidence) -> Living:
    living = look_at(evidence.process.pid, evidence.process.boot_id)
    if living is None or living.mark.id != evidence.process or living.ended:
        raise WhyNot("its agent has just ended")
    if living.started_at is None or time.time() - living.started_at < YOUNGEST_S:
        raise WhyNot(f"its agent was started less than {YOUNGEST_S:.0f} s ago")
    return living


def _only_holder(evidence: AgentEvidence, profile: AgentProfile) -> None:
    assert evidence.entry is not None  # noqa: S101 - asked for before
    assert profile.registry is not None  # noqa: S101 - an entry was read from it
    try:
        holders = live_holders(Path(evidence.home), profile.registry, evidence.entry.session_id)
    except EntryUnreadable as failure:
        raise WhyNot(f"who holds its conversation is not known: {failure}", "unknown") from None
    if others := [pid for pid in holders if pid != evidence.process.pid]:
        raise WhyNot(f"its conversation is open in another process too ({others[0]})")


def _environment(pid: int) -> dict[str, str]:
    raw = procfs.read_small(f"/proc/{pid}/environ", _ENVIRONMENT_BYTES)
    if not raw:
        raise WhyNot("its environment cannot be read", "unknown")
    if len(raw) >= _ENVIRONMENT_BYTES:
        raise WhyNot("its environment is too large to be kept")
    pairs = (field.partition(b"=") for field in raw.split(b"\0"))
    return {os.fsdecode(name): os.fsdecode(value) for name, equals, value in pairs if name and equals}


def _cwd(pid: int) -> str:
    cwd = procfs.read_link(f"/proc/{pid}/cwd")
    if cwd is None or not Path(cwd).is_dir():
        raise WhyNot("its directory is gone or cannot be read")
    return cwd


def _whole_draft(pane: Pane, evidence: AgentEvidence, profile: AgentProfile) -> str:
    """The unsent text as it can be put back: one line. Raises WhyNot for more, which is drawn wrapped."""
    if evidence.screen.kind != "draft":
        return ""
    try:
        lines = raw_draft(screen(pane.id), profile.screen, evidence.version)
    except PaneLost as lost:
        raise WhyNot(f"its draft cannot be read: {lost}", "unknown") from None
    if any(_STANDS_FOR_MORE.search(line) for line in lines):
        raise WhyNot("what was pasted into its box is not on the screen and could not be put back")
    if len(lines) != 1:
        raise WhyNot("its draft has more than one line on the screen and could not be put back as it is")
    return lines[0]
