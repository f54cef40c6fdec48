"""The screens that look back: opened by their keys, imported only then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsconsole.ui.app import ConsoleApp


def open_past(app: ConsoleApp, action_id: str, state_dir: Path | None) -> bool:
    """Put the screen of this action on top; False when it is none of them."""
    if action_id == "history":
        from opsconsole.ui.screens.history import HistoryScreen

        row = app.main.cursor_row
        app.push_screen(HistoryScreen(app.feed, state_dir, row=row.key if row else "", ascii_only=app.ascii_only))
        return True
    return False
