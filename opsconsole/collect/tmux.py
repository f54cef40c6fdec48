"""The user's tmux servers: every pane of each, and the people attached, in one short-lived client per server.

All servers are asked at once and share one deadline; a server that hangs costs itself, not the others, and is left
alone for a while before it is asked again. Only clients started here are ever killed, never a server.
"No server" is said only when nobody can be behind a socket; every other failure is that server's ``error``.
What runs in a pane and where is not asked: it is half of tmux's cost, and the process table knows it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from opsconsole.collect.tmux_client import Answer, ask_all
from opsconsole.collect.tmux_sockets import find_sockets, knock, surrounding_socket, usual_directory
from opsconsole.config.types import DemoTable, SessionsTable
from opsconsole.model.clock import Clock
from opsconsole.model.identity import PaneId
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.session import Asleep, Pane, TmuxServer
from opsconsole.model.text import shown

ANSWER_WITHIN_S = 3.0
ASK_HUNG_AGAIN_S = 10.0
DEMO_SETTLED_S = 2.0
"""Output this soon after the demo was built is the building itself."""

SLEEPS = "@opsconsole_sleeps"
"""A pane's own option: what sleeps there, as ``AGENT/CONVERSATION/SINCE[/MOVED]``.

Set and removed by whoever hibernates it; both times in seconds since the epoch."""

# ":" never occurs in a session's name (tmux turns it into "_") nor in the fields before it, and unlike a tab or a
# control character it survives every tmux and every locale. The title may hold anything, so it comes last.
_PANE_FIELDS = (
    *("session_id", "session_created", "window_index", "pane_index", "pane_id", "pane_pid", "pane_tty", "pane_dead"),
    *("pane_in_mode", "window_activity", "session_attached", "start_time", "pid", SLEEPS, "session_name", "pane_title"),
)
_PANE_FORMAT = "P:" + ":".join(f"#{{{field}}}" for field in _PANE_FIELDS)
_CLIENT_FORMAT = "C:#{session_id}:#{client_control_mode}:#{client_activity}"
_END_OF_PANES = b"E:"
# A failing command ends the sequence, so what must not be lost stands first, and is seen to be complete by the mark.
_QUESTION = (
    *("list-panes", "-a", "-F", _PANE_FORMAT, ";", "display-message", "-p", _END_OF_PANES.decode(), ";"),
    *("list-clients", "-F", _CLIENT_FORMAT),
)
_NO_SESSIONS = "no current target"
"""What list-panes says on a server without sessions (``exit-empty off``)."""


class _Line(msgspec.Struct, frozen=True):
    """One parsed pane line, kept as long as tmux repeats it byte by byte."""

    pane: Pane
    clients: int
    """All clients of its session, control-mode ones included."""


class _Known(msgspec.Struct, frozen=True):
    """The last answer of one server and what came of it."""

    output: bytes
    server: TmuxServer
    lines: dict[bytes, _Line]


class TmuxSource:
    """Reads this user's tmux servers where they usually listen and the one we run in, or the one the config names.

    A demo's are its own, and another ``socket_directory`` than the usual one is all there is.
    """

    name = "tmux"
    every_s = 3.0
    deadline_s = ANSWER_WITHIN_S + 1.0

    def __init__(
        self, table: SessionsTable, demo: DemoTable | None = None, socket_directory: Path | None = None
    ) -> None:
        self._table = table
        self._demo = demo
        self._directory = socket_directory or usual_directory()
        self._surrounding = surrounding_socket() if demo is None and socket_directory is None else None
        self._known: dict[str, _Known] = {}
        self._hung: dict[str, tuple[float, str]] = {}
        """By socket: when to ask again (monotonic), and what to tell until then."""

    def read(self, clock: Clock) -> Reading[tuple[TmuxServer, ...]]:
        """One server per socket with somebody behind it, in the order of their paths."""
        sockets = find_sockets(self._table, self._directory, self._surrounding)
        if sockets.error:
            return unknown(sockets.error, clock.wall())
        self._known = {path: known for path, known in self._known.items() if path in sockets.paths}
        self._hung = {path: hung for path, hung in self._hung.items() if path in sockets.paths}
        servers: dict[str, TmuxServer] = {}
        to_ask: list[str] = []
        for path in sockets.paths:
            if path in self._hung and clock.monotonic() < self._hung[path][0]:
                servers[path] = _failed(path, self._hung[path][1])
            elif path in self._known:
                to_ask.append(path)
            elif (found := knock(path)).error:
                servers[path] = _failed(path, found.error)
            elif found.listening:
                to_ask.append(path)
        for path, answer in ask_all(to_ask, _QUESTION, ANSWER_WITHIN_S).items():
            server = self._heard(path, answer, clock)
            if server is not None:
                servers[path] = server
        return ok(tuple(servers[path] for path in sorted(servers)), clock.wall(), note=sockets.note)

    def _heard(self, path: str, answer: Answer, clock: Clock) -> TmuxServer | None:
        """The server this answer tells of; None when it is certain that there is none any more."""
        self._hung.pop(path, None)
        if answer.timed_out:
            self._known.pop(path, None)
            reason = f"did not answer within {ANSWER_WITHIN_S:g} s (hung or stopped)"
            self._hung[path] = (clock.monotonic() + ASK_HUNG_AGAIN_S, reason)
            return _failed(path, reason)
        if answer.error:
            return _failed(path, answer.error)
        if answer.status and _END_OF_PANES not in answer.output.split(b"\n"):
            if answer.complaint.strip() == _NO_SESSIONS and not answer.output:
                return TmuxServer(socket=path, pid=None, start=None)
            self._known.pop(path, None)
            found = knock(path)
            if not found.listening and not found.error:
                return None
            complaint = shown(answer.complaint.strip()) or f"tmux exited with {answer.status}"
            return _failed(path, complaint)
        return self._parsed(path, answer)

    def _parsed(self, path: str, answer: Answer) -> TmuxServer:
        known = self._known.get(path)
        # The exit status tells whether the clients were listed; it is part of what must be the same.
        output = answer.output if answer.status == 0 else answer.output + b"!"
        if known is not None and known.output == output:
            return known.server
        lines: dict[bytes, _Line] = {}
        humans: dict[str, int] = {}
        typed: dict[str, float] = {}
        for raw in answer.output.split(b"\n"):
            if raw in (b"", _END_OF_PANES):
                continue
            if raw.startswith(b"C:"):
                session_id, _, told = raw[2:].decode("ascii", "replace").partition(":")
                control_mode, _, typed_at = told.partition(":")
                if session_id and control_mode != "1":
                    humans[session_id] = humans.get(session_id, 0) + 1
                    if typed_at.isdecimal():
                        typed[session_id] = max(typed.get(session_id, 0.0), float(typed_at))
                continue
            line = (known.lines.get(raw) if known is not None else None) or self._line(path, raw)
            if line is None:
                self._known.pop(path, None)
                odd = shown(raw.decode(errors="replace"), 80)
                return _failed(path, f"tmux answered with a line that is no pane: {odd}")
            lines[raw] = line
        if answer.status:
            # Without the list of clients every client counts as a person: the careful side to err on.
            humans = {line.pane.session_id: line.clients for line in lines.values() if line.clients}
        server = _server(path, tuple(line.pane for line in lines.values()), humans, typed)
        self._known[path] = _Known(output, server, lines)
        return server

    def _line(self, path: str, raw: bytes) -> _Line | None:
        parts = raw.decode(errors="replace").split(":", len(_PANE_FIELDS))
        if len(parts) != len(_PANE_FIELDS) + 1 or parts[0] != "P":
            return None
        _, session_id, created, window, index, pane, pid, tty, dead, mode = parts[:10]
        moved, clients, start, server, sleeps, name, title = parts[10:]
        if not (session_id.startswith("$") and pane.startswith("%") and (session_id[1:] + pane[1:]).isdecimal()):
            return None
        try:
            return _Line(
                pane=Pane(
                    id=PaneId(path, int(server), int(start), pane),
                    session_id=session_id,
                    session_name=shown(name),
                    session_created=int(created),
                    window=f"{window}.{index}",
                    pid=int(pid) if pid else None,
                    tty=tty,
                    dead=dead == "1",
                    in_mode=mode not in ("", "0"),
                    activity_at=self._activity(name, int(moved)) if moved else None,
                    title=shown(title),
                    asleep=_asleep(sleeps),
                ),
                clients=int(clients or 0),
            )
        except ValueError:
            return None

    def _activity(self, session_name: str, moved: int) -> float:
        demo = self._demo
        if demo is not None and session_name in demo.idle and moved <= demo.built_at + DEMO_SETTLED_S:
            return moved - demo.idle[session_name]
        return float(moved)


def _server(path: str, panes: tuple[Pane, ...], humans: dict[str, int], typed: dict[str, float]) -> TmuxServer:
    identity = panes[0].id if panes else None
    return TmuxServer(
        socket=path,
        pid=identity.server_pid if identity else None,
        start=identity.server_start if identity else None,
        panes=panes,
        attached=humans,
        typed_at=typed,
    )


def _asleep(mark: str) -> Asleep | None:
    agent, _, rest = mark.partition("/")
    conversation, _, times = rest.partition("/")
    since, _, moved = times.partition("/")
    if not conversation or not since.isdecimal():
        return None
    return Asleep(shown(agent), shown(conversation), float(since), float(moved) if moved.isdecimal() else None)


def _failed(path: str, error: str) -> TmuxServer:
    return TmuxServer(socket=path, pid=None, start=None, error=error)
