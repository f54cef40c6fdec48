"""``python -m opsconsole.act.after_waking RECORD PID [stale]``: what is done once a session was woken by hand.

Waits until the process that was the waker has the conversation open and is at rest; then puts unsent text back, unsent,
removes the mark from the pane and forgets the record. ``stale``: the conversation was carried on since, its unsent text
is of before that and is not put back. When the agent ends at once, its pane has the card again, which says so.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from opsconsole.act.agent_look import AgentLooker
from opsconsole.act.card import show_card
from opsconsole.act.living import boot_id, look_at
from opsconsole.act.pane import PaneLost, ask, directory, facts, hold, last_words, release
from opsconsole.act.sleeping_store import NotKept, SleepingStore, read_record
from opsconsole.act.waking import draft_is_back, is_ready, remove_mark, type_draft
from opsconsole.config.types import Config, SessionsTable
from opsconsole.model.sleeping import SavedSession
from opsconsole.model.text import shown

WITHIN_S = 120.0
EVERY_S = 0.5
DRAFT_WITHIN_S = 5.0


def main(arguments: list[str]) -> int:
    try:
        record, pid, stale = Path(arguments[0]), int(arguments[1]), "stale" in arguments[2:]
        saved = read_record(record)
    except (IndexError, ValueError, NotKept):
        return 1
    looker = AgentLooker(Config(sessions=SessionsTable(socket=Path(saved.pane.socket))))
    store = SleepingStore(record.parent.parent)
    until = time.monotonic() + WITHIN_S
    try:
        while time.monotonic() < until:
            if is_ready(looker, saved).holds:
                _settle(looker, store, saved, stale)
                return 0
            if look_at(pid, boot_id()) is None:
                _back_to_card(store, saved)
                return 1
            time.sleep(EVERY_S)
    except PaneLost:
        pass
    return 1


def _settle(looker: AgentLooker, store: SleepingStore, saved: SavedSession, stale: bool) -> None:
    if not saved.draft or (not stale and _put_back(looker, saved)):
        remove_mark(saved)
        store.forget(saved.conversation)
        return
    # The only copy of it stays, until this session is put to sleep again.
    remove_mark(saved)
    told = f"its unsent text is kept in {store.record_path(saved.conversation)}"
    ask(saved.pane, "display-message", "-t", saved.pane.pane, directory(told))


def _put_back(looker: AgentLooker, saved: SavedSession) -> bool:
    held = hold(saved.pane, int(DRAFT_WITHIN_S) * 2)
    try:
        if not type_draft(looker, saved).holds:
            return False
        until = time.monotonic() + DRAFT_WITHIN_S
        while not draft_is_back(looker, saved).holds:
            if time.monotonic() > until:
                return False
            time.sleep(EVERY_S)
        return True
    finally:
        if held:
            release(saved.pane)


def _back_to_card(store: SleepingStore, saved: SavedSession) -> None:
    if saved.under_shell or not facts(saved.pane).dead:
        return
    last = last_words(saved.pane, 1)
    show_card(saved.pane, store, saved, shown(f"it ended at once: {last[0] if last else 'without a word'}", 300))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
