"""What the last probe of a site means."""

from __future__ import annotations

import pytest

from opsconsole.collect.sites import assemble_sites
from opsconsole.config.types import SiteTable
from opsconsole.model.reading import ok, unknown
from opsconsole.model.service import Probe
from tests.makers import AT

SITE = SiteTable(name="reading", url="https://op:hunter22@127.0.0.1:5063/reading/")


def test_without_sites_it_is_unconfigured() -> None:
    asked = assemble_sites((), ok({}, AT), AT)
    assert (asked.state, asked.hint) == ("unconfigured", "[[site]] with name and url")


@pytest.mark.parametrize(
    ("status", "error", "state", "says"),
    [
        (200, "", "up", ""),
        (503, "", "unexpected", "503"),
        (302, "redirects to another host: x", "unexpected", "another host"),
        (None, "connection refused", "down", "connection refused"),
    ],
)
def test_the_state_follows_from_the_probe(status: int | None, error: str, state: str, says: str) -> None:
    probe = Probe(url=SITE.url, at=AT - 5, http_status=status, latency_ms=1.0, error=error)
    (site,) = assemble_sites((SITE,), ok({"site:reading": probe}, AT), AT).value or ()
    assert (site.state, site.http_status, site.checked_at) == (state, status, AT - 5)
    assert says in site.reason
    assert "hunter22" not in site.url


def test_before_its_first_probe_a_site_is_unknown_with_why() -> None:
    (waiting,) = assemble_sites((SITE,), ok({}, AT), AT).value or ()
    assert (waiting.state, waiting.reason, waiting.checked_at) == ("unknown", "not probed yet", None)
    (overdue,) = assemble_sites((SITE,), unknown("probes: no answer within 12 s", AT), AT).value or ()
    assert (overdue.state, overdue.reason) == ("unknown", "probes: no answer within 12 s")


def test_a_name_before_the_host_is_a_secret_too() -> None:
    (site,) = assemble_sites((SiteTable(name="a", url="https://hunter22@127.0.0.1/x"),), ok({}, AT), AT).value or ()
    assert site.url == "https://•••@127.0.0.1/x"
