"""Runs the console on this terminal, and gives the terminal back whatever ends it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import termios
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from opsconsole.config.types import LoadedConfig
from opsconsole.ui.acting import Acting
from opsconsole.ui.app import ConsoleApp
from opsconsole.ui.feed import Feed
from opsconsole.ui.heap import share_one_heap
from opsconsole.ui.terminal import TerminalDriver, has_few_signs, has_no_colours

GIVE_UP_S = 3.0
"""How long a signalled console may take to restore the terminal before it is ended the hard way."""

SETTLED_S = 2.0
SWITCH_S = 0.001
"""How long another thread may hold the interpreter while the screen wants it."""


def run_console(
    feed: Feed,
    *,
    read_only: bool,
    loaded: LoadedConfig,
    ascii_only: bool,
    acting: Acting | None = None,
    state_dir: Path | None = None,
) -> int:
    """Show the console until it is quit. Returns the exit status: 128 + N after signal N, 1 after a bug.

    ``acting`` is the door to what changes the machine; a console without one can only look.
    """
    for name in ("COLUMNS", "LINES"):
        # Exported, they never follow a resize, and the toolkit's console would quarrel with its driver over them.
        os.environ.pop(name, None)
    # A scan computes in long stretches; a key must not wait for the end of one (the interpreter's own word is 5 ms).
    sys.setswitchinterval(SWITCH_S)
    share_one_heap()
    saved = _terminal_settings()
    kind = os.environ.get("TERM", "")
    app = ConsoleApp(
        feed,
        read_only=read_only,
        loaded=loaded,
        ascii_only=ascii_only or has_few_signs(kind),
        colours=not has_no_colours(kind),
        acting=acting,
        state_dir=state_dir,
        driver_class=TerminalDriver,
    )
    try:
        asyncio.run(_run(app, saved))
    finally:
        feed.stop()
        app.looks.stop()
    return app.return_code or 0


async def _run(app: ConsoleApp, saved: Any) -> None:
    loop = asyncio.get_running_loop()

    def ended(number: int, _frame: FrameType | None) -> None:
        timer = threading.Timer(GIVE_UP_S, _give_up, (128 + number, saved))
        timer.daemon = True
        timer.start()
        loop.call_soon_threadsafe(lambda: app.exit(return_code=128 + number))

    # Not through the loop: on a terminal that has gone it may be too busy to hear of it.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    loop.call_later(SETTLED_S, _settled)
    await app.run_async()


def _settled() -> None:
    """What starting up left behind stays for good: the collector need not look through it again and again."""
    gc.freeze()
    gc.enable()


def _terminal_settings() -> Any:
    try:
        return termios.tcgetattr(sys.__stdin__ or 0)
    except (termios.error, OSError, ValueError):
        return None


def _give_up(status: int, saved: Any) -> None:
    """The terminal takes no output, so its modes cannot be switched back; its settings can."""
    if saved is not None:
        try:
            termios.tcflush(0, termios.TCOFLUSH)
            termios.tcsetattr(0, termios.TCSANOW, saved)
        except (termios.error, OSError):
            pass
    os._exit(status)
