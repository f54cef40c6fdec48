"""`command`: an own command of the config (``[[action]]``) on what it is meant for.

It is an argv, never a shell's text: what ``{name}`` and its like stand for stays one word, whatever is in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from opsconsole.act.environment_removal import filled_argv
from opsconsole.act.job import Job, StepFailed, TargetChanged, Verification
from opsconsole.act.living import boot_id, difference, look_at
from opsconsole.act.own_command import run_to_end
from opsconsole.act.policy import why_not_name
from opsconsole.act.request import Part, Request, WhyNot, each, one_of
from opsconsole.config.types import ActionTable, Config
from opsconsole.model.plan import SubjectKind, Subplan, Target
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.text import command_line, shown

RUNS_WITHIN_S = 300.0
SHOWN_LINES = 10
_NOTHING = dict.fromkeys(("{name}", "{id}", "{port}", "{pid}", "{url}", "{host}"), "")
"""A field that nothing stands for here: a command with it is refused, not run with the field's own letters."""
_KINDS: dict[str, SubjectKind] = {
    "service": "service",
    "worker": "worker",
    "session": "session",
    "environment": "environment",
    "site": "site",
    "system": "action",
}


def plan(request: Request) -> Iterable[Part]:
    names = request.names or (request.action,)
    return each(
        Request(request.verb, names, request.snapshot, request.loaded, action=request.action),
        plan_one,
    )


def plan_one(request: Request, name: str) -> Subplan:
    action = _action(request.loaded.config, request.action)
    if action is None:
        known = one_of(each.name for each in request.loaded.config.action)
        raise WhyNot(f"no [[action]] named {request.action!r}; {known}", "usage")
    if action.changes and (reason := why_not_name(name, request.loaded.config.console.protect)):
        raise WhyNot(reason)
    values = _values(action, request.snapshot, name)
    try:
        argv = filled_argv(action.command, values)
    except StepFailed as failed:
        raise WhyNot(failed.reason) from None
    return Subplan(
        subject=name if action.on != "system" else action.name,
        subject_kind=_KINDS[action.on],
        targets=_handed_over(request, action, values),
        steps=(f"run {command_line(argv)}",),
        checks=("it ends with exit status 0",),
        warnings=() if action.changes else ("the config says that it changes nothing",),
        data={"action": action.name, "values": values},
    )


def _action(config: Config, name: str) -> ActionTable | None:
    return next((each for each in config.action if each.name == name), None)


def _values(action: ActionTable, snapshot: Snapshot, name: str) -> dict[str, str]:
    """What the fields of the command stand for. Raises WhyNot: there is nothing of this name."""
    if action.on == "system":
        return _NOTHING | {"{host}": snapshot.host}
    reading = getattr(snapshot, action.on + "s")
    if reading.value is None:
        if reading.state == "unconfigured" and action.on == "site":
            return _NOTHING | {"{name}": name}
        raise WhyNot(f"{action.on}s: {reading.reason or reading.hint}", "unknown")
    items = reading.value.items if action.on == "environment" else reading.value
    found = next((item for item in items if name in (getattr(item, "id", ""), item.name)), None)
    if found is None:
        raise WhyNot(f"no {action.on} named {name!r}; {one_of(item.name for item in items)}", "usage")
    fields = {"name": found.name, "id": getattr(found, "id", None), "port": getattr(found, "port", None)}
    fields |= {"pid": getattr(found, "pid", None), "url": getattr(found, "url", None)}
    instances: tuple[Any, ...] = getattr(found, "instances", ())
    if len(instances) == 1:
        fields["pid"] = instances[0].pid
    return _NOTHING | {f"{{{field}}}": str(value) for field, value in fields.items() if value is not None}


def _handed_over(request: Request, action: ActionTable, values: dict[str, str]) -> tuple[Target, ...]:
    """The process whose pid stands in the command: it must be that very one when the command is run."""
    pid = values.get("{pid}", "")
    if not pid or not any("{pid}" in word for word in action.command):
        return ()
    now = look_at(int(pid), request.boot_id)
    table = request.snapshot.processes.value
    seen = table.get(int(pid)) if table is not None else None
    if now is None or now.ended or (seen is not None and seen.id != now.mark.id):
        raise WhyNot(f"{pid} has ended or is another process now: look again")
    mark = now.mark
    return (
        Target(
            kind="process",
            role="pid in the command",
            name=action.name,
            reason="the command is given its pid",
            process=mark,
            start=now.started_at,
            command=mark.command,
        ),
    )


def _still_the_same(job: Job) -> None:
    """Raises TargetChanged when a pid in the command has become another's."""
    for mark in [target.process for target in job.subplan.targets if target.process is not None]:
        now = look_at(mark.pid, boot_id())
        if now is None or now.ended:
            raise TargetChanged(f"{mark.pid} ({mark.command}) has ended; nothing was run")
        if reason := difference(mark, now):
            raise TargetChanged(f"changed since the plan was made: {reason}; nothing was run")


def execute(job: Job) -> None:
    action = _action(job.loaded.config, str(job.subplan.data["action"]))
    if action is None:
        raise StepFailed("it is not in the config any more")
    argv = filled_argv(action.command, job.subplan.data["values"])
    with job.step(f"run {command_line(argv)}") as step:
        _still_the_same(job)
        # A home is a directory that exists, and that is all that is wanted.
        done = run_to_end(argv, RUNS_WITHIN_S, cwd=os.path.expanduser("~"))  # noqa: PTH111
        lines = tuple(shown(line) for line in done.output[-8192:].decode(errors="replace").splitlines()[-SHOWN_LINES:])
        job.scratch["said"] = lines
        if done.status != 0:
            raise StepFailed(done.told, lines)
        step.detail = done.told


def verify(job: Job) -> Verification:
    return Verification(True, evidence=job.scratch.get("said", ()))
