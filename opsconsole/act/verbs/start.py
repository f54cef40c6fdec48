"""`start`: start a worker or service that does not run, from its configured command."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.start_spec import limits_note, start_steps, why_not_start
from opsconsole.act.subjects import Subject, find_subject
from opsconsole.model.plan import Subplan

READY_S = 2.0
"""For how long a started process must be alive to count as started."""


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    subject = find_subject(request, name)
    seen = subject.seen
    if len(seen.instances) >= seen.wanted:
        raise WhyNot(f"already running: {', '.join(str(each.pid) for each in seen.instances)}", "nothing")
    if seen.state == "unknown":
        raise WhyNot(f"its state is unknown: {seen.reason}", "unknown")
    return start_subplan(subject, seen.wanted - len(seen.instances))


def start_subplan(subject: Subject, count: int) -> Subplan:
    """Starting this many. Raises WhyNot when the start spec does not hold."""
    table = subject.table
    if table is None:
        raise WhyNot(f"no command is configured for {subject.name}")
    if reason := why_not_start(table):
        raise WhyNot(f"{subject.name} cannot be started: {reason}")
    remnants = subject.seen.remnants
    times = (f"({count} times)",) if count > 1 else ()
    pid_file = (f"write its pid to {table.pid_file}, unless it does so itself",) if table.pid_file is not None else ()
    stale: tuple[str, ...] = ()
    if subject.seen.pid_file is not None and subject.seen.pid_file.state == "stale":
        stale = (f"remove the stale pid file {subject.seen.pid_file.path}",)
    return Subplan(
        subject=subject.name,
        subject_kind=subject.kind,
        steps=(*stale, *start_steps(table), *times, *pid_file),
        checks=ready_checks(subject),
        warnings=(
            *limits_note(table),
            *(f"a remnant of it still runs: {each.pid} ({each.command})" for each in remnants),
            *(f"wrapper {each.pid} ({each.command}) may start it too" for each in subject.seen.wrappers),
        ),
        known=tuple(instance.id for instance in subject.seen.instances),
        data={"count": count, "wanted": subject.seen.wanted},
    )


def ready_checks(subject: Subject) -> tuple[str, ...]:
    """What makes a started subject ready, for people."""
    found = [f"{subject.name}: runs for {READY_S:g}s without ending"]
    if subject.port is not None:
        found.append(f"port {subject.port} listens")
    component = subject.table.component if subject.table is not None else ""
    if component:
        service, _, part = component.partition(":")
        found.append(f"{service} reports {part} running")
    return tuple(found)
