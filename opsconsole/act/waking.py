"""What waking a session takes, whether `wake` does it or somebody presses Enter on its card.

May it, is it ready, is its unsent text back, what is removed then.
"""

from __future__ import annotations

import os
from pathlib import Path

from opsconsole.act.agent_look import AgentLooker, SessionsView
from opsconsole.act.job import Verification
from opsconsole.act.pane import facts, screen, set_option, type_text
from opsconsole.act.permission_mode import is_laxer, mode_on_screen, named
from opsconsole.act.sleep_outcome import whole
from opsconsole.collect.agent_registry import EntryUnreadable, live_holders
from opsconsole.collect.agent_screen import raw_draft
from opsconsole.collect.agents import load_agents
from opsconsole.collect.sleeping import LAST_WORDS_S
from opsconsole.collect.tmux import SLEEPS
from opsconsole.config.locate import agent_profiles
from opsconsole.model.sleeping import SavedSession
from opsconsole.model.text import shown


def why_not_wake(saved: SavedSession) -> str:
    """What it needs and is not there, or who has its conversation; empty when it can be started."""
    profile = load_agents(agent_profiles()).profiles.get(saved.agent)
    if profile is None or profile.registry is None:
        return f"there is no profile of {saved.agent} any more"
    try:
        holders = live_holders(Path(saved.home), profile.registry, saved.conversation)
    except EntryUnreadable as failure:
        return f"who holds its conversation is not known: {failure}"
    if holders:
        return f"its conversation is open already, in process {holders[0]}"
    if not Path(saved.cwd).is_dir():
        return f"its directory {saved.cwd} is gone"
    if not os.access(saved.resume[0], os.X_OK):
        return f"its program {saved.resume[0]} is gone"
    if gone := [path for path in saved.files if not Path(path).exists()]:
        return f"its command line names what is gone: {', '.join(gone)}"
    why, _ = whole(Path(saved.transcript), saved.transcript_bytes)
    return why


def went_on(saved: SavedSession) -> bool:
    """Whether its conversation was carried on since it was put to sleep: somebody has woken it, without us."""
    try:
        return Path(saved.transcript).stat().st_mtime > saved.since + LAST_WORDS_S
    except OSError:
        return False


def is_ready(looker: AgentLooker, saved: SavedSession) -> Verification:
    """Whether the agent in its pane says that it holds this conversation, and shows it at rest."""
    found = looker.look().session_of(saved.pane)
    if found is None:
        return Verification(False, "its pane is gone")
    _, pane = found
    if pane.dead:
        return Verification(False, "it ended at once")
    if pane.agent_process is None:
        return Verification(False, "no agent runs in its pane")
    same = pane.conversation == saved.conversation
    if same and pane.agent_state in ("idle", "shell"):
        return Verification(True, evidence=(f"conversation {saved.conversation} is ready: {pane.agent_reason}",))
    return Verification(False, pane.agent_reason if same else f"it holds conversation {pane.conversation}")


def type_draft(looker: AgentLooker, saved: SavedSession) -> Verification:
    """Put its unsent text into its box, unsent, if that is empty: what somebody has begun there is theirs."""
    view = looker.look()
    found, evidence = view.session_of(saved.pane), view.evidence.get(saved.pane)
    if found is None or evidence is None or not is_this(view, saved):
        return Verification(False, "its agent is not to be seen any more")
    if evidence.screen.kind not in ("rest", "quiet"):
        return Verification(False, f"its box is in use ({evidence.screen.kind}): {evidence.screen.draft}".rstrip(": "))
    type_text(saved.pane, saved.draft)
    return Verification(True)


def is_this(view: SessionsView, saved: SavedSession) -> bool:
    """Whether the agent in its pane holds this conversation."""
    found = view.session_of(saved.pane)
    return found is not None and found[1].agent_process is not None and found[1].conversation == saved.conversation


def draft_is_back(looker: AgentLooker, saved: SavedSession) -> Verification:
    """Whether the box holds it, all of it. Blanks aside: a box may have become narrower, and folds it."""
    evidence = looker.look().evidence.get(saved.pane)
    version = evidence.version if evidence is not None else ""
    drawn = " ".join(raw_draft(screen(saved.pane), looker.agents.profiles[saved.agent].screen, version))
    if "".join(drawn.split()) == "".join(saved.draft.split()):
        return Verification(True)
    held = f"it holds {shown(drawn, 80)!r}" if drawn else "it is empty"
    return Verification(False, f"its unsent text is not in its box again ({held}): {shown(saved.draft)}")


def mode_is_kept(looker: AgentLooker, saved: SavedSession) -> Verification:
    """Whether it may do no more unasked than when it was put to sleep, as far as its screen tells."""
    profile = looker.agents.profiles[saved.agent]
    wanted = named(saved.mode, profile.resume) if profile.resume is not None else None
    if wanted is None or profile.resume is None:
        return Verification(True)
    evidence = looker.look().evidence.get(saved.pane)
    now = mode_on_screen(screen(saved.pane), profile, evidence.version if evidence is not None else "")
    if now is None:
        return Verification(True)
    told = f"it is in {now.shows.removesuffix(' on')}"
    if is_laxer(now, wanted, profile.resume):
        return Verification(False, f"{told}, laxer than {wanted.shows.removesuffix(' on')} when it was put to sleep")
    return Verification(True, evidence=(told,))


def remove_mark(saved: SavedSession) -> None:
    """It is awake: the pane is as it was before. Raises PaneLost."""
    # One that is "on" is ours; any other was set by its user meanwhile.
    if not saved.under_shell and facts(saved.pane).remain_on_exit == "on":
        set_option(saved.pane, "remain-on-exit", saved.remain_on_exit)
    set_option(saved.pane, SLEEPS, "")
