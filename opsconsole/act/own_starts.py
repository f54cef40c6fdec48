"""Whether a process that appeared was started by a plan of ours, and by which: such a start is no respawn.

Told by the journal (a step has recorded the very process), by its parents (one of them is the executor of a plan), or,
for a program that left its starter and went into the background, by a start of that subject that was just begun.
Plans of a console with another state directory are known by their executor's command line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from opsconsole.act.journal_reader import JournalReader
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import JournalEntry
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.worker import Instance

EXECUTOR_MODULE = "opsconsole.act.executor"
LATEST = 50
"""Plans of the journal that are looked at."""
_PARENTS = 16
_UNTOLD = "another console's"


class OwnStarts:
    """The plans of one state directory, as they are now; those of others where a parent leads there."""

    def __init__(self, state_dir: Path, key: str, since: float) -> None:
        """``key`` is the subject whose instances are asked about, ``since`` from when on (seconds since the epoch)."""
        self._state_dir, self._key, self._since = state_dir, key, since
        self._entries = _latest(state_dir)

    def plan_of(self, instance: Instance, table: ProcessTable) -> str:
        """The id of the plan that started this instance; empty when none of ours did."""
        for entry in self._entries:
            if any(step.process == instance.id for step in entry.steps):
                return entry.plan.id
        process = table.find(instance.id)
        parents = list(_parents(process, table)) if process is not None else []
        for parent in parents:
            if plan := self._plan_of_executor(parent):
                return plan
        return "" if any(parent.pid != 1 for parent in parents[:1]) else self._begun_start(instance)

    def _plan_of_executor(self, process: Process) -> str:
        if plan := _carried_out_by(process.id, self._entries):
            return plan
        argv = process.argv or ()
        if "-m" not in argv or argv[argv.index("-m") + 1 :][:1] != (EXECUTOR_MODULE,):
            return ""
        arguments = argv[argv.index(EXECUTOR_MODULE) + 1 :]
        if not arguments:
            return ""
        return _carried_out_by(process.id, _latest(Path(arguments[0]))) or _UNTOLD

    def _begun_start(self, instance: Instance) -> str:
        """The plan that began to start this subject before the instance appeared, and after what is watched."""
        for entry in self._entries:
            subjects = {subplan.subject for subplan in entry.plan.subplans if subplan.key == self._key}
            for step in entry.steps:
                is_start = step.subject in subjects and step.text.startswith("start ")
                if is_start and self._since <= step.began <= instance.start + 1.0:
                    return entry.plan.id
        return ""


def _latest(state_dir: Path) -> Sequence[JournalEntry]:
    return JournalReader(state_dir).entries(LATEST).value or ()


def _carried_out_by(executor: ProcessId, entries: Sequence[JournalEntry]) -> str:
    return next((entry.plan.id for entry in entries if entry.executor == executor), "")


def _parents(process: Process, table: ProcessTable) -> Iterator[Process]:
    for _ in range(_PARENTS):
        parent = table.get(process.ppid)
        if parent is None or parent.pid == process.pid:
            return
        yield parent
        process = parent
