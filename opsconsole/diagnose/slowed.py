"""What is alive and late on a machine that starves: whether that began while it starved, or before.

What had hung before the machine was loaded is not the load's work. Since when the machine starves is told by when
that was first seen, and by the load averages, which reach back further than we do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from opsconsole.diagnose.look import local_port
from opsconsole.model.finding import Finding
from opsconsole.model.snapshot import Snapshot

PRESSURES = ("system-load", "memory-pressure", "swap-thrash", "cpu-starved")
"""Findings on the machine as a whole, in the order in which one leads the others of the same severity."""
LAGS_S = 120.0
"""For so long a machine may have starved before a load average, or a second look, says so."""
RISING = 0.95
"""Share of the younger averages below which the one over 15 minutes tells that the load has risen."""


class Late(NamedTuple):
    finding: str
    """Id of what does not move, or answers too late."""
    why: str


def late(findings: Iterable[Finding], snapshot: Snapshot) -> Iterable[Late]:
    """Those of the findings that a machine may cause that starves: it is there, and does not get its turn."""
    listening = {port.port for port in snapshot.ports.value or ()}
    sites = {site.name: site for site in snapshot.sites.value or ()}
    services = {service.name: service for service in snapshot.services.value or ()}
    for one in findings:
        if one.rule == "session-hung":
            yield Late(one.id, "the machine starves")
        elif one.rule == "site-down":
            site = sites.get(one.subject)
            if site is not None and local_port(site.url) in listening:
                yield Late(one.id, "it listens, but answers too late")
        elif one.rule == "service-degraded":
            service = services.get(one.subject)
            if service is not None and service.http_status is None and service.owners:
                yield Late(one.id, "it listens, but answers too late")


def began_starving(finding: Finding, pressures: Iterable[Finding], snapshot: Snapshot) -> bool:
    """Whether this began while the machine starved, as far as can be told; what tells no beginning may have."""
    if finding.since is None:
        return True
    onsets = [onset for each in pressures if (onset := _onset(each, snapshot)) is not None]
    return bool(onsets) and finding.since >= min(onsets) - LAGS_S


def _onset(pressure: Finding, snapshot: Snapshot) -> float | None:
    """Since when it is known to hold, seconds since the epoch; minus infinity: for as long as anything tells."""
    told = [] if pressure.since is None else [pressure.since]
    system = snapshot.system.value
    if pressure.rule == "system-load" and system is not None and system.load15 is not None:
        younger = [load for load in (system.load1, system.load5) if load is not None]
        chronic = bool(younger) and system.load15 >= RISING * max(younger)
        told.append(float("-inf") if chronic else snapshot.at - (900.0 if pressure.severity == "high" else 60.0))
    return min(told, default=None)


class Slowed:
    """The verdicts of one watch: each is made once, and stays until what it is about closes.

    What has outlived the pressure that it was laid on stands by itself from then on.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, bool] = {}

    def verdicts(self, opened: Iterable[Finding], snapshot: Snapshot) -> Mapping[str, bool]:
        """Of what may be late among all that is open, by its id: whether the machine's pressure explains it."""
        by_id = {one.id: one for one in opened}
        self._by_id = {one: verdict for one, verdict in self._by_id.items() if one in by_id}
        pressures = [one for one in by_id.values() if one.rule in PRESSURES]
        if not pressures:
            self._by_id = dict.fromkeys(self._by_id, False)
            return self._by_id
        for one in late(by_id.values(), snapshot):
            if one.finding not in self._by_id:
                self._by_id[one.finding] = began_starving(by_id[one.finding], pressures, snapshot)
        return self._by_id
