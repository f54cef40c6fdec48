"""A Snapshot is all readings of one cycle. Immutable: hand it to any thread."""

from __future__ import annotations

import msgspec

from opsconsole.model.environment import Environments, Queue
from opsconsole.model.finding import Diagnosis
from opsconsole.model.listener import Port
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading
from opsconsole.model.service import Service, Site
from opsconsole.model.session import Session, TmuxCost, TmuxServer
from opsconsole.model.system import Consumers, Disk, System
from opsconsole.model.worker import Worker


class Snapshot(msgspec.Struct, frozen=True):
    sequence: int
    """Counts the cycles of one engine from 1."""
    at: float
    monotonic: float
    host: str
    services: Reading[tuple[Service, ...]]
    workers: Reading[tuple[Worker, ...]]
    sessions: Reading[tuple[Session, ...]]
    environments: Reading[Environments]
    system: Reading[System]
    sites: Reading[tuple[Site, ...]]
    queue: Reading[Queue]
    disks: Reading[tuple[Disk, ...]]
    processes: Reading[ProcessTable]
    ports: Reading[tuple[Port, ...]]
    tmux_servers: Reading[tuple[TmuxServer, ...]]
    tmux_costs: tuple[TmuxCost, ...] = ()
    """Of the servers that hold the sessions, by socket."""
    consumers: tuple[Consumers, ...] = ()
    scan_ms: float | None = None
    """What this cycle's core scan took."""
    slowed: str = ""
    """At what interval it is collected and why, while that is longer than configured; empty when it is not."""
    config_problem: str = ""
    """Why the config file as it is now is not in force, and an earlier state of it is; empty when it is."""
    demo: bool = False
    """Whether it is of a demo's sandbox rather than of the machine as it is."""
    diagnosis: Diagnosis | None = None
    """What the rules say of it; None where none was made."""
