"""Facts that widgets and the feed tell the screen."""

from __future__ import annotations

from textual.message import Message

from opsconsole.model.snapshot import Snapshot


class SnapshotCollected(Message, bubble=False):
    """The feed has a new Snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot


class PaneEntered(Message):
    """A pane was clicked."""

    def __init__(self, pane_id: str) -> None:
        super().__init__()
        self.pane_id = pane_id


class ViewChanged(Message):
    """A pane is looked at differently: filtered, sorted, with other columns."""

    def __init__(self, pane_id: str) -> None:
        super().__init__()
        self.pane_id = pane_id


class CursorMoved(Message):
    """The cursor of a pane stands on another row, or on none."""

    def __init__(self, pane_id: str) -> None:
        super().__init__()
        self.pane_id = pane_id
