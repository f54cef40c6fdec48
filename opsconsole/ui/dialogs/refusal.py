"""RefusalBox: why there is no plan, whole; with what to add to the config so that there can be one, or with the way
on to the other marked findings.

Nothing is written from here: whoever adds it reads it first. ``y`` copies it to the terminal's clipboard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from opsconsole.model.plan import Refused
from opsconsole.present.plan import TITLES, proposals
from opsconsole.ui import clipboard
from opsconsole.ui.dialogs.box import BoxScreen
from opsconsole.ui.fields import fit, inert, wrapped
from opsconsole.ui.screens.reader import StyledLine, StyledText


class RefusalBox(BoxScreen):
    """Dismissed with True to go on with what is left, else with None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", show=False)]

    def __init__(
        self,
        refused: Refused,
        config_path: str,
        behind: Screen[object] | None,
        *,
        left: int = 0,
        fix_key: str = "",
        ascii_only: bool = False,
    ) -> None:
        """``config_path`` is where the config is; empty for none. ``left`` findings are marked still, and ``fix_key``
        goes on with them."""
        super().__init__(behind, ascii_only=ascii_only)
        self._refused = refused
        self._config_path = config_path
        self.proposal = proposals(refused)
        self._left = left
        self._fix_key = fix_key
        self._said = ""

    def heading(self) -> StyledText:
        return f"{TITLES[self._refused.verb]}: not as things are", "warn"

    def body(self, width: int) -> Sequence[StyledLine]:
        lines: list[StyledLine] = [[(part, "")] for reason in self._reasons() for part in self._folded(reason, width)]
        if self.proposal:
            lines.append([])
        for line in self.proposal.splitlines():
            tone = "muted" if line.startswith("#") else "accent"
            folded = wrapped(inert(line, self.ascii_only), max(width - 2, 8)) or [""]
            lines += [[("  ", ""), (part, tone)] for part in folded]
        return lines

    def _reasons(self) -> Sequence[str]:
        """Each subject's own, where the whole is no more than these; else the whole."""
        if self._refused.refusals and not self.proposal:
            return [f"{each.subject}: {each.reason}" for each in self._refused.refusals]
        return [self._refused.reason]

    def _folded(self, text: str, width: int) -> Sequence[str]:
        first, *more = wrapped(inert(text, self.ascii_only), max(width - 2, 8)) or [""]
        return [first, *(f"  {part}" for part in more)]

    def last_line(self, width: int) -> StyledLine:
        if self._said:
            return [(fit(self._said, width), "ok")]
        if self._left:
            others = "another finding is" if self._left == 1 else f"{self._left} others are"
            return [(fit(f"nothing was done; {others} marked: {self._key} goes on", width), "accent")]
        if not self.proposal:
            return [(fit("nothing was done", width), "muted")]
        where = (
            f"add it to {self._config_path}" if self._config_path else "`opsconsole init` writes such a config of all"
        )
        return [(fit(f"nothing was done; {inert(where, self.ascii_only)}", width), "muted")]

    def hints(self) -> str:
        if self._left:
            return f"{self._key} go on   esc stop   y copy"
        return "y copy   esc close   j k scroll"

    @property
    def _key(self) -> str:
        return self._fix_key or "enter"

    def action_copy(self) -> None:
        clipboard.send(self.app, f"{self.proposal or self._refused.reason}\n", "it was", self._say)

    def _say(self, text: str) -> None:
        self._said = text
        self.view.repaint()

    def perform(self, action_id: str) -> bool:
        if action_id == "fix" and self._left:
            self.enter()
            return True
        return super().perform(action_id)

    def enter(self) -> None:
        """Go on where there is something to go on with."""
        if self._left and self.is_current:
            self.dismiss(True)
        else:
            self.leave()

    def step(self, direction: int) -> None:
        """There is one thing only."""
