"""The screens that show one thing, opened by their keys and imported only then; and the way into a session."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsconsole.model.session import Session
    from opsconsole.ui.app import ConsoleApp


def open_view(app: ConsoleApp, action_id: str) -> None:
    """Put help, palette, details or a log on top, or go to the session under the cursor."""
    if action_id == "help":
        from opsconsole.ui.screens.help import HelpScreen

        app.push_screen(HelpScreen(app.registry, app.keymap, app.context(), ascii_only=app.ascii_only))
    elif action_id == "palette":
        from opsconsole.ui.palette import palette

        app.push_screen(palette())
    elif action_id == "attach":
        if (session := _session(app)) is not None:
            _attach(app, session)
    elif action_id == "log" and (session := _session(app)) is not None:
        open_session(app, session)
    elif action_id == "log":
        from opsconsole.ui.screens.log import LogScreen, follow_log

        open_log = app.open_log or follow_log
        app.push_screen(LogScreen(app.main.log_path, ascii_only=app.ascii_only, open_log=open_log))
    elif action_id == "details":
        _open_details(app)


def _open_details(app: ConsoleApp) -> None:
    from opsconsole.ui.screens.details import DetailsScreen
    from opsconsole.ui.screens.log import follow_log

    if (row := app.main.cursor_row) is not None:
        details = DetailsScreen(
            row.key,
            app.feed,
            ascii_only=app.ascii_only,
            open_log=app.open_log or follow_log,
            row_hints=app.row_hints,
            open_session=lambda session: open_session(app, session),
        )
        app.push_screen(details)


def open_session(app: ConsoleApp, session: Session) -> None:
    """Put what the session shows on top, with the way into it."""
    from opsconsole.ui.screens.session import SessionScreen

    attach = None if app.read_only else lambda: _attach(app, session)
    app.push_screen(SessionScreen(session, ascii_only=app.ascii_only, attach=attach))


def _attach(app: ConsoleApp, session: Session) -> None:
    # One at a time: the key pressed twice is not two ways into a session.
    app.run_worker(_go_to_session(app, session), group="attach", exclusive=True, exit_on_error=False)


def _session(app: ConsoleApp) -> Session | None:
    """The one under the cursor, or that the finding there is about."""
    from opsconsole.ui.logs import session_of

    row, shown = app.main.cursor_row, app.main.shown
    return session_of(shown, row) if row is not None and shown is not None else None


async def _go_to_session(app: ConsoleApp, session: Session) -> None:
    """Lend the terminal to the session, or send the tmux client that it is in there. tmux is asked on a thread."""
    from opsconsole.ui.attach import go, told_way, why_gone

    failure = await asyncio.to_thread(why_gone, session)
    if failure:
        _say(app, f"{session.name}: {failure}", "warn")
        return
    way, back = await asyncio.to_thread(told_way, session, os.environ)
    if way.switches:
        failure = await asyncio.to_thread(go, way)
    else:
        with app.suspend():
            failure = go(way)
    app.main.refresh_everything()
    if failure:
        _say(app, f"{session.name}: {failure}", "warn")
    elif way.switches:
        _say(app, f"{session.name}: {back} comes back")


def _say(app: ConsoleApp, text: str, status: str = "") -> None:
    """Where it can be read."""
    from opsconsole.ui.screens.reader import ReaderScreen

    top = app.screen
    (top if isinstance(top, ReaderScreen) else app.main).say(text, status)
