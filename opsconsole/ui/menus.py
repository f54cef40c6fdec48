"""The menus of what can be done to what is selected: the subjects of verbs, or a finding or alert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from opsconsole.ui.actions import ConsoleAction
from opsconsole.ui.context import Context
from opsconsole.ui.dialogs.menu import Entry, MenuBox
from opsconsole.ui.fixes import what_it_does
from opsconsole.ui.keymap import shown_key
from opsconsole.ui.why_not import OF_THE_ROW
from opsconsole.ui.wishes import applies, start_or_stop

if TYPE_CHECKING:
    from opsconsole.ui.app import ConsoleApp

Say = Callable[[str, str], None]
"""Tells a text with a status."""


def open_menu(app: ConsoleApp, say: Say, wish: Callable[[ConsoleAction, Context], None]) -> None:
    """Put the menu on the screen; nothing where there is nothing to choose from.

    ``wish`` asks for what an action does to the very rows that the menu was about.
    """
    # What a menu lists is about its rows alone.
    context = replace(app.context(), pressed=False)
    if context.row_kind in OF_THE_ROW:
        _open_row_menu(app, say, context)
    elif context.subjects:
        _open_subjects_menu(app, say, wish, context)


def _open_subjects_menu(
    app: ConsoleApp, say: Say, wish: Callable[[ConsoleAction, Context], None], context: Context
) -> None:
    names = [subject.name for subject in context.subjects]
    about = names[0] if len(names) == 1 else f"{len(names)} marked: {', '.join(names)}"
    entries = [_entry(app, action, context) for action in app.actions.values() if applies(action, context)]
    if not entries:
        say(f"{about}: nothing can be done to this row", "muted")
        return
    meant = [(subject.kind, subject.asked_as) for subject in context.subjects]

    def chosen(action_id: str | None) -> None:
        if action_id is None:
            return
        if [(subject.kind, subject.asked_as) for subject in app.context().subjects] != meant:
            # Its row has gone, and the cursor is on another now.
            say(f"{about} is not what is selected any more: nothing was done", "warn")
            return
        if action_id == "hibernate":
            wish(app.actions[action_id], context)
        else:
            app.action_perform(action_id)

    app.push_screen(MenuBox(about, entries, app.screen, ascii_only=app.ascii_only), callback=chosen)


def _open_row_menu(app: ConsoleApp, say: Say, context: Context) -> None:
    """Of the finding or alert under the cursor; putting right is about the marked findings, where there are any."""
    row = app.main.cursor_row
    if row is None:
        return
    about = row.cells[0].text
    entries = [_entry(app, app.actions[action_id], context) for action_id in OF_THE_ROW[context.row_kind]]
    of_marked = f"{context.marked} marked: " if context.marked else ""
    does = what_it_does(context.findings, context.alert)
    entries[0] = entries[0]._replace(help=f"{of_marked}{does}" if does else entries[0].help)

    def chosen(action_id: str | None) -> None:
        now = app.main.cursor_row
        if action_id is None:
            return
        if now is None or now.key != row.key:
            say(f"{about} is not what is selected any more: nothing was done", "warn")
        else:
            app.action_perform(action_id)

    app.push_screen(MenuBox(about, entries, app.screen, ascii_only=app.ascii_only), callback=chosen)


def _entry(app: ConsoleApp, action: ConsoleAction, context: Context) -> Entry:
    """``start`` and ``stop`` share a key, which stands beside the one that it does now."""
    action_id = action.id
    if action_id in ("start", "stop") and start_or_stop(context.subjects) == action_id:
        action_id = "start-stop"
    keys = (shown_key(key, ascii_only=app.ascii_only) for key in app.keymap.keys[action_id])
    return Entry(action_id, " ".join(keys), action.label, action.help, action.enabled(context))
