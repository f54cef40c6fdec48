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
TOLD_MS = 8000
"""For how long the way back stands in the status line."""


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


def way_back(session: Session, environment: Mapping[str, str], *, switches: bool) -> tuple[str, str]:
    """(what brings one back from there, in the user's own keys; the client that this terminal is, where it switches).

    Blocks for some milliseconds. Empty for what tmux does not tell; without the key, the command is told.
    """
    command = "switch-client -l" if switches else "detach-client"
    question = (
        *("display-message", "-p", "-t", session.panes[0].session_id, "prefix #{prefix}", ";"),
        *("list-keys", "-T", "prefix", ";"),
        *("list-clients", "-t", environment.get("TMUX_PANE", ""), "-F", "client #{client_activity} #{client_name}"),
    )
    told = ask_all([session.socket], question if switches else question[:9], WITHIN_S)[session.socket]
    lines = told.output.decode(errors="replace").splitlines()
    prefix = next((line.split()[1] for line in lines if line.startswith("prefix ") and len(line.split()) == 2), "")
    clients = [line.split(" ", 2)[1:] for line in lines if line.startswith("client ")]
    client = max(clients, key=lambda each: each[0].zfill(20))[1] if clients else ""
    keys = [line.split() for line in lines if line.startswith("bind-key") and line.endswith(f" {command}")]
    key = next((words[words.index("prefix") + 1] for words in keys if "prefix" in words), "")
    return f"{prefix} {key}" if prefix and key else f"tmux {command}", client


def telling(way: Way, back: str, client: str) -> Way:
    """The same way, with a line in the status line over there that tells how to come back. No key is bound."""
    said = f"opsconsole: {back} comes back".replace("#", "##")
    if not way.switches:
        return way._replace(command=(*way.command, ";", "display-message", "-d", str(TOLD_MS), said))
    if not client:
        return way
    start, target = way.command[:-2], way.command[-2:]
    chosen = (*start, "-c", client, *target)
    return way._replace(command=(*chosen, ";", "display-message", "-c", client, "-d", str(TOLD_MS), said))


def told_way(session: Session, environment: Mapping[str, str]) -> tuple[Way, str]:
    """The way from a terminal with this environment, which tells over there how to come back; and that in words."""
    way = way_to(session, environment)
    back, client = way_back(session, environment, switches=way.switches)
    return telling(way, back, client), back


def why_gone(session: Session) -> str:
    """Why this is not the session any more that was seen; empty while it is. Blocks for some milliseconds."""
    if session.lost:
        return session.lost
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
