"""Sessions, put together from what tmux tells, the process table and the look at their agents. Pure: reads nothing.

A session costs what all processes in the trees of its panes cost, each counted once, tool shells in sessions of
their own included. An agent that has not been looked at makes its session ``unknown``, never idle.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from opsconsole.collect.agent_source import Attended
from opsconsole.collect.agent_state import Case, Verdict, judge, last_moved
from opsconsole.collect.agents import Agents, builtin_agents
from opsconsole.config.types import SessionsTable
from opsconsole.model.agent import AgentEvidence, AgentsSeen
from opsconsole.model.process import Process, ProcessTable, usage
from opsconsole.model.reading import Reading, carry, ok, unknown
from opsconsole.model.session import Asleep, Below, Pane, Session, SessionState, TmuxCost, TmuxServer
from opsconsole.model.text import shown

NOT_LOOKED_AT = "its agent has not been looked at yet"
_NOT_SEEN: Reading[AgentsSeen] = unknown(NOT_LOOKED_AT, None, pending=True)
_PRECEDENCE: tuple[SessionState, ...] = (
    *("working", "hung", "waiting", "unknown", "shell", "logged-out", "idle", "hibernated"),
)
"""Of several agents' states, the first of these is the session's."""


class _Tree(msgspec.Struct, frozen=True):
    """A pane with its processes, parents first; ``missing`` says why they are not known."""

    pane: Pane
    processes: tuple[Process, ...] = ()
    missing: str = ""


def pane_pids(servers: Reading[tuple[TmuxServer, ...]]) -> set[int]:
    """The root processes of all living panes: what the process scan should look deeper into."""
    return {
        pane.pid for server in servers.value or () for pane in server.panes if pane.pid is not None and not pane.dead
    }


def assemble_sessions(
    table: SessionsTable,
    servers: Reading[tuple[TmuxServer, ...]],
    processes: Reading[ProcessTable],
    now: float,
    agents: Agents | None = None,
    seen: Reading[AgentsSeen] = _NOT_SEEN,
) -> Reading[tuple[Session, ...]]:
    """All sessions of all servers that answered, by server and age.

    A server that could not be asked is told in the note; when none could, the reading is unknown.
    """
    if servers.value is None:
        return carry(servers)
    failures = [shown(f"tmux server {server.socket}: {server.error}") for server in servers.value if server.error]
    if failures and len(failures) == len(servers.value):
        return unknown("; ".join(failures), servers.at)
    assembly = _Assembly(table, processes, now, agents or builtin_agents(), seen)
    sessions = [session for server in servers.value for session in assembly.sessions(server)]
    notes = [servers.note, *failures]
    if processes.value is None:
        notes.append(f"processes are unknown: {_why(processes)}")
    return ok(tuple(sessions), servers.at or now, note="; ".join(filter(None, notes)))


def agents_to_attend(sessions: Iterable[Session], processes: ProcessTable) -> tuple[Attended, ...]:
    """The agents in these sessions, for the source that looks at them."""
    found: list[Attended] = []
    for session in sessions:
        for pane in session.panes:
            process = processes.find(pane.agent_process) if pane.agent_process is not None else None
            if process is None or pane.pid is None:
                continue
            found.append(
                Attended(
                    pane=pane,
                    process=process.id,
                    agent=pane.agent,
                    exe=process.exe or "",
                    uid=process.uid,
                    cwd=process.cwd or "",
                    started_at=process.started_at,
                    tree=tuple(each.pid for each in processes.tree(pane.pid) if each.state != "Z"),
                )
            )
    return tuple(found)


def tmux_costs(
    servers: Reading[tuple[TmuxServer, ...]], processes: Reading[ProcessTable], seen: Reading[AgentsSeen]
) -> tuple[TmuxCost, ...]:
    """What each tmux server itself costs."""
    scores = seen.value.oom_scores if seen.value is not None else {}
    costs: list[TmuxCost] = []
    for server in servers.value or ():
        table = processes.value
        process = table.get(server.pid) if table is not None and server.pid is not None else None
        costs.append(
            TmuxCost(
                socket=server.socket,
                pid=server.pid,
                rss_bytes=process.rss_bytes if process is not None else None,
                swap_bytes=process.swap_bytes if process is not None else None,
                oom_score=scores.get(server.pid) if server.pid is not None else None,
                error=server.error,
            )
        )
    return tuple(costs)


class _Assembly:
    def __init__(
        self,
        table: SessionsTable,
        processes: Reading[ProcessTable],
        now: float,
        agents: Agents,
        seen: Reading[AgentsSeen],
    ) -> None:
        self._seen = seen
        self._grace = float(table.attached_grace)
        self._processes = processes
        self._now = now
        self._agents = agents
        self._protect = tuple(_as_tmux_names(pattern) for pattern in table.protect)

    def sessions(self, server: TmuxServer) -> list[Session]:
        by_session: dict[str, list[Pane]] = {}
        for pane in server.panes:
            by_session.setdefault(pane.session_id, []).append(pane)
        return [self._session(server, by_session[session_id]) for session_id in sorted(by_session, key=_age_order)]

    def _session(self, server: TmuxServer, listed: list[Pane]) -> Session:
        trees = [self._tree(pane) for pane in listed]
        described = [self._described(tree) for tree in trees]
        panes = tuple(pane for pane, _ in described)
        first = panes[0]
        members = {process.id.pid: process for tree in trees for process in tree.processes}
        missing = next((tree.missing for tree in trees if tree.missing), "")
        # Zombies hold nothing, and nothing can be read of them: they must not make the sums unknown.
        cost = usage(() if missing else (process for process in members.values() if process.state != "Z"))
        names = sorted({pane.agent for pane in panes if pane.agent})
        state, reason = _state(panes, missing)
        talking = next((pane for pane in panes if pane.agent_state == state and pane.agent), None)
        typed_at = server.typed_at.get(first.session_id)
        human_idle = max(0.0, self._now - typed_at) if typed_at is not None else None
        return Session(
            name=first.session_name,
            id=f"{server.socket}:{first.id.server_pid}:{first.id.server_start}:{first.session_id}",
            socket=server.socket,
            panes=panes,
            agent=", ".join(names),
            state=state,
            reason=reason,
            idle_s=self._idle(panes, human_idle),
            cpu_percent=cost.cpu_percent,
            rss_bytes=cost.rss_bytes,
            swap_bytes=cost.swap_bytes,
            processes=len(members),
            attached=server.attached.get(first.session_id, 0),
            cwd=next((pane.cwd for pane in sorted(panes, key=lambda pane: not pane.agent) if pane.cwd), None),
            session_id=next((pane.conversation for pane in panes if pane.conversation), None),
            created_at=float(first.session_created),
            protected=any(fnmatchcase(first.session_name, pattern) for pattern in self._protect),
            waiting_for=talking.waiting_for if talking is not None else "",
            draft=next((pane.draft for pane in panes if pane.draft), ""),
            pss_bytes=self._pss(panes),
            below=tuple(each for _, below in described for each in below),
            human_idle_s=human_idle,
        )

    def _idle(self, panes: tuple[Pane, ...], human_idle: float | None) -> float | None:
        """Since anything moved; somebody who sits there and has typed within the grace time is a movement too."""
        moved = [pane.moved_at for pane in panes if pane.moved_at is not None]
        if not moved:
            return None
        idle = max(0.0, self._now - max(moved))
        return min(idle, human_idle) if human_idle is not None and human_idle < self._grace else idle

    def _pss(self, panes: tuple[Pane, ...]) -> int | None:
        if self._seen.value is None:
            return None
        found = [self._seen.value.by_pane.get(pane.id) for pane in panes if pane.agent]
        parts = [evidence.pss_bytes if evidence is not None else None for evidence in found]
        known = [part for part in parts if part is not None]
        return sum(known) if known and len(known) == len(parts) else None

    def _tree(self, pane: Pane) -> _Tree:
        if pane.dead:
            return _Tree(pane)  # the pid tmux still tells for it may be another process by now
        if pane.pid is None:
            return _Tree(pane, missing=f"tmux tells no process for pane {pane.id.pane}")
        table = self._processes.value
        if table is None:
            return _Tree(pane, missing=f"processes are unknown: {_why(self._processes)}")
        root = table.get(pane.pid)
        if root is None or root.ppid != pane.id.server_pid:
            what = "is not in the process table" if root is None else "is no child of the tmux server"
            return _Tree(pane, missing=f"process {pane.pid} of pane {pane.id.pane} {what}")
        return _Tree(pane, table.tree(pane.pid))

    def _described(self, tree: _Tree) -> tuple[Pane, tuple[Below, ...]]:
        """The pane with its agent and what that does; the command and directory of what runs in front."""
        pane, moved_at = tree.pane, tree.pane.activity_at
        found = self._agents.find(tree.processes)
        if found is None and pane.asleep is not None and not tree.missing:
            # Nobody has touched it since: being put to sleep is no movement.
            moved_at = pane.asleep.moved_at if pane.asleep.moved_at is not None else pane.asleep.since
            pane = _sleeping(pane, pane.asleep)
        if not tree.processes:
            return msgspec.structs.replace(pane, moved_at=moved_at), ()
        chain = _front(tree.processes)
        if found is not None:
            chain.append(found[1])
        pane = msgspec.structs.replace(
            pane,
            moved_at=moved_at,
            agent=found[0] if found else pane.agent,
            agent_process=found[1].id if found else None,
            command=chain[-1].command,
            cwd=next((_shown_path(process.cwd) for process in reversed(chain) if process.cwd), None),
        )
        return self._with_agent(pane, *found) if found else (pane, ())

    def _with_agent(self, pane: Pane, name: str, process: Process) -> tuple[Pane, tuple[Below, ...]]:
        """The pane with the verdict on its agent, and what runs below the agent."""
        assert self._processes.value is not None  # noqa: S101 - the agent was found in it
        tree = self._processes.value.tree(process.pid)
        shells = {each.pid for each in tree[1:] if self._agents.is_tool_shell(name, each)}
        below = tuple(
            Below(
                pid=each.pid,
                command=each.command,
                kind="tool shell" if each.pid in shells else "child",
                rss_bytes=each.rss_bytes,
                swap_bytes=each.swap_bytes,
            )
            for each in tree[1:]
            if each.state != "Z"
        )
        evidence = self._evidence(pane, process)
        if evidence is None:
            verdict = Verdict("unknown", NOT_LOOKED_AT if self._seen.pending else self._seen.reason or NOT_LOOKED_AT)
            return msgspec.structs.replace(pane, agent_state=verdict.state, agent_reason=verdict.reason), below
        registry = self._agents.profiles[name].registry
        verdict = judge(Case(evidence, process, tree, tuple(sorted(shells)), pane, self._now, registry))
        judged = msgspec.structs.replace(
            pane,
            agent_state=verdict.state,
            agent_reason=verdict.reason,
            conversation=evidence.entry.session_id or None if evidence.entry is not None else None,
            waiting_for=verdict.waiting_for,
            draft=verdict.draft,
            moved_at=last_moved(evidence, pane),
        )
        return judged, below

    def _evidence(self, pane: Pane, process: Process) -> AgentEvidence | None:
        """What was seen of this very process in this pane."""
        evidence = self._seen.value.by_pane.get(pane.id) if self._seen.value is not None else None
        return evidence if evidence is not None and evidence.process == process.id else None


def _sleeping(pane: Pane, asleep: Asleep) -> Pane:
    return msgspec.structs.replace(
        pane,
        agent=asleep.agent,
        agent_state="hibernated",
        agent_reason=f"conversation {asleep.conversation} sleeps here",
        conversation=asleep.conversation,
    )


def _front(tree: tuple[Process, ...]) -> list[Process]:
    """From the pane's own process down to the youngest on its terminal: the best guess at what is in front."""
    terminal = tree[0].tty
    youngest: dict[int, Process] = {}
    for process in tree[1:]:
        if process.tty != terminal or process.state == "Z":
            continue
        rival = youngest.get(process.ppid)
        if rival is None or process.id.start_ticks >= rival.id.start_ticks:
            youngest[process.ppid] = process
    chain = [tree[0]]
    while (process_below := youngest.pop(chain[-1].id.pid, None)) is not None:
        chain.append(process_below)
    return chain


def _state(panes: tuple[Pane, ...], missing: str) -> tuple[SessionState, str]:
    if all(pane.dead and pane.agent_state != "hibernated" for pane in panes):
        return "dead", "every pane has ended" if len(panes) > 1 else "its pane has ended"
    talking = [pane for pane in panes if pane.agent]
    if talking:
        state = min((pane.agent_state for pane in talking), key=_PRECEDENCE.index)
        reasons = [f"{pane.id.pane}: {pane.agent_reason}" for pane in talking]
        return state, "; ".join(reasons) if len(talking) > 1 else talking[0].agent_reason
    if missing:
        return "unknown", missing
    return "none", "no coding agent in it"


@lru_cache(maxsize=1024)
def _shown_path(path: str) -> str:
    return shown(path)


def _why(reading: Reading[ProcessTable]) -> str:
    return reading.reason or reading.hint


def _as_tmux_names(pattern: str) -> str:
    """As a session's name would come out of tmux, which turns ``:`` and ``.`` into ``_``."""
    return shown(pattern.replace(":", "_").replace(".", "_"))


def _age_order(session_id: str) -> int:
    number = session_id.removeprefix("$")
    return int(number) if number.isdecimal() else 0
