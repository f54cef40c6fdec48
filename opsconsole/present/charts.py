"""Which charts there are: for each recorded series its title, its unit and how high it is drawn. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.chart import Written, round_top

Unit = Literal["load", "percent", "size", "rate", "count", "score"]
WRITTEN: dict[Unit, Written] = {
    "load": humanise.load,
    "percent": humanise.percent,
    "size": humanise.size,
    "rate": humanise.size_rate,
    "count": humanise.count,
    "score": lambda value: humanise.UNKNOWN if value is None else f"{value:.1f}",
}


class Chart(msgspec.Struct, frozen=True):
    key: str
    """Of its series."""
    title: str
    unit: Unit
    row: str
    """Key of the row that it is about."""
    fixed_top: float | None = None
    """What stands at the upper edge, however little there was."""
    least_top: float = 0.0
    """What stands there at least."""

    def top(self, most: float | None) -> float:
        """The value at the upper edge where the largest one drawn is ``most``."""
        if self.fixed_top:
            return max(self.fixed_top, most or 0.0)
        return round_top(max(most or 0.0, self.least_top), binary=self.unit in ("size", "rate"))

    def label(self, value: float | None) -> str:
        """As it stands beside the curve, where there is little room."""
        return WRITTEN["size" if self.unit == "rate" else self.unit](value)

    def written(self, value: float | None) -> str:
        return WRITTEN[self.unit](value)


def charts(keys: Iterable[str], snapshot: Snapshot | None) -> list[Chart]:
    """A chart for each of these series: the machine, the queue, then workers and services in the Snapshot's order.

    A machine without swap has no charts of it.
    """
    known = set(keys)
    found = [chart for chart in (*_machine(snapshot), *_queue()) if chart.key in known]
    workers = [worker.name for worker in (snapshot.workers.value if snapshot is not None else None) or ()]
    services = [service.name for service in (snapshot.services.value if snapshot is not None else None) or ()]
    for kind, names in (("worker", workers), ("service", services)):
        recorded = {key.split(":", 2)[2] for key in known if key.split(":")[1:2] == [kind]}
        for name in [*(one for one in dict.fromkeys(names) if one in recorded), *sorted(recorded - set(names))]:
            row = f"{kind}:{name}"
            found += [chart for chart in _of_row(name, row, gone=name not in names) if chart.key in known]
    return found


def _machine(snapshot: Snapshot | None) -> list[Chart]:
    system = snapshot.system.value if snapshot is not None else None
    cores = float(system.cores or 0) if system is not None else 0.0
    memory = float(system.memory_total_bytes or 0) if system is not None else 0.0
    swap = float(system.swap_total_bytes or 0) if system is not None else 0.0
    swapless = system is not None and system.swap_total_bytes == 0
    found = [
        Chart("load1", "Load, 1 min", "load", "system:load", least_top=cores or 1.0),
        Chart("cpu_busy", "CPU busy", "percent", "system:cpu", 100.0),
        Chart("memory_used", "Memory used", "size", "system:memory", memory or None),
        Chart("swap_used", "Swap used", "size", "system:swap", swap or None),
        Chart("swap_in", "From swap", "rate", "system:swap", least_top=1024.0),
        Chart("swap_out", "To swap", "rate", "system:swap", least_top=1024.0),
        Chart("score", "Health score", "score", "system:score", 10.0),
    ]
    return [one for one in found if not (swapless and one.row == "system:swap")]


def _queue() -> list[Chart]:
    return [
        Chart("queue_success", "Queue: success rate", "percent", "queue:success", 100.0),
        Chart("queue_failed_24h", "Queue: failed in 24 h", "count", "queue:failed_24h", least_top=5.0),
        Chart("queue_pending", "Queue: pending", "count", "queue:pending", least_top=5.0),
    ]


def _of_row(name: str, row: str, *, gone: bool) -> list[Chart]:
    said = f"{name} (no longer here)" if gone else name
    return [
        Chart(f"cpu:{row}", f"{said}: CPU", "percent", row, least_top=5.0),
        Chart(f"rss:{row}", f"{said}: memory", "size", row, least_top=float(1 << 20)),
    ]
