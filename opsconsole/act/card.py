"""The card of a hibernated session, in its pane: run where the agent was the pane's own process, else printed.

It is printed below what the shell shows, and nothing is typed into that.
"""

from __future__ import annotations

import shlex

from opsconsole.act.pane import ask, directory
from opsconsole.act.sleeping_store import SleepingStore
from opsconsole.model.identity import PaneId
from opsconsole.model.sleeping import SavedSession


def show_card(pane: PaneId, store: SleepingStore, saved: SavedSession, told: str = "") -> None:
    """Run the card in a pane whose process has ended, with a word on what has happened. The pane stays whatever
    becomes of the card: only who wakes it gives it its own setting back. Raises PaneLost."""
    card = f"exec sh {shlex.quote(str(store.script_path(saved.conversation)))} card {shlex.quote(told)}"
    ask(pane, "respawn-pane", "-k", "-t", pane.pane, "-c", directory(saved.cwd), card)


def print_card(tty: str, store: SleepingStore, saved: SavedSession) -> None:
    """Onto the terminal, below what the shell shows. Raises OSError."""
    card = store.record_path(saved.conversation).with_suffix(".card").read_text()
    with open(tty, "w", encoding="utf-8") as terminal:  # noqa: PTH123 - a device, not a file
        terminal.write(card.replace("\n", "\r\n"))
