"""The terminal that the console draws on: the one that standard output goes to."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.app import App

QUEUED_WRITES_MAX = 12
"""Writes waiting for the terminal (a frame is three) from which it counts as not reading."""


class TerminalDriver(LinuxDriver):
    """The toolkit's driver, drawing on standard output: its own choice is standard error, which may be a file."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = sys.__stdout__

    def _get_terminal_size(self) -> tuple[int, int]:
        """The terminal's own word: the toolkit believes an exported COLUMNS first, which never follows a resize."""
        try:
            width, height = os.get_terminal_size(sys.stdout.fileno())
        except (OSError, ValueError):
            return super()._get_terminal_size()
        return width or 80, height or 24


def is_behind(driver: object) -> bool:
    """Whether the terminal takes no more output for now; the toolkit would block the event loop on it."""
    queue = getattr(getattr(driver, "_writer_thread", None), "_queue", None)
    return queue is not None and queue.qsize() >= QUEUED_WRITES_MAX
