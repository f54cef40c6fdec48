"""The terminal that the console draws on: the one that standard output goes to."""

from __future__ import annotations

import contextlib
import os
import selectors
import sys
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.app import App

QUEUED_WRITES_MAX = 12
"""Writes waiting for the terminal (a frame is three) from which it counts as not reading."""

SEQUENCE_TICK_S = 0.1
"""How often an escape sequence that has begun is looked at: whether it goes on, or was the key alone."""


class TerminalDriver(LinuxDriver):
    """The toolkit's driver, drawing on standard output: its own choice is standard error, which may be a file."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = sys.__stdout__
        self._bell, self._rope = os.pipe()
        """The input thread waits at one end; a byte in the other tells it to look whether it is to end."""

    def run_input_thread(self) -> None:
        """Hand on what is typed. The toolkit's own loop wakes ten times a second; this one when there is something."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                ready = selector.select(SEQUENCE_TICK_S if parser._timeout_time is not None else None)
                if any(key.fd == self.fileno for key, _ in ready):
                    with contextlib.suppress(BlockingIOError):
                        if not (typed := _read(self.fileno)):
                            break
                        if text := decode(typed):
                            for event in parser.feed(text):
                                self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
        with contextlib.suppress(EOFError, ParseError):
            for _ in parser.feed(""):
                pass

    def start_application_mode(self) -> None:
        # Suspending the console closes the driver, and the same one is started again afterwards.
        if self._bell < 0:
            self._bell, self._rope = os.pipe()
        super().start_application_mode()  # type: ignore[no-untyped-call]  # the toolkit leaves it untyped

    def switch_mouse(self, on: bool) -> None:
        """Ask the terminal for the mouse, or leave it to the terminal, whose own selection works then."""
        if on:
            self._mouse = True
            self._enable_mouse_support()
        else:
            self._disable_mouse_support()
            self._mouse = False
        self.flush()

    def disable_input(self) -> None:
        if self._bell < 0:
            return
        os.write(self._rope, b"!")
        super().disable_input()
        os.read(self._bell, 1)

    def close(self) -> None:
        super().close()
        if self._bell >= 0:
            os.close(self._bell)
            os.close(self._rope)
        self._bell = self._rope = -1

    def _get_terminal_size(self) -> tuple[int, int]:
        """The terminal's own word: the toolkit believes an exported COLUMNS first, which never follows a resize."""
        try:
            width, height = os.get_terminal_size(sys.stdout.fileno())
        except (OSError, ValueError):
            return super()._get_terminal_size()
        return width or 80, height or 24


def _read(descriptor: int) -> bytes:
    """What was typed; empty when the terminal has gone."""
    try:
        return os.read(descriptor, 4096)
    except BlockingIOError:
        raise
    except OSError:
        return b""


def is_behind(driver: object) -> bool:
    """Whether the terminal takes no more output for now; the toolkit would block the event loop on it."""
    queue = getattr(getattr(driver, "_writer_thread", None), "_queue", None)
    return queue is not None and queue.qsize() >= QUEUED_WRITES_MAX
