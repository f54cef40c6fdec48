"""tmux sessions, their panes, and the coding agents in them."""

from __future__ import annotations

from typing import Literal

import msgspec

from opsconsole.model.identity import PaneId, ProcessId

SessionState = Literal[
    "working", "waiting", "idle", "shell", "hung", "hibernated", "dead", "logged-out", "unknown", "none"
]
"""Of the agent in it; ``none``: no agent in any pane; ``dead``: every pane has ended, or the agent's pane has."""


class Pane(msgspec.Struct, frozen=True):
    """One tmux pane as tmux tells it, with the agent found in its process tree."""

    id: PaneId
    session_id: str
    """tmux's own id of the session, such as ``$3``."""
    session_name: str
    session_created: int
    window: str
    """Window index and pane index, such as ``0.1``."""
    pid: int | None
    tty: str
    dead: bool
    in_mode: bool
    activity_at: float | None
    """When its window last showed output (``window_activity``); tmux's session clock moves on input only."""
    title: str
    """Cleaned."""
    agent: str = ""
    """Name of the coding agent in its tree; empty for none."""
    agent_process: ProcessId | None = None
    command: str = ""
    """Command of the foreground-most known process, cleaned; for people."""
    cwd: str | None = None


class Session(msgspec.Struct, frozen=True):
    name: str
    id: str
    """Stable for the life of the session: ``SOCKET:SERVER_PID:SERVER_START:$N``."""
    socket: str
    panes: tuple[Pane, ...]
    agent: str
    """Agents in it, comma separated; empty for none."""
    state: SessionState
    reason: str
    """Evidence for the state, or why it is unknown."""
    idle_s: float | None
    """Since anything in it last moved; None when unknown."""
    cpu_percent: float | None
    rss_bytes: int | None
    swap_bytes: int | None
    """Of all processes in all its panes' trees."""
    processes: int
    attached: int
    """Human clients attached (control-mode clients are not counted)."""
    cwd: str | None
    session_id: str | None
    """The agent's own conversation id, when known."""
    created_at: float
    protected: bool


class TmuxServer(msgspec.Struct, frozen=True):
    """One tmux server: its socket, and what it costs, or why it could not be asked."""

    socket: str
    pid: int | None
    start: int | None
    error: str = ""
    panes: tuple[Pane, ...] = ()
    attached: dict[str, int] = {}
    """Human clients by session id."""
