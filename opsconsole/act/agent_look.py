"""A fresh look at sessions and their agents, with the console's own collectors: before a plan, before each step that
cannot be taken back, and afterwards."""

from __future__ import annotations

import msgspec

from opsconsole.act.living import HAS_PROC, PROC
from opsconsole.collect.agent_source import AgentSource
from opsconsole.collect.agents import Agents, load_agents
from opsconsole.collect.processes import ProcessSource, process_source
from opsconsole.collect.sessions import agents_to_attend, assemble_sessions, pane_pids
from opsconsole.collect.tmux import TmuxSource
from opsconsole.config.locate import agent_profiles
from opsconsole.config.types import Config
from opsconsole.model.agent import AgentEvidence
from opsconsole.model.clock import SystemClock
from opsconsole.model.identity import PaneId
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading
from opsconsole.model.session import Pane, Session, TmuxServer

SEARCH_BYTES = 4 * 1024**3
"""One look has to do: what it leaves unsearched would be refused, and the next look begins anew."""


class SessionsView(msgspec.Struct, frozen=True):
    """One look."""

    servers: Reading[tuple[TmuxServer, ...]]
    processes: Reading[ProcessTable]
    sessions: Reading[tuple[Session, ...]]
    evidence: dict[PaneId, AgentEvidence]

    def session_of(self, pane: PaneId) -> tuple[Session, Pane] | None:
        """The session with this very pane."""
        for session in self.sessions.value or ():
            for each in session.panes:
                if each.id == pane:
                    return session, each
        return None


class AgentLooker:
    """Looks at all sessions. One thread's; keeps what it has read between looks."""

    def __init__(self, config: Config) -> None:
        self.agents: Agents = load_agents(agent_profiles())
        self._table = config.sessions
        self._tmux = TmuxSource(config.sessions, config.demo)
        # Without descriptors kept: what we start would inherit the raised limit.
        self._processes = ProcessSource(PROC, descriptor_budget=0) if HAS_PROC else process_source()
        self._source = AgentSource(self.agents, search_bytes=SEARCH_BYTES)
        self._clock = SystemClock()

    def look(self) -> SessionsView:
        """What is so now: two readings of the processes, since what runs in panes is read deeper."""
        servers = self._tmux.read(self._clock)
        processes = self._processes.read(self._clock)
        if processes.value is not None:
            roots = pane_pids(servers)
            self._processes.attend(each.pid for root in roots for each in processes.value.tree(root))
            processes = self._processes.read(self._clock)
        found = assemble_sessions(self._table, servers, processes, self._clock.wall(), self.agents)
        if found.value is not None and processes.value is not None:
            self._source.attend(agents_to_attend(found.value, processes.value))
        seen = self._source.read(self._clock)
        sessions = assemble_sessions(self._table, servers, processes, self._clock.wall(), self.agents, seen)
        return SessionsView(servers, processes, sessions, seen.value.by_pane if seen.value is not None else {})
