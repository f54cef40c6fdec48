"""tmux sessions, their panes, and the coding agents in them."""

from __future__ import annotations

from typing import Literal

import msgspec

from opsconsole.model.identity import PaneId, ProcessId

SessionState = Literal[
    "working", "waiting", "idle", "shell", "hung", "hibernated", "dead", "logged-out", "unknown", "none"
]
"""Of the agent in it; ``none``: no agent in any pane; ``dead``: every pane has ended, or the agent's pane has."""


class Asleep(msgspec.Struct, frozen=True):
    """A hibernated conversation, as its pane is marked."""

    agent: str
    conversation: str
    since: float
    """Seconds since the epoch."""
    moved_at: float | None = None
    """When anything of it last moved before that; None when the mark does not tell."""


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
    asleep: Asleep | None = None
    """What is hibernated in this pane; believed only while no agent runs in it."""
    agent: str = ""
    """Name of the coding agent in its tree; empty for none."""
    agent_process: ProcessId | None = None
    command: str = ""
    """Command of the foreground-most known process, cleaned; for people."""
    cwd: str | None = None
    agent_state: SessionState = "none"
    """Of the agent in this pane."""
    agent_reason: str = ""
    """Evidence for it, or why it is unknown."""
    conversation: str | None = None
    """The id of the conversation that the agent in this pane holds."""
    waiting_for: str = ""
    draft: str = ""
    """Unsent text in its input box, cleaned."""
    moved_at: float | None = None
    """When anything of it last moved: its status, its window, its transcript. Seconds since the epoch."""


class Below(msgspec.Struct, frozen=True):
    """A process that an agent has started: a tool's shell, an MCP server, whatever they started in turn."""

    pid: int
    command: str
    kind: Literal["tool shell", "child"]
    rss_bytes: int | None
    swap_bytes: int | None


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
    waiting_for: str = ""
    """What an agent in state ``waiting`` waits for."""
    draft: str = ""
    """Unsent text in the agent's input box, cleaned; empty for none."""
    pss_bytes: int | None = None
    """RSS with shared pages counted by share, of the agents' panes; read seldom, None when not read or readable."""
    below: tuple[Below, ...] = ()
    """What its agents have started."""
    human_idle_s: float | None = None
    """Since somebody attached last typed; None when nobody is attached."""
    lost: str = ""
    """Why a conversation that was put to sleep has no pane any more, and so no place to wake in; else empty."""
    by_hand: str = ""
    """Of such a one: the command that resumes it, or forgets one that cannot be; empty while that is not known."""


class TmuxServer(msgspec.Struct, frozen=True):
    """One tmux server: its socket, and what it costs, or why it could not be asked."""

    socket: str
    pid: int | None
    start: int | None
    error: str = ""
    panes: tuple[Pane, ...] = ()
    attached: dict[str, int] = {}
    """Human clients by session id."""
    typed_at: dict[str, float] = {}
    """When the latest of them last typed, by session id, seconds since the epoch."""


class TmuxCost(msgspec.Struct, frozen=True):
    """What a tmux server itself costs; all sessions end with it."""

    socket: str
    pid: int | None
    rss_bytes: int | None
    swap_bytes: int | None
    oom_score: int | None
    """0 to about 1000: the kernel ends the highest first when memory is gone."""
    error: str = ""
