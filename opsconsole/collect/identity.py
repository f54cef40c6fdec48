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

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from opsconsole.collect.command import LAUNCHERS, SHELL, base_name, interpreter_kind
from opsconsole.collect.likeness import Likeness, Memory, helps, related
from opsconsole.collect.programs import Declared, Program, is_wrapper, mentions, real_path
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


def family_root(table: ProcessTable, process: Process) -> Process:
    """The oldest ancestor that runs the same program, with multiprocessing helpers counted to their parents."""
    seen = {process.pid}
    while (parent := table.get(process.ppid)) is not None and parent.pid not in seen:
        if not (related(parent, process) or (helps(process) and _is_python(parent))):
            break
        seen.add(parent.pid)
        process = parent
    return process


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
        memory.judge(living)
        self._mine = {process.pid: process for process in living if self._is_mine(process)}
        self._helpers = [process for process in memory.helpers() if process.pid in self._mine]

    def _is_mine(self, process: Process) -> bool:
        namespaces = (process.pid_namespace, self._table.own_pid_namespace)
        return process.uid == self._uid and (None in namespaces or namespaces[0] == namespaces[1])

    def look_for(self, declared: Declared, pid_hint: int | None = None) -> Sightings:
        """Everything that has to do with this worker. ``pid_hint`` is what its pid file says."""
        likeness = self._memory.likeness(declared)
        mine = [(self._mine[pid], alike) for pid, alike in sorted(likeness.items()) if pid in self._mine]
        certain: dict[int, Root] = {}
        likely: dict[int, Aside] = {}
        for process, alike in mine:
            if alike.match == "likely" and alike.program is not None:
                likely[process.pid] = Aside(process, _why_likely(declared, alike.program), may_be_instance=True)
            elif alike.match and alike.program is not None:
                certain[process.pid] = Root(process, alike.program, alike.match == "replaced")
            elif alike.hidden:
                likely[process.pid] = Aside(process, alike.hidden, may_be_instance=True)
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
        standing_by = [(process, alike.stands_by) for process, alike in mine if alike.stands_by]
        wrappers = self._wrappers(declared, roots, standing_by)
        suspects = [*likely.values(), *self._stray_helpers(declared)]
        taken = members | {wrapper.process.pid for wrapper in wrappers}
        return Sightings(
            tuple(roots[pid] for pid in sorted(roots)),
            tuple(wrappers),
            tuple(remnants),
            tuple(suspect for suspect in suspects if suspect.process.pid not in taken),
            self._foreign(likeness),
        )

    def _foreign(self, likeness: Mapping[int, Likeness]) -> tuple[Process, ...]:
        others = (pid for pid, alike in sorted(likeness.items()) if alike.match and pid not in self._mine)
        return tuple(self._table.processes[pid] for pid in others)

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
        for process in self._left_behind(declared, pid_hint):
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

    def _left_behind(self, declared: Declared, pid_hint: int | None) -> list[Process]:
        """The few that may be remnants: seen below an instance before, or a helper when a pid file names its pool."""
        found = {} if pid_hint is None else {process.pid: process for process in self._helpers}
        for known in self._memory.came_from(declared.table.name):
            if (process := self._table.find(known)) is not None and process.pid in self._mine:
                found[process.pid] = process
        return [found[pid] for pid in sorted(found)]

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
        if not helps(process):
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
        if not (stray := [process for process in self._helpers if self._is_stray(process)]):
            return []
        reason = "orphaned multiprocessing helper in this worker's directory"
        place = real_path(str(cwd))
        return [Aside(process, reason) for process in stray if process.cwd == place]

    def _wrappers(
        self, declared: Declared, roots: Mapping[int, Root], standing_by: Sequence[tuple[Process, str]]
    ) -> list[Aside]:
        found: dict[int, Aside] = {}
        for root in roots.values():
            inner = root.process
            while (outer := self._table.get(inner.ppid)) is not None and outer.pid not in roots:
                what = self._wraps(declared, outer, roots) if outer.pid != 1 and self._is_mine(outer) else ""
                if not what:
                    break
                found[outer.pid] = Aside(outer, f"{what} around {root.process.pid}")
                inner = outer
        for process, what in standing_by:
            if process.pid not in found and process.pid not in roots:
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
