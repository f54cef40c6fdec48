"""What the keys do to the pane they are for: moving, sorting, filtering, folding. By action id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from opsconsole.present import humanise
from opsconsole.ui import clipboard
from opsconsole.ui.layout import OVERVIEW
from opsconsole.ui.rows import head_of, heads

if TYPE_CHECKING:
    from opsconsole.ui.screens.main import MainScreen

FAR = 1_000_000_000


def _sort(screen: MainScreen, direction: int) -> None:
    """Through the columns that are shown, and past the last one back to the collected order."""
    table = screen.table
    stops = [None, *(placed.column for placed in table.placed_columns if table.columns[placed.column].title)]
    place = stops.index(table.view.sort) if table.view.sort in stops else 0
    column = stops[(place + direction) % len(stops)]
    table.look(msgspec.structs.replace(table.view, sort=column))
    screen.say("in the order collected" if column is None else f"sorted by {table.columns[column].title}")


def _invert(screen: MainScreen) -> None:
    view = screen.table.view
    screen.table.look(msgspec.structs.replace(view, inverted=not view.inverted))
    screen.say("order turned round" if not view.inverted else "order as usual")


def _find(screen: MainScreen, direction: int) -> None:
    if not screen.table.find(screen.searched, direction):
        screen.say(f"nothing here holds {screen.searched}")


def _mark_shown(screen: MainScreen) -> None:
    screen.say(f"{screen.table.mark_shown()} marked, for the next action")


def _fold(screen: MainScreen) -> None:
    """Let the row stand for what is below it, or no more; a row with nothing below it: the one that it is below."""
    table = screen.table
    row = table.cursor_row
    if row is None:
        return
    folded = table.view.folded
    if row.key in folded:
        screen.look_at_trees(folded=folded - {row.key})
        return
    head = head_of(table.rows, row.key)
    if head is None:
        screen.say("nothing below it to be folded")
        return
    screen.look_at_trees(folded=folded | {head})
    table.move_to_key(head)


def _fold_all(screen: MainScreen) -> None:
    """Let every process with others below it stand for its tree; where any does, show all again."""
    folded = frozenset[str]() if screen.table.view.folded else heads(screen.table.rows)
    screen.look_at_trees(folded=folded)


def _copy(screen: MainScreen) -> None:
    row = screen.cursor_row
    if row is not None:
        clipboard.send(screen.app, "\t".join(cell.text.strip() for cell in row.cells), "row", screen.say)


def _acknowledge(screen: MainScreen, row_key: str) -> None:
    """Take note of a finding or alert, or take that back."""
    kind, _, name = row_key.partition(":")
    take = screen.feed.acknowledge if kind == "finding" else screen.feed.acknowledge_alert
    screen.say("acknowledged: noted until it closes" if take(name) else "not acknowledged any more")


def _silence(screen: MainScreen, row_key: str) -> None:
    """Ask for how long an alert shall be silent."""
    from opsconsole.ui.dialogs.silence import SilenceBox

    shown = screen.shown
    if shown is None or shown.diagnosis is None:
        return
    name = row_key.partition(":")[2]
    silenced = any(one.name == name and one.silenced_until is not None for one in shown.diagnosis.alerts)

    def chosen(seconds: float | None) -> None:
        if seconds is None:
            return
        screen.feed.silence_alert(name, seconds)
        told = f"silenced for {humanise.duration(seconds)}" if seconds else "not silenced any more"
        screen.say(f"{name}: {told}")

    screen.app.push_screen(SilenceBox(name, silenced, screen.app.screen, ascii_only=screen.ascii_only), chosen)


def _probe(screen: MainScreen) -> None:
    """The marked rows, else the service under the cursor; where neither has a URL, everything."""
    row = screen.cursor_row if screen.active == "services" else None
    chosen = set(screen.table.marked) or ({row.key} if row is not None else set())
    shown = screen.shown
    services = (shown.services.value if shown is not None else None) or ()
    with_url = {f"service:{service.name}" for service in services if service.url}
    keys = sorted(key for key in chosen if key in with_url or key.startswith("site:"))
    screen.feed.probe_now(keys)
    names = ", ".join(key.partition(":")[2] for key in keys)
    screen.say(f"probing {names}" if names else "probing all sites and health URLs")


def _verify(screen: MainScreen, _row_key: str) -> None:
    """Evidence that is read anew is what keeps a finding open, or closes it."""
    screen.feed.probe_now(())
    screen.refresh_everything()
    screen.say("collecting all evidence again: what no longer holds closes after fresh looks")


def _back(screen: MainScreen) -> None:
    """One step out: the filter's input, then its text, then faults only, then zoom, then a further view."""
    if screen.filtering or screen.table.view.filter:
        screen.end_filter(keep=False)
    elif screen.faults_only:
        screen.set_faults_only(False)
    elif screen.zoomed:
        screen.set_zoomed(False)
    elif screen.active not in OVERVIEW:
        screen.enter("services")


def _quit(screen: MainScreen) -> None:
    if screen.zoomed and screen.context().panes_shown == 1 and screen.overview_fits:
        screen.set_zoomed(False)
    elif screen.active not in OVERVIEW:
        screen.enter("services")
    else:
        screen.app.exit(return_code=0)


def _redraw(screen: MainScreen) -> None:
    screen.refresh_everything()


def _of_cursor_row(action: Callable[[MainScreen, str], None]) -> Callable[[MainScreen], None]:
    def perform(screen: MainScreen) -> None:
        if (row := screen.cursor_row) is not None:
            action(screen, row.key)

    return perform


ROW_ACTIONS: dict[str, Callable[[MainScreen, str], None]] = {
    "acknowledge": _acknowledge,
    "silence": _silence,
    "verify": _verify,
}
"""What is done to a finding or alert that a key names, not the cursor."""
PANE_ACTIONS: dict[str, Callable[[MainScreen], None]] = {
    "down": lambda screen: screen.table.move(1),
    "up": lambda screen: screen.table.move(-1),
    "top": lambda screen: screen.table.move_to(0),
    "bottom": lambda screen: screen.table.move_to(FAR),
    "half-down": lambda screen: screen.table.page(0.5),
    "half-up": lambda screen: screen.table.page(-0.5),
    "page-down": lambda screen: screen.table.page(1),
    "page-up": lambda screen: screen.table.page(-1),
    "next-pane": lambda screen: screen.step_pane(1),
    "previous-pane": lambda screen: screen.step_pane(-1),
    "sort-next": lambda screen: _sort(screen, 1),
    "sort-previous": lambda screen: _sort(screen, -1),
    "invert": _invert,
    "find-next": lambda screen: _find(screen, 1),
    "find-previous": lambda screen: _find(screen, -1),
    "filter": lambda screen: screen.start_filter(),
    "faults": lambda screen: screen.set_faults_only(not screen.faults_only),
    "freeze": lambda screen: screen.set_frozen(not screen.frozen),
    "tree": lambda screen: screen.look_at_trees(tree=not screen.table.view.tree),
    "fold": _fold,
    "fold-all": _fold_all,
    "zoom": lambda screen: screen.set_zoomed(not screen.zoomed),
    "copy": _copy,
    "mark": lambda screen: screen.table.mark_cursor_row(),
    "mark-shown": _mark_shown,
    "unmark-all": lambda screen: screen.table.unmark_all(),
    "back": _back,
    "quit": _quit,
    "redraw": _redraw,
    "probe": _probe,
    **{action_id: _of_cursor_row(action) for action_id, action in ROW_ACTIONS.items()},
}
