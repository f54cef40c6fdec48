"""Probes of health URLs and sites, each on its own slow cadence, spread out so that they do not fall together."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from opsconsole.collect.health import Health, read_health
from opsconsole.config.types import Config, TlsTable
from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, ok
from opsconsole.model.service import Probe
from opsconsole.model.text import shown

if TYPE_CHECKING:
    import asyncio

    from opsconsole.collect.http import Answer, HttpClient

AT_ONCE = 16


class ProbeTarget(msgspec.Struct, frozen=True):
    key: str
    """``service:NAME`` or ``site:NAME``."""
    url: str
    every_s: float
    timeout_s: float
    tls: TlsTable | None
    is_health: bool
    """Whether the body is to be read as /health."""


def targets_of(config: Config) -> tuple[ProbeTarget, ...]:
    """Everything that the config wants probed."""
    services = [
        ProbeTarget(f"service:{each.name}", each.url, each.every, each.timeout, each.tls, True)
        for each in config.service
        if each.url
    ]
    sites = [
        ProbeTarget(f"site:{each.name}", each.url, each.every, each.timeout, each.tls, False) for each in config.site
    ]
    return (*services, *sites)


class ProbeSource:
    """Keeps the last Probe of each target. Its event loop lives in the thread that reads."""

    name = "probes"
    every_s = 1.0

    def __init__(self, targets: tuple[ProbeTarget, ...]) -> None:
        self._targets = targets
        self._last: dict[str, Probe] = {}
        self._due: dict[str, float] = {target.key: 0.0 for target in targets}
        """Monotonic time of each target's next turn; 0 before the first."""
        self._lock = threading.Lock()
        self._runner: asyncio.Runner | None = None
        self._client: HttpClient | None = None
        self.deadline_s = max((target.timeout_s for target in targets), default=0.0) * max(
            1, -(-len(targets) // AT_ONCE)
        )
        self.deadline_s += 2.0

    def probe_now(self, keys: Iterable[str] = ()) -> None:
        """Make these targets due at the next read; without keys, all. From any thread."""
        chosen = set(keys) or set(self._due)
        with self._lock:
            for key in chosen & set(self._due):
                self._due[key] = 0.0

    def read(self, clock: Clock) -> Reading[dict[str, Probe]]:
        now = clock.monotonic()
        with self._lock:
            due = [target for target in self._targets if self._due[target.key] <= now]
            for target in due:
                first = target.key not in self._last
                self._due[target.key] = now + target.every_s * (_spread(target.key) if first else 1.0)
        if due:
            import asyncio

            if self._runner is None:
                self._runner = asyncio.Runner()
            self._runner.run(self._probe_all(due, clock))
        return ok(dict(self._last), clock.wall())

    async def _probe_all(self, due: list[ProbeTarget], clock: Clock) -> None:
        import asyncio

        from opsconsole.collect.http import HttpClient

        if self._client is None:
            self._client = HttpClient()
        client, places = self._client, asyncio.Semaphore(AT_ONCE)

        async def probe(target: ProbeTarget) -> None:
            async with places:
                answer = await client.ask(target.url, target.timeout_s, target.tls, body=target.is_health)
            self._last[target.key] = _probe(target, answer, clock.wall())

        await asyncio.gather(*map(probe, due))


def _probe(target: ProbeTarget, answer: Answer, at: float) -> Probe:
    health = read_health(answer.body, answer.cut) if target.is_health and not answer.error else Health(None)
    return Probe(
        url=shown(target.url),
        at=at,
        http_status=answer.status,
        latency_ms=answer.latency_ms,
        error=answer.error,
        body=shown(answer.body[:1000].decode(errors="replace"), 200),
        components=health.components,
        component_error=health.error,
        reported_status=health.status,
        tls_error=answer.tls_error,
    )


def _spread(key: str) -> float:
    """A stable share of the cadence, 0.5 to 1.5: what began together drifts apart at once and stays so."""
    return 0.5 + zlib.crc32(key.encode()) % 1000 / 1000
