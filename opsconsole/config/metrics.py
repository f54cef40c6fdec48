"""The metrics that alerts and targets may name: data only; ``diagnose.metrics`` reads them from a Snapshot."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["number", "share", "percent", "bytes", "rate", "seconds", "state"]
"""``share`` is 0 to 1 and may be written in percent; ``rate`` is bytes per second; ``state`` is a word."""


class Metric(NamedTuple):
    kind: Kind
    meaning: str


METRICS: dict[str, Metric] = {
    "load1": Metric("number", "load average of 1 minute"),
    "load5": Metric("number", "load average of 5 minutes"),
    "load15": Metric("number", "load average of 15 minutes"),
    "load_per_core": Metric("number", "load1 over cores"),
    "cpu.user": Metric("percent", "CPU time of programs, of all cores"),
    "cpu.system": Metric("percent", "CPU time of the kernel"),
    "cpu.idle": Metric("percent", "CPU time left"),
    "memory.used": Metric("percent", "memory not available, of all"),
    "memory.available": Metric("bytes", "memory available to programs"),
    "memory.compressed": Metric("bytes", "what the compressor holds"),
    "swap.used": Metric("bytes", "swap in use"),
    "swap.in": Metric("rate", "coming back from swap"),
    "swap.out": Metric("rate", "going out to swap"),
    "disk.used": Metric("percent", "of the fullest disk"),
    "queue.success_rate": Metric("share", "completed of the ended prompts"),
    "queue.failure_rate": Metric("share", "failed of the ended prompts"),
    "queue.failed_24h": Metric("number", "prompts failed in the last 24 hours"),
    "queue.pending": Metric("number", "prompts that wait"),
    "queue.active": Metric("number", "prompts under way"),
    "queue.oldest_pending": Metric("seconds", "for how long the oldest prompt has waited"),
    "sessions.agents": Metric("number", "sessions with an agent awake"),
    "sessions.idle": Metric("number", "agent sessions idle for `idle_after`"),
    "sessions.hung": Metric("number", "agent sessions that hang"),
    "environments.count": Metric("number", "dev environments"),
    "environments.stale": Metric("number", "dev environments older than their TTL"),
    "environments.ports_free": Metric("number", "ports of the pool that are free"),
    "services.down": Metric("number", "services that are not up"),
    "sites.down": Metric("number", "sites that do not answer as expected"),
    "workers.missing": Metric("number", "workers with fewer instances than wanted"),
    "workers.surplus": Metric("number", "instances beyond those wanted"),
    "workers.longest_silence": Metric("seconds", "since the last log line of the most silent running worker"),
    "score": Metric("number", "the health score"),
}
WORKER: dict[str, Metric] = {
    "instances": Metric("number", "running instances"),
    "processes": Metric("number", "instances with their wrappers and remnants"),
    "silence": Metric("seconds", "since its last log line"),
    "memory": Metric("bytes", "resident memory of its trees"),
    "errors_per_min": Metric("number", "error lines a minute in its log"),
    "state": Metric("state", "running, missing, duplicates"),
}
"""Of one worker: ``worker.NAME.instances``."""
SERVICE: dict[str, Metric] = {
    "state": Metric("state", "up, degraded, down"),
    "latency": Metric("number", "milliseconds to the last answer of its health URL"),
}
"""Of one service: ``service.NAME.state``; any other last word is a component of its health URL, with its state."""
_COMPONENT = Metric("state", "what the health URL says of a component")


def metric_named(name: tuple[str, ...]) -> Metric | None:
    """The metric of this dotted name; None when there is none."""
    if len(name) == 3 and name[0] == "worker":
        return WORKER.get(name[2])
    if len(name) == 3 and name[0] == "service":
        return SERVICE.get(name[2], _COMPONENT)
    return METRICS.get(".".join(name))


def metric_names() -> tuple[str, ...]:
    """All names, for messages and documentation."""
    return tuple(name for name, _ in metric_meanings())


def metric_meanings() -> tuple[tuple[str, str], ...]:
    """All names, each with what it says."""
    return (
        *((name, metric.meaning) for name, metric in METRICS.items()),
        *((f"worker.NAME.{word}", metric.meaning) for word, metric in WORKER.items()),
        *((f"service.NAME.{word}", metric.meaning) for word, metric in SERVICE.items()),
        ("service.NAME.COMPONENT", _COMPONENT.meaning),
    )
