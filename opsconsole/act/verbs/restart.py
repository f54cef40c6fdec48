"""`restart`: end what runs of a worker or service, then start it from its configured command.

The start is validated first: when it would not hold, nothing is stopped.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from opsconsole.act.request import Part, Request, WhyNot, each
from opsconsole.act.start_spec import limits_note
from opsconsole.act.stopping_plan import aim_all, mark_minders, steps_of
from opsconsole.act.subjects import find_subject
from opsconsole.act.verbs.start import start_subplan
from opsconsole.model.plan import Subplan


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    subject = find_subject(request, name)
    seen = subject.seen
    if seen.suspects and not seen.instances:
        suspect = seen.suspects[0]
        raise WhyNot(f"{suspect.pid} may be it ({suspect.reason}): a second one is not started beside it", "unknown")
    if seen.state == "unknown" and not seen.instances:
        raise WhyNot(f"its state is unknown: {seen.reason}", "unknown")
    if subject.table is None:
        raise WhyNot(f"no command is configured for {subject.name}")
    starting = start_subplan(subject, seen.wanted)
    aimed = aim_all(request, subject)
    targets = tuple(found.target for found in aimed)
    units = {target.unit for target in targets if target.unit}
    if units and len({target.unit for target in targets}) > 1:
        raise WhyNot(f"some of it belongs to systemd service {sorted(units)[0].split()[-1]}, some does not")
    free = ("wait until its port is free",) if subject.port is not None and targets else ()
    wrappers = [f"the wrapper {target.pid} is not started again" for target in targets if target.role == "wrapper"]
    return msgspec.structs.replace(
        starting,
        targets=targets,
        steps=(*steps_of(targets, request.grace_s), *free, *starting.steps),
        warnings=(
            *(warning for found in aimed for warning in found.warnings),
            *mark_minders(request, targets, subject),
            *wrappers,
            *limits_note(subject.table),
        ),
        data={**starting.data, "unit": next(iter(units), "")},
    )
