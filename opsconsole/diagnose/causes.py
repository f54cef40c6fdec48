"""One finding for one trouble: what explains it and what follows from it is told inside and not counted.

What is graver than what would tell it is never muted: both stand, and each names the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import msgspec

from opsconsole.config.types import Config
from opsconsole.diagnose.links import LINKS, Findings, Link
from opsconsole.model.finding import SEVERITIES, Finding, Related, graver
from opsconsole.model.snapshot import Snapshot

Role = Literal["cause", "symptom"]


class _Inside(NamedTuple):
    """A finding that another leads, and as what."""

    follower: str
    role: Role


def related(
    findings: Iterable[Finding], snapshot: Snapshot, config: Config, slowed: Mapping[str, bool] = MappingProxyType({})
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Findings that stand by themselves, with what belongs to them; and those that are told inside one of these.

    ``slowed``: see ``links.Findings``.
    """
    by_id = {finding.id: finding for finding in sorted(findings, key=_rank)}
    links = sorted({link for draw in LINKS for link in draw(Findings(by_id, slowed), snapshot, config)})
    led: dict[str, set[_Inside]] = {}
    for link in links:
        leader, inside = _led(link)
        if leader and not graver(by_id[inside.follower].severity, by_id[leader].severity):
            led.setdefault(leader, set()).add(inside)
    told = _told(by_id, led)
    standing = [one for one in by_id.values() if one.id not in told]
    beside = _beside(links, told)
    explained = {one.id: _explained(one, links) for one in by_id.values()}
    return (
        tuple(
            _with(explained[one.id], {**_members(one.id, told), **beside.get(one.id, {})}, by_id, told)
            for one in standing
        ),
        tuple(explained[one] for one in by_id if one in told),
    )


def _led(link: Link) -> tuple[str, _Inside]:
    """Who leads a link, and what it leads; nobody where neither does."""
    if link.leads == "cause":
        return link.cause, _Inside(link.symptom, "symptom")
    if link.leads == "symptom":
        return link.symptom, _Inside(link.cause, "cause")
    return "", _Inside("", "symptom")


def _told(by_id: Mapping[str, Finding], led: Mapping[str, set[_Inside]]) -> dict[str, dict[str, Role]]:
    """Of each finding that is told inside others: the standing ones that tell it, and as what.

    Going out from those that nobody leads. In a circle, which links must not make, the gravest stands.
    """
    followers = {inside.follower for insides in led.values() for inside in insides}
    told: dict[str, dict[str, Role]] = {}
    seen: set[str] = set()
    for top in [*(one for one in by_id if one not in followers), *by_id]:
        if top in seen:
            continue
        waiting: list[tuple[str, Role | None]] = [(top, None)]
        reached: set[str] = set()
        while waiting:
            current, role = waiting.pop()
            if current in reached:
                continue
            reached.add(current)
            if role is not None:
                told.setdefault(current, {})[top] = role
            waiting += [(inside.follower, role or inside.role) for inside in sorted(led.get(current, ()))]
        seen |= reached
    return told


def _members(leader: str, told: Mapping[str, Mapping[str, Role]]) -> dict[str, Role]:
    return {one: leaders[leader] for one, leaders in told.items() if leader in leaders}


def _beside(links: Iterable[Link], told: Mapping[str, Mapping[str, Role]]) -> dict[str, dict[str, Role]]:
    """Linked findings that both stand, or that stand in different ones: each names the other."""
    found: dict[str, dict[str, Role]] = {}
    for link in links:
        for cause in told.get(link.cause, {link.cause: "cause"}):
            for symptom in told.get(link.symptom, {link.symptom: "symptom"}):
                if cause != symptom:
                    found.setdefault(symptom, {}).setdefault(cause, "cause")
                    found.setdefault(cause, {}).setdefault(symptom, "symptom")
    return found


def _explained(finding: Finding, links: Iterable[Link]) -> Finding:
    whys = dict.fromkeys(link.why for link in links if link.symptom == finding.id and link.why)
    if not whys:
        return finding
    return msgspec.structs.replace(finding, root_cause="; ".join((finding.root_cause, *whys)))


def _with(
    finding: Finding, members: Mapping[str, Role], by_id: Mapping[str, Finding], told: Mapping[str, object]
) -> Finding:
    def of(role: Role) -> tuple[Related, ...]:
        chosen = sorted((by_id[one] for one, its in members.items() if its == role), key=_rank)
        return tuple(Related(one.id, one.rule, one.severity, one.title, one.id in told) for one in chosen)

    return msgspec.structs.replace(finding, causes=of("cause"), symptoms=of("symptom"))


def _rank(finding: Finding) -> tuple[int, str]:
    return SEVERITIES.index(finding.severity), finding.id
