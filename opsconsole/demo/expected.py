"""What a sandbox knows it built: what `status --json` must say of it, number for number."""

from __future__ import annotations

import msgspec

from opsconsole.model.service import ServiceState, SiteState
from opsconsole.model.session import SessionState
from opsconsole.model.worker import PidFileState, WorkerState


class ExpectedService(msgspec.Struct, frozen=True):
    name: str
    port: int
    state: ServiceState
    pids: tuple[int, ...]
    """Everyone who listens on the port."""
    stopped: tuple[str, ...] = ()
    url: str = ""


class ExpectedWorker(msgspec.Struct, frozen=True):
    name: str
    wanted: int
    state: WorkerState
    pids: tuple[int, ...]
    """Instances when the sandbox was ready; what is minded or looped may have been respawned since."""
    wrappers: tuple[int, ...] = ()
    pid_file: PidFileState | None = None
    """None: none is configured."""
    log: str = ""


class ExpectedSession(msgspec.Struct, frozen=True):
    name: str
    state: SessionState
    agent_pid: int
    session_id: str
    cwd: str
    idle_s: float
    """Injected; the time since the sandbox was built comes on top."""
    attached: int = 0
    protected: bool = False
    draft: str = ""
    waiting_for: str = ""
    under_shell: bool = False
    """The pane's own process is a shell, the agent its child."""


class ExpectedEnvironment(msgspec.Struct, frozen=True):
    id: str
    name: str
    port: int
    age_s: float
    """When the sandbox was ready."""
    stale: bool
    duplicate: bool
    pid: int | None
    """Of what runs behind its port; None when nothing does."""


class ExpectedPool(msgspec.Struct, frozen=True):
    first: int
    last: int
    used: tuple[int, ...]


class ExpectedQueue(msgspec.Struct, frozen=True):
    total: int
    completed: int
    failed: int
    failed_24h: int
    pending: int = 0
    active: int = 0

    @property
    def success_rate(self) -> float:
        return self.completed / (self.completed + self.failed)


class ExpectedSite(msgspec.Struct, frozen=True):
    name: str
    url: str
    state: SiteState


class ExpectedSystem(msgspec.Struct, frozen=True):
    """Injected readings. Percentages of all cores, bytes, bytes per second."""

    load1: float
    load5: float
    load15: float
    cores: int
    cpu_user: float
    cpu_system: float
    cpu_idle: float
    memory_total_bytes: int
    memory_available_bytes: int
    memory_compressed_bytes: int
    swap_total_bytes: int
    swap_used_bytes: int
    swap_in_per_s: float
    swap_out_per_s: float


class Expected(msgspec.Struct, frozen=True):
    services: tuple[ExpectedService, ...]
    workers: tuple[ExpectedWorker, ...]
    sessions: tuple[ExpectedSession, ...]
    environments: tuple[ExpectedEnvironment, ...]
    pool: ExpectedPool
    queue: ExpectedQueue
    sites: tuple[ExpectedSite, ...]
    system: ExpectedSystem
    tmux_pid: int
    built_at: float
    """Seconds since the epoch."""
