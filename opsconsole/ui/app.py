"""The console as a program of the toolkit: themes, keys, screens, and the feed's Snapshots handed to the main screen.

It can look at a machine; to change one it must be handed a door (`opsconsole.ui.acting`), which watch mode is not.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.binding import BindingsMap
from textual.command import CommandPalette
from textual.driver import Driver
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Input

from opsconsole.config.types import LoadedConfig
from opsconsole.model.snapshot import Snapshot
from opsconsole.ui.acting import Acting
from opsconsole.ui.actions import ACTIONS, ConsoleAction, Performer, footer_rank
from opsconsole.ui.context import Context
from opsconsole.ui.deeds import Deeds
from opsconsole.ui.feed import Feed
from opsconsole.ui.footer import Hint
from opsconsole.ui.keymap import make_keymap, shown_key, toolkit_key
from opsconsole.ui.looks import Looks
from opsconsole.ui.messages import SnapshotCollected, ViewChanged
from opsconsole.ui.opening import open_view
from opsconsole.ui.own_actions import own_actions
from opsconsole.ui.pane_keys import ROW_ACTIONS
from opsconsole.ui.past import open_past
from opsconsole.ui.repaint import ThriftyScreen
from opsconsole.ui.screens.main import MainScreen
from opsconsole.ui.screens.reader import ReaderScreen
from opsconsole.ui.stylesheets import stylesheets
from opsconsole.ui.terminal import is_behind
from opsconsole.ui.theme import MONOCHROME, theme_name, themes
from opsconsole.ui.tour import GOES_ON
from opsconsole.ui.why_not import OF_THE_ROW

if TYPE_CHECKING:
    from opsconsole.ui.screens.log import OpenFollower

FIRST_FRAME_S = 0.3
"""How long the first frame waits for the first Snapshot, so that an empty screen is not painted for nothing."""
CATCH_UP_S = 0.1
"""How often a terminal that is behind is looked at again."""


class ConsoleApp(App[None], inherit_bindings=False):
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    AUTO_FOCUS = None
    TITLE = "opsconsole"
    CLOSE_TIMEOUT = 2.0

    def __init__(
        self,
        feed: Feed,
        *,
        read_only: bool,
        loaded: LoadedConfig,
        ascii_only: bool,
        acting: Acting | None = None,
        state_dir: Path | None = None,
        driver_class: type[Driver] | None = None,
        wall: Callable[[], float] = time.time,
        open_log: OpenFollower | None = None,
        colours: bool = True,
    ) -> None:
        """``acting`` is the door to what changes the machine, ``state_dir`` has the journal and the screen's memory.

        ``colours`` is False on a terminal that has none. ``wall`` tells the time, seconds since the epoch;
        ``open_log`` follows the log at a path, usually a file."""
        colourless = not colours or bool(os.environ.get("NO_COLOR"))
        if not os.environ.get("NO_COLOR"):
            # The toolkit takes an empty NO_COLOR for a set one (no-color.org says it is not).
            os.environ.pop("NO_COLOR", None)
        super().__init__(driver_class, css_path=stylesheets(), ansi_color=True if colourless else None)
        self.animation_level = "none"
        self.open_log, self.wall = open_log, wall
        self.feed, self.loaded, self.read_only, self.ascii_only = feed, loaded, read_only, ascii_only
        config = loaded.config
        self.colourless = colourless
        self._newest: Snapshot | None = None
        self._owes_a_frame = self._owes_all = False
        self._curtain = True
        self._take_config(loaded)
        self.main = MainScreen(
            feed,
            read_only=read_only,
            label=config.console.label,
            demo=config.demo is not None,
            ascii_only=ascii_only,
            hints=self.hints,
            wall=wall,
        )
        self.state_dir = state_dir
        self.deeds = Deeds(self, None if read_only else acting, state_dir)
        self.looks = Looks(self, state_dir)

    def _take_config(self, loaded: LoadedConfig) -> None:
        """Keys and theme of this config, from now on; what is wrong with them becomes a warning."""
        self.loaded = loaded
        own = own_actions(loaded.config.action, ACTIONS, loaded.config.keys)
        self.registry: tuple[ConsoleAction, ...] = (*ACTIONS, *own.actions)
        self.actions = {action.id: action for action in self.registry}
        self.keymap = make_keymap(self.registry, loaded.config.keys)
        own_themes, theme_warnings = themes(loaded.config.theme)
        for theme in own_themes:
            self.register_theme(theme)
        self.theme, theme_warning = theme_name(loaded.config.console.theme, colourless=self.colourless)
        self.warnings = tuple(
            text
            for text in (*loaded.warnings, *own.warnings, *self.keymap.warnings, *theme_warnings, theme_warning)
            if text
        )
        self._bindings = BindingsMap()
        for action in self.registry:
            for key in self.keymap.keys[action.id]:
                named = toolkit_key(key)
                # At once, before the next key of a burst is handed to whoever has the focus by then.
                self._bindings.bind(named, f"perform_now('{action.id}')", action.label, show=False, priority=True)
                self._bindings.bind(named, f"perform('{action.id}')", action.label, show=False)

    def get_default_screen(self) -> Screen[object]:
        return self.main

    def on_mount(self) -> None:
        self.set_class(self.theme == MONOCHROME, "-monochrome")
        if warnings := [text for text in (*self.warnings, self.looks.warning) if text]:
            self.main.say("; ".join(warnings), "warn", stay=True)
        self.set_timer(FIRST_FRAME_S, self._raise_curtain)
        self.feed.start(self._collected)
        self.deeds.start()
        self.looks.start()

    # Data

    def _collected(self, snapshot: Snapshot) -> None:
        """On the feed's thread."""
        self._newest = snapshot
        self.post_message(SnapshotCollected(snapshot))

    def on_snapshot_collected(self, message: SnapshotCollected) -> None:
        # One that came while an older one waited its turn has overtaken it: what is old is dropped, not queued.
        if message.snapshot is self._newest:
            if self.feed.loaded is not self.loaded:
                self._take_config(self.feed.loaded)
                self.set_class(self.theme == MONOCHROME, "-monochrome")
                self.mutate_reactive(ConsoleApp.theme)  # its colours may be others under the same name
                self.main.relabel(self.loaded.config.console.label)
                self.main.say("; ".join(("the edited config is in force", *self.warnings)), stay=bool(self.warnings))
            self.main.collected(message.snapshot)
            self.looks.keep_notes(message.snapshot)
            if self._curtain:
                self.main.call_after_refresh(self._raise_curtain)
            if self.screen is not self.main:
                self.screen.post_message(SnapshotCollected(message.snapshot))

    # Actions

    def context(self) -> Context:
        """For the screen that the keys are for: the palette itself is none."""
        top = next((one for one in reversed(self.screen_stack) if isinstance(one, ReaderScreen)), None)
        context = self.deeds.context(self.main.context())
        return context if top is None else top.context_here(context)

    def hints(self, context: Context) -> list[Hint]:
        """The footer: every action that has a place there, with its key and whether it can be done now."""
        context = self.deeds.context(context)
        return [
            self._hint(action, context)
            for action in sorted(ACTIONS, key=lambda action: action.footer)
            if action.footer and self.keymap.keys[action.id]
            if not action.panes or context.pane in action.panes
        ]

    def row_hints(self) -> list[Hint]:
        """What can be done to the row whose details are read, when it is none that the verbs are for."""
        context = self.context()
        asked = (self.actions[action_id] for action_id in OF_THE_ROW.get(context.row_kind, ()))
        return [self._hint(action, context) for action in asked if self.keymap.keys[action.id]]

    def _hint(self, action: ConsoleAction, context: Context) -> Hint:
        key = shown_key(self.keymap.keys[action.id][0], ascii_only=self.ascii_only)
        if action.id == "log" and context.has_screen:
            return Hint(key, "its screen", action.enabled(context), 0)
        return Hint(key, action.label, action.enabled(context), footer_rank(action, context.pane))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is typed into a line of input, or to a dialog or the palette, is theirs first."""
        if action == "perform_now" and not (
            isinstance(self.screen, MainScreen | ReaderScreen) and not isinstance(self.focused, Input)
        ):
            return False
        if action == "perform" and isinstance(self.screen, CommandPalette):
            return False
        if action in ("perform_now", "perform") and not self._for_this_pane(str(parameters[0])):
            return False
        return super().check_action(action, parameters)

    def _for_this_pane(self, action_id: str) -> bool:
        """Of actions that share a key, each in panes of its own, the one whose pane this is; elsewhere the first."""
        action, pane = self.actions[action_id], self.main.active
        keys = set(self.keymap.keys[action_id])
        sharing = [one for one in self.registry if keys & set(self.keymap.keys[one.id])]
        of_the_row = isinstance(self.screen, ReaderScreen) and any(one.id in self.screen.row_actions for one in sharing)
        if len(sharing) == 1 or not (self.screen is self.main or of_the_row):
            return True
        here = [one for one in sharing if pane in one.panes]
        return action is (here or sharing)[0]

    def action_perform_now(self, action_id: str) -> None:
        self.action_perform(action_id)

    def on_key(self) -> None:
        self.looks.close_tour()

    def on_view_changed(self, message: ViewChanged) -> None:
        self.looks.looked_at(message.pane_id)

    def action_perform(self, action_id: str) -> None:
        """Do an action of the registry, on whatever screen is on top."""
        if self.looks.close_tour() and action_id not in GOES_ON:
            return
        action = self.actions[action_id]
        screen = self.screen
        if screen is self.main and (why_not := action.enabled(self.context())):
            if self.deeds.explain(action):
                return
            self.main.say(f"{action.label}: {why_not}", "muted")
            return
        if isinstance(screen, Performer) and screen.perform(action_id):
            return
        if action_id == "interrupt":
            keys = self.keymap.keys["quit"]
            self.main.say(f"press {shown_key(keys[0])} to quit") if keys else self.exit(return_code=0)
        elif screen is not self.main and action_id in ("back", "quit"):
            self.pop_screen()
        elif isinstance(screen, ReaderScreen) and action_id in screen.row_actions:
            self._do_to_the_row(action, screen)
        elif screen is self.main or action_id in ("help", "palette"):
            self._open(action_id)

    def _do_to_the_row(self, action: ConsoleAction, screen: ReaderScreen) -> None:
        """An action on the very row whose details are read, wherever the cursor below them has gone."""
        if why_not := action.enabled(self.context()):
            screen.say(f"{action.label}: {why_not}", "muted")
        elif action.id in ROW_ACTIONS:
            ROW_ACTIONS[action.id](self.main, screen.row_key)
            screen.say(self.main.footer.said)
        else:
            self.deeds.perform(action)

    def _open(self, action_id: str) -> None:
        """Put the screen for an action on top."""
        top = self.screen
        if isinstance(top, CommandPalette) or (isinstance(top, ReaderScreen) and top.NAME == "help"):
            return
        if self.deeds.perform(self.actions[action_id]) or self.looks.perform(action_id):
            return
        if not open_past(self, action_id, self.state_dir):
            open_view(self, action_id)

    # The terminal

    def notify(
        self,
        message: str,
        *,
        title: str = "",  # the toolkit's signature
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """The toolkit's own notifications go where all messages go."""
        self.main.say(message, "" if severity == "information" else "warn")

    def must_wait(self) -> bool:
        """Whether no frame should be written now; what is left out then is written once the terminal can take it."""
        if self._curtain or not is_behind(self._driver):
            return False
        if not self._owes_a_frame:
            self._owes_a_frame = True
            self.set_timer(CATCH_UP_S, self._catch_up)
        return True

    def _display(self, screen: Screen[object], renderable: object) -> None:
        """Leave out frames that the terminal does not take: waiting for it would hold up keys and signals."""
        if self._curtain:
            return
        if self.must_wait():
            self._owes_all = True
            return
        super()._display(screen, renderable)  # type: ignore[arg-type]

    def _raise_curtain(self) -> None:
        if self._curtain:
            self._curtain = False
            if self.screen_stack:
                self.screen.refresh()

    def _catch_up(self) -> None:
        self._owes_a_frame = False
        if self._owes_all or not isinstance(self.screen, ThriftyScreen):
            self._owes_all = False
            self.screen.refresh()
        else:
            self.screen.catch_up()
