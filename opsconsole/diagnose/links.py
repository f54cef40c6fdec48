"""Which finding explains which: each function draws the links of one layer, on evidence in the Snapshot.

A link leads from a cause to its symptom, and one of the two leads: it tells the other inside. Usually the cause
does. Where the cause does no harm by itself (a limit exceeded, environments grown old) the harm leads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from opsconsole.config.types import Config
from opsconsole.diagnose.hibernation import agent_sessions, idle_sessions, weighs
from opsconsole.diagnose.known_errors import PORTS, known_error
from opsconsole.diagnose.look import local_port, queue_worker, session_subject, worker_table
from opsconsole.diagnose.rules.environments import POOL, SUBJECT
from opsconsole.diagnose.slowed import PRESSURES, began_starving, late
from opsconsole.diagnose.words import listed
from opsconsole.model.finding import SEVERITIES, Finding
from opsconsole.model.snapshot import Snapshot


class Link(NamedTuple):
    cause: str
    """Id of a finding."""
    symptom: str
    leads: Literal["cause", "symptom", "neither"]
    why: str
    """How the cause leads to the symptom: told in the symptom's root cause. Empty where that says it already."""


class Findings:
    """All findings of one Snapshot, by rule and by id."""

    def __init__(self, findings: Mapping[str, Finding], slowed: Mapping[str, bool]) -> None:
        """``slowed``: by id, verdicts on whether a machine that starves explains it, where they are made already."""
        self.by_id, self.slowed = findings, slowed
        self._by_rule: dict[str, list[Finding]] = {}
        for finding in findings.values():
            self._by_rule.setdefault(finding.rule, []).append(finding)

    def of(self, *rules: str) -> list[Finding]:
        return [finding for rule in rules for finding in self._by_rule.get(rule, ())]

    def has(self, finding_id: str) -> bool:
        return finding_id in self.by_id


def of_ended_workers(findings: Findings, snapshot: Snapshot, config: Config) -> Iterator[Link]:
    """A worker that is missing or crashes again and again: its own traces, and the component that it is."""
    stopped = {service.name: service.stopped for service in snapshot.services.value or ()}
    for ended in findings.of("worker-missing", "worker-crash-loop"):
        name = ended.subject
        for trace in ("worker-pidfile", "log-errors", "worker-silent"):
            if findings.has(f"{trace}:{name}"):
                yield Link(ended.id, f"{trace}:{name}", "cause", f"{name} has ended")
        if ended.rule == "worker-crash-loop" and findings.has(f"worker-missing:{name}"):
            yield Link(ended.id, f"worker-missing:{name}", "cause", "it ends soon after each start")
        table = worker_table(config, name)
        told = table.component.rpartition(":") if table is not None else ("", "", "")
        for service, components in stopped.items():
            if not findings.has(f"service-degraded:{service}"):
                continue
            if told[0] == service and told[2] in components:
                leads: Literal["cause", "neither"] = "cause" if len(components) == 1 else "neither"
                yield Link(ended.id, f"service-degraded:{service}", leads, f"{told[2]} is the worker {name}")
            elif not told[0] and name in components:
                # The same name alone: many a program has a scheduler.
                yield Link(ended.id, f"service-degraded:{service}", "neither", f"a worker is called {name} too")


def of_ports(findings: Findings, snapshot: Snapshot, config: Config) -> Iterator[Link]:
    """A port held by the wrong process, and the service that cannot have it."""
    by_port = {str(service.port): service.name for service in snapshot.services.value or ()}
    remnants = {
        str(service.port): worker.name
        for worker in snapshot.workers.value or ()
        for helper in worker.remnants
        for service in snapshot.services.value or ()
        if any(owner.id == helper.id for owner in service.owners)
    }
    for held in findings.of("port-held"):
        service = by_port.get(held.subject, "")
        for rule in ("service-down", "service-degraded"):
            if findings.has(f"{rule}:{service}"):
                yield Link(held.id, f"{rule}:{service}", "cause", f"its port is not its own: {held.title}")
        left = f"worker-duplicates:{remnants.get(held.subject, '')}"
        if findings.has(left):
            yield Link(left, held.id, "symptom", "the worker that it belonged to has ended")


def of_services(findings: Findings, snapshot: Snapshot, config: Config) -> Iterator[Link]:
    """A service that is down or degraded: what its log says of that, and what is asked of it, sites on its port and
    the list of environments.
    """
    ports = {service.name: service.port for service in snapshot.services.value or ()}
    sites = {site.name: local_port(site.url) for site in snapshot.sites.value or ()}
    source = local_port(config.environments.url) if config.environments is not None else None
    for service in findings.of("service-down", "service-degraded"):
        port = ports.get(service.subject)
        for site in findings.of("site-down", "site-unexpected"):
            if port is not None and sites.get(site.subject) == port and _is_amiss(service, snapshot):
                yield Link(service.id, site.id, "cause", f"{service.subject} serves it")
        if findings.has(f"log-errors:{service.subject}"):
            yield Link(f"log-errors:{service.subject}", service.id, "symptom", "")
        if port is not None and source == port and findings.has(f"env-source:{SUBJECT}"):
            yield Link(service.id, f"env-source:{SUBJECT}", "cause", f"{service.subject} lists the environments")


def _is_amiss(finding: Finding, snapshot: Snapshot) -> bool:
    """Whether the service itself gives no answer, or none as it should: a part of it that is stopped tells nothing of
    what it serves."""
    seen = next((one for one in snapshot.services.value or () if one.name == finding.subject), None)
    return finding.rule == "service-down" or (seen is not None and not seen.stopped)


def of_environments(findings: Findings, snapshot: Snapshot, config: Config) -> Iterator[Link]:
    """No ports left, because environments stay; prompts that fail, because no port is left."""
    exhausted = f"env-ports-exhausted:{POOL}"
    if not findings.has(exhausted):
        return
    for kept in (f"env-stale:{SUBJECT}", f"env-duplicate:{SUBJECT}", f"port-held:{POOL}"):
        if findings.has(kept):
            yield Link(kept, exhausted, "symptom", findings.by_id[kept].title)
    why = f"{findings.by_id[exhausted].title}, so none can be made"
    queue = snapshot.queue.value
    if queue is not None and any(_for_want_of_ports(text, config) for text, _ in queue.errors):
        for failing in findings.of("worker-failing"):
            yield Link(exhausted, failing.id, "cause", why)
    worker = queue_worker(config, config.queue) if config.queue is not None else ""
    for errors in findings.of("log-errors"):
        facts = [one.fact for one in errors.evidence if _for_want_of_ports(one.fact, config)]
        if facts and (errors.subject == worker or any("environment" in fact.casefold() for fact in facts)):
            yield Link(exhausted, errors.id, "cause", why)


def _for_want_of_ports(text: str, config: Config) -> bool:
    known = known_error(text, config)
    return known is not None and known.name == PORTS


def of_failing_workers(findings: Findings, snapshot: Snapshot, config: Config) -> Iterator[Link]:
    """A worker whose prompts fail writes why into its log."""
    if config.queue is None:
        return
    errors = f"log-errors:{queue_worker(config, config.queue)}"
    for failing in findings.of("worker-failing"):
        if findings.has(errors):
            yield Link(errors, failing.id, "symptom", "")


def of_the_machine(findings: Findings, snapshot: Snapshot, config: Config) -> Iterator[Link]:
    """Load, CPU, memory and swap are one trouble: sessions and workers without measure cause it, what cannot keep up
    suffers from it.
    """
    pressures = findings.of(*PRESSURES)
    if not pressures:
        yield from _of_the_crowd(findings)
        return
    leader = min(pressures, key=lambda one: (SEVERITIES.index(one.severity), PRESSURES.index(one.rule)))
    for pressure in pressures:
        if pressure is not leader:
            yield Link(leader.id, pressure.id, "cause", leader.title)
    yield from _crowded(findings, leader, snapshot, config)
    for greedy in findings.of("worker-limits"):
        yield Link(greedy.id, leader.id, "neither", greedy.title)
    yield from _slowed(findings, leader, snapshot)


def _of_the_crowd(findings: Findings) -> Iterator[Link]:
    for one in findings.of("session-idle"):
        for crowd in findings.of("sessions-many"):
            yield Link(one.id, crowd.id, "symptom", one.title)


def _crowded(findings: Findings, leader: Finding, snapshot: Snapshot, config: Config) -> Iterator[Link]:
    """Sessions cause what they can ease: want of memory all of them, want of CPU only those that use it."""
    if any(weighs(session, snapshot, config) for session in agent_sessions(snapshot)):
        for crowd in findings.of("sessions-many"):
            yield Link(crowd.id, leader.id, "symptom", crowd.title)
    weighing = {
        session_subject(session, snapshot)
        for session in idle_sessions(snapshot, config)
        if weighs(session, snapshot, config)
    }
    idle = [one for one in findings.of("session-idle") if one.subject in weighing]
    why = f"idle for long: {listed(one.subject for one in idle)}"
    for one in idle:
        yield Link(one.id, leader.id, "symptom", why)
    if not idle:
        yield from _of_the_crowd(findings)


def _slowed(findings: Findings, leader: Finding, snapshot: Snapshot) -> Iterator[Link]:
    """What is alive and late on a machine that starves is not judged by itself before the machine can breathe."""
    pressures = findings.of(*PRESSURES)
    for one in late(findings.by_id.values(), snapshot):
        verdict = findings.slowed.get(one.finding)
        if began_starving(findings.by_id[one.finding], pressures, snapshot) if verdict is None else verdict:
            yield Link(leader.id, one.finding, "cause", f"{one.why}: {leader.title}")


LINKS: tuple[Callable[[Findings, Snapshot, Config], Iterator[Link]], ...] = (
    of_ended_workers,
    of_ports,
    of_services,
    of_environments,
    of_failing_workers,
    of_the_machine,
)
