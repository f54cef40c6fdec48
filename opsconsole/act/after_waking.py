"""``python -m opsconsole.act.after_waking RECORD PID``: what has to be done once a session was woken by hand.

Waits until the process that was the waker has the conversation open, as its own registry entry says; then puts unsent
text back, unsent, removes the mark from the pane and forgets the record. When that does not come, mark and record stay.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from opsconsole.act.pane import PaneLost, screen, set_option, type_text
from opsconsole.act.sleeping_store import NotKept, SleepingStore, read_record
from opsconsole.collect.agent_registry import EntryUnreadable, live_holders
from opsconsole.collect.agent_screen import read_screen
from opsconsole.collect.agents import AgentProfile, load_agents
from opsconsole.collect.tmux import SLEEPS
from opsconsole.config.locate import agent_profiles
from opsconsole.model.sleeping import SavedSession

WITHIN_S = 120.0
EVERY_S = 0.5


def main(arguments: list[str]) -> int:
    try:
        record, pid = Path(arguments[0]), int(arguments[1])
        saved = read_record(record)
        profile = load_agents(agent_profiles()).profiles[saved.agent]
    except (IndexError, ValueError, KeyError, NotKept):
        return 1
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        try:
            if _is_open(saved, profile, pid) and (not saved.draft or _box_is_empty(saved, profile)):
                _settle(saved, record)
                return 0
        except PaneLost:
            return 1
        time.sleep(EVERY_S)
    return 1


def _is_open(saved: SavedSession, profile: AgentProfile, pid: int) -> bool:
    if profile.registry is None:
        return False
    try:
        return pid in live_holders(Path(saved.home), profile.registry, saved.conversation)
    except EntryUnreadable:
        return False


def _box_is_empty(saved: SavedSession, profile: AgentProfile) -> bool:
    return read_screen(screen(saved.pane), profile.screen, "", time.time()).kind in ("rest", "quiet")


def _settle(saved: SavedSession, record: Path) -> None:
    if saved.draft:
        type_text(saved.pane, saved.draft)
    set_option(saved.pane, SLEEPS, "")
    if not saved.under_shell:
        set_option(saved.pane, "remain-on-exit", saved.remain_on_exit)
    SleepingStore(record.parent.parent).forget(saved.conversation)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
