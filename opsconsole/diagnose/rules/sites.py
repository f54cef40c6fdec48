"""Rules on sites: down, answering otherwise than expected, not to be trusted."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config
from opsconsole.diagnose.words import quoted
from opsconsole.model.finding import Evidence, Finding, Remedy, Severity, found
from opsconsole.model.service import Site
from opsconsole.model.snapshot import Snapshot


def site_down(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A site gives no answer, several times in a row.

    Evidence: its probes.
    Blind spots: seen from this machine only; one miss alone is unknown, not down.
    """
    for site in snapshot.sites.value or ():
        if site.state == "down" and not site.tls_error and site.failures >= config.diagnose.site_misses:
            yield _finding(
                "site-down",
                "high",
                site,
                f"site {site.name} gives no answer",
                f"{site.reason} ({site.failures} probes in a row)",
                "what serves it has ended, hangs, or the way to it is broken",
            )


def site_unexpected(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A site answers with another status than the config expects, or with something that is no good answer.

    Evidence: its last probe.
    Blind spots: the body of a page is not judged.
    """
    for site in snapshot.sites.value or ():
        if site.state == "unexpected" and not site.tls_error:
            yield _finding(
                "site-unexpected",
                "medium",
                site,
                f"site {site.name}: {site.reason}",
                site.reason,
                "what serves it answers with an error, or the config expects the wrong thing",
            )


def site_tls(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A site's certificate is not to be trusted.

    Evidence: its last probe.
    Blind spots: with `verify = false` nothing is checked.
    """
    for site in snapshot.sites.value or ():
        if site.tls_error:
            yield _finding(
                "site-tls",
                "medium",
                site,
                f"site {site.name}: its certificate is not trusted",
                site.reason,
                "the certificate expired, is for another name, or of an authority that is not known here",
            )


def _finding(rule: str, severity: Severity, site: Site, title: str, fact: str, cause: str) -> Finding:
    trust = rule == "site-tls"
    return found(
        rule,
        severity,
        site.name,
        title,
        evidence=(Evidence(f"GET {site.url}", site.checked_at, fact),),
        root_cause=cause,
        impact="who opens it is warned or refused" if trust else "who opens it gets nothing, or not what they came for",
        remedy=Remedy(
            steps=("renew the certificate, or name its `ca` or `fingerprint` in the config",)
            if trust
            else (
                f"look at what comes: curl -si {quoted(site.url)}",
                "look at the log of what serves it, and restart it",
            )
        ),
        verify=f"GET {site.url} answers {site.expect}",
    )
