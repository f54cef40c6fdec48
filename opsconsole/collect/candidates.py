"""The cheap test that says which processes are worth a deeper look for the sake of the declared workers."""

from __future__ import annotations

import re
from collections.abc import Callable

from opsconsole.collect.command import EXECUTABLE, SHELL, base_name, interpreter_kind
from opsconsole.collect.programs import declare
from opsconsole.config.types import WorkerTable


def candidate_predicate(tables: tuple[WorkerTable, ...]) -> Callable[[tuple[str, ...], str], bool]:
    """A test of (argv, comm). It lets through too many rather than too few:

    whatever mentions the file or module of a declared program, of one it replaces, or of a wrapper; and every
    interpreter of a declared kind that runs something, since a symbolic link may give a script any name.
    """
    names, titles, kinds = _names(tables)
    if not names:
        return lambda _argv, _comm: False
    mentioned = re.compile("|".join(re.escape(name) for name in sorted(names)))
    titled = re.compile("|".join(re.escape(title) for title in sorted(titles)))
    kernel_names = {name[:15] for name in names | titles}

    def is_candidate(argv: tuple[str, ...], comm: str) -> bool:
        if comm in kernel_names:
            return True
        if not argv:
            return False
        if mentioned.search("\0".join(argv)) is not None:
            return True
        if len(argv) == 1:
            return " " in argv[0] and titled.search(argv[0]) is not None
        kind = interpreter_kind(argv[0])
        return kind in kinds and not (kind == SHELL and argv[1].startswith("-"))

    return is_candidate


def _names(tables: tuple[WorkerTable, ...]) -> tuple[set[str], set[str], set[str]]:
    """File and module names, what a title may hold, and kinds of interpreters."""
    names: set[str] = set()
    titles: set[str] = set()
    kinds: set[str] = set()
    for table in tables:
        declared = declare(table)
        program = declared.program
        if program is None:
            continue
        own = {program.name, program.module, base_name(program.written)}
        others = {base_name(path) for path in (*declared.replaced, *declared.wrappers)}
        names |= (own | others) - {""}
        titles |= {name.rpartition(".")[0] or name for name in own if name} | {table.name}
        if program.kind != EXECUTABLE:
            kinds.add(program.kind)
        # A wrapper's or an older version's interpreter is not told by its name: shells and the worker's own are usual.
        kinds |= {SHELL} if declared.wrappers else set()
    return names, titles - {""}, kinds
