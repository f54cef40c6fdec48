"""Going to a session and coming back: what to run for it, from inside tmux or outside of any."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from opsconsole.collect.tmux_client import ask_all
from opsconsole.model.session import Session

WITHIN_S = 3.0


class Way(NamedTuple):
    """How a session is reached."""

    command: tuple[str, ...]
    switches: bool
    """The terminal's own tmux client is sent there, and this console goes on where it is; else the terminal is lent
    to a client until that is detached."""


def way_to(session: Session, environment: Mapping[str, str]) -> Way:
    """The way from a terminal with this environment."""
    here = environment.get("TMUX", "").rpartition(",")[0].rpartition(",")[0]
    tmux = ("tmux", "-u", "-S", session.socket)
    target = session.panes[0].session_id
    if here and os.path.realpath(here) == os.path.realpath(session.socket):
        return Way((*tmux, "switch-client", "-t", target), switches=True)
    return Way((*tmux, "attach-session", "-t", target), switches=False)


def why_gone(session: Session) -> str:
    """Why this is not the session any more that was seen; empty while it is. Blocks for some milliseconds."""
    seen = session.panes[0].id
    question = ("display-message", "-p", "-t", session.panes[0].session_id, "#{pid} #{start_time} #{session_name}")
    answer = ask_all([session.socket], question, WITHIN_S)[session.socket]
    told = answer.output.decode(errors="replace").strip()
    if told.startswith(f"{seen.server_pid} {seen.server_start} "):
        return ""
    return answer.error or ("tmux does not answer" if answer.timed_out else "it is not there any more")


def go(way: Way) -> str:
    """Run it on this terminal; returns when it is over. Why it did not work; empty when it did."""
    # A client inside of another server's pane is meant: tmux refuses that only because it might not be.
    environment = {name: value for name, value in os.environ.items() if way.switches or name != "TMUX"}
    try:
        done = subprocess.run(
            way.command,
            env=environment,
            cwd=Path("/"),
            check=False,
            capture_output=way.switches,
            timeout=WITHIN_S if way.switches else None,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else f"tmux exited with {done.returncode}"
