"""What can be seen of a coding agent from outside: registry entry, screen, transcript. Evidence, no verdict."""

from __future__ import annotations

from typing import Literal

import msgspec

from opsconsole.model.identity import PaneId, ProcessId

ScreenKind = Literal[
    "rest",
    "quiet",
    "draft",
    "in-use",
    "background",
    "logged-out",
    "working",
    "question",
    "no-box",
    "odd",
    "unread",
]
"""What a screen shows, read from the input box and what belongs to it:

``rest`` an empty box and a footer that says so; ``quiet`` an empty box, and nothing that says either way; ``draft``
text in the box; ``in-use`` a menu or a pending Ctrl-C; ``background`` work besides the box; ``question`` it asks
something; ``no-box`` none is to be seen; ``odd`` something there is not understood; ``unread`` no patterns for it.
"""


class AgentScreen(msgspec.Struct, frozen=True):
    """The bottom of one screen, read at one moment."""

    kind: ScreenKind
    told: str = ""
    """The words it was told by, cleaned; of a question, what is asked for."""
    draft: str = ""
    """Unsent text in the box, cleaned."""
    at: float = 0.0


class RegistryEntry(msgspec.Struct, frozen=True):
    """An agent's own word, from its file in the registry, seen to be of this very process."""

    session_id: str = ""
    cwd: str = ""
    version: str = ""
    entrypoint: str = ""
    name: str = ""
    status: str = ""
    """Empty when this version writes none."""
    waiting_for: str = ""
    status_at: float | None = None
    """When the status last changed, seconds since the epoch."""


class TranscriptTail(msgspec.Struct, frozen=True):
    """The end of a conversation's file."""

    path: str
    size: int
    moved_at: float
    ends: Literal["finished", "asked", "tool", "empty", "unknown"]
    """``finished``: the last turn has ended (or was interrupted); ``asked``: the user spoke last; ``tool``: a tool was
    called and has not answered."""
    wakes_itself: str = ""
    """Name of the last tool used by which it will wake itself later; empty for none."""
    searched: bool = True
    """False while only part of it was searched for such tools."""


class AgentEvidence(msgspec.Struct, frozen=True):
    """All that was read about one agent in one pane."""

    pane: PaneId
    process: ProcessId
    agent: str
    version: str = ""
    entry: RegistryEntry | None = None
    entry_missing: str = ""
    """Why there is no entry; empty for an agent that has no registry."""
    screen: AgentScreen = AgentScreen("unread")
    screen_missing: str = ""
    """Why the screen could not be read."""
    transcript: TranscriptTail | None = None
    transcript_missing: str = ""
    schedule: str = ""
    """A lock file that says it will wake itself; empty for none."""
    title_works: bool | None = None
    """The title shows a spinner; None when titles tell nothing."""
    home: str = ""
    """The directory of its registry and transcripts."""
    pss_bytes: int | None = None
    """Of its pane's tree, shared pages counted by share; read seldom. None when not read or not readable."""
    at: float = 0.0


class AgentsSeen(msgspec.Struct, frozen=True):
    """One look at all agents."""

    by_pane: dict[PaneId, AgentEvidence] = {}
    oom_scores: dict[int, int] = {}
    """Of tmux servers, by pid: 0 to about 1000, the kernel ends the highest first."""
