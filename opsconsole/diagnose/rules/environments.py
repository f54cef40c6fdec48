"""Rules on dev environments: stale, named twice, out of ports, no list to be had."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config, EnvironmentsTable
from opsconsole.diagnose.words import command, listed, quoted, several, span
from opsconsole.model.environment import Environment, Environments
from opsconsole.model.finding import Evidence, Finding, Remedy, found
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.text import shown, shown_url

SUBJECT = "environments"
POOL = "pool"


def env_stale(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Environments are older than their TTL.

    Evidence: when their source says that they were made.
    Blind spots: needs `ttl` and a creation time; an old one may be in use all the same (`alive` is in the evidence).
    """
    environments = snapshot.environments.value
    stale = _stale(environments)
    if environments is None or not stale:
        return
    born = [snapshot.at - one.age_s + one.ttl_s for one in stale if one.age_s is not None and one.ttl_s is not None]
    yield found(
        "env-stale",
        "low",
        SUBJECT,
        f"{several(len(stale), 'environment')} older than the TTL: {listed(one.name for one in stale)}",
        evidence=tuple(Evidence(environments.source, snapshot.environments.at, _described(one)) for one in stale),
        root_cause="nothing deletes environments when their time is up",
        impact="each holds a port, and memory while something of it runs",
        remedy=_pruning(stale, config.environments),
        verify="no environment is older than its TTL",
        since=min(born, default=None),
    )


def env_duplicate(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Environments have the same name, or claim the same port.

    Evidence: the list of their source.
    Blind spots: names that differ by a number only count as different.
    """
    environments = snapshot.environments.value
    if environments is None or not (twice := [one for one in environments.items if one.duplicate]):
        return
    names = list(dict.fromkeys(one.name for one in twice))
    yield found(
        "env-duplicate",
        "low",
        SUBJECT,
        f"{several(len(twice), 'environment')} with a name or port in common: {listed(names)}",
        evidence=tuple(Evidence(environments.source, snapshot.environments.at, _described(one)) for one in twice),
        root_cause="whether one exists is not checked before another is made",
        impact="making it again fails; which of them is meant is chance",
        remedy=_deduplicating(twice, config.environments),
        verify="each name and each port is there once",
    )


def env_ports_exhausted(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """No port of the pool is left for a new environment.

    Evidence: ports that environments claim or processes listen on, against `port_pool`.
    Blind spots: without `port_pool` there is nothing to count.
    """
    environments = snapshot.environments.value
    if environments is None or environments.pool is None or environments.pool.free > 0:
        return
    pool, stale = environments.pool, _stale(environments)
    idle = [one for one in environments.items if one.alive is False]
    yield found(
        "env-ports-exhausted",
        "medium",
        POOL,
        f"no port left for environments: {len(pool.used)} of {pool.size} used",
        evidence=(
            Evidence(environments.source, snapshot.environments.at, f"{len(environments.items)} environments"),
            Evidence(
                "[environments] port_pool",
                snapshot.environments.at,
                f"{pool.first}-{pool.last}: {len(pool.used)} of {pool.size} used",
            ),
            Evidence("listening sockets", snapshot.ports.at, f"nothing runs behind {len(idle)} of the environments"),
        ),
        root_cause="environments are made and never deleted",
        impact="no new environment can be made; prompts that need one fail",
        remedy=_pruning(stale, config.environments),
        verify="at least one port of the pool is free",
    )


def env_source(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Where the environments are listed answers, but not with a list: empty, not JSON, wrong shape, an error status.

    Evidence: what came.
    Blind spots: no answer at all is unknown, and no finding.
    """
    reading = snapshot.environments
    if reading.state != "unknown" or not reading.answered or config.environments is None:
        return
    table = config.environments
    source = shown_url(table.url) if table.url else shown(command(table.command) if table.command else str(table.file))
    by_hand = f"curl -si {quoted(source)}" if table.url else source if table.command else f"cat {quoted(source)}"
    yield found(
        "env-source",
        "medium",
        SUBJECT,
        "the list of environments cannot be read",
        evidence=(Evidence(source, reading.at, reading.reason),),
        root_cause="its answer is empty or malformed: who asks for JSON must expect that",
        impact="how many environments and free ports there are is unknown; deleting is refused",
        remedy=Remedy(steps=(f"look at what comes: {by_hand}", "put right what answers")),
        verify="the source answers with a list of environments",
    )


def _stale(environments: Environments | None) -> list[Environment]:
    return [one for one in environments.items if one.stale] if environments is not None else []


def _described(one: Environment) -> str:
    age = "age unknown" if one.age_s is None else f"{span(one.age_s)} old"
    runs = "" if one.alive is None else ", running" if one.alive else ", nothing runs behind it"
    return f"{one.name} ({one.id}) on port {one.port if one.port is not None else '?'}, {age}{runs}"


def _deletable(table: EnvironmentsTable | None) -> bool:
    return table is not None and bool(table.delete_url or table.delete_command)


def _pruning(stale: list[Environment], table: EnvironmentsTable | None) -> Remedy:
    if not stale:
        return Remedy(steps=("decide which environments may go, and delete them", "or make the port pool larger"))
    names = tuple(one.id for one in stale)
    steps = (f"delete {listed(f'{one.name} ({one.id})' for one in stale)}", "give environments a lifetime")
    if not _deletable(table):
        return Remedy(steps=(*steps, "add `delete_url` to [environments], and it can be done from here"))
    return Remedy("prune-environments", names, True, steps)


def _deduplicating(twice: list[Environment], table: EnvironmentsTable | None) -> Remedy:
    """Of each name the stale ones may go; what is left to decide is for a person."""
    stale = [one for one in twice if one.stale]
    if stale and _deletable(table):
        names = tuple(one.id for one in stale)
        return Remedy("delete-environment", names, True, (f"delete {listed(map(_described, stale))}",))
    return Remedy(steps=(f"decide which of these stays: {listed(map(_described, twice))}", "delete the others"))
