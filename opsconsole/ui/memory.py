"""What the screen remembers from one console to the next: how each pane is looked at, and what was seen or switched.

One small file in the state directory, replaced as a whole. A file that cannot be read is told once and ignored; one
that cannot be written costs no more than the memory. Columns are remembered by id: one that is gone is forgotten.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from opsconsole.config.state_file import read_state_file, replace_state_file
from opsconsole.model.alert import Notes
from opsconsole.model.text import clean, shown
from opsconsole.present.cell import Column
from opsconsole.ui.rows import View

FILE_NAME = "screen.json"
LARGEST = 64 * 1024
LONGEST_FILTER = 400


class PaneLook(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one pane is looked at, in names that outlive a change of the columns."""

    filter: str = ""
    sort: str = ""
    """Id of the column sorted by; empty for the order collected."""
    inverted: bool = False
    hidden: tuple[str, ...] = ()
    """Ids of the columns left out."""


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    schema: int = 1
    panes: dict[str, PaneLook] = {}
    tour_seen: bool = False
    mouse: bool = True
    """Whether the mouse selects and scrolls."""
    notes: Notes = Notes()
    """Which findings and alerts are acknowledged or silenced. Watch mode reads it and leaves it as it is."""


def look_of(view: View, columns: Sequence[Column]) -> PaneLook:
    sort = "" if view.sort is None else columns[view.sort].id
    return PaneLook(view.filter, sort, view.inverted, view.hidden)


def view_of(look: PaneLook, columns: Sequence[Column]) -> View:
    """The view that was remembered, as far as these columns still have it."""
    ids = [column.id for column in columns]
    return View(
        filter=clean(look.filter, LONGEST_FILTER),
        sort=ids.index(look.sort) if look.sort in ids else None,
        inverted=look.inverted,
        hidden=tuple(name for name in look.hidden if name in ids[1:]),
    )


class Memory:
    """Holds what is remembered; reads it once, writes it when asked. Without a directory nothing outlives it."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._saved = Remembered()
        self._lock = threading.Lock()
        self.now = Remembered()

    @property
    def lasts(self) -> bool:
        return self._directory is not None

    def read(self) -> str:
        """Take what the last console left. Returns what is wrong with it, or an empty text."""
        if self._directory is None:
            return ""
        path = self._directory / FILE_NAME
        try:
            self.now = msgspec.json.decode(read_state_file(path, LARGEST), type=Remembered)
        except FileNotFoundError:
            return ""
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return f"{path}: {shown(str(error))}; the panes begin as they come"
        self._saved = self.now
        return ""

    def change(self, **changes: Any) -> bool:
        """Remember other values; False when nothing is new."""
        before, self.now = self.now, msgspec.structs.replace(self.now, **changes)
        return self.now != before

    def change_pane(self, pane_id: str, look: PaneLook) -> bool:
        panes = {name: kept for name, kept in self.now.panes.items() if name != pane_id}
        return self.change(panes=panes if look == PaneLook() else {**panes, pane_id: look})

    def save(self) -> str:
        """Write what is new. Returns why it could not be written, or an empty text. May be called on any thread."""
        with self._lock:
            now = self.now
            if self._directory is None or now == self._saved:
                return ""
            try:
                replace_state_file(self._directory / FILE_NAME, msgspec.json.encode(now))
            except OSError as error:
                return f"how the panes are looked at is not remembered: {shown(str(error))}"
            self._saved = now
            return ""
