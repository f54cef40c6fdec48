"""SessionScreen: what a tmux session shows, live and read-only. Nothing is typed, resized or attached.

The panes are captured on a thread of the screen's own, with the same question that tells an agent's state.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual.message import Message

from opsconsole.collect.agent_screen import parse
from opsconsole.collect.captures import capture
from opsconsole.model.identity import PaneId
from opsconsole.model.session import Session
from opsconsole.model.text import shown
from opsconsole.ui.fields import fit, inert
from opsconsole.ui.footer import Hint
from opsconsole.ui.screens.reader import PagesScreen, StyledLine, StyledText

EVERY_S = 1.0
WIDEST = 1000

Captured = tuple[dict[PaneId, str], dict[PaneId, str]]


class PaneCaptured(Message, bubble=False):
    """A look at the pane: its lines, or why there are none."""

    def __init__(self, pane: PaneId, lines: tuple[str, ...], failure: str) -> None:
        super().__init__()
        self.pane = pane
        self.lines = lines
        self.failure = failure


class SessionScreen(PagesScreen):
    """One pane of a session at a time; the agent's first."""

    NAME = "session"

    def __init__(
        self,
        session: Session,
        *,
        ascii_only: bool = False,
        look: Callable[[list[PaneId]], Captured] = capture,
        every_s: float = EVERY_S,
        attach: Callable[[], None] | None = None,
    ) -> None:
        """``attach`` goes into the session; None where there is no way."""
        super().__init__(ascii_only=ascii_only)
        self._session = session
        self._panes = sorted(session.panes, key=lambda pane: not pane.agent)
        self._look, self._go_there = look, attach
        self._every_s = every_s
        self._index = 0
        self._shown: tuple[str, ...] | None = None
        self._failure = ""
        self._follows = True
        self._wake = threading.Event()
        self._stopped = threading.Event()

    @property
    def pane(self) -> PaneId:
        return self._panes[self._index].id

    def on_mount(self) -> None:
        super().on_mount()
        self.show_title()
        threading.Thread(target=self._poll, name="opsconsole-session", daemon=True).start()

    def on_unmount(self) -> None:
        self._stopped.set()
        self._wake.set()

    def _poll(self) -> None:
        """On a thread of its own, until the screen is gone."""
        while not self._stopped.is_set():
            self._wake.clear()
            pane = self.pane
            screens, failures = self._look([pane])
            text = screens.get(pane, "")
            lines = tuple(shown(line.text.replace("\xa0", " "), WIDEST) for line in parse(text))
            if not self._stopped.is_set():
                self.post_message(PaneCaptured(pane, lines, failures.get(pane, "")))
            self._wake.wait(self._every_s)

    def on_pane_captured(self, message: PaneCaptured) -> None:
        if message.pane != self.pane or (message.lines, message.failure) == (self._shown, self._failure):
            return
        # What was seen last stays on the screen when a look fails; the title says so.
        self._shown = message.lines if not message.failure else self._shown
        self._failure = message.failure
        self.renew()
        if self._follows:
            self.scroll_to_end(end=True)

    def show_title(self) -> None:
        session, pane = self._session, self._panes[self._index]
        notes: list[StyledText] = [("read-only", "muted"), (f"pane {pane.window}", "muted")]
        if self._failure:
            notes.insert(0, (inert(self._failure, self.ascii_only), "unknown"))
        self.title_line.show(inert(f"Screen of {session.name}", self.ascii_only), notes)

    def lines(self, width: int) -> list[StyledLine]:
        if self._shown is None:
            return [[(" not looked at yet", "muted")]]
        ellipsis = "~" if self.ascii_only else "…"
        texts = [inert(line, self.ascii_only) for line in self._shown]
        return [[(fit(text, min(cell_len(text), width), ellipsis=ellipsis), "")] for text in texts]

    def scroll_lines(self, lines: int) -> None:
        self._follows = False
        super().scroll_lines(lines)

    def scroll_to_end(self, *, end: bool) -> None:
        self._follows = end
        super().scroll_to_end(end=end)

    def perform(self, action_id: str) -> bool:
        if action_id == "attach" and self._go_there is not None:
            self._go_there()
            return True
        if action_id in ("next-pane", "previous-pane"):
            self._index = (self._index + (1 if action_id == "next-pane" else -1)) % len(self._panes)
            self._shown, self._failure = None, ""
            self.renew()
            self._wake.set()
            return True
        return super().perform(action_id)

    def hints(self) -> Sequence[Hint]:
        hints = [self.hint("down", "up", label="scroll"), self.hint("bottom", label="follow")]
        if len(self._panes) > 1:
            hints.append(self.hint("next-pane", label="next pane"))
        if self._go_there is not None:
            hints.insert(0, self.hint("attach", label="attach"))
        return (*hints, self.hint("quit", label="back"))
