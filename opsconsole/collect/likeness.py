"""What each process looks like to each worker, and what of that is remembered from one look to the next.

Pure but for following paths (``collect.programs``). A process is judged when it is new or what tells its program has
changed; from then on a look costs no more than the few processes that look like something.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from opsconsole.collect.command import SHELL, interpreter_kind, runs_multiprocessing
from opsconsole.collect.command import shell_commands as commands_of
from opsconsole.collect.programs import (
    Declared,
    Match,
    Program,
    is_wrapper,
    match,
    mentions,
    program_of,
    program_of_command,
)
from opsconsole.model.identity import ProcessId
from opsconsole.model.process import Process, ProcessTable


class Likeness(NamedTuple):
    """What one process has to do with one worker, by its own looks."""

    match: Match
    program: Program | None
    hidden: str
    """Why it may be an instance although its argv does not tell; empty when nothing speaks for it."""
    stands_by: str
    """What makes it a wrapper, with or without an instance under it; empty for none."""


class _Judged(NamedTuple):
    process: Process
    program: Program | None
    helps: bool


class Memory:
    """What must be remembered from one look to the next."""

    def __init__(self) -> None:
        self._judged: dict[int, _Judged] = {}
        self._around: dict[int, _Judged] = {}
        """Parents of instances that are not judged themselves."""
        self._changed: list[int] = []
        self._likeness: dict[str, tuple[Declared, dict[int, Likeness]]] = {}
        self._origins: dict[ProcessId, tuple[str, Process]] = {}

    def remember(self, worker: str, root: Process, tree: Iterable[Process]) -> None:
        """Note which processes belong to an instance, for the day its root is gone."""
        for process in tree:
            if process.id != root.id and (related(process, root) or helps(process)):
                self._origins[process.id] = (worker, root)

    def origin(self, worker: str, process: Process) -> Process | None:
        """The root of that worker below which a process was seen last."""
        name, root = self._origins.get(process.id, ("", None))
        return root if name == worker else None

    def came_from(self, worker: str) -> list[ProcessId]:
        """The processes last seen below an instance of that worker."""
        return [known for known, (name, _) in self._origins.items() if name == worker]

    def forget_ended(self, table: ProcessTable) -> None:
        self._origins = {known: origin for known, origin in self._origins.items() if table.find(known) is not None}
        self._around = {pid: known for pid, known in self._around.items() if pid in table.processes}

    def forget_told(self) -> None:
        """Follow all paths anew: links may have been moved."""
        self._judged.clear()
        self._around.clear()
        self._likeness.clear()

    def judge(self, processes: Sequence[Process]) -> None:
        """These are the living processes of this look that may have to do with any worker."""
        before, self._judged, self._changed = self._judged, {}, []
        for process in processes:
            known = before.get(process.id.pid)
            if known is None or known.process is not process:
                if known is None or not _told_alike(known.process, process):
                    known = _Judged(process, program_of(process), helps(process))
                    self._changed.append(process.id.pid)
                else:
                    # The newest object is kept: as long as nothing changes, the next look is told by identity.
                    known = known._replace(process=process)
            self._judged[process.id.pid] = known
        for gone in before.keys() - self._judged.keys():
            for _, likeness in self._likeness.values():
                likeness.pop(gone, None)

    def likeness(self, declared: Declared) -> Mapping[int, Likeness]:
        """By pid: the judged processes that look like something of this worker."""
        known = self._likeness.get(declared.table.name)
        if known is None or known[0] is not declared:
            known = self._likeness[declared.table.name] = (declared, {})
            anew: Iterable[int] = self._judged
        else:
            anew = self._changed
        for pid in anew:
            if (found := _likeness(declared, self._judged[pid])) is not None:
                known[1][pid] = found
            else:
                known[1].pop(pid, None)
        return known[1]

    def helpers(self) -> list[Process]:
        """The judged processes that multiprocessing started."""
        return [judged.process for judged in self._judged.values() if judged.helps]

    def program(self, process: Process) -> Program | None:
        """The process's program, told anew only when what tells it has changed."""
        known = self._judged.get(process.id.pid) or self._around.get(process.id.pid)
        if known is None or not _told_alike(known.process, process):
            known = self._around[process.id.pid] = _Judged(process, program_of(process), helps(process))
        return known.program


def _told_alike(one: Process, other: Process) -> bool:
    return one is other or (
        one.argv is other.argv
        and one.comm == other.comm
        and one.exe == other.exe
        and one.cwd == other.cwd
        and one.started_in == other.started_in
        and one.id == other.id
    )


def _likeness(declared: Declared, judged: _Judged) -> Likeness | None:
    process, program = judged.process, judged.program
    answer = match(declared, program) if program is not None else ""
    hidden = "" if answer else _hidden_likeness(declared, process, program)
    stands_by = _stands_by(declared, program) if program is not None else ""
    return Likeness(answer, program, hidden, stands_by) if answer or hidden or stands_by else None


def related(one: Process, other: Process) -> bool:
    """Whether two processes run the same program: the same argv, or forks of one exec."""
    return bool(one.argv and one.argv == other.argv) or (one.image is not None and one.image == other.image)


def helps(process: Process) -> bool:
    return process.argv is not None and runs_multiprocessing(process.argv)


def _stands_by(declared: Declared, program: Program) -> str:
    """What makes a program a wrapper that has no instance under it now; empty for none."""
    if is_wrapper(declared, program):
        return f"wrapper {program.name}"
    if program.kind != SHELL or not program.code or not mentions(declared, program.code):
        return ""
    for directory, argv in commands_of(program.code):
        places = tuple(f"{place}/{directory}" for place in program.places)
        places = (directory,) if directory.startswith("/") else places
        inner = program_of_command(argv, places)
        if inner is not None and match(declared, inner) in ("same", "replaced"):
            return f"shell that runs {inner.name}"
    return ""


def _hidden_likeness(declared: Declared, process: Process, program: Program | None) -> str:
    """Why a process whose argv tells nothing may be an instance; empty when nothing speaks for it."""
    wanted = declared.program
    if wanted is None:
        return ""
    if not process.argv:
        hidden = "unreadable" if process.argv is None else "empty"
        named = process.comm in {wanted.name[:15], wanted.name.rpartition(".")[0][:15]}
        return f"its argv is {hidden}; its name is {process.comm}" if process.comm and named else ""
    if len(process.argv) != 1 or " " not in process.argv[0]:
        return ""
    kind = interpreter_kind(process.exe) if process.exe else ""
    same_executable = program is not None and program.kind == wanted.kind and program.path == wanted.path != ""
    if same_executable or (kind == wanted.kind and _title_names(declared, process.argv[0])):
        return "it set a title over its argv"
    return ""


def _title_names(declared: Declared, title: str) -> bool:
    stem = declared.program.name.rpartition(".")[0] if declared.program is not None else ""
    return mentions(declared, title) or bool(stem and stem in title) or declared.table.name in title
