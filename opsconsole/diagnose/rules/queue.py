"""Rule on the prompt queue: too much of what a worker does fails."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config, QueueTable
from opsconsole.diagnose.look import queue_worker, worker_table
from opsconsole.model.environment import Queue
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.snapshot import Snapshot

FEWEST = 5
"""Ended prompts below which a rate says nothing."""


def worker_failing(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Less of the queue's ended prompts succeeded than `success_min` asks for.

    Evidence: the queue's counts and its commonest error texts.
    Blind spots: the rate is of all prompts the table still holds, so it reacts slowly; which worker fails is what the
    config says (`worker` of [queue]) or the database's name suggests; fewer than five ended prompts say nothing.
    """
    queue, table = snapshot.queue.value, config.queue
    if queue is None or table is None or queue.success_rate is None or queue.completed + queue.failed < FEWEST:
        return
    if queue.success_rate >= table.success_min:
        return
    worker = queue_worker(config, table)
    failed = 1.0 - queue.success_rate
    yield found(
        "worker-failing",
        "critical" if failed > 0.5 else "high",
        worker or "queue",
        f"{worker or 'the queue'}: {failed:.0%} of its prompts fail",
        evidence=_evidence(queue, table, snapshot.queue.at),
        root_cause=f"the commonest error: {queue.errors[0][0]}" if queue.errors else "the queue tells no error texts",
        impact=_impact(worker, queue, config),
        remedy=_remedy(worker, config),
        verify=f"success rate of the queue is at least {table.success_min:.0%}",
    )


def _evidence(queue: Queue, table: QueueTable, at: float | None) -> tuple[Evidence, ...]:
    source = f"{table.path}, table {table.table}"
    counts = f"{queue.total} prompts: {queue.completed} completed, {queue.failed} failed"
    recent = "" if queue.failed_24h is None else f", {queue.failed_24h} of them in the last 24 h"
    return (
        Evidence(source, at, counts + recent),
        Evidence(source, at, f"{queue.pending} pending, {queue.active} active"),
        *(Evidence(source, at, f"{count} times: {text}") for text, count in queue.errors),
    )


def _impact(worker: str, queue: Queue, config: Config) -> str:
    table = worker_table(config, worker)
    if table is not None and table.impact:
        return table.impact
    return f"{queue.failed} prompts were not carried out"


def _remedy(worker: str, config: Config) -> Remedy:
    table = worker_table(config, worker)
    if table is None:
        return Remedy(steps=("put right what the error texts name", "let the failed prompts run again"))
    log = (f"read its errors: tail -n 50 {table.log}",) if table.log is not None else ()
    return Remedy("restart", (worker,), True, (*log, "put right what the errors name", "restart it"))
