"""Whether a process that appeared was started by a plan of ours, and by which: such a start is no respawn.

Told by the journal (a step has recorded the very process), by its parent (it is the executor of a plan), or, for a
program that its launcher has started, or that left it and went into the background, by a start of that subject that was
just begun. What a supervisor starts that was itself started by a plan is that supervisor's, and no start of ours.
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
BRINGS_FORTH_S = 15.0
"""How long after it was begun a start may still bring an instance forth."""
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
            executor_of, told = self._carried_out_by(parent.id, parent.argv or ())
            if told and parent is parents[0]:
                return executor_of.plan.id if executor_of is not None else told
            if executor_of is not None and self._begun_start(instance, executor_of):
                return executor_of.plan.id
            if (launched := self._launched(parent.id)) is not None and self._begun_start(instance, launched):
                return launched.plan.id
        if any(parent.pid != 1 for parent in parents[:1]):
            return ""
        return next((entry.plan.id for entry in self._entries if self._begun_start(instance, entry)), "")

    def _carried_out_by(self, process: ProcessId, argv: Sequence[str]) -> tuple[JournalEntry | None, str]:
        """What this process carries out, as an executor, and what to call its plan; empty when it is none."""
        if (entry := _entry_of(process, self._entries)) is not None:
            return entry, entry.plan.id
        if "-m" not in argv or tuple(argv[argv.index("-m") + 1 :][:1]) != (EXECUTOR_MODULE,):
            return None, ""
        arguments = argv[argv.index(EXECUTOR_MODULE) + 1 :]
        if not arguments:
            return None, ""
        entry = _entry_of(process, _latest(Path(arguments[0])))
        return entry, entry.plan.id if entry is not None else _UNTOLD

    def _launched(self, process: ProcessId) -> JournalEntry | None:
        """The plan of whose steps one has started this process."""
        return next((each for each in self._entries if any(step.process == process for step in each.steps)), None)

    def _begun_start(self, instance: Instance, entry: JournalEntry) -> bool:
        """Whether this plan was just starting this subject when the instance appeared, after what is watched."""
        subjects = {subplan.subject for subplan in entry.plan.subplans if subplan.key == self._key}
        return any(
            step.subject in subjects
            and step.text.startswith("start ")
            and self._since <= step.began <= instance.start + 1.0 <= step.began + 1.0 + BRINGS_FORTH_S
            for step in entry.steps
        )


def _latest(state_dir: Path) -> Sequence[JournalEntry]:
    return JournalReader(state_dir).entries(LATEST).value or ()


def _entry_of(executor: ProcessId, entries: Sequence[JournalEntry]) -> JournalEntry | None:
    return next((entry for entry in entries if entry.executor == executor), None)


def _parents(process: Process, table: ProcessTable) -> Iterator[Process]:
    for _ in range(_PARENTS):
        parent = table.get(process.ppid)
        if parent is None or parent.pid == process.pid:
            return
        yield parent
        process = parent
