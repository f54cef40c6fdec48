"""RefusalBox: why there is no plan, with what to add to the config so that there can be one.

Nothing is written from here: whoever adds it reads it first. ``y`` copies it to the terminal's clipboard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from opsconsole.model.plan import Refused
from opsconsole.present.plan import TITLES, proposals
from opsconsole.ui.dialogs.box import BoxScreen
from opsconsole.ui.fields import fit, inert, wrapped
from opsconsole.ui.screens.reader import StyledLine, StyledText


class RefusalBox(BoxScreen):
    """Dismissed with None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", show=False)]

    def __init__(
        self, refused: Refused, config_path: str, behind: Screen[object] | None, *, ascii_only: bool = False
    ) -> None:
        """``config_path`` is where the config is; empty for none."""
        super().__init__(behind, ascii_only=ascii_only)
        self._refused = refused
        self._config_path = config_path
        self.proposal = proposals(refused)
        self._copied = False

    def heading(self) -> StyledText:
        return f"{TITLES[self._refused.verb]}: not as things are", "warn"

    def body(self, width: int) -> Sequence[StyledLine]:
        reason = wrapped(inert(self._refused.reason, self.ascii_only), width)
        lines: list[StyledLine] = [*([(part, "")] for part in reason), []]
        for line in self.proposal.splitlines():
            tone = "muted" if line.startswith("#") else "accent"
            folded = wrapped(inert(line, self.ascii_only), max(width - 2, 8)) or [""]
            lines += [[("  ", ""), (part, tone)] for part in folded]
        return lines

    def last_line(self, width: int) -> StyledLine:
        if self._copied:
            return [(fit("copied to the terminal's clipboard", width), "ok")]
        where = (
            f"add it to {self._config_path}" if self._config_path else "`opsconsole init` writes such a config of all"
        )
        return [(fit(f"nothing was done; {inert(where, self.ascii_only)}", width), "muted")]

    def hints(self) -> str:
        return "y copy   esc close   j k scroll"

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(f"{self.proposal}\n")
        self._copied = True
        self.view.repaint()

    def enter(self) -> None:
        self.leave()

    def step(self, direction: int) -> None:
        """There is one thing only."""
