"""Rule on the limits of workers: over what they may take, or nearly so."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config, LimitsTable
from opsconsole.diagnose.look import worker_table
from opsconsole.diagnose.recovery import recovered_config
from opsconsole.diagnose.words import look_at_log
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.size import size
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Instance, Worker


def worker_limits(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """An instance of a worker takes more than its `limits` allow, or nearly as much memory.

    Evidence: what its process tree takes, against `limits` of its [[worker]].
    Blind spots: memory that its processes share counts for each of them, swapped out memory for none; where a systemd
    scope holds the limits, it is slowed down or ended before it can be seen over them.
    """
    for worker in snapshot.workers.value or ():
        table = worker_table(config, worker.name)
        if table is None or table.limits == LimitsTable():
            continue
        near = config.diagnose.limit_near_percent
        pressed = [(one, _share(one, table.limits)) for one in worker.instances]
        pressed = [(one, share) for one, share in pressed if share * 100.0 >= near]
        if pressed:
            one, share = max(pressed, key=lambda pair: pair[1])
            told = tuple(
                Evidence(f"process tree of {each.pid}", snapshot.workers.at, fact)
                for each, _ in pressed
                for fact in _facts(each, table.limits)
            )
            yield _finding(worker, one, share, told, config)


def _share(one: Instance, limits: LimitsTable) -> float:
    """The larger share of what it may take; CPU time counts only above its limit: up to there it may be busy."""
    shares = [0.0]
    if limits.memory and one.rss_bytes is not None:
        shares.append(one.rss_bytes / limits.memory)
    if limits.cpu_percent and one.cpu_percent is not None and one.cpu_percent > limits.cpu_percent:
        shares.append(one.cpu_percent / limits.cpu_percent)
    return max(shares)


def _facts(one: Instance, limits: LimitsTable) -> Iterator[str]:
    if limits.memory and one.rss_bytes is not None:
        yield f"{size(one.rss_bytes)} resident, {size(limits.memory)} allowed"
    if limits.cpu_percent and one.cpu_percent is not None:
        yield f"{one.cpu_percent:.0f} % of a core, {limits.cpu_percent:.0f} % allowed"


def _finding(worker: Worker, one: Instance, share: float, told: tuple[Evidence, ...], config: Config) -> Finding:
    over = share > 1.0
    left_at = recovered_config(config).diagnose.limit_near_percent
    look = f"see what it does: {look_at_log(worker.log.path)}" if worker.log is not None else f"top -p {one.pid}"
    return found(
        "worker-limits",
        "medium" if over else "low",
        worker.name,
        f"{worker.name} takes {share:.0%} of what it may" + ("" if over else ": near its limit"),
        evidence=told,
        root_cause="it has grown: a leak, or more work than it was meant for"
        + ("; nothing holds the limit here, it is only watched" if over else ""),
        impact="it takes memory and time from all others" if over else "soon it takes more than it may",
        remedy=Remedy("restart", (worker.name,), True, (look, "a restart gives back what it has gathered"))
        if over
        else Remedy(steps=(look, "restart it when it is idle, or raise `limits` of its [[worker]]")),
        verify=f"each instance of {worker.name} under {left_at:g} % of its limits",
    )
