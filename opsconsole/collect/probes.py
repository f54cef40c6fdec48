"""Probes of health URLs and sites, each on its own slow cadence, spread out so that they do not fall together.

A read waits a second at most and leaves a slow server's probe under way: one site that hangs keeps no other from
being asked or told. Only for a single look (``patient``) does the first read wait until every target has answered.
The event loop is the source's own and runs only inside ``read``.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from opsconsole.collect.health import Health, is_health_url, read_health
from opsconsole.collect.http import Answer, HttpClient, new_runner
from opsconsole.config.types import Config, TlsTable
from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, ok, unconfigured
from opsconsole.model.service import Probe
from opsconsole.model.text import shown, shown_url

if TYPE_CHECKING:
    import asyncio

AT_ONCE = 16
HINT = "[[site]] with name and url, or url of a [[service]]"
WAIT_S = 1.0
"""How long a read waits for its probes."""
MARGIN_S = 2.0


class ProbeTarget(msgspec.Struct, frozen=True):
    key: str
    """``service:NAME`` or ``site:NAME``."""
    url: str
    every_s: float
    timeout_s: float
    tls: TlsTable | None
    is_health: bool
    """Whether the body is to be read as /health."""
    expect: int = 200


def targets_of(config: Config) -> tuple[ProbeTarget, ...]:
    """Everything that the config wants probed."""
    services = [
        ProbeTarget(f"service:{each.name}", each.url, each.every, each.timeout, each.tls, True, each.expect)
        for each in config.service
        if each.url
    ]
    sites = [
        ProbeTarget(f"site:{each.name}", each.url, each.every, each.timeout, each.tls, False, each.expect)
        for each in config.site
    ]
    return (*services, *sites)


class ProbeSource:
    """Keeps the last Probe of each target."""

    name = "probes"
    every_s = 1.0

    def __init__(self, targets: tuple[ProbeTarget, ...]) -> None:
        self._targets = {target.key: target for target in targets}
        self._last: dict[str, Probe] = {}
        self._due: dict[str, float] = dict.fromkeys(self._targets, 0.0)
        """Monotonic time of each target's next turn; 0 before the first."""
        self._lock = threading.Lock()
        self._runner: asyncio.Runner | None = None
        self._client = HttpClient()
        self._places: asyncio.Semaphore | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self.patient = False
        """Whether the first read waits for all answers: there will be no second one."""
        rounds = -(-len(targets) // AT_ONCE)
        self._first_wait_s = max((target.timeout_s for target in targets), default=0.0) * rounds + MARGIN_S / 2
        self.deadline_s = self._first_wait_s + MARGIN_S / 2

    def probe_now(self, keys: Iterable[str] = ()) -> None:
        """Make these targets due at the next read; without keys, all. From any thread."""
        chosen = set(keys) or set(self._targets)
        with self._lock:
            self._due.update(dict.fromkeys(chosen & set(self._targets), 0.0))

    def read(self, clock: Clock) -> Reading[dict[str, Probe]]:
        if not self._targets:
            return unconfigured(HINT)
        first = self._runner is None
        due = self._take_due(clock.monotonic())
        if self._runner is None:
            self._runner = new_runner()
        if due or self._under_way:
            self._runner.run(self._probe_all(due, clock, self._first_wait_s if first and self.patient else WAIT_S))
        return ok(dict(self._last), clock.wall())

    def close(self) -> None:
        """Give up what is under way and close the loop. Not while a read is going on."""
        if self._runner is not None:
            self._runner.run(self._client.close())
            self._runner.close()
            self._runner = self._places = None
            self._under_way.clear()

    def _take_due(self, now: float) -> list[ProbeTarget]:
        with self._lock:
            due = [each for key, each in self._targets.items() if self._due[key] <= now and key not in self._under_way]
            for target in due:
                share = 1.0 if target.key in self._last else _spread(target.key)
                self._due[target.key] = now + target.every_s * share
        return due

    async def _probe_all(self, due: list[ProbeTarget], clock: Clock, wait_s: float) -> None:
        import asyncio

        if self._places is None:
            self._places = asyncio.Semaphore(AT_ONCE)
        for target in due:
            self._under_way[target.key] = asyncio.create_task(self._probe(target, self._places, clock))
        done, _ = await asyncio.wait(self._under_way.values(), timeout=wait_s)
        for key in [key for key, task in self._under_way.items() if task in done]:
            self._under_way.pop(key).result()

    async def _probe(self, target: ProbeTarget, places: asyncio.Semaphore, clock: Clock) -> None:
        async with places:
            asked_at = clock.monotonic()
            answer = await self._client.ask(
                target.url, target.timeout_s, target.tls, body=target.is_health, expect=target.expect
            )
        last = self._last.get(target.key)
        failed_before = last.failures if last is not None else 0
        self._last[target.key] = _probe_of(target, answer, clock.wall(), asked_at, failed_before)


def _probe_of(target: ProbeTarget, answer: Answer, at: float, asked_at: float, failed_before: int) -> Probe:
    health = read_health(answer.body, answer.cut) if target.is_health and not answer.error else Health(None)
    return Probe(
        url=shown_url(target.url),
        at=at,
        http_status=answer.status,
        latency_ms=answer.latency_ms,
        error=answer.error,
        body=shown(answer.body[:1000].decode(errors="replace").strip(), 200),
        components=health.components,
        component_error=health.error,
        misplaced_body=health.misplaced and is_health_url(target.url),
        reported_status=health.status,
        tls_error=answer.tls_error,
        asked_at=asked_at,
        failures=failed_before + 1 if answer.status is None else 0,
    )


def _spread(key: str) -> float:
    """A stable share of the cadence, 0.1 to 1: what began together drifts apart at once and stays so."""
    return 0.1 + zlib.crc32(key.encode(errors="replace")) % 1000 / 1000 * 0.9
