"""Environments: short-lived dev environments out of a port pool. Queue: the prompt queue."""

from __future__ import annotations

import msgspec


class Environment(msgspec.Struct, frozen=True):
    id: str
    name: str
    port: int | None
    ports: tuple[int, ...]
    state: str
    """As its source tells it, cleaned; ``unknown`` when it tells none."""
    age_s: float | None
    ttl_s: float | None
    stale: bool | None
    """Older than its TTL; None when age or TTL is not known."""
    duplicate: bool
    """Another environment has the same name, or claims the same port."""
    reason: str = ""
    """Why stale or duplicate, for people."""
    owner_pid: int | None = None
    """Pid its source names, or of the owner of its port."""
    owner_command: str = ""
    alive: bool | None = None
    """Whether anything of it runs (its pid, or a listener on its port); None when that cannot be told."""
    url: str = ""
    branch: str = ""


class PortPool(msgspec.Struct, frozen=True):
    first: int
    last: int
    used: tuple[int, ...]
    """Ports of the pool that an environment claims or a process listens on."""
    unclaimed: tuple[int, ...] = ()
    """Of the used ones, those with a listener that no environment claims."""
    listeners_known: bool = True
    """False when the listening sockets could not be read: what is used are the claims only, at the least."""

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    @property
    def free(self) -> int:
        return self.size - len(self.used)


class Environments(msgspec.Struct, frozen=True):
    items: tuple[Environment, ...]
    pool: PortPool | None
    source: str
    """Where the list came from: URL, command or file; masked."""


class Queue(msgspec.Struct, frozen=True):
    total: int
    completed: int
    failed: int
    failed_24h: int | None
    pending: int
    active: int
    success_rate: float | None
    """completed / (completed + failed), 0 to 1; None while nothing has ended."""
    cancelled: int = 0
    other: int = 0
    """Rows with a status that the config does not name."""
    oldest_pending_s: float | None = None
    errors: tuple[tuple[str, int], ...] = ()
    """The commonest error texts of failed rows with their counts, cleaned and masked."""
    recent: tuple[int, int] | None = None
    """Completed and failed of the ten that ended last; None where the table tells no times."""
