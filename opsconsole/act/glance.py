"""A Snapshot for a command that acts: only what its verb needs, without waiting for anything else.

The console has its engine's Snapshots; a command would otherwise wait for the slowest site of the config before it
could say that a worker runs twice.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

from opsconsole.act.looking import Looker
from opsconsole.act.tables import SERVICE
from opsconsole.collect.agents import load_agents
from opsconsole.collect.environments import EnvironmentSource, RawEnvironments, assemble_environments
from opsconsole.collect.misses import Misses
from opsconsole.collect.services import assemble_services
from opsconsole.collect.sessions import assemble_sessions
from opsconsole.collect.sleeping import SleepingSource, without_pane
from opsconsole.collect.tmux import TmuxSource
from opsconsole.config.locate import agent_profiles
from opsconsole.config.types import LoadedConfig
from opsconsole.model.clock import SystemClock
from opsconsole.model.plan import Verb
from opsconsole.model.reading import Reading, carry, ok, unconfigured
from opsconsole.model.session import TmuxServer
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.text import clean

ENVIRONMENT_VERBS: frozenset[Verb] = frozenset({"delete-environment", "prune-environments"})
SESSION_VERBS: frozenset[Verb] = frozenset({"hibernate", "wake"})
_NOT_ASKED = "not asked for by this command"


def glance(loaded: LoadedConfig, verb: Verb, state_dir: Path | None = None) -> Snapshot:
    """What this verb needs to know of the machine, read now; all else is unconfigured. ``state_dir`` has the records of
    what sleeps."""
    config, clock = loaded.config, SystemClock()
    view = Looker(config).look()
    now = clock.wall()
    unread: Reading[Any] = unconfigured(_NOT_ASKED)
    servers: Reading[tuple[TmuxServer, ...]] = unconfigured(_NOT_ASKED)
    if verb in SESSION_VERBS or verb == "command":
        servers = TmuxSource(config.sessions, config.demo).read(clock)
    raw: Reading[RawEnvironments] = unconfigured(_NOT_ASKED)
    asked = config.environments if verb in ENVIRONMENT_VERBS or verb == "command" else None
    if asked is not None:
        raw = EnvironmentSource(asked).read(clock)
    workers = tuple(worker for name, worker in view.workers.items() if not name.startswith(SERVICE))
    seen_twice = Misses()
    for table in config.service:
        # Looked at once only: what does not listen is down, not "looking again".
        seen_twice.missed(table.name)
    sessions = assemble_sessions(config.sessions, servers, view.processes, now) if servers.ok else carry(servers)
    if sessions.value is not None and state_dir is not None and verb == "wake":
        sleepers = SleepingSource(state_dir, load_agents(agent_profiles())).read(clock)
        lost = without_pane(config.sessions, sleepers, servers, view.processes, now)
        sessions = ok((*sessions.value, *lost), now, note=sessions.note)
    return Snapshot(
        sequence=1,
        at=now,
        monotonic=time.monotonic(),
        host=clean(socket.gethostname(), 80),
        services=assemble_services(config.service, view.ports, view.processes, unread, now, seen_twice),
        workers=carry(view.processes) if view.processes.value is None else ok(workers, now),
        sessions=sessions,
        environments=assemble_environments(asked, raw, view.ports, view.processes, now),
        system=unread,
        sites=unread,
        queue=unread,
        disks=unread,
        processes=view.processes,
        ports=view.ports,
        tmux_servers=servers,
    )
