"""Services: network endpoints that should be up. Sites: URLs with an expected status."""

from __future__ import annotations

from typing import Literal

import msgspec

from opsconsole.model.listener import Owner, Sharing
from opsconsole.model.worker import Log

ServiceState = Literal["up", "degraded", "down", "unknown"]
SiteState = Literal["up", "unexpected", "down", "unknown"]
Holder = Literal["", "own", "other"]
"""Who holds a port: the service itself, or for certain somebody else; empty where that is not told."""


class Probe(msgspec.Struct, frozen=True):
    """One check of a URL: an answer, or why there was none."""

    url: str
    """Masked, for showing."""
    at: float
    """When the answer had come."""
    http_status: int | None
    latency_ms: float | None
    """Until the headers had come; None without an answer."""
    error: str = ""
    """Why there was no usable answer: refused, timed out, TLS, … Cleaned."""
    body: str = ""
    """First 200 characters of the body, cleaned and masked: what came."""
    components: dict[str, str] | None = None
    """Named parts of a /health body and their states; None when the body has none that can be read."""
    component_error: str = ""
    """Why the body could not be read as /health: empty, HTML, not JSON, wrong shape."""
    misplaced_body: bool = False
    """Whether the URL is one for health and the body a web page or broken JSON."""
    reported_status: str = ""
    """The body's own ``status``: healthy, degraded, unhealthy; empty when it tells none."""
    tls_error: bool = False
    asked_at: float | None = None
    """When it was asked, on the monotonic clock: an answer counts only for who ran by then."""
    failures: int = 0
    """How many probes in a row, this one included, had no HTTP answer at all."""


class Service(msgspec.Struct, frozen=True):
    name: str
    port: int
    state: ServiceState
    reason: str
    """Why it is not up, in one line; empty when it is."""
    pid: int | None
    """Of the first owner of the port."""
    uptime_s: float | None
    http_status: int | None
    """Of the last probe that still counts: none of a service that is down or was started since."""
    latency_ms: float | None
    components: dict[str, str]
    """Component name to its reported state; empty when none is known."""
    stopped: tuple[str, ...]
    """The expected components that do not read running."""
    owners: tuple[Owner, ...]
    owners_known: bool
    """Whether that is all who hold the port. False when it is held by somebody whom we do not see."""
    sharing: Sharing
    addresses: tuple[str, ...]
    url: str
    probed_at: float | None
    discovered: bool
    """True when it is not from the config but was found listening."""
    cpu_percent: float | None = None
    """Of the owners' trees together."""
    rss_bytes: int | None = None
    swap_bytes: int | None = None
    owners_sought: bool = True
    """False while nobody was looked through for who holds the port: then it is not known that they cannot be seen."""
    log: str = ""
    """Path of its log file, when the config names one."""
    log_tail: Log | None = None
    """What the end of that file tells; None while nobody has read it."""
    holder: Holder = ""
    """Who holds the port of a degraded one: told by what runs, its ancestors, its past and its answers."""


class Site(msgspec.Struct, frozen=True):
    name: str
    url: str
    expect: int
    http_status: int | None
    latency_ms: float | None
    state: SiteState
    reason: str
    checked_at: float | None
    tls_error: bool = False
    failures: int = 0
    """How many probes in a row had no HTTP answer at all."""
