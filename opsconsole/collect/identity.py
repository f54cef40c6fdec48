"""Which processes are instances of a worker, and which only look like it.

Pure but for following paths (``collect.programs``). What counts, and what does not:

- **Instance**: a living process of ours (own uid, own pid namespace) that runs the declared program, or one it
  replaces, with the same significant arguments, and has no ancestor that does. A parent forked from the same exec
  (pre-fork pools, reloaders) or with the same argv is the root, and counts once, whatever title it gave itself.
- **Wrapper**: a declared wrapper script wherever it runs; a launcher (timeout, nohup, uv run, …) or a shell around
  an instance, where the shell's own code names the program, or its script has no other children; a shell whose
  code has the program in command position, between two of its runs. An interactive shell is none.
- **Remnant**: a child that outlived its root. Evidence, each enough by itself: it was seen below an instance that
  has ended since (same program or a multiprocessing helper, still in that instance's session, the instance older
  than ten seconds); it is a multiprocessing helper under no Python whose process group or session is the ended
  pid that the worker's pid file names; two or more roots were forked from one exec, share parent, session and
  process group, and the group's leader is gone, while none of them is named by the pid file. An orphan that has
  none of this is an instance: a daemon that forked itself into the background looks just like that.
- **Suspect**: may be one and cannot be told: executable unreadable, argv unreadable or overwritten by a title that
  names it, script in a directory the process has left, a replaced program with other arguments, an orphaned
  multiprocessing helper in the worker's directory. Shown, never counted.

Zombies are nothing of this: they run no more. Processes of others are only counted, to say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from opsconsole.collect.command import LAUNCHERS, SHELL, base_name, interpreter_kind, runs_multiprocessing
from opsconsole.collect.command import shell_commands as commands_of
from opsconsole.collect.programs import Declared, Program, is_wrapper, match, mentions, program_of, program_of_command
from opsconsole.model.identity import ProcessId
from opsconsole.model.process import Process, ProcessTable

SETTLED_AFTER_S = 10.0
"""A root that ended sooner may have been a start that put its child into the background."""
BYSTANDERS = frozenset({"sleep", "tee", "cat", "logger", "ts", "rotatelogs"})
"""What a keepalive script runs beside the worker it keeps alive."""

_ENDED = "ZX"


class Root(NamedTuple):
    """The root of one instance."""

    process: Process
    program: Program
    replaced: bool


class Aside(NamedTuple):
    """A process that has to do with a worker without being an instance."""

    process: Process
    reason: str
    may_be_instance: bool = False


class Sightings(NamedTuple):
    """What was seen of one worker."""

    roots: tuple[Root, ...]
    wrappers: tuple[Aside, ...]
    remnants: tuple[Aside, ...]
    suspects: tuple[Aside, ...]
    foreign: tuple[Process, ...]
    """Processes of another user or pid namespace that run the same program."""


class Memory:
    """What must be remembered from one look to the next."""

    def __init__(self) -> None:
        self.programs: dict[int, tuple[Process, Program | None]] = {}
        self._origins: dict[ProcessId, tuple[str, Process]] = {}

    def remember(self, worker: str, root: Process, tree: Iterable[Process]) -> None:
        """Note which processes belong to an instance, for the day its root is gone."""
        for process in tree:
            if process.id != root.id and (related(process, root) or _helps(process)):
                self._origins[process.id] = (worker, root)

    def origin(self, worker: str, process: Process) -> Process | None:
        """The root of that worker below which a process was seen last."""
        name, root = self._origins.get(process.id, ("", None))
        return root if name == worker else None

    def forget_ended(self, table: ProcessTable) -> None:
        self._origins = {known: origin for known, origin in self._origins.items() if table.find(known) is not None}
        self.programs = {pid: entry for pid, entry in self.programs.items() if pid in table.processes}

    def program(self, process: Process) -> Program | None:
        """The process's program, told anew only when the process is not the same object any more."""
        known = self.programs.get(process.id.pid)
        if known is None or not _told_alike(known[0], process):
            known = (process, program_of(process))
        # The newest object is kept: as long as nothing changes, the next look is told by identity.
        self.programs[process.id.pid] = (process, known[1])
        return known[1]


def _told_alike(one: Process, other: Process) -> bool:
    return one is other or (
        one.argv is other.argv
        and one.exe == other.exe
        and one.cwd == other.cwd
        and one.started_in == other.started_in
        and one.id == other.id
    )


def related(one: Process, other: Process) -> bool:
    """Whether two processes run the same program: the same argv, or forks of one exec."""
    return bool(one.argv and one.argv == other.argv) or (one.image is not None and one.image == other.image)


def family_root(table: ProcessTable, process: Process) -> Process:
    """The oldest ancestor that runs the same program, with multiprocessing helpers counted to their parents."""
    seen = {process.pid}
    while (parent := table.get(process.ppid)) is not None and parent.pid not in seen:
        if not (related(parent, process) or (_helps(process) and _is_python(parent))):
            break
        seen.add(parent.pid)
        process = parent
    return process


def _helps(process: Process) -> bool:
    return process.argv is not None and runs_multiprocessing(process.argv)


def _is_python(process: Process) -> bool:
    called = process.exe or (process.argv[0] if process.argv else process.comm)
    return interpreter_kind(called) == "python"


def _lives(table: ProcessTable, process: Process) -> bool:
    found = table.find(process.id)
    return found is not None and found.state not in _ENDED


class Observer:
    """Looks at one table for one worker after the other."""

    def __init__(self, table: ProcessTable, uid: int, memory: Memory, considered: Sequence[Process]) -> None:
        self._table = table
        self._uid = uid
        self._memory = memory
        living = [process for process in considered if process.state not in _ENDED or process.threads > 1]
        running = [(process, memory.program(process)) for process in living]
        self._mine = [(process, program) for process, program in running if self._is_mine(process)]
        self._others = [(process, program) for process, program in running if not self._is_mine(process)]

    def _is_mine(self, process: Process) -> bool:
        namespaces = (process.pid_namespace, self._table.own_pid_namespace)
        return process.uid == self._uid and (None in namespaces or namespaces[0] == namespaces[1])

    def look_for(self, declared: Declared, pid_hint: int | None = None) -> Sightings:
        """Everything that has to do with this worker. ``pid_hint`` is what its pid file says."""
        certain: dict[int, Root] = {}
        likely: dict[int, Aside] = {}
        for process, program in self._mine:
            answer = match(declared, program) if program is not None else ""
            if answer == "likely" and program is not None:
                likely[process.pid] = Aside(process, _why_likely(declared, program), may_be_instance=True)
            elif answer and program is not None:
                certain[process.pid] = Root(process, program, answer == "replaced")
            elif (reason := _hidden_likeness(declared, process, program)) != "":
                likely[process.pid] = Aside(process, reason, may_be_instance=True)
        roots = self._roots(declared, certain)
        remnants = self._remnants(declared, roots, pid_hint)
        left = {remnant.process.pid for remnant in remnants}
        roots = {pid: root for pid, root in roots.items() if pid not in left}
        if _ambiguous(declared, roots.values()):
            reason = "several programs have this name, and the config gives no cwd to tell which is meant"
            likely |= {pid: Aside(root.process, reason, may_be_instance=True) for pid, root in roots.items()}
            roots = {}
        for root in roots.values():
            self._memory.remember(declared.table.name, root.process, self._table.tree(root.process.pid))
        members = {process.pid for pid in (*roots, *left) for process in self._table.tree(pid)}
        wrappers = self._wrappers(declared, roots)
        suspects = [*likely.values(), *self._stray_helpers(declared)]
        taken = members | {wrapper.process.pid for wrapper in wrappers}
        return Sightings(
            tuple(roots[pid] for pid in sorted(roots)),
            tuple(wrappers),
            tuple(remnants),
            tuple(suspect for suspect in suspects if suspect.process.pid not in taken),
            self._foreign(declared),
        )

    def _foreign(self, declared: Declared) -> tuple[Process, ...]:
        return tuple(process for process, program in self._others if program is not None and match(declared, program))

    def _roots(self, declared: Declared, certain: Mapping[int, Root]) -> dict[int, Root]:
        """Of each match the topmost: where an ancestor runs the same program, the two are one instance."""
        roots: dict[int, Root] = {}
        for found in certain.values():
            top = found
            for ancestor in self._table.ancestors(found.process.pid):
                same = certain.get(ancestor.pid)
                if same is not None and _same_program(same.program, found.program):
                    top = same
                elif ancestor.image is not None and ancestor.image == top.process.image and self._is_mine(ancestor):
                    top = Root(ancestor, found.program, found.replaced)  # it gave itself a title
            roots[top.process.pid] = top
        return roots

    def _remnants(self, declared: Declared, roots: Mapping[int, Root], pid_hint: int | None) -> list[Aside]:
        found: dict[int, Aside] = {}
        in_trees = {process.pid for pid in roots for process in self._table.tree(pid) if process.pid not in roots}
        for process, _ in self._mine:
            if process.pid in in_trees or process.pid == pid_hint:
                continue
            origin = self._memory.origin(declared.table.name, process)
            if origin is not None and self._outlived(process, origin):
                found[process.pid] = Aside(process, f"orphan: was a child of {origin.pid}, which has ended")
            elif pid_hint is not None and self._is_stray(process) and self._was_led_by(process, pid_hint):
                found[process.pid] = Aside(process, f"orphan: of the pool of {pid_hint}, which has ended")
        rest = [root.process for pid, root in roots.items() if pid not in found]
        for process in self._orphaned_pool(rest, pid_hint):
            found[process.pid] = Aside(process, "orphan: one of a pool forked from a process that has ended")
        return list(found.values())

    def _outlived(self, process: Process, root: Process) -> bool:
        return (
            not _lives(self._table, root)
            and process.session == root.session
            and self._table.at - root.started_at >= SETTLED_AFTER_S
        )

    def _was_led_by(self, process: Process, pid: int) -> bool:
        return pid in (process.process_group, process.session) and pid not in self._table.processes

    def _is_stray(self, process: Process) -> bool:
        """A multiprocessing helper whose parent is no Python: it lost the program that it helped."""
        if not _helps(process):
            return False
        parent = self._table.get(process.ppid)
        return parent is None or not _is_python(parent)

    def _orphaned_pool(self, roots: Sequence[Process], pid_hint: int | None) -> list[Process]:
        pools: dict[tuple[int, ...], list[Process]] = {}
        for process in roots:
            if process.image is not None and process.process_group not in self._table.processes:
                key = (process.image, process.ppid, process.session, process.process_group)
                pools.setdefault(key, []).append(process)
        return [
            process
            for pool in pools.values()
            if len(pool) > 1 and all(member.pid != pid_hint for member in pool)
            for process in pool
        ]

    def _stray_helpers(self, declared: Declared) -> list[Aside]:
        """Orphaned helpers that nothing ties to a worker but its directory."""
        cwd = declared.table.cwd
        if cwd is None or declared.program is None or declared.program.kind != "python":
            return []
        reason = "orphaned multiprocessing helper in this worker's directory"
        place = os.path.realpath(cwd)
        return [Aside(process, reason) for process, _ in self._mine if process.cwd == place and self._is_stray(process)]

    def _wrappers(self, declared: Declared, roots: Mapping[int, Root]) -> list[Aside]:
        found: dict[int, Aside] = {}
        for root in roots.values():
            inner = root.process
            while (outer := self._table.get(inner.ppid)) is not None and outer.pid not in roots:
                what = self._wraps(declared, outer, roots) if outer.pid != 1 and self._is_mine(outer) else ""
                if not what:
                    break
                found[outer.pid] = Aside(outer, f"{what} around {root.process.pid}")
                inner = outer
        for process, program in self._mine:
            if program is None or process.pid in found or process.pid in roots:
                continue
            if what := _stands_by(declared, program):
                found[process.pid] = Aside(process, what)
        return list(found.values())

    def _wraps(self, declared: Declared, outer: Process, roots: Mapping[int, Root]) -> str:
        """What kind of wrapper the parent of an instance is; empty for none."""
        program = self._memory.program(outer)
        if program is None:
            return ""
        if is_wrapper(declared, program):
            return f"wrapper {program.name}"
        name = base_name(outer.exe or outer.argv[0] if outer.argv else outer.comm)
        if name in LAUNCHERS:
            return name
        if program.kind != SHELL:
            return ""
        if program.code:
            return "shell" if mentions(declared, program.code) else ""
        children = [self._table.processes[pid] for pid in self._table.children.get(outer.pid, ())]
        known = [child for child in children if child.comm not in BYSTANDERS and child.state not in _ENDED]
        alone = all(child.pid in roots or related(child, outer) for child in known)
        return f"shell script {program.name}" if alone else ""


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


def _same_program(one: Program, other: Program) -> bool:
    return (one.kind, one.path or one.module) == (other.kind, other.path or other.module)


def _ambiguous(declared: Declared, roots: Iterable[Root]) -> bool:
    wanted = declared.program
    found = {root.program.path for root in roots if not root.replaced}
    return wanted is not None and not wanted.path and not wanted.module and len(found) > 1


def _why_likely(declared: Declared, program: Program) -> str:
    if not program.told:
        return "its executable may not be read"
    if program.path in declared.replaced:
        return f"replaced program {program.name}, with other arguments"
    if program.module:
        return f"module {program.module} was not found where it runs"
    return f"its script {program.written} was not found where it runs"


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
