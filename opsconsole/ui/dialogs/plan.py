"""PlanBox: asks whether a plan shall be carried out. It shows the plan's own text, the same as ``--dry-run``.

Cancel has the focus. The box closes itself, and says so, when a target or a survivor is not any more what the plan
froze. Once confirmed it takes no further key: a plan is handed over once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.screen import Screen

from opsconsole.model.snapshot import Snapshot
from opsconsole.present.glyphs import glyphs
from opsconsole.present.plan import LineKind, plan_lines, subject_label
from opsconsole.ui.acting import Offer
from opsconsole.ui.dialogs.box import BoxScreen
from opsconsole.ui.dialogs.changes import what_changed
from opsconsole.ui.fields import inert
from opsconsole.ui.messages import SnapshotCollected
from opsconsole.ui.plan_words import confirm_word, hanging
from opsconsole.ui.screens.reader import StyledLine, StyledText

LOOK_EVERY_S = 0.5
"""How often the targets are looked at while the question stands."""


class Answer(NamedTuple):
    """How the box was left, unless it was cancelled."""

    submitted: bool
    said: str
    """Why it closed itself."""


_TONES: dict[LineKind, str] = {
    "title": "title",
    "heading": "muted",
    "target": "",
    "survivor": "ok",
    "step": "",
    "check": "",
    "warning": "warn",
    "left-out": "muted",
    "result": "title",
    "blank": "",
}


class PlanBox(BoxScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", show=False),
        Binding("n", "cancel", show=False),
    ]

    def __init__(
        self,
        offer: Offer,
        newest: Callable[[], Snapshot | None],
        behind: Screen[object] | None,
        *,
        ends: bool,
        ascii_only: bool = False,
    ) -> None:
        """``ends`` says whether anything is lost by it; ``newest`` gives the latest Snapshot."""
        super().__init__(behind, ascii_only=ascii_only)
        self.offer = offer
        self.plan = offer.plan
        self._newest = newest
        self._ends = ends
        self._signs = glyphs(ascii_only)
        self._on_confirm = False
        """Whether the confirming button has the focus."""
        self._state = "asking"
        self._failure = ""
        self._looking = False
        self._lines = plan_lines(self.plan)
        self.notes: tuple[str, ...] = ()
        """What has to be known before it is agreed to, beside the plan."""
        self.place = ""
        """Which of several plans it is."""

    @property
    def focused_button(self) -> str:
        return "confirm" if self._on_confirm else "cancel"

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(LOOK_EVERY_S, self._look)

    def on_unmount(self) -> None:
        # Whatever closed it: what is left of the offer is given up, which for a submitted plan is nothing.
        threading.Thread(target=self.offer.withdraw, name="opsconsole-withdraw", daemon=True).start()

    # What is shown

    def heading(self) -> StyledText:
        sign = f"{self._signs.warn} " if self._ends else ""
        place = f"{self.place}  " if self.place else ""
        return f"{sign}{place}{inert(self._lines[0].text, self.ascii_only)}", "warn" if self._ends else "title"

    def body(self, width: int) -> Sequence[StyledLine]:
        lines = self._noted(width)
        parts = {subject_label(subplan) for subplan in self.plan.subplans} if len(self.plan.subplans) > 1 else set()
        starts_part = False
        for kind, text in self._lines[1:]:
            if kind == "blank":
                lines.append([])
                continue
            if kind == "heading":
                if lines and lines[-1] and not starts_part:
                    lines.append([])
                starts_part = text in parts
                lines.append([(inert(text, self.ascii_only), "title" if starts_part else "muted")])
                continue
            starts_part = False
            sign, tone = self._sign(kind)
            folded = hanging(inert(text, self.ascii_only), max(width - 4, 8))
            for number, (indent, part) in enumerate(folded):
                start = f"  {sign} " if number == 0 else "    "
                lines.append([(start, tone), (" " * indent + part, _TONES[kind])])
        return lines

    def _noted(self, width: int) -> list[StyledLine]:
        lines: list[StyledLine] = []
        for note in self.notes:
            for number, (indent, part) in enumerate(hanging(inert(note, self.ascii_only), max(width - 4, 8))):
                start = f"  {self._signs.warn} " if number == 0 else "    "
                lines.append([(start, "warn"), (" " * indent + part, "warn")])
        return [*lines, []] if lines and self._lines[1].kind != "blank" else lines

    def _sign(self, kind: LineKind) -> tuple[str, str]:
        signs = {
            "target": (self._signs.bad if self._ends else self._signs.arrow, "bad" if self._ends else "accent"),
            "survivor": (self._signs.ok, "ok"),
            "warning": (self._signs.warn, "warn"),
            "check": (self._signs.separator, "muted"),
            "left-out": (self._signs.none, "muted"),
        }
        return signs.get(kind, (" ", ""))

    def last_line(self, width: int) -> StyledLine:
        if self._state == "handing over":
            return [("handing the plan to its executor", "accent")]
        if self._failure:
            return [(f"{self._signs.bad} {inert(self._failure, self.ascii_only)}", "bad")]
        confirm, cancel = confirm_word(self.plan), "Cancel"
        buttons = [self._button(cancel, "", focused=not self._on_confirm), ("   ", "")]
        buttons.append(self._button(confirm, "bad" if self._ends else "accent", focused=self._on_confirm))
        used = sum(cell_len(text) for text, _ in buttons)
        return [(" " * max((width - used) // 2, 0), ""), *buttons]

    def _button(self, label: str, status: str, *, focused: bool) -> StyledText:
        if focused:
            return f"[ {label} ]", f"cursor:{status or 'accent'}"
        return f"  {label}  ", status

    def hints(self) -> str:
        if self._state == "handing over":
            return "it goes on without this console"
        return "esc close" if self._failure else "y confirm   esc cancel   tab switch   j k scroll"

    # What the keys do

    def step(self, direction: int) -> None:
        if self._state == "asking" and not self._failure:
            self._on_confirm = not self._on_confirm
            self.view.repaint()

    def enter(self) -> None:
        if self._on_confirm:
            self.action_confirm()
        else:
            self.leave()

    def leave(self) -> None:
        if self._state != "handing over":
            super().leave()

    def action_cancel(self) -> None:
        self.leave()

    def action_confirm(self) -> None:
        """Hand the plan over, once, on a thread: it is written to the disk first."""
        if self._state != "asking" or self._failure:
            return
        self._state = "handing over"
        threading.Thread(target=self._submit, name="opsconsole-submit", daemon=True).start()
        self.view.repaint()

    def _submit(self) -> None:
        try:
            failure = self.offer.submit()
        except Exception as error:  # noqa: BLE001  # whatever it is, the operator must hear that nothing was done
            failure = f"{type(error).__name__}: {error}"
        self.app.call_later(self._submitted, failure)

    def _submitted(self, failure: str) -> None:
        self._state, self._failure = "asked", failure
        if failure:
            self.view.repaint()
        elif self.is_current:
            self.dismiss(Answer(submitted=True, said=""))

    # Whether the targets still are what was planned

    def on_snapshot_collected(self, message: SnapshotCollected) -> None:
        self._close_if(what_changed(self.plan, message.snapshot))

    def _look(self) -> None:
        if self._state != "asking" or self._failure or self._looking:
            return
        if (snapshot := self._newest()) is not None and (said := what_changed(self.plan, snapshot)):
            self._close_if(said)
            return
        self._looking = True
        threading.Thread(target=self._look_again, name="opsconsole-targets", daemon=True).start()

    def _look_again(self) -> None:
        try:
            said = self.offer.changed()
        except Exception as error:  # noqa: BLE001  # what cannot be looked at may not be asked about
            said = f"its targets cannot be looked at: {type(error).__name__}: {error}"
        self.app.call_later(self._looked, said)

    def _looked(self, said: str) -> None:
        self._looking = False
        self._close_if(said)

    def _close_if(self, said: str) -> None:
        if said and self._state == "asking" and not self._failure and self.is_current:
            self._state = "asked"
            self.dismiss(Answer(submitted=False, said=said))
