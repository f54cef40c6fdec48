"""Dev environments from one of three sources: an HTTP API, a command that prints JSON, or a JSON file.

Whatever cannot be read as a list of environments is unknown with what came: an empty answer is never an empty list.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from opsconsole.collect.command_output import CommandFailed, output_of
from opsconsole.collect.environment_forms import Entry, WrongShape, read_entries
from opsconsole.collect.files import FileUnreadable, read_capped
from opsconsole.config.checks import port_pool
from opsconsole.config.types import EnvironmentFields, EnvironmentsTable
from opsconsole.model.clock import Clock
from opsconsole.model.environment import Environment, Environments, PortPool
from opsconsole.model.listener import Port
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading, carry, ok, unconfigured, unknown
from opsconsole.model.text import command_line, shown, shown_url

if TYPE_CHECKING:
    import asyncio

    from opsconsole.collect.http import HttpClient

FILE_BYTES = 1_048_576
NAMELESS = "(no name)"


class RawEnvironments(msgspec.Struct, frozen=True):
    """What the source listed, before it is held against processes and ports."""

    entries: tuple[Entry, ...]
    source: str


class _NoList(Exception):
    """Why there is no list; ``answered`` when the source did say something."""

    def __init__(self, reason: str, answered: bool = False) -> None:
        super().__init__(reason)
        self.answered = answered


class EnvironmentSource:
    """Asks the configured source for its list."""

    name = "environments"

    def __init__(self, table: EnvironmentsTable) -> None:
        self._table = table
        self.every_s = float(table.every)
        self.deadline_s = float(table.timeout) + 2.0
        self._runner: asyncio.Runner | None = None
        self._client: HttpClient | None = None

    def read(self, clock: Clock) -> Reading[RawEnvironments]:
        table = self._table
        source = shown_url(table.url) or shown(str(table.file or "")) or command_line(table.command) or "[environments]"
        try:
            content = self._content()
            entries = read_entries(content, table.fields)
        except (_NoList, WrongShape) as failure:
            answered = isinstance(failure, WrongShape) or failure.answered
            return unknown(shown(f"{source}: {failure}"), clock.wall(), answered=answered)
        except FileUnreadable as failure:
            return unknown(shown(failure.reason), clock.wall())
        return ok(RawEnvironments(entries, source), clock.wall(), note=_nameless_note(entries, table.fields))

    def close(self) -> None:
        """Close the loop, if there is one. Not while a read is going on."""
        if self._runner is not None and self._client is not None:
            self._runner.run(self._client.close())
            self._runner.close()
            self._runner = self._client = None

    def _content(self) -> bytes:
        if self._table.url:
            return self._from_url()
        if self._table.command:
            return self._from_command()
        if self._table.file is not None:
            return read_capped(self._table.file, FILE_BYTES)
        # A config has exactly one source; loading takes the command out of one that others may have written.
        raise _NoList("its command is not run: the config could have been written by others, see `opsconsole check`")

    def _from_url(self) -> bytes:
        from opsconsole.collect.http import HttpClient, new_runner

        if self._runner is None or self._client is None:
            self._runner, self._client = new_runner(), HttpClient()
        table = self._table
        answer = self._runner.run(self._client.ask(table.url, table.timeout, table.tls))
        if answer.error:
            raise _NoList(answer.error)
        if answer.status != 200:
            came = answer.body[:800].decode(errors="replace")
            raise _NoList(f"HTTP {answer.status}; came: {shown(came, 200) or 'nothing'}", answered=True)
        if answer.cut:
            raise _NoList("the body is longer than 64 KB", answered=True)
        return answer.body

    def _from_command(self) -> bytes:
        table = self._table
        try:
            return output_of(table.command, table.cwd, float(table.timeout), FILE_BYTES)
        except CommandFailed as failure:
            raise _NoList(str(failure), failure.answered) from None


def assemble_environments(
    table: EnvironmentsTable | None,
    raw: Reading[RawEnvironments],
    ports: Reading[tuple[Port, ...]],
    processes: Reading[ProcessTable],
    now: float,
) -> Reading[Environments]:
    """The list with age, staleness, duplicates, what of it is alive, and the port pool's use."""
    if table is None:
        return unconfigured("[environments] with url, command or file")
    if raw.value is None:
        return carry(raw)
    entries = raw.value.entries
    listening = {port.port: port for port in ports.value} if ports.value is not None else None
    names: dict[str, list[Entry]] = {}
    claims: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.name:
            names.setdefault(entry.name, []).append(entry)
        for number in entry.ports:
            claims.setdefault(number, []).append(entry)
    ttl_s = float(table.ttl) if table.ttl is not None else None
    items = tuple(
        _environment(
            entry,
            ttl_s,
            now,
            rivals=_rivals(entry, names, claims),
            listening=listening,
            processes=processes.value,
        )
        for entry in entries
    )
    pool = _pool(table, claims, listening)
    unheard = f"listeners unknown, the pool counts claims only: {ports.reason}" if pool and listening is None else ""
    note = "; ".join(filter(None, (raw.note, unheard)))
    return ok(Environments(items, pool, raw.value.source), raw.at or now, note=note)


def _environment(
    entry: Entry,
    ttl_s: float | None,
    now: float,
    rivals: list[str],
    listening: dict[int, Port] | None,
    processes: ProcessTable | None,
) -> Environment:
    age_s = max(now - entry.created_at, 0.0) if entry.created_at is not None else None
    stale = age_s > ttl_s if age_s is not None and ttl_s is not None else None
    reasons = [] if entry.name else ["its source gives it no name"]
    reasons += ["older than its TTL"] if stale else []
    reasons += rivals
    owner_pid, owner_command, alive = _owner(entry, listening, processes)
    return Environment(
        id=entry.id,
        name=entry.name or (f"(no name, id {entry.id})" if entry.id else NAMELESS),
        port=entry.ports[0] if entry.ports else None,
        ports=entry.ports,
        state=entry.state or "unknown",
        age_s=age_s,
        ttl_s=ttl_s,
        stale=stale,
        duplicate=bool(rivals),
        reason="; ".join(reasons),
        owner_pid=owner_pid,
        owner_command=owner_command,
        alive=alive,
        url=entry.url,
        branch=entry.branch,
    )


def _rivals(entry: Entry, names: dict[str, list[Entry]], claims: dict[int, list[Entry]]) -> list[str]:
    """Who else has its name or one of its ports, in words."""
    found = []
    if same := [other for other in names.get(entry.name, ()) if other is not entry]:
        ports = [f"port {other.ports[0]}" for other in same if other.ports]
        found.append(f"its name is also that of {', '.join(ports[:3])}" if ports else "its name is used twice")
    for number in entry.ports:
        if other := next((other for other in claims[number] if other is not entry), None):
            found.append(shown(f"port {number} is claimed by {other.name or other.id or 'one without a name'} too"))
            break
    return found


def _owner(
    entry: Entry, listening: dict[int, Port] | None, processes: ProcessTable | None
) -> tuple[int | None, str, bool | None]:
    """Pid and command of what holds one of its ports, else of the pid it names, and whether anything of it runs."""
    for number in entry.ports:
        port = listening.get(number) if listening is not None else None
        if port is not None:
            holders = [owner for listener in port.listeners for owner in listener.owners]
            return (holders[0].pid, holders[0].command, True) if holders else (None, "", True)
    process = processes.get(entry.pid) if processes is not None and entry.pid is not None else None
    if process is not None:
        return process.pid, process.command, True
    told = (listening is not None and entry.ports) or (processes is not None and entry.pid is not None)
    return entry.pid, "", False if told else None


def _pool(table: EnvironmentsTable, claims: Iterable[int], listening: dict[int, Port] | None) -> PortPool | None:
    bounds = port_pool(table.port_pool)
    if bounds is None:
        return None
    first, last = bounds
    claimed = {port for port in claims if first <= port <= last}
    heard = {port for port in listening or () if first <= port <= last}
    return PortPool(first, last, tuple(sorted(claimed | heard)), tuple(sorted(heard - claimed)), listening is not None)


def _nameless_note(entries: tuple[Entry, ...], fields: EnvironmentFields) -> str:
    nameless = sum(1 for entry in entries if not entry.name)
    return f"{nameless} of {len(entries)} entries have no {fields.name!r}" if nameless else ""
