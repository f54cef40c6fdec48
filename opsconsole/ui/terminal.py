"""The terminal that the console draws on: the one that standard output goes to."""

from __future__ import annotations

import contextlib
import os
import selectors
import sys
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual import events
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys

from opsconsole.ui.link import ANSWER, ASK, Link

if TYPE_CHECKING:
    from textual.app import App

QUEUED_WRITES_MAX = 12
"""Writes waiting for the terminal (a frame is three) from which it counts as not reading."""

SEQUENCE_TICK_S = 0.1
"""How often an escape sequence that has begun is looked at: whether it goes on, or was the key alone."""

MONOCHROME_BELOW = 8

FEW_SIGNS = ("linux", "vt", "cons25", "ansi", "sun")
"""Beginnings of the names of terminals whose own fonts have letters and little else, whatever the locale says."""


def has_few_signs(term: str) -> bool:
    """Whether this kind of terminal cannot be relied on for more than ASCII."""
    return term.startswith(FEW_SIGNS)


def has_no_colours(term: str) -> bool:
    """Whether terminfo says that this kind of terminal has none; one that it does not know is taken to have some."""
    if term.endswith(("color", "direct")):
        return False
    try:
        import curses
    except ImportError:  # a Python built without it
        return False
    try:
        curses.setupterm(term)
        return curses.tigetnum("colors") < MONOCHROME_BELOW
    except curses.error:
        return False


class _Parser(XTermParser):
    """The toolkit's parser of what is typed, which also hears the terminal's answers to our requests."""

    def __init__(self, debug: bool, answered: Callable[[], None]) -> None:
        self._answered = answered
        super().__init__(debug)

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence == ANSWER:
            self._answered()
            return (events.Key(Keys.Ignore, sequence),)
        return super()._sequence_to_key_events(sequence, alt)


class TerminalDriver(LinuxDriver):
    """The toolkit's driver, drawing on standard output: its own choice is standard error, which may be a file."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = sys.__stdout__
        self._link = Link()
        self._bell, self._rope = os.pipe()
        """The input thread waits at one end; a byte in the other tells it to look whether it is to end."""

    def run_input_thread(self) -> None:
        """Hand on what is typed. The toolkit's own loop wakes ten times a second; this one when there is something."""
        parser = _Parser(self._debug, lambda: self._link.answered(time.monotonic()))
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
        self._link = Link()
        super().start_application_mode()  # type: ignore[no-untyped-call]  # the toolkit leaves it untyped
        self._ask()

    def write(self, data: str) -> None:
        self._link.wrote(len(data) if data.isascii() else len(data.encode("utf-8", "replace")))
        super().write(data)

    def flush(self) -> None:
        """The end of a frame."""
        if self._link.asks:
            self._ask()

    def _ask(self) -> None:
        if self.input_tty:
            self._link.asked(time.monotonic())
            super().write(ASK)

    @property
    def is_behind(self) -> bool:
        """Whether the terminal had better get no further frame for now."""
        queue = getattr(self._writer_thread, "_queue", None)
        # The toolkit would block the event loop on a full queue.
        full = queue is not None and queue.qsize() >= QUEUED_WRITES_MAX
        return full or self._link.is_behind(time.monotonic())

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
        # Answers on their way are taken here: a shell would find them typed.
        until = self._link.waits_until(time.monotonic())
        while time.monotonic() < until and self._link.owes:
            time.sleep(0.005)
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
    """Whether the terminal is behind with what was written to it; no other driver than ours ever is."""
    return isinstance(driver, TerminalDriver) and driver.is_behind
