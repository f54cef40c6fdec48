"""Who holds a service's port: the service itself, somebody else for certain, or nobody can tell.

Identity beats name. The service's own process is the one that runs the configured program, descends from one that
does, has held the port while the service was well, or answers with the components that the service is to have. An
impostor is claimed only where nothing is left to doubt; what set a title over its argv, what a shell, a launcher or
a binary has become, and what was started in the service's own directory may be the service under another name.
Pure but for following paths (``collect.programs``).
"""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.collect.command import SHELL, interpreter_kind, unwrap
from opsconsole.collect.misses import Misses
from opsconsole.collect.programs import Declared, declare, match, mentions, program_of, real_path
from opsconsole.config.types import ServiceTable, WorkerTable
from opsconsole.model.identity import ProcessId
from opsconsole.model.listener import Owner
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.service import Holder, Probe, ServiceState


class ServiceMemory(Misses):
    """What is kept of services from one look to the next: misses, and who held their ports while they were well."""

    def __init__(self) -> None:
        super().__init__()
        self._own: dict[str, frozenset[ProcessId]] = {}

    def was_well(self, service: str, owners: Sequence[Owner]) -> None:
        """These held the port when the service answered as it should: they are the service."""
        self._own[service] = frozenset(owner.id for owner in owners)

    def knows(self, service: str, owner: Owner) -> bool:
        """Whether it held the port when the service was last well."""
        return owner.id in self._own.get(service, ())


def holder(
    table: ServiceTable,
    state: ServiceState,
    owners: tuple[Owner, ...],
    owners_known: bool,
    probe: Probe | None,
    processes: ProcessTable | None,
    memory: Misses,
) -> Holder:
    """Who holds the port of a degraded service; empty where it cannot be told, and where nobody needs to know."""
    remembers = memory if isinstance(memory, ServiceMemory) else None
    if state == "up" and table.url and remembers is not None:
        remembers.was_well(table.name, owners)
    if state != "degraded" or not table.command or not owners:
        return ""
    if probe is not None and any(name in (probe.components or {}) for name in table.components):
        return "own"
    if remembers is not None and any(remembers.knows(table.name, owner) for owner in owners):
        return "own"
    found = [processes.find(owner.id) for owner in owners] if processes is not None else []
    held_by = [process for process in found if process is not None]
    if processes is None or len(held_by) < len(owners):
        return ""
    declared = declare(WorkerTable(name=table.name, command=table.command, cwd=table.cwd, env=table.env))
    lines = [(process, *processes.ancestors(process.pid)) for process in held_by]
    if any(_runs(declared, member) for line in lines for member in line):
        return "own"
    return "other" if owners_known and all(_is_foreign(declared, line) for line in lines) else ""


def _runs(declared: Declared, process: Process) -> bool:
    program = program_of(process)
    return program is not None and match(declared, program) == "same"


def _is_foreign(declared: Declared, line: tuple[Process, ...]) -> bool:
    """Whether a process, told with its ancestors, is for certain no form of the declared program."""
    wanted, process = declared.program, line[0]
    # Only an interpreter with a script stays what it is: npm, a shell and many a binary become what they start.
    if wanted is None or not wanted.name or interpreter_kind(unwrap(declared.table.command)[0]) in ("", SHELL):
        return False
    if any(mentions(declared, " ".join(member.argv or ()) or member.comm) for member in line):
        return False
    # One word is what a title leaves of an argv; without the executable the argv is the process's own word only.
    if process.argv is None or len(process.argv) < 2 or process.exe is None or process.cwd is None:
        return False
    place = str(declared.table.cwd) if declared.table.cwd is not None else wanted.path.rpartition("/")[0]
    return bool(place) and not _within(process, real_path(place))


def _within(process: Process, place: str) -> bool:
    """Whether it was started, works, or has its program below a directory."""
    program = program_of(process)
    paths = (process.cwd, process.started_in, program.path if program is not None else "")
    return any(path and (real_path(path) + "/").startswith(place.rstrip("/") + "/") for path in paths)
