"""A hibernated session: what is kept so that its conversation can be brought back in the same pane."""

from __future__ import annotations

import msgspec

from opsconsole.model.identity import PaneId


class SavedSession(msgspec.Struct, frozen=True, kw_only=True):
    """Kept in a file for its owner's eyes only: the environment can hold keys."""

    agent: str
    """Name of its profile."""
    conversation: str
    """The agent's own id of it."""
    session_name: str
    pane: PaneId
    under_shell: bool
    """The pane's own process is a shell, which stays; the agent was started from it."""
    argv: tuple[str, ...]
    """Of the process that ended."""
    resume: tuple[str, ...]
    """The command that brings the conversation back; the first word is a path."""
    mode: str = ""
    """The permission mode that it had last, as ``resume`` has it; empty where the agent has none."""
    files: tuple[str, ...] = ()
    """What ``resume`` names and needs."""
    exe: str
    cwd: str
    environment: dict[str, str]
    home: str
    """Directory of its registry and transcripts."""
    transcript: str
    transcript_bytes: int
    draft: str = ""
    screen: str = ""
    """What the pane showed last, as plain text."""
    prompt: str = ""
    """What its shell's line showed with nothing typed on it; empty when not known."""
    remain_on_exit: str = ""
    """The pane's own setting before; empty when it had none."""
    memory_bytes: int | None = None
    """RSS of its tree when it was ended."""
    swap_bytes: int | None = None
    """What of it was swapped out then."""
    moved_at: float | None = None
    """When anything of it last moved before it was put to sleep."""
    since: float
    """Seconds since the epoch."""
