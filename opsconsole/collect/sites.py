"""Sites from their probes. Pure."""

from __future__ import annotations

from opsconsole.config.types import SiteTable
from opsconsole.model.reading import Reading, carry, ok, unconfigured
from opsconsole.model.service import Probe, Site, SiteState
from opsconsole.model.text import shown_url


def assemble_sites(
    tables: tuple[SiteTable, ...], probes: Reading[dict[str, Probe]], now: float
) -> Reading[tuple[Site, ...]]:
    """One Site for each table: up, unexpected (another status), down (no answer), or unknown (not probed yet)."""
    if not tables:
        return unconfigured("[[site]] with name and url")
    if probes.pending:
        return carry(probes)
    known = probes.value or {}
    waiting = "not probed yet" if probes.state == "ok" else probes.reason or "not probed yet"
    return ok(tuple(_site(table, known.get(f"site:{table.name}"), waiting) for table in tables), probes.at or now)


def _site(table: SiteTable, probe: Probe | None, waiting: str) -> Site:
    state: SiteState = "unknown"
    reason = waiting
    if probe is not None:
        state, reason = _judged(table, probe)
    return Site(
        name=table.name,
        url=shown_url(table.url),
        expect=table.expect,
        http_status=probe.http_status if probe is not None else None,
        latency_ms=probe.latency_ms if probe is not None else None,
        state=state,
        reason=reason,
        checked_at=probe.at if probe is not None else None,
        tls_error=probe.tls_error if probe is not None else False,
        failures=probe.failures if probe is not None else 0,
    )


def _judged(table: SiteTable, probe: Probe) -> tuple[SiteState, str]:
    if probe.http_status is None:
        return "down", probe.error
    if probe.error:
        return "unexpected", probe.error
    if probe.http_status != table.expect:
        return "unexpected", f"HTTP {probe.http_status} instead of {table.expect}"
    return "up", ""
