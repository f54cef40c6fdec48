"""The first-run tour: five lines above the findings, until any key."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from textual.strip import Strip

from opsconsole.ui.fields import fit, inert
from opsconsole.ui.lines import LineWidget

LINES = 5
GOES_ON = frozenset({"next-pane", "previous-pane", "down", "up", "view-findings", "help", "palette"})
"""What a key that the tour tells does as it closes it: looking, nothing else. All other keys close it only."""


class Tour(LineWidget):
    """``key_of(action_id)`` writes an action's key as it is now."""

    def __init__(self, key_of: Callable[[str], str], *, ascii_only: bool) -> None:
        super().__init__("tour", ascii_only=ascii_only)
        self._key_of = key_of

    def lines(self) -> tuple[tuple[str, str], ...]:
        """(status, text) of each line."""
        key = self._key_of
        fix, report = key("fix"), key("report")
        panes, details, found = key("next-pane"), key("details"), key("view-findings")
        explain, find, out = key("help"), key("palette"), key("quit")
        return (
            ("title", "First time here? Any key closes this."),
            ("", f"{panes} goes from pane to pane, j k from row to row; {details} tells all about a row"),
            ("", f"{found} shows what is wrong: there {fix} puts it right, {report} reports the incident"),
            ("", f"{key('actions')} lists what can be done to a row; nothing is done before you have agreed"),
            (
                "",
                f"{explain} explains every key, {find} finds one by name, {out} goes back and out",
            ),
        )

    def render_line(self, y: int) -> Strip:
        width, ink = self.size.width, self.ink
        said = self.lines()
        if y >= len(said):
            return Strip.blank(width, ink.plain)
        status, text = said[y]
        mark = Segment(" ", ink.mark)
        style = ink.title if status == "title" else ink.plain
        text = fit(f" {inert(text, self.ascii_only)}", max(width - 1, 0))
        return Strip([mark, Segment(text, style)]).crop_extend(0, width, ink.plain)
