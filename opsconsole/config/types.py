"""The types of ``opsconsole.toml``. Field names are the file's keys; a docstring under a field is its documentation.

Durations are written ``90s``, ``5m``, ``24h``, ``2d`` or a bare number of seconds; sizes ``500MB``, ``1.5GiB`` or a
bare number of bytes; here they are plain seconds and bytes. Paths may start with ``~``; relative ones are relative
to ``cwd`` of the same table where there is one, else to the config file. Loading resolves them: what stands here
after loading is absolute.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec


class Duration(float):
    """Seconds, written with a unit in the file."""


class Size(int):
    """Bytes, written with a unit in the file."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class ConsoleTable(_Table, frozen=True, kw_only=True):
    refresh: Duration = Duration(2.0)
    """How often the screen and the cheap sources are renewed."""
    slow_down: bool = True
    """Refresh up to four times more seldom (at most every 8 s) while the machine is under pressure."""
    protect: tuple[str, ...] = ()
    """Names of programs that no plan may touch."""
    label: str = ""
    """Shown in the header, to tell machines apart."""
    theme: str = ""
    """Name of a built-in theme; empty for the default."""
    allow_root: bool = False
    """Allow actions when running as root."""


class LimitsTable(_Table, frozen=True, kw_only=True):
    memory: Size | None = None
    """Of its whole tree: held by a systemd scope where there is a user manager, else only watched."""
    cpu_percent: float | None = None
    """Of one core, by its whole tree: held or watched like ``memory``."""
    address_space: Size | None = None
    """Of each of its processes (RLIMIT_AS). It counts what is reserved: threads and runtimes reserve far more than
    they hold, and fail when it is too little."""
    cpu_time: Duration | None = None
    """Of each of its processes over its whole life (RLIMIT_CPU): it is killed when that is spent."""
    open_files: int | None = None
    """How many files each of its processes may hold open (RLIMIT_NOFILE)."""


class ServiceTable(_Table, frozen=True, kw_only=True):
    name: str
    port: int
    url: str = ""
    """Health URL: status 200 and the components below make it healthy."""
    expect: int = 200
    components: tuple[str, ...] = ()
    """Default: every component of the body that says running or stopped."""
    command: tuple[str, ...] = ()
    cwd: Path | None = None
    env: dict[str, str] = {}
    log: Path | None = None
    timeout: Duration = Duration(3.0)
    every: Duration = Duration(10.0)
    tls: TlsTable | None = None
    critical: bool = False
    impact: str = ""
    """What it costs when it is down, in your words: told in findings."""


class TlsTable(_Table, frozen=True, kw_only=True):
    verify: bool = True
    ca: Path | None = None
    """A file with the certificate authority, or the self-signed certificate, to trust."""
    fingerprint: str = ""
    """``sha256:`` and the certificate's SHA-256 in hex: trust exactly this one."""


class WorkerTable(_Table, frozen=True, kw_only=True):
    name: str
    command: tuple[str, ...]
    """argv: an interpreter and its script, or an executable."""
    cwd: Path | None = None
    env: dict[str, str] = {}
    instances: int = 1
    keep: Literal["newest", "oldest", "managed"] = "oldest"
    """Which one stays when duplicates are removed and nothing else decides."""
    replaces: tuple[str, ...] = ()
    """Scripts or executables of other versions of the same job: they compete with this one."""
    wrappers: tuple[str, ...] = ()
    """Scripts that keep this worker alive: never instances, and stopped first."""
    ignore_arguments: tuple[str, ...] = ()
    """Arguments that do not make it another worker, as ``--verbose`` or ``--log-level=*``."""
    pid_file: Path | None = None
    log: Path | None = None
    silent_after: Duration | None = None
    component: str = ""
    """``SERVICE:COMPONENT`` that must read running after a start."""
    critical: bool = False
    impact: str = ""
    """What it costs when it does not run, in your words: told in findings."""
    limits: LimitsTable = LimitsTable()


class SiteTable(_Table, frozen=True, kw_only=True):
    name: str
    url: str
    expect: int = 200
    timeout: Duration = Duration(10.0)
    every: Duration = Duration(60.0)
    tls: TlsTable | None = None


class SessionsTable(_Table, frozen=True, kw_only=True):
    socket: Path | None = None
    """Only this server; default: every server of this user in tmux's usual directory, and the one we run in."""
    name: str = ""
    """Only the server that ``tmux -L NAME`` reaches."""
    limit: int | None = None
    idle_after: Duration = Duration(3600.0)
    review_after: Duration = Duration(7200.0)
    protect: tuple[str, ...] = ()
    attached_grace: Duration = Duration(900.0)


class EnvironmentFields(_Table, frozen=True, kw_only=True):
    """Names of the fields in the source's entries."""

    id: str = "id"
    name: str = "name"
    port: str = "port"
    state: str = "status"
    created: str = "created_at"
    pid: str = "pid"


class EnvironmentsTable(_Table, frozen=True, kw_only=True):
    url: str = ""
    command: tuple[str, ...] = ()
    file: Path | None = None
    cwd: Path | None = None
    delete_url: str = ""
    delete_command: tuple[str, ...] = ()
    port_pool: str = ""
    """``FIRST-LAST``."""
    ttl: Duration | None = None
    timeout: Duration = Duration(5.0)
    every: Duration = Duration(15.0)
    fields: EnvironmentFields = EnvironmentFields()
    tls: TlsTable | None = None


class QueueStatuses(_Table, frozen=True, kw_only=True):
    completed: tuple[str, ...] = ("completed",)
    failed: tuple[str, ...] = ("failed",)
    pending: tuple[str, ...] = ("pending",)
    active: tuple[str, ...] = ("assigned", "in_progress")
    cancelled: tuple[str, ...] = ("cancelled",)


class QueueTable(_Table, frozen=True, kw_only=True):
    path: Path
    table: str = "prompts"
    status_column: str = "status"
    created_column: str = "created_at"
    ended_column: str = "completed_at"
    error_column: str = "error"
    statuses: QueueStatuses = QueueStatuses()
    success_min: float = 0.5
    """Share of the ended prompts that must have succeeded."""
    worker: str = ""
    """Which [[worker]] works this queue off; default: the one that the database's file is named after."""
    every: Duration = Duration(10.0)


class DiagnoseTable(_Table, frozen=True, kw_only=True):
    """From where on something is a finding. Each is left again only some way below where it is entered."""

    load_per_core: float = 1.0
    """1 minute load over cores."""
    cpu_idle_percent: float = 10.0
    """Idle time of all cores below which the machine is starved."""
    memory_available_percent: float = 10.0
    swap_per_s: Size = Size(1_000_000)
    """In and out, both: more is thrashing."""
    disk_used_percent: float = 90.0
    inodes_free_percent: float = 5.0
    site_misses: int = 2
    """Probes in a row without an answer before a site is down."""
    log_errors: int = 3
    """Error lines of one pattern in a log's tail."""
    limit_near_percent: float = 90.0
    """Of a worker's memory limit: from here on it is near it."""
    restarts: int = 3
    """Starts of one worker within ten minutes that make a crash loop."""


class RuleTable(_Table, frozen=True, kw_only=True):
    """How a rule is applied: whether at all, and how steady its evidence must be."""

    name: str
    """Of the rule, such as ``cpu-starved``."""
    enabled: bool = True
    seen: str = ""
    """``3 of 5``: in how many of its last looks it must hold before it is a finding."""
    for_: Duration | None = msgspec.field(name="for", default=None)
    """For how long it must hold before it is a finding."""
    clean: int | None = None
    """Looks in a row in which it must not hold before the finding closes."""


class ErrorTable(_Table, frozen=True, kw_only=True):
    """A class of errors in logs and queues that explains itself. These come before the built-in ones."""

    name: str
    match: str
    """Regular expression, searched for in a line without regard to case."""
    cause: str = ""
    fix: str = ""


class EscalationTable(_Table, frozen=True, kw_only=True):
    after: Duration
    do: str


class AlertTable(_Table, frozen=True, kw_only=True):
    name: str
    when: str
    for_: Duration = msgspec.field(name="for", default=Duration(0.0))
    do: str = ""
    escalate: tuple[EscalationTable, ...] = ()


class TargetTable(_Table, frozen=True, kw_only=True):
    name: str
    metric: str
    want: str


class ActionTable(_Table, frozen=True, kw_only=True):
    name: str
    command: tuple[str, ...]
    key: str = ""
    on: Literal["service", "worker", "session", "environment", "site", "system"] = "system"
    changes: bool = True


class DemoTable(_Table, frozen=True, kw_only=True):
    """Written by `opsconsole demo` only: readings described to the console instead of measured.

    While this table is there every screen says DEMO.
    """

    proc: Path | None = None
    """A directory laid out as /proc from which load, memory, swap and pressure are read."""
    idle: dict[str, Duration] = {}
    """By session name: how much longer than tmux says it has shown no output."""
    built_at: float = 0.0
    """Seconds since the epoch. Activity after it is real, and ends the session's injected idleness."""


class Config(_Table, frozen=True, kw_only=True):
    console: ConsoleTable = ConsoleTable()
    service: tuple[ServiceTable, ...] = ()
    worker: tuple[WorkerTable, ...] = ()
    site: tuple[SiteTable, ...] = ()
    sessions: SessionsTable = SessionsTable()
    environments: EnvironmentsTable | None = None
    queue: QueueTable | None = None
    diagnose: DiagnoseTable = DiagnoseTable()
    error: tuple[ErrorTable, ...] = ()
    rule: tuple[RuleTable, ...] = ()
    alert: tuple[AlertTable, ...] = ()
    target: tuple[TargetTable, ...] = ()
    action: tuple[ActionTable, ...] = ()
    keys: dict[str, str] = {}
    """Action id to the key that shall do it."""
    theme: dict[str, str] = {}
    """Colour token to colour."""
    demo: DemoTable | None = None


class LoadedConfig(msgspec.Struct, frozen=True):
    """A config with where it came from."""

    config: Config
    path: Path | None
    """None: there is no config file, what is shown was discovered."""
    warnings: tuple[str, ...] = ()
    """What does not stop the console: a file others may write, a key without effect."""
    actions_refused: str = ""
    """Why nothing may be changed under this config; empty when it may."""
