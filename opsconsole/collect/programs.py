"""Which program a process runs, and whether it is one that the config declares.

A program is (kind of interpreter, real path of the script or executable, significant arguments). The executable
must be the interpreter and the script its first operand: an editor, tail or grep whose argv holds a script's name
runs another program. Symbolic links are followed; a relative script counts from the process's working directory,
or, where the program has left it, from where its shell started it (PWD). Files are looked at to follow paths only.
"""

from __future__ import annotations

import os
import shutil
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from opsconsole.collect.command import (
    EXECUTABLE,
    SHELL,
    Invocation,
    base_name,
    interpreter_kind,
    parse,
    unwrap,
)
from opsconsole.collect.procfs import without_deleted_mark
from opsconsole.config.types import WorkerTable
from opsconsole.model.process import Process

_NODE_ENDINGS = (".js", ".mjs", ".cjs", "/index.js")


class Program(NamedTuple):
    """What runs, or shall run."""

    kind: str
    path: str
    """Real path of the script or executable; empty when it could not be found."""
    module: str
    """Of ``python -m``; its script's path too where that was found."""
    written: str
    """The script or executable as it was written."""
    arguments: tuple[str, ...]
    places: tuple[str, ...] = ()
    """The directories that relative paths were tried in."""
    told: bool = True
    """False when the executable may not be read: what stands here is the program's own word."""
    code: str = ""

    @property
    def name(self) -> str:
        """For people: the file's name, or the module's."""
        return base_name(self.path or self.written) or self.module


def real_path(path: str) -> str:
    """The path with its links followed; as it is where one of them goes away while it is followed (a /dev/fd/N)."""
    try:
        return os.path.realpath(path)
    except OSError:
        return path


def program_of(process: Process) -> Program | None:
    """The program of a process; None when it is a kernel thread, an interactive interpreter, or cannot be told."""
    if not process.argv:
        return None
    exe = process.exe
    kind = _kind_of(exe or process.argv[0], process.argv[0])
    places = tuple(without_deleted_mark(place) for place in (process.cwd, process.started_in) if place)
    if kind == EXECUTABLE:
        path = real_path(exe) if exe else ""
        return Program(kind, path, "", process.argv[0], process.argv[1:], places, told=exe is not None)
    return _located(parse(kind, process.argv), places, told=exe is not None)


def _kind_of(exe: str, called: str) -> str:
    if base_name(exe) == "busybox":
        return SHELL if interpreter_kind(called) == SHELL else EXECUTABLE
    return interpreter_kind(exe) or EXECUTABLE


def program_of_command(argv: tuple[str, ...], places: tuple[str, ...], path: str | None = None) -> Program | None:
    """The program that an argv would run if it were started in the first of these places. ``path`` is a PATH."""
    argv = unwrap(argv)
    if not argv:
        return None
    kind = interpreter_kind(argv[0])
    if kind:
        program = _located(parse(kind, argv), places)
        return program or Program(kind, "", "", argv[0], argv[1:], places)
    found = _first_file(argv[0], places) if "/" in argv[0] else shutil.which(argv[0], path=path) or ""
    interpreter = _shebang(found)
    if (kind := interpreter_kind(interpreter[0]) if interpreter else "") != "":
        return _located(parse(kind, (*interpreter, found, *argv[1:])), places)
    return Program(EXECUTABLE, real_path(found) if found else "", "", argv[0], argv[1:], places)


def _located(invocation: Invocation, places: tuple[str, ...], told: bool = True) -> Program | None:
    kind, script, module, code, arguments = invocation
    if module:
        stem = module.replace(".", "/")
        found = _first_file(f"{stem}.py", places) or _first_file(f"{stem}/__main__.py", places)
        return Program(kind, real_path(found) if found else "", module, "", arguments, places, told)
    if script:
        found = _first_file(script, places)
        for ending in _NODE_ENDINGS if kind == "node" and not (found and os.path.isfile(found)) else ():  # noqa: PTH113
            found = _first_file(script + ending, places) or found
        return Program(kind, real_path(found) if found else "", "", script, arguments, places, told)
    if code:
        return Program(kind, "", "", "", arguments, places, told, code)
    return None


def _first_file(written: str, places: tuple[str, ...]) -> str:
    """The path of what was written, in the first place that has it.

    An absolute path needs no file: the program may have been deleted or replaced under the running process.
    """
    if written.startswith("/"):
        return written
    return next((path for place in places if os.path.exists(path := os.path.join(place, written))), "")  # noqa: PTH110, PTH118  # plain text: these run per candidate and refresh


def _shebang(path: str) -> tuple[str, ...]:
    """Interpreter and options in a script's first line; empty for what is no script."""
    try:
        with open(path, "rb") as script:  # noqa: PTH123  # an empty path is simply not found
            first = script.readline(256)
    except OSError:
        return ()
    if not first.startswith(b"#!"):
        return ()
    words = tuple(first[2:].decode("utf-8", "replace").split())
    if words and base_name(words[0]) == "env":
        rest = words[2:] if words[1:2] == ("-S",) else words[1:]
        return unwrap(("env", *rest))
    return words


class Declared(NamedTuple):
    """A worker of the config, resolved: the programs that are instances of it, and its declared wrappers."""

    table: WorkerTable
    program: Program | None
    replaced: tuple[str, ...]
    """Real paths of the programs it replaces."""
    wrappers: tuple[str, ...]
    arguments: tuple[str, ...]
    """The significant ones."""


Match = Literal["", "same", "replaced", "likely"]
"""``likely``: it may be one, and cannot be told for certain."""


def declare(table: WorkerTable) -> Declared:
    """Resolve one worker of the config. A path that does not exist (yet) resolves to where it would be."""
    places = (str(table.cwd.expanduser()),) if table.cwd is not None else ()
    program = program_of_command(table.command, places, table.env.get("PATH"))
    if program is not None and not program.path and places and _names_a_file(program):
        program = program._replace(path=_settled(program.written, places))
    return Declared(
        table,
        program,
        tuple(_settled(written, places) for written in table.replaces),
        tuple(_settled(written, places) for written in table.wrappers),
        significant(program.arguments, table.ignore_arguments) if program is not None else (),
    )


def _names_a_file(program: Program) -> bool:
    """Rather than a module, or a command to be found on the PATH."""
    return bool(program.written) and (program.kind != EXECUTABLE or "/" in program.written)


def _settled(written: str, places: tuple[str, ...]) -> str:
    """Real path of a declared file; as it was written where no directory is declared."""
    path = os.path.expanduser(written)  # noqa: PTH111  # text in, text out
    if not path.startswith("/"):
        if not places:
            return path
        path = f"{places[0]}/{path}"
    return real_path(path)


def significant(arguments: tuple[str, ...], ignored: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments that make it this worker and no other.

    A pattern with a blank in it, such as ``--log-level *``, stands for an option and its value as two words. The
    order counts as soon as one of them is no option: ``-a 1 -b 2`` is not ``-a 2 -b 1``.
    """
    kept: list[str] = []
    at = 0
    while at < len(arguments):
        pair = " ".join(arguments[at : at + 2])
        if any(" " in pattern and fnmatchcase(pair, pattern) for pattern in ignored):
            at += 2
            continue
        if not any(fnmatchcase(arguments[at], pattern) for pattern in ignored):
            kept.append(arguments[at])
        at += 1
    if all(argument.startswith("-") for argument in kept):
        kept.sort()
    return tuple(kept)


def match(declared: Declared, program: Program) -> Match:
    """Whether a running program is an instance of a declared worker."""
    wanted = declared.program
    if wanted is None or program.code:
        return ""
    if declared.replaced and any(_same_file(path, program) for path in declared.replaced):
        return _if_told(program, "replaced") if _same_arguments(declared, program) else "likely"
    answer = _match_file(wanted, program) if program.kind == wanted.kind else ""
    return answer if answer and _same_arguments(declared, program) else ""


def is_wrapper(declared: Declared, program: Program) -> bool:
    """Whether a running program is one of the worker's declared wrapper scripts."""
    return any(_same_file(path, program) for path in declared.wrappers)


def _same_arguments(declared: Declared, program: Program) -> bool:
    return significant(program.arguments, declared.table.ignore_arguments) == declared.arguments


def _match_file(wanted: Program, program: Program) -> Match:
    if wanted.path and program.path:
        return _if_told(program, "same") if wanted.path == program.path else ""
    if program.module:
        return _match_module(wanted, program)
    if not wanted.path:
        # Declared without a directory: any program of that name is meant.
        return _if_told(program, "same") if _ends_in(program.path, wanted.written) else ""
    # Its script is found in none of the directories it can have been started in: one that is gone, or not told.
    return "likely" if _ends_in(wanted.path, program.written) else ""


def _if_told(program: Program, answer: Literal["same", "replaced"]) -> Match:
    return answer if program.told else "likely"


def _match_module(wanted: Program, program: Program) -> Match:
    if wanted.path:
        stem = program.module.replace(".", "/")
        if not (_ends_in(wanted.path, f"{stem}.py") or _ends_in(wanted.path, f"{stem}/__main__.py")):
            return ""
        # One bare name, as in `-m worker`, may be any directory's.
        return _if_told(program, "same") if "." in program.module else "likely"
    if wanted.module != program.module:
        return ""
    # An installed module is the same file for everyone: what tells workers apart is where they were started.
    here = not wanted.places or any(real_path(place) == real_path(wanted.places[0]) for place in program.places)
    return _if_told(program, "same") if here else ""


def _same_file(path: str, program: Program) -> bool:
    return program.path == path if path.startswith("/") else _ends_in(program.path, path)


def _ends_in(path: str, written: str) -> bool:
    """Whether a path ends in these whole parts."""
    return bool(path and written) and (path == written or path.endswith("/" + os.path.normpath(written)))


def mentions(declared: Declared, text: str) -> bool:
    """Whether a text (a title, shell code) names the worker's program, or one it replaces."""
    wanted = declared.program
    if wanted is None:
        return False
    names = [base_name(path) for path in declared.replaced]
    names += [name for name in (wanted.name, wanted.module) if name]
    return any(name in text for name in names)
