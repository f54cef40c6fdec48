"""`probe`: check sites and health URLs now. Changes nothing; it is a verb so that keys and findings may ask for it."""

from __future__ import annotations

from collections.abc import Iterable

from opsconsole.act.job import Job, Verification
from opsconsole.act.request import Part, Request, WhyNot, each, one_of
from opsconsole.config.types import Config
from opsconsole.model.plan import Subplan, Target


def plan(request: Request) -> Iterable[Part]:
    from opsconsole.collect.probes import targets_of

    if not request.names:
        names = tuple(target.key.partition(":")[2] for target in targets_of(request.loaded.config))
        request = Request(request.verb, names, request.snapshot, request.loaded)
    return each(request, plan_one)


def plan_one(request: Request, name: str) -> Subplan:
    from opsconsole.collect.probes import targets_of
    from opsconsole.model.text import shown_url

    targets = targets_of(request.loaded.config)
    found = next((target for target in targets if target.key.partition(":")[2] == name), None)
    if found is None:
        raise WhyNot(
            f"no site or health URL named {name!r}; {one_of(each.key.partition(':')[2] for each in targets)}", "usage"
        )
    url = shown_url(found.url)
    target = Target(kind="url", role="URL", name=name, reason="", path=url)
    return Subplan(
        subject=name,
        subject_kind="service" if found.is_health else "site",
        targets=(target,),
        steps=(f"GET {url}",),
        checks=(f"{name}: HTTP {found.expect}",),
        data={"key": found.key},
    )


def execute(job: Job) -> None:
    from opsconsole.collect.probes import ProbeSource, targets_of
    from opsconsole.model.clock import SystemClock

    wanted = [target for target in targets_of(job.loaded.config) if target.key == job.subplan.data["key"]]
    with job.step(job.subplan.steps[0]) as step:
        source = ProbeSource(tuple(wanted))
        probe = (source.read(SystemClock()).value or {}).get(wanted[0].key) if wanted else None
        source.close()
        job.scratch["probe"] = probe
        if probe is not None:
            step.detail = probe.error or f"HTTP {probe.http_status} after {probe.latency_ms or 0:.0f} ms"


def verify(job: Job) -> Verification:
    probe = job.scratch.get("probe")
    if probe is None:
        return Verification(None, "it was not answered in time")
    expect = _expected(job.loaded.config, str(job.subplan.data["key"]))
    told = probe.error or f"HTTP {probe.http_status}, {expect} expected"
    return Verification(not probe.error and probe.http_status == expect, told, (told,))


def _expected(config: Config, key: str) -> int:
    from opsconsole.collect.probes import targets_of

    return next((target.expect for target in targets_of(config) if target.key == key), 200)
