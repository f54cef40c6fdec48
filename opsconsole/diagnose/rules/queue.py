"""Rule on the prompt queue: too much of what a worker does fails."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config, QueueTable
from opsconsole.diagnose.known_errors import known_error
from opsconsole.diagnose.look import queue_worker, worker_table
from opsconsole.diagnose.recovery import recovered_config
from opsconsole.diagnose.words import look_at_log
from opsconsole.model.environment import Queue
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.snapshot import Snapshot

FEWEST = 5
"""Ended prompts below which a rate says nothing."""


def worker_failing(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Less of the queue's ended prompts succeeded than `success_min` asks for.

    Evidence: the queue's counts and its commonest error texts.
    A queue whose last ten ended prompts do succeed that often has recovered, whatever lies further back.
    Blind spots: where the table tells no end times the rate is of all prompts it holds and reacts slowly; which worker
    fails is what the config says (`worker` of [queue]) or the database's name suggests; fewer than five ended prompts
    say nothing.
    """
    queue, table = snapshot.queue.value, config.queue
    if queue is None or table is None or queue.success_rate is None or queue.completed + queue.failed < FEWEST:
        return
    if queue.success_rate >= table.success_min or _recovered(queue, table):
        return
    worker = queue_worker(config, table)
    failed = 1.0 - queue.success_rate
    recovered_at = recovered_config(config).queue
    left_above = recovered_at.success_min if recovered_at is not None else table.success_min
    yield found(
        "worker-failing",
        "critical" if failed > 0.5 else "high",
        worker or "queue",
        f"{worker or 'the queue'}: {failed:.0%} of its prompts fail",
        evidence=_evidence(queue, table, snapshot.queue.at),
        root_cause=_why(queue, config),
        impact=_impact(worker, queue, config),
        remedy=_remedy(worker, queue, config),
        verify=f"at least {left_above:.0%} of the last ten ended prompts, or of all, succeeded",
    )


def _recovered(queue: Queue, table: QueueTable) -> bool:
    if queue.recent is None or sum(queue.recent) < FEWEST:
        return False
    return queue.recent[0] >= table.success_min * sum(queue.recent)


def _why(queue: Queue, config: Config) -> str:
    """By the classes of its commonest errors; where none is known, the commonest error itself."""
    known = [each for text, _ in queue.errors if (each := known_error(text, config)) is not None]
    if known:
        return "; ".join(dict.fromkeys(f"{each.name}: {each.cause}" for each in known))
    return f"the commonest error: {queue.errors[0][0]}" if queue.errors else "the queue tells no error texts"


def _evidence(queue: Queue, table: QueueTable, at: float | None) -> tuple[Evidence, ...]:
    source = f"{table.path}, table {table.table}"
    counts = f"{queue.total} prompts: {queue.completed} completed, {queue.failed} failed"
    recent = "" if queue.failed_24h is None else f", {queue.failed_24h} of them in the last 24 h"
    return (
        Evidence(source, at, counts + recent),
        *(
            ()
            if queue.recent is None
            else (Evidence(source, at, f"of the last {sum(queue.recent)}: {queue.recent[1]} failed"),)
        ),
        Evidence(source, at, f"{queue.pending} pending, {queue.active} active"),
        *(Evidence(source, at, f"{count} times: {text}") for text, count in queue.errors),
    )


def _impact(worker: str, queue: Queue, config: Config) -> str:
    table = worker_table(config, worker)
    if table is not None and table.impact:
        return table.impact
    return f"{queue.failed} prompts were not carried out"


def _remedy(worker: str, queue: Queue, config: Config) -> Remedy:
    table = worker_table(config, worker)
    known = [each for text, _ in queue.errors if (each := known_error(text, config)) is not None]
    fixes = tuple(dict.fromkeys(each.fix for each in known if each.fix)) or ("put right what the error texts name",)
    if table is None:
        return Remedy(steps=(*fixes, "let the failed prompts run again"))
    log = (f"read its errors: {look_at_log(table.log)}",) if table.log is not None else ()
    return Remedy("restart", (worker,), True, (*log, *fixes, "the restart comes last, once the cause is gone"))
