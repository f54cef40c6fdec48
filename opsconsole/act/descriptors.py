"""An executor's descriptors: enough to hold every process of its plan, a limit that what it starts does not inherit."""

from __future__ import annotations

import contextlib
import resource

from opsconsole.model.plan import Plan

RESERVE = 128
"""Beside the holds: the journal, locks, logs, /proc."""


def make_room(plan: Plan) -> None:
    """Raise the soft limit where the plan has more processes than fit under it."""
    holds = sum(1 + len(target.tree) for target in plan.targets if target.process is not None)
    if holds + RESERVE > resource.getrlimit(resource.RLIMIT_NOFILE)[0]:
        from opsconsole.collect.descriptors import raise_limit

        raise_limit()


def usual_limit_for(pid: int) -> None:
    """Give a process just started the soft limit that this one was started with, if it has raised its own since."""
    if not hasattr(resource, "prlimit"):
        return  # macOS: it keeps what it inherited
    from opsconsole.collect.descriptors import usual_soft_limit

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    usual = usual_soft_limit()
    if usual != soft:
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (usual, hard))
