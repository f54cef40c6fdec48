"""Sessions, put together from what tmux tells and what the process table shows. Pure: reads nothing itself.

A session costs what all processes in the trees of its panes cost, each counted once, tool shells in sessions of
their own included. What state an agent is in is not read here: an agent makes its session ``unknown``, never idle.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from opsconsole.collect.agents import Agents, builtin_agents
from opsconsole.config.types import SessionsTable
from opsconsole.model.process import Process, ProcessTable, usage
from opsconsole.model.reading import Reading, carry, ok, unknown
from opsconsole.model.session import Pane, Session, SessionState, TmuxServer
from opsconsole.model.text import shown


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
) -> Reading[tuple[Session, ...]]:
    """All sessions of all servers that answered, by server and age.

    A server that could not be asked is told in the note; when none could, the reading is unknown.
    """
    if servers.value is None:
        return carry(servers)
    failures = [f"tmux server {server.socket}: {server.error}" for server in servers.value if server.error]
    if failures and len(failures) == len(servers.value):
        return unknown("; ".join(failures), servers.at)
    assembly = _Assembly(table, processes, now, agents or builtin_agents())
    sessions = [session for server in servers.value for session in assembly.sessions(server)]
    notes = [servers.note, *failures]
    if processes.value is None:
        notes.append(f"processes are unknown: {_why(processes)}")
    return ok(tuple(sessions), servers.at or now, note="; ".join(filter(None, notes)))


class _Assembly:
    def __init__(self, table: SessionsTable, processes: Reading[ProcessTable], now: float, agents: Agents) -> None:
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
        panes = tuple(self._described(tree) for tree in trees)
        first = panes[0]
        members = {process.id.pid: process for tree in trees for process in tree.processes}
        missing = next((tree.missing for tree in trees if tree.missing), "")
        # Zombies hold nothing, and nothing can be read of them: they must not make the sums unknown.
        cost = usage(() if missing else (process for process in members.values() if process.state != "Z"))
        names = sorted({pane.agent for pane in panes if pane.agent})
        state, reason = _state(panes, names, missing)
        moved = [pane.activity_at for pane in panes if pane.activity_at is not None]
        return Session(
            name=first.session_name,
            id=f"{server.socket}:{first.id.server_pid}:{first.id.server_start}:{first.session_id}",
            socket=server.socket,
            panes=panes,
            agent=", ".join(names),
            state=state,
            reason=reason,
            idle_s=max(0.0, self._now - max(moved)) if moved else None,
            cpu_percent=cost.cpu_percent,
            rss_bytes=cost.rss_bytes,
            swap_bytes=cost.swap_bytes,
            processes=len(members),
            attached=server.attached.get(first.session_id, 0),
            cwd=next((pane.cwd for pane in sorted(panes, key=lambda pane: not pane.agent) if pane.cwd), None),
            session_id=None,
            created_at=float(first.session_created),
            protected=any(fnmatchcase(first.session_name, pattern) for pattern in self._protect),
        )

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

    def _described(self, tree: _Tree) -> Pane:
        """The pane with its agent, and the command and directory of what runs in front."""
        if not tree.processes:
            return tree.pane
        found = self._agents.find(tree.processes)
        chain = _front(tree.processes)
        if found is not None:
            chain.append(found[1])
        return msgspec.structs.replace(
            tree.pane,
            agent=found[0] if found else "",
            agent_process=found[1].id if found else None,
            command=chain[-1].command,
            cwd=next((_shown_path(process.cwd) for process in reversed(chain) if process.cwd), None),
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


def _state(panes: tuple[Pane, ...], agents: list[str], missing: str) -> tuple[SessionState, str]:
    if all(pane.dead for pane in panes):
        return "dead", "every pane has ended" if len(panes) > 1 else "its pane has ended"
    if agents:
        return "unknown", f"state of {', '.join(agents)} is not read yet"
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
