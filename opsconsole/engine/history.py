"""What the numbers were in the last minutes: a bounded series for the machine and for each row, in memory.

What outlives the console is made of it once a minute (`engine.recorder`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from math import isfinite

from opsconsole.model.sample import Sample
from opsconsole.model.snapshot import Snapshot

KEEP = 150
"""Samples per series: five minutes at two seconds."""
FORGET_AFTER = 30
"""Samples after which the series of a row that is no longer there is dropped."""


class History:
    """Series by key: ``load1``, ``cpu:worker:NAME``, …; None where the number was unknown.

    Written by the engine's thread, read by any.
    """

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._series: dict[str, deque[float | None]] = {}
        self._last_seen: dict[str, int] = {}
        self._times: deque[float] = deque(maxlen=keep)
        self._count = 0
        self._lock = threading.Lock()

    def series(self, key: str) -> Sequence[float | None]:
        """Oldest first; empty for a key never seen."""
        with self._lock:
            return tuple(self._series.get(key, ()))

    def recent(self) -> tuple[tuple[float, ...], dict[str, tuple[float | None, ...]]]:
        """(times, seconds since the epoch; series by key, each ending at the last of these times)."""
        with self._lock:
            return tuple(self._times), {key: tuple(values) for key, values in self._series.items()}

    def since(self, at: float) -> dict[str, Sample | None]:
        """Each series' mean and peak since then; None where nothing was known."""
        with self._lock:
            length = sum(1 for time in self._times if time >= at)
            tails = {key: list(values)[-length:] if length else [] for key, values in self._series.items()}
        return {
            key: _sample([value for value in tail if value is not None and isfinite(value)])
            for key, tail in tails.items()
        }

    def record(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._count += 1
            self._times.append(snapshot.at)
            for key, value in _samples(snapshot):
                if key not in self._series:
                    self._series[key] = deque(maxlen=self._keep)
                self._series[key].append(value)
                self._last_seen[key] = self._count
            for key, seen in self._last_seen.items():
                if seen != self._count:
                    # Its source told nothing: a gap, so that what is older is not drawn as now.
                    self._series[key].append(None)
            gone = [key for key, seen in self._last_seen.items() if self._count - seen > FORGET_AFTER]
            for key in gone:
                del self._series[key], self._last_seen[key]


def _sample(known: list[float]) -> Sample | None:
    return Sample(sum(known) / len(known), max(known)) if known else None


def _samples(snapshot: Snapshot) -> Iterable[tuple[str, float | None]]:
    system = snapshot.system.value
    if system is not None:
        total, available = system.memory_total_bytes, system.memory_available_bytes
        yield "load1", system.load1
        yield "load5", system.load5
        yield "cpu_busy", None if system.cpu_idle is None else 100.0 - system.cpu_idle
        yield "memory_used", None if total is None or available is None else float(total - available)
        yield "swap_used", system.swap_used_bytes
        yield "swap_in", system.swap_in_per_s
        yield "swap_out", system.swap_out_per_s
    if (queue := snapshot.queue.value) is not None:
        yield "queue_success", None if queue.success_rate is None else 100.0 * queue.success_rate
        yield "queue_failed_24h", queue.failed_24h
        yield "queue_pending", queue.pending
    if snapshot.diagnosis is not None:
        yield "score", snapshot.diagnosis.score
    for worker in snapshot.workers.value or ():
        yield f"cpu:worker:{worker.name}", worker.cpu_percent
        yield f"rss:worker:{worker.name}", worker.rss_bytes
    for session in snapshot.sessions.value or ():
        yield f"cpu:session:{session.id}", session.cpu_percent
        yield f"rss:session:{session.id}", session.rss_bytes
    for service in snapshot.services.value or ():
        yield f"cpu:service:{service.name}", service.cpu_percent
        yield f"rss:service:{service.name}", service.rss_bytes
