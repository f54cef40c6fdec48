"""Without a config: what listens is a service, what has long run as a daemon is a worker.

Pure, and cheap enough to be run every few cycles: most processes are rejected by one look at their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath

import msgspec

from opsconsole.collect.agents import builtin_agents
from opsconsole.collect.command import interpreter_kind, parse
from opsconsole.config.types import Config, ServiceTable, WorkerTable
from opsconsole.model.listener import Port
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.service import Service
from opsconsole.model.text import clean
from opsconsole.model.worker import Worker

LONG_LIVED_S = 60.0
"""A daemon younger than this may be a passing command."""
MAX_WORKERS = 40
INTERPRETER = re.compile(r"(?:python[\d.]*|node|ruby|perl|php|bash|sh|dash|zsh|java|deno|bun)$")
PLUMBING = frozenset(
    "systemd init dbus-daemon dbus-broker agetty getty login sshd tmux screen gpg-agent ssh-agent pipewire wireplumber"
    " pulseaudio dockerd containerd containerd-shim cron crond rsyslogd systemd-journald systemd-logind systemd-udevd"
    " systemd-resolved systemd-timesyncd systemd-networkd polkitd accounts-daemon udisksd upowerd ModemManager"
    " NetworkManager wpa_supplicant snapd unattended-upgr xdg-desktop-por at-spi-bus-laun gvfsd dconf-service".split()
)
"""Programs that belong to every machine: not what its operator runs on it. Kernel names, at most 15 characters."""
PASSING = frozenset(
    "sleep tail cat tee grep egrep fgrep rg awk sed less more man watch top htop btop find xargs timeout yes dd cp mv"
    " rm tar gzip xz zstd rsync scp sftp ssh curl wget git make ninja cmake vi vim nvim nano emacs inotifywait"
    " journalctl strace perf gdb script expect flock pytest npm npx pip uv".split()
)
"""Commands that somebody gave once, however long they take and whoever adopted them."""
_MCP = re.compile(r"(?<![a-z])mcp(?![a-z])", re.IGNORECASE)
"""In a program's path or name: the tool server of an agent, which comes and goes with it."""


def discover(processes: ProcessTable, ports: Iterable[Port], uid: int, exclude: Iterable[int] = ()) -> Config:
    """A config of what is seen: services by port, workers by program.

    ``uid`` is whose things count (root's eyes see everything that listens). ``exclude`` are roots of process trees
    that are something else already, such as tmux panes. Workers are wanted as often as they are seen: how many
    there should be, no machine can tell.
    """
    services, owners = _services(tuple(ports), uid)
    taken = {process.pid for root in (*exclude, *owners) for process in processes.tree(root)}
    for root in owners:
        taken.update(process.pid for process in processes.ancestors(root))
    names = {service.name for service in services}
    return Config(service=services, worker=_workers(processes, uid, taken, names))


def with_missed(found: Config, before: Config, shown: Iterable[Service]) -> Config:
    """``found`` with the services of ``before`` that were up until now: gone is what two scans in a row do not see."""
    names, ports = {table.name for table in found.service}, {table.port for table in found.service}
    up = {service.name for service in shown if service.state == "up"}
    missed = (table for table in before.service if table.name in up - names and table.port not in ports)
    return msgspec.structs.replace(found, service=(*found.service, *missed))


def recognised(found: Config, workers: Iterable[Worker]) -> Config:
    """Only the workers that identity tells as well, wanted as often as it counts them.

    A config of the others would begin with something missing: a program that renames itself, a pool's children.
    """
    counted = {worker.name: len(worker.instances) for worker in workers}
    kept = [
        msgspec.structs.replace(table, instances=count) for table in found.worker if (count := counted.get(table.name))
    ]
    return msgspec.structs.replace(found, worker=tuple(kept))


def merely_found(workers: Iterable[Worker]) -> tuple[Worker, ...]:
    """What discovery took for workers, as nobody's wish: each with the count it has, no process in two of them.

    How many there should be, whether one should be there at all and what it left behind is judged of what a config
    names. One that identity cannot tell for certain is nobody's word that it is one, and left out.
    """
    taken: set[int] = set()
    found: list[Worker] = []
    for worker in workers:
        instances = tuple(one for one in worker.instances if one.pid not in taken)
        if not instances or len(instances) < len(worker.instances):
            continue  # The same program by another directory or name: its processes are shown already.
        taken.update(one.pid for one in instances)
        found.append(
            msgspec.structs.replace(
                worker,
                discovered=True,
                wanted=len(instances),
                state="running",
                reason="",
                remnants=(),
                suspects=(),
                starts=(),
            )
        )
    return tuple(found)


def program_name(process: Process) -> str:
    """What people call it: the script of an interpreter, the module of ``-m``, else the executable."""
    argv = process.argv or ()
    if not argv:
        return process.comm
    program = PurePath(argv[0].split(" ")[0].rstrip(":")).name or process.comm
    if not INTERPRETER.fullmatch(program):
        return program
    for position, word in enumerate(argv[1:], 1):
        if word == "-m" and position + 1 < len(argv):
            return argv[position + 1]
        if word in ("-c", "-e"):
            return f"{program} {word}"
        if not word.startswith("-"):
            return PurePath(word).name
    return program


def _services(ports: tuple[Port, ...], uid: int) -> tuple[tuple[ServiceTable, ...], set[int]]:
    services: list[ServiceTable] = []
    owners: set[int] = set()
    names: set[str] = set()
    for port in sorted(ports, key=lambda port: port.port):
        if uid != 0 and all(listener.uid not in (uid, None) for listener in port.listeners):
            continue
        holders = [owner for listener in port.listeners for owner in listener.owners]
        owners.update(holder.pid for holder in holders)
        name = (clean(_owner_name(holders[0].command), 40).strip() if holders else "") or f"port {port.port}"
        if name in names:
            name = f"{name} :{port.port}"
        names.add(name)
        services.append(ServiceTable(name=name, port=port.port))
    return tuple(services), owners


def _owner_name(command: str) -> str:
    words = command.strip("[]").split(" ")
    program = PurePath(words[0].rstrip(":")).name or command
    if not INTERPRETER.fullmatch(program):
        return program
    for position, word in enumerate(words[1:], 1):
        if word == "-m" and position + 1 < len(words):
            return words[position + 1]
        if word in ("-c", "-e"):
            break
        if not word.startswith("-"):
            return PurePath(word).name
    return program


def _workers(processes: ProcessTable, uid: int, taken: set[int], names: set[str]) -> tuple[WorkerTable, ...]:
    grouped: dict[tuple[tuple[str, ...], str | None], int] = {}
    named: dict[tuple[tuple[str, ...], str | None], str] = {}
    for process in processes:
        if process.tty or not process.argv or process.uid != uid or process.comm in PLUMBING:
            continue
        if processes.at - process.started_at < LONG_LIVED_S or process.pid in taken:
            continue
        if not _is_daemon(process, processes) or _is_passing(process, process.argv):
            continue
        name = program_name(process)
        identity = (process.argv, process.cwd)
        grouped[identity] = grouped.get(identity, 0) + 1
        named[identity] = name
    return _tables(grouped, named, names)


def _is_passing(process: Process, argv: tuple[str, ...]) -> bool:
    """Whether it is a command, a shell or a part of an agent rather than a program that somebody keeps running."""
    program = PurePath(argv[0].split(" ")[0].rstrip(":")).name
    if program in PLUMBING or program in PASSING:
        return True
    if kind := interpreter_kind(argv[0]):
        # An interpreter without a script is a shell somebody left, or a one-liner: nothing to know again by.
        invocation = parse(kind, argv)
        named = invocation.module or invocation.script
        if not named or named.startswith(("/dev/", "/proc/")):
            return True  # A descriptor's number names another file in every process.
    else:
        name = program_name(process)
        if INTERPRETER.fullmatch(name) or name.endswith((" -c", " -e")):
            return True
    return any(_MCP.search(word) for word in argv[:4]) or bool(builtin_agents().name_of(process))


def _is_daemon(process: Process, processes: ProcessTable) -> bool:
    """Adopted by pid 1 or a session manager, or leader of a session of its own below something that is gone."""
    parent = processes.get(process.ppid)
    return parent is None or parent.pid == 1 or parent.comm in ("systemd", "init", "tini", "dumb-init", "launchd")


def _tables(
    grouped: dict[tuple[tuple[str, ...], str | None], int],
    named: dict[tuple[tuple[str, ...], str | None], str],
    names: set[str],
) -> tuple[WorkerTable, ...]:
    """A name each that neither another worker nor a service has: commands take either."""
    tables: list[WorkerTable] = []
    for identity in sorted(grouped, key=lambda identity: (named[identity], identity[0])):
        argv, cwd = identity
        stem = clean(PurePath(named[identity]).stem or named[identity], 40).strip() or "worker"
        name, number = stem, 2
        while name in names:
            name, number = f"{stem} {number}", number + 1
        names.add(name)
        tables.append(WorkerTable(name=name, command=argv, cwd=Path(cwd) if cwd else None, instances=grouped[identity]))
    return tuple(tables[:MAX_WORKERS])
