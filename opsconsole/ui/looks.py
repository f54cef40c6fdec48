"""How the screen looks, as far as its operator decides it: columns, theme, mouse, what is remembered, the tour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from textual.timer import Timer

from opsconsole.engine.alert_progress import AlertProgress
from opsconsole.engine.target_samples import TargetSamples
from opsconsole.model.snapshot import Snapshot
from opsconsole.ui.keymap import shown_key
from opsconsole.ui.memory import Memory, look_of, view_of
from opsconsole.ui.terminal import TerminalDriver
from opsconsole.ui.theme import MONOCHROME, SHORT_NAMES
from opsconsole.ui.tour import LINES, Tour

if TYPE_CHECKING:
    from opsconsole.engine.recorder import Recorder
    from opsconsole.ui.app import ConsoleApp

SAVE_AFTER_S = 1.0
"""How long changes are gathered before they are written."""
RECORD_AFTER_S = 4.0
"""When history begins to be kept: by then the first screen is there."""


class Looks:
    def __init__(self, app: ConsoleApp, state_dir: Path | None) -> None:
        """Without ``state_dir`` nothing is remembered, and there is no first time."""
        self._app = app
        self._memory = Memory(state_dir)
        self._saves: Timer | None = None
        self.warning = self._memory.read()
        app.feed.take_notes(self._memory.now.notes)
        self._state_dir = state_dir
        self._recorder: Recorder | None = None
        self._samples = TargetSamples(state_dir) if state_dir is not None else None
        if self._samples is not None:
            self.warning = "; ".join(filter(None, (self.warning, self._samples.read())))
            app.feed.take_samples(self._samples.first())
        self._progress = AlertProgress(state_dir) if state_dir is not None else None
        if self._progress is not None:
            held, problem = self._progress.read()
            self.warning = "; ".join(filter(None, (self.warning, problem)))
            app.feed.take_held(held)
        for pane_id, look in self._memory.now.panes.items():
            if (table := app.main.tables.get(pane_id)) is not None:
                table.view = view_of(look, table.columns)
        self.tour = Tour(self._key_of, ascii_only=app.ascii_only)
        self.touring = self._memory.lasts and not self._memory.now.tour_seen

    def start(self) -> None:
        """Once the screen is there."""
        if not self._memory.now.mouse:
            self._switch_mouse(False)
        filtered = [table.title for table in self._app.main.tables.values() if table.view.filter]
        if filtered and not (self._app.warnings or self.warning):
            self._app.main.say(f"filtered as last time: {', '.join(filtered)}; {self._key_of('back')} there shows all")
        if self.touring:
            self._app.main.show_tour(self.tour, LINES)
        if self._state_dir is not None and not self._app.read_only:
            self._app.set_timer(RECORD_AFTER_S, self._begin_recording)

    def _begin_recording(self) -> None:
        from opsconsole.engine.recorder import Recorder

        if self._state_dir is not None:
            self._recorder = Recorder(self._state_dir, self._app.feed.history, self._tell_from_thread)
            self._recorder.start()

    def _tell_from_thread(self, problem: str) -> None:
        self._app.call_later(self._app.main.say, problem, "warn")

    def stop(self) -> None:
        """Write what is not written yet, what has just been changed included."""
        for pane_id, table in self._app.main.tables.items():
            self._memory.change_pane(pane_id, look_of(table.view, table.columns))
        if not self._app.read_only:
            self._memory.change(notes=self._app.feed.notes())
            latest = self._app.feed.latest
            if self._progress is not None and latest is not None and latest.diagnosis is not None:
                self._progress.record(latest.diagnosis.alerts, latest.at, latest.monotonic, at_once=True)
                self._progress.save()
        self._memory.save()
        if self._recorder is not None:
            self._recorder.stop()

    def perform(self, action_id: str) -> bool:
        """Do an action of the registry; False when it is none of these."""
        if action_id == "columns":
            self._choose_columns()
        elif action_id == "theme":
            self._choose_theme()
        elif action_id == "mouse":
            on = not self._memory.now.mouse
            self._switch_mouse(on)
            self._remember(mouse=on)
            self._app.main.say("the mouse selects and scrolls" if on else "the mouse is the terminal's own again")
        else:
            return False
        return True

    # What is remembered

    def looked_at(self, pane_id: str) -> None:
        """A pane is looked at differently."""
        table = self._app.main.tables[pane_id]
        if self._memory.change_pane(pane_id, look_of(table.view, table.columns)):
            self._save_soon()

    def keep_notes(self, snapshot: Snapshot) -> None:
        """Once it has come: what was acknowledged or silenced meanwhile, or is no more; how far alerts have come, what
        the targets' metrics are, what else shall be there for the next console.

        Watch mode keeps nothing of these.
        """
        if self._app.read_only:
            return
        self._remember(notes=self._app.feed.notes())
        if self._recorder is not None:
            self._recorder.take(snapshot)
        told = snapshot.diagnosis
        if told is None:
            return
        if self._samples is not None and self._samples.record(told.targets, snapshot.at, snapshot.monotonic):
            self._save_apart(self._samples.save)
        if self._progress is not None and self._progress.record(told.alerts, snapshot.at, snapshot.monotonic):
            self._save_apart(self._progress.save)

    def _save_apart(self, save: Callable[[], str]) -> None:
        """On a thread; why it could not be is told."""

        def run() -> None:
            if problem := save():
                self._app.call_from_thread(self._app.main.say, problem, "warn")

        self._app.run_worker(run, thread=True, exit_on_error=False)

    def _remember(self, **changes: Any) -> None:
        if self._memory.change(**changes):
            self._save_soon()

    def _save_soon(self) -> None:
        if self._saves is None and self._memory.lasts:
            self._saves = self._app.set_timer(SAVE_AFTER_S, self._save)

    def _save(self) -> None:
        self._saves = None
        self._save_apart(self._memory.save)

    # The tour

    def close_tour(self) -> bool:
        """Close it for good. True when the key was for that: nobody chose what it would do beside, unless it is one
        that the tour told.

        Where there was no room for it, nothing was seen: the key is for something else, and it comes the next time.
        """
        if not self.touring:
            return False
        self.touring = False
        arrangement = self._app.main.arrangement
        seen = arrangement is not None and "tour" in arrangement.boxes
        self._app.main.show_tour(None, 0)
        if seen:
            self._remember(tour_seen=True)
        return seen

    def _key_of(self, action_id: str) -> str:
        keys = self._app.keymap.keys.get(action_id, ())
        return shown_key(keys[0], ascii_only=self._app.ascii_only) if keys else "no key"

    # What is chosen

    def _choose_columns(self) -> None:
        table = self._app.main.table

        def chosen(hidden: tuple[str, ...]) -> None:
            table.look(msgspec.structs.replace(table.view, hidden=hidden))

        from opsconsole.ui.dialogs.columns import ColumnsBox

        box = ColumnsBox(
            table.title, table.columns, table.view.hidden, chosen, self._app.screen, ascii_only=self._app.ascii_only
        )
        self._app.push_screen(box)

    def _choose_theme(self) -> None:
        app = self._app
        if app.colourless:
            app.main.say("theme: NO_COLOR is set", "muted")
            return
        before = app.theme
        now = next((short for short, name in SHORT_NAMES.items() if name == before), "")

        def show(short: str) -> None:
            self.put_on(SHORT_NAMES[short])

        def chosen(short: str | None) -> None:
            self.put_on(before if short is None else SHORT_NAMES[short])

        from opsconsole.ui.dialogs.themes import ThemeBox

        app.push_screen(ThemeBox(now, show, app.screen, ascii_only=app.ascii_only), chosen)

    def put_on(self, theme: str) -> None:
        """Put a theme in force, by the toolkit's name."""
        self._app.theme = theme
        self._app.set_class(theme == MONOCHROME, "-monochrome")

    def _switch_mouse(self, on: bool) -> None:
        driver = self._app._driver
        if isinstance(driver, TerminalDriver):
            driver.switch_mouse(on)
