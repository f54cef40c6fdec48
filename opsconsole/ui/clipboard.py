"""What is copied, on its way: to the terminal by OSC 52, and inside of tmux to its paste buffer as well.

Whether a terminal takes OSC 52 cannot be known, and tmux drops it from programs unless ``set-clipboard`` is on: so it
is said to be sent, and to be in tmux's buffer only once tmux has answered.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

from textual.app import App

WITHIN_S = 3.0


def send(app: App[Any], text: str, what: str, say: Callable[[str], None]) -> None:
    """Send it, and ``say`` where it has gone to: at once, and again when tmux has it. Returns at once."""
    app.copy_to_clipboard(text)
    say(f"{what} sent to the terminal's clipboard")
    if not os.environ.get("TMUX"):
        return

    def hand_over() -> None:
        why_not = to_tmux(text)
        told = f"tmux's buffer does not have it: {why_not}" if why_not else "and is in tmux's buffer"
        app.call_later(say, f"{what} sent to the terminal's clipboard, {told}")

    app.run_worker(hand_over, thread=True, exit_on_error=False)


def to_tmux(text: str) -> str:
    """Put it into the buffer of the tmux that we are in, which also tells its own terminal. Blocks.

    Why that did not work; empty when it did.
    """
    failure = ""
    # Before 3.2 there is no -w: then at least tmux itself has it.
    for options in (("-w",), ()):
        try:
            done = subprocess.run(
                ("tmux", "load-buffer", *options, "-"),
                input=text.encode(errors="replace"),
                check=False,
                capture_output=True,
                timeout=WITHIN_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return "tmux does not answer" if isinstance(error, subprocess.TimeoutExpired) else str(error)
        if done.returncode == 0:
            return ""
        failure = failure or f"tmux exited with {done.returncode}"
    return failure
