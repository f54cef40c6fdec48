"""What to add to the config so that something that merely runs can be started and restarted: a table of it, ready.

Made of what /proc tells of the running process: arguments, directory, the file its output goes to. It is a proposal:
nothing is started from it before it stands in the config, since /proc may tell a title for a command, a directory that
is gone, a log that was rotated away.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from opsconsole.act.limits import plan_limits
from opsconsole.collect import procfs
from opsconsole.config.types import LimitsTable, ServiceTable, WorkerTable
from opsconsole.config.write import table_text
from opsconsole.model.process import Process
from opsconsole.model.text import masked_argv, shown

NAMES_SHOWN = 12
_EVERYWHERE = frozenset(
    "_ HOME LANG LANGUAGE LOGNAME MAIL OLDPWD PATH PWD SHELL SHLVL TERM USER XDG_RUNTIME_DIR XDG_SESSION_ID".split()
)
"""Variables that every login has."""


def worker_proposal(name: str, process: Process, instances: int = 1) -> str:
    """The ``[[worker]]`` of a running instance; empty where its command cannot be written down."""
    told = _Told(process)
    table = WorkerTable(name=name, command=told.command, cwd=told.cwd, instances=instances, log=told.log)
    return told.with_remarks(table_text(table))


def service_proposal(service: ServiceTable, process: Process, *, configured: bool) -> str:
    """The ``[[service]]`` whose port this process holds, with its command; of a configured one the lines it lacks."""
    told = _Told(process)
    table = ServiceTable(
        name=service.name, port=service.port, command=told.command, cwd=told.cwd, log=told.log or service.log
    )
    text = table_text(table)
    if configured and text:
        known = ("[[", "name =", "port =") if service.log is None else ("[[", "name =", "port =", "log =")
        text = "\n".join(line for line in text.splitlines() if not line.startswith(known))
        text = f"# into the [[service]] {shown(service.name)}:\n{text}"
    return told.with_remarks(text)


class _Told:
    """What /proc says of one process."""

    def __init__(self, process: Process) -> None:
        self._base, self._pid = f"/proc/{process.pid}", process.pid
        argv = process.argv or ()
        self.command = masked_argv(argv)
        self._masked = self.command != argv
        cwd = procfs.read_link(f"{self._base}/cwd")
        self._gone = cwd is not None and not Path(cwd).is_dir()
        self.cwd = Path(cwd) if cwd and not self._gone else None
        self.log = _log(self._base)

    def with_remarks(self, block: str) -> str:
        return "\n".join([block.rstrip("\n"), *(f"# {line}" for line in self._remarks())]) if block else ""

    def _remarks(self) -> Iterator[str]:
        yield f"as {self._pid} runs now: see that it is what you want"
        if self._masked:
            yield "what looks like a secret is left out above: a file that only you can read is its place"
        if self._gone:
            yield "its directory is gone: name another as cwd"
        if self.log is None:
            yield 'its output goes to no file: log = "FILE" would keep it'
        limits = plan_limits(LimitsTable(), self._pid)
        yield from limits.seen
        if names := _names_of_environment(self._base):
            more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
            told = shown(", ".join(names[:NAMES_SHOWN]), 400)
            yield f'env = {{ NAME = "VALUE" }} sets variables: it has {told}{more} otherwise than this console'


def _log(base: str) -> Path | None:
    """The regular file that its output is written to."""
    path = procfs.read_link(f"{base}/fd/1")
    try:
        if path is None or not path.startswith("/") or not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
            return None
        same = os.path.samestat(os.stat(path), os.stat(f"{base}/fd/1"))  # noqa: PTH116
    except OSError:
        return None
    return Path(path) if same else None


def _names_of_environment(base: str) -> list[str]:
    """Names of the variables that it was started with and this console has not, or otherwise. Values are never told."""
    raw = procfs.read_small(f"{base}/environ", 131_072) or b""
    found = []
    for entry in raw.split(b"\0"):
        name, has_value, value = entry.partition(b"=")
        text = os.fsdecode(name)
        if has_value and name and text not in _EVERYWHERE and os.environb.get(name) != value:
            found.append(text)
    return sorted(found)
