"""The screens that look back: opened by their keys, imported only then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsconsole.ui.app import ConsoleApp
    from opsconsole.ui.timeline import Happened


def open_past(app: ConsoleApp, action_id: str, state_dir: Path | None) -> bool:
    """Put the screen of this action on top; False when it is none of them."""
    if action_id == "history":
        from opsconsole.ui.screens.history import HistoryScreen

        row = app.main.cursor_row
        app.push_screen(HistoryScreen(app.feed, state_dir, row=row.key if row else "", ascii_only=app.ascii_only))
    elif action_id == "timeline" and state_dir is not None:
        from opsconsole.ui.screens.timeline import TimelineScreen

        screen = TimelineScreen(state_dir, app.wall, lambda one: _open(app, one), ascii_only=app.ascii_only)
        app.push_screen(screen)
    else:
        return False
    return True


def _open(app: ConsoleApp, happened: Happened) -> None:
    """The plan, the finding or alert as it is, or a finding that has closed as it was."""
    from opsconsole.ui.screens.details import DetailsScreen, PastFindingScreen

    kind, _, name = happened.subject.partition(":")
    diagnosis = app.main.latest.diagnosis if app.main.latest is not None else None
    if kind == "plan":
        app.deeds.open_plan(name)
    elif happened.finding is not None and not any(
        one.id == name for one in (diagnosis.findings if diagnosis is not None else ())
    ):
        app.push_screen(PastFindingScreen(happened.finding, app.feed, ascii_only=app.ascii_only))
    else:
        app.push_screen(DetailsScreen(happened.subject, app.feed, ascii_only=app.ascii_only))
