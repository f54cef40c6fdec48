"""How often and how long something must hold before it is a finding, and must not before the finding closes. Data."""

from __future__ import annotations

import re

import msgspec

from opsconsole.config.types import Config
from opsconsole.model.finding import Finding

SEEN = re.compile(r"\s*(\d+)\s+of\s+(\d+)\s*")


class Steadiness(msgspec.Struct, frozen=True):
    holds: int = 1
    """Looks in which it must hold …"""
    of: int = 1
    """… out of the last so many. A look counts once its source was read anew."""
    for_s: float = 0.0
    """For how long it must have held without a break, in time that the machine was awake."""
    clean: int = 2
    """Looks in a row in which it must not hold before it closes."""


AT_ONCE = Steadiness()
"""What is confirmed where it is read, or does not come and go: processes missed twice, ports, counts, averages."""
MOMENTARY = Steadiness(holds=3, of=5, clean=3)
TWICE = Steadiness(holds=2, of=3)
_BY_RULE = {
    "cpu-starved": MOMENTARY,
    "worker-limits": MOMENTARY,
    "swap-thrash": MOMENTARY,
    "memory-pressure": Steadiness(holds=2, of=3, clean=3),
    "worker-duplicates": TWICE,
    "service-degraded": TWICE,
    "site-unexpected": TWICE,
    "session-hung": TWICE,
    "env-source": TWICE,
    "port-held": TWICE,
}


def steadiness(finding: Finding, config: Config) -> Steadiness:
    """As the config's ``[[rule]]`` asks, else as built in."""
    built_in = _BY_RULE.get(finding.rule, AT_ONCE)
    if finding.rule == "system-load" and finding.severity != "high":
        built_in = MOMENTARY
    table = next((one for one in config.rule if one.name == finding.rule), None)
    if table is None:
        return built_in
    seen = SEEN.fullmatch(table.seen)
    return Steadiness(
        holds=int(seen[1]) if seen is not None else built_in.holds,
        of=int(seen[2]) if seen is not None else built_in.of,
        for_s=float(table.for_) if table.for_ is not None else built_in.for_s,
        clean=table.clean if table.clean is not None else built_in.clean,
    )
