"""SearchingScreen: a reading screen with a line of input at the bottom, in place of its keys while it is open."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from opsconsole.ui.filter_bar import FilterInput, FilterPrompt
from opsconsole.ui.screens.reader import ReaderScreen


class SearchingScreen(ReaderScreen):
    """Subclasses say what is done with ``search``, which follows what is typed."""

    DEFAULT_CSS = """
    SearchingScreen > Horizontal { height: 1; }
    SearchingScreen FilterPrompt { width: 3; height: 1; }
    SearchingScreen FilterInput { width: 1fr; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self.search = ""
        self._input = FilterInput()
        self._search_line = Horizontal()

    def compose(self) -> ComposeResult:
        yield from super().compose()
        self._search_line.display = False
        with self._search_line:
            yield FilterPrompt(ascii_only=self.ascii_only)
            yield self._input

    # For subclasses

    def search_changed(self) -> None:
        """``search`` is another: show what that means."""
        raise NotImplementedError

    def search_kept(self) -> None:
        """It was agreed to."""

    # The keys

    @property
    def searching(self) -> bool:
        """Whether what is typed goes into the line."""
        return bool(self._search_line.display)

    def open_search(self) -> None:
        self._input.kept = False
        self._input.value = self.search
        self._input.cursor_position = len(self.search)
        self._search_line.display = True
        self.footer_line.display = False
        self.set_focus(self._input)  # at once: what is typed on is for the search already

    def close_search(self) -> None:
        self._search_line.display = False
        self.footer_line.display = True
        self.set_focus(self.view)
        self.search_changed()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.searching and event.value != self.search:
            self.search = event.value
            self.search_changed()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close_search()
        if self.search:
            self.search_kept()

    def perform(self, action_id: str) -> bool:
        if action_id == "filter":
            self.open_search()
        elif action_id == "back" and self.searching:
            self.close_search()
        elif action_id == "back" and self.search:
            self.search = ""
            self.search_changed()
        else:
            return super().perform(action_id)
        return True
