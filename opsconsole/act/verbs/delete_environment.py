"""`delete-environment`: remove environments by id or name, each read and compared again right before."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.act.environment_plan import gone, listed, removal, remove_checked
from opsconsole.act.job import Job, Verification
from opsconsole.act.request import Part, Request, WhyNot, each, one_of
from opsconsole.model.plan import Subplan


def plan(request: Request) -> Iterable[Part]:
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    environments = listed(request).items
    found = [item for item in environments if item.id == name] or [item for item in environments if item.name == name]
    if not found:
        raise WhyNot(f"no environment {name!r}; {one_of(item.name for item in environments)}", "usage")
    if len(found) > 1:
        ids = [item.id for item in found]
        if len(set(ids)) < len(ids):
            raise WhyNot(f"{len(found)} environments have the id {ids[0]}: nothing tells them apart")
        raise WhyNot(f"{len(found)} environments are named {name}; say which by id: {', '.join(ids)}", "usage")
    return removal(request, found[0], found[0].reason or "named by the operator")


def execute(job: Job) -> None:
    remove_checked(job, only_stale=False)


def verify(job: Job) -> Verification:
    return gone(job)
