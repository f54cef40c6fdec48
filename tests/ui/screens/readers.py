"""An app to show one reading screen in, with the console's own stylesheets, themes and keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from opsconsole.model.alert import Held, Notes, TargetSample
from opsconsole.model.snapshot import Snapshot
from opsconsole.ui.actions import ACTIONS, actions_by_id
from opsconsole.ui.context import Context
from opsconsole.ui.keymap import make_keymap, toolkit_key
from opsconsole.ui.screens.reader import ReaderScreen
from opsconsole.ui.stylesheets import stylesheets
from opsconsole.ui.theme import DARK, themes
from tests.samples import SampleHistory


class SampleFeed:
    """A feed that shows what it is given."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.latest = snapshot
        self.history = SampleHistory()

    def start(self, on_snapshot: Callable[[Snapshot], None]) -> None: ...

    def stop(self) -> None: ...

    def refresh_now(self) -> None: ...

    def probe_now(self, keys: Iterable[str] = ()) -> None: ...

    def acknowledge(self, finding_id: str) -> bool:
        return True

    def acknowledge_alert(self, name: str) -> bool:
        return True

    def silence_alert(self, name: str, for_s: float) -> None: ...

    def notes(self) -> Notes:
        return Notes()

    def take_notes(self, notes: Notes) -> None: ...

    def take_held(self, held: Mapping[str, Held]) -> None: ...

    def take_samples(self, oldest: Mapping[str, TargetSample]) -> None: ...


class SampleFollower:
    """Gives its batches one by one, then nothing more."""

    def __init__(self, *batches: tuple[Sequence[str], str]) -> None:
        self.batches = list(batches)

    def poll(self) -> tuple[list[str], str]:
        lines, notice = self.batches.pop(0) if self.batches else ((), "")
        return list(lines), notice


class ReaderApp(App[None], inherit_bindings=False):
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None

    def __init__(self, top: Screen[object], *, read_only: bool = False, keys: dict[str, str] | None = None) -> None:
        super().__init__(css_path=stylesheets())
        self.animation_level = "none"
        self.top = top
        self.ascii_only = False
        self.read_only = read_only
        self.actions = actions_by_id()
        self.keymap = make_keymap(ACTIONS, keys or {})
        self.performed: list[str] = []
        for theme in themes({})[0]:
            self.register_theme(theme)
        self.theme = DARK
        for action in ACTIONS:
            for key in self.keymap.keys[action.id]:
                self.bind(toolkit_key(key), f"perform('{action.id}')", show=False)

    async def on_mount(self) -> None:
        await self.push_screen(self.top)

    def context(self) -> Context:
        return Context(read_only=self.read_only)

    def action_perform(self, action_id: str) -> None:
        if not (isinstance(self.screen, ReaderScreen) and self.screen.perform(action_id)):
            self.performed.append(action_id)


def text_of(screen: ReaderScreen) -> list[str]:
    """What stands on the screen's lines, from the title to the line above the keys."""
    widgets = (screen.title_line, screen.view)
    return [
        "".join(part.text for part in widget.render_line(y)) for widget in widgets for y in range(widget.size.height)
    ]


async def eventually(pilot: Pilot[None], true: Callable[[], bool], within_s: float = 15.0) -> None:
    """Let the app run until ``true()``; fails when that does not come."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "did not come to be"
        await pilot.pause(0.01)
