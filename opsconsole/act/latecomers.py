"""What a target has started since its plan was made: it gets no signal, and the end is not proved while it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from opsconsole.act.job import Job
from opsconsole.act.living import HAS_PROC, PROC, is_alive, look_at
from opsconsole.model.plan import ProcessMark

if TYPE_CHECKING:
    from opsconsole.act.looking import View

_NOTED = "latecomers"


def note_latecomers(job: Job, roots: Iterable[ProcessMark]) -> None:
    """Remember what runs below these now, right before they are ended, and is not in the plan."""
    planned = {mark.id for target in job.subplan.targets for mark in (target.process, *target.tree) if mark is not None}
    spared = {survivor.id for survivor in job.subplan.survivors}
    noted = job.scratch.setdefault(_NOTED, [])
    for root in roots:
        for pid in _below(root.pid):
            found = look_at(pid, root.id.boot_id)
            if found is not None and not found.ended and found.mark.id not in planned | spared:
                noted.append((found.mark, root))


def _below(root: int) -> Iterator[int]:
    if not HAS_PROC:
        import psutil  # type: ignore[import-untyped]  # it ships no types

        with contextlib.suppress(psutil.Error):
            yield from (child.pid for child in psutil.Process(root).children(recursive=True))
        return
    waiting, seen = [root], {root}
    while waiting:
        for threads in Path(f"{PROC}/{waiting.pop()}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                children = set(map(int, threads.read_text().split())) - seen
                seen |= children
                waiting += children
    yield from sorted(seen - {root})


def why_not_alone(job: Job) -> str:
    """Which latecomer still runs; empty for none. What belongs to another worker or service runs on its own."""
    left = [(mark, root) for mark, root in job.scratch.get(_NOTED, ()) if is_alive(mark.id)]
    if not left:
        return ""
    apart = _of_others(job, job.looker().look())
    left = [(mark, root) for mark, root in left if mark.pid not in apart]
    if not left:
        return ""
    mark, root = left[0]
    return f"{mark.pid} ({mark.command}), which {root.pid} had started since the plan was made, still runs"


def _of_others(job: Job, view: View) -> set[int]:
    own = str(job.subplan.data.get("of", job.subplan.key))
    table = view.processes.value
    if table is None:
        return set()
    others = [worker for key, worker in view.workers.items() if key != own]
    tops = [each.pid for worker in others for each in worker.instances]
    tops += [each.pid for worker in others for each in (*worker.wrappers, *worker.remnants, *worker.suspects)]
    return {process.pid for pid in tops for process in table.tree(pid)}
