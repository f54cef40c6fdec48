"""`prune-environments`: remove the stale ones; all, or those named of them.

A list on which everything is stale is more likely a wrong clock or a wrong TTL than the truth: it prunes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.act.environment_plan import gone, listed, removal, remove_checked
from opsconsole.act.job import Job, Verification
from opsconsole.act.request import Part, Request, WhyNot
from opsconsole.model.environment import Environment
from opsconsole.model.plan import Refusal


def plan(request: Request) -> Iterable[Part]:
    try:
        stale = _stale(request)
    except WhyNot as why_not:
        yield Refusal("environments", why_not.reason, why_not.kind)
        return
    wanted = set(request.names)
    known = {name for item in stale for name in (item.id, item.name)}
    for name in sorted(wanted - known):
        yield Refusal(name, f"no stale environment {name!r}", "usage")
    for item in stale:
        if wanted and not wanted & {item.id, item.name}:
            continue
        try:
            yield removal(request, item, f"stale: {_told(item.age_s)} of {_told(item.ttl_s)}")
        except WhyNot as why_not:
            yield Refusal(item.id, why_not.reason, why_not.kind)


def _stale(request: Request) -> list[Environment]:
    items = listed(request).items
    if not items:
        raise WhyNot("the source lists no environment", "nothing")
    stale = [item for item in items if item.stale]
    if not stale:
        unknown = [item for item in items if item.stale is None]
        if unknown:
            raise WhyNot(f"the age or TTL of {unknown[0].name} is not known", "unknown")
        raise WhyNot("no environment is older than its TTL", "nothing")
    if len(stale) == len(items) and len(items) > 1:
        raise WhyNot(
            f"all {len(items)} environments read stale: a wrong clock or TTL is likelier than that; "
            "delete them by name if it is so"
        )
    if len({item.id for item in items}) < len(items):
        raise WhyNot("several environments have the same id: nothing tells them apart")
    return stale


def _told(seconds: float | None) -> str:
    """In the units in which the age stands beside it: ``45m``, ``5h 12m``, ``1d 7h``, ``1d``."""
    if seconds is None:
        return "?"
    minutes = int(seconds // 60)
    whole, part, units = (
        (minutes // 1440, minutes % 1440 // 60, "dh") if minutes >= 1440 else (*divmod(minutes, 60), "hm")
    )
    told = [f"{amount}{unit}" for amount, unit in zip((whole, part), units, strict=True) if amount]
    return " ".join(told) or "0m"


def execute(job: Job) -> None:
    remove_checked(job, only_stale=True)


def verify(job: Job) -> Verification:
    return gone(job)
