"""Reads the metrics that alerts and targets name (``config.metrics``) from a Snapshot. Unknown stays unknown."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from opsconsole.config.condition import Name
from opsconsole.config.types import Config
from opsconsole.diagnose.hibernation import agent_sessions, idle_sessions
from opsconsole.model.alert import MetricValue
from opsconsole.model.reading import Reading
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import System
from opsconsole.model.text import clean


class Value(msgspec.Struct, frozen=True):
    value: MetricValue
    """None when it is not known."""
    configured: bool = True
    """False when the config has no source for it."""


_ABSENT = Value(None, configured=False)
_UNKNOWN = Value(None)


def read_metric(name: Name, snapshot: Snapshot, config: Config, score: float | None = None) -> Value:
    """The metric's value now; ``score`` is the health score of this very Snapshot."""
    if name == ("score",):
        return Value(score)
    if name[0] == "worker":
        return _of_worker(name, snapshot)
    if name[0] == "service" and len(name) == 3:
        return _of_service(name, snapshot)
    reading: Reading[object] = getattr(snapshot, _READING[name[0]])
    if reading.value is None:
        return _ABSENT if reading.state == "unconfigured" else _UNKNOWN
    return Value(_NUMBERS[".".join(name)](snapshot, config))


_READING = {
    "load1": "system",
    "load5": "system",
    "load15": "system",
    "load_per_core": "system",
    "cpu": "system",
    "memory": "system",
    "swap": "system",
    "disk": "disks",
    "queue": "queue",
    "sessions": "sessions",
    "environments": "environments",
    "services": "services",
    "sites": "sites",
    "workers": "workers",
}
"""By the first word of a metric: the reading that it is of."""


def _system(field: str) -> Callable[[Snapshot, Config], MetricValue]:
    def read(snapshot: Snapshot, _config: Config) -> MetricValue:
        value: MetricValue = getattr(snapshot.system.value, field)
        return value

    return read


def _queue(field: str) -> Callable[[Snapshot, Config], MetricValue]:
    def read(snapshot: Snapshot, _config: Config) -> MetricValue:
        value: MetricValue = getattr(snapshot.queue.value, field)
        return value

    return read


def _load_per_core(snapshot: Snapshot, _config: Config) -> MetricValue:
    system = snapshot.system.value
    return None if system is None or system.load1 is None or not system.cores else system.load1 / system.cores


def _memory_used(snapshot: Snapshot, _config: Config) -> MetricValue:
    return _used_percent(snapshot.system.value)


def _used_percent(system: System | None) -> float | None:
    if system is None or system.memory_available_bytes is None or not system.memory_total_bytes:
        return None
    return 100.0 * (1.0 - system.memory_available_bytes / system.memory_total_bytes)


def _disk_used(snapshot: Snapshot, _config: Config) -> MetricValue:
    return max((disk.used_percent for disk in snapshot.disks.value or () if not disk.read_only), default=None)


def _failure_rate(snapshot: Snapshot, _config: Config) -> MetricValue:
    queue = snapshot.queue.value
    return None if queue is None or queue.success_rate is None else 1.0 - queue.success_rate


def _agents(snapshot: Snapshot, _config: Config) -> MetricValue:
    return float(len(agent_sessions(snapshot)))


def _idle(snapshot: Snapshot, config: Config) -> MetricValue:
    """Unknown while the state of one is: it may be idle too."""
    if any(session.state == "unknown" for session in snapshot.sessions.value or ()):
        return None
    return float(len(idle_sessions(snapshot, config)))


def _hung(snapshot: Snapshot, _config: Config) -> MetricValue:
    sessions = snapshot.sessions.value or ()
    if any(session.state == "unknown" for session in sessions):
        return None
    return float(sum(session.state == "hung" for session in sessions))


def _environment_count(snapshot: Snapshot, _config: Config) -> MetricValue:
    environments = snapshot.environments.value
    return None if environments is None else float(len(environments.items))


def _stale(snapshot: Snapshot, _config: Config) -> MetricValue:
    environments = snapshot.environments.value
    if environments is None or any(one.stale is None for one in environments.items):
        return None
    return float(sum(bool(one.stale) for one in environments.items))


def _ports_free(snapshot: Snapshot, _config: Config) -> MetricValue:
    environments = snapshot.environments.value
    return None if environments is None or environments.pool is None else float(environments.pool.free)


def _services_down(snapshot: Snapshot, _config: Config) -> MetricValue:
    return _count_not_up([service.state for service in snapshot.services.value or ()])


def _sites_down(snapshot: Snapshot, _config: Config) -> MetricValue:
    return _count_not_up([site.state for site in snapshot.sites.value or ()])


def _count_not_up(states: list[str]) -> float | None:
    return None if "unknown" in states else float(sum(state != "up" for state in states))


def _missing(snapshot: Snapshot, _config: Config) -> MetricValue:
    states = [worker.state for worker in snapshot.workers.value or ()]
    return None if "unknown" in states else float(states.count("missing"))


def _surplus(snapshot: Snapshot, _config: Config) -> MetricValue:
    if any(one.state == "unknown" for one in snapshot.workers.value or ()):
        return None
    return float(sum(max(len(one.instances) - one.wanted, 0) for one in snapshot.workers.value or ()))


def _longest_silence(snapshot: Snapshot, config: Config) -> MetricValue:
    """Of running workers that are to say something: those with `silent_after`. Unknown while one cannot be heard."""
    heard = {clean(table.name) for table in config.worker if table.silent_after is not None and table.log is not None}
    minded = [one for one in snapshot.workers.value or () if one.instances and one.name in heard]
    if any(one.log is None or one.log.age_s is None for one in minded):
        return None
    return max((one.log.age_s or 0.0 for one in minded if one.log is not None), default=0.0)


_NUMBERS: dict[str, Callable[[Snapshot, Config], MetricValue]] = {
    "load1": _system("load1"),
    "load5": _system("load5"),
    "load15": _system("load15"),
    "load_per_core": _load_per_core,
    "cpu.user": _system("cpu_user"),
    "cpu.system": _system("cpu_system"),
    "cpu.idle": _system("cpu_idle"),
    "memory.used": _memory_used,
    "memory.available": _system("memory_available_bytes"),
    "memory.compressed": _system("memory_compressed_bytes"),
    "swap.used": _system("swap_used_bytes"),
    "swap.in": _system("swap_in_per_s"),
    "swap.out": _system("swap_out_per_s"),
    "disk.used": _disk_used,
    "queue.success_rate": _queue("success_rate"),
    "queue.failure_rate": _failure_rate,
    "queue.failed_24h": _queue("failed_24h"),
    "queue.pending": _queue("pending"),
    "queue.active": _queue("active"),
    "queue.oldest_pending": _queue("oldest_pending_s"),
    "sessions.agents": _agents,
    "sessions.idle": _idle,
    "sessions.hung": _hung,
    "environments.count": _environment_count,
    "environments.stale": _stale,
    "environments.ports_free": _ports_free,
    "services.down": _services_down,
    "sites.down": _sites_down,
    "workers.missing": _missing,
    "workers.surplus": _surplus,
    "workers.longest_silence": _longest_silence,
}


def _of_worker(name: Name, snapshot: Snapshot) -> Value:
    if snapshot.workers.value is None:
        return _ABSENT if snapshot.workers.state == "unconfigured" else _UNKNOWN
    worker = next((one for one in snapshot.workers.value if one.name == clean(name[1])), None)
    if worker is None:
        return _ABSENT
    told: dict[str, MetricValue] = {
        "instances": None if worker.state == "unknown" else float(len(worker.instances)),
        "processes": None
        if worker.state == "unknown"
        else float(len(worker.instances) + len(worker.wrappers) + len(worker.remnants)),
        "silence": worker.log.age_s if worker.log is not None else None,
        "memory": worker.rss_bytes,
        "errors_per_min": worker.log.errors_per_min if worker.log is not None else None,
        "state": None if worker.state == "unknown" else worker.state,
    }
    return Value(told[name[2]])


def _of_service(name: Name, snapshot: Snapshot) -> Value:
    if snapshot.services.value is None:
        return _ABSENT if snapshot.services.state == "unconfigured" else _UNKNOWN
    service = next((one for one in snapshot.services.value if one.name == name[1]), None)
    if service is None:
        return _ABSENT
    if name[2] == "state":
        return Value(None if service.state == "unknown" else service.state)
    return Value(service.latency_ms if name[2] == "latency" else service.components.get(name[2]))
