"""Whether a component that a service reports in its health body runs: asked over HTTP, now."""

from __future__ import annotations

from opsconsole.act.job import Job, Verification
from opsconsole.collect.health import is_running, read_health
from opsconsole.collect.http import HttpClient, new_runner
from opsconsole.config.types import ServiceTable
from opsconsole.model.text import clean


def component_runs(job: Job, wanted: str) -> Verification:
    """Whether ``SERVICE:COMPONENT`` reads running."""
    name, _, component = wanted.partition(":")
    service = next((each for each in job.loaded.config.service if clean(each.name) == clean(name)), None)
    if service is None or not service.url:
        return Verification(None, f"{name} has no health URL to ask for {component}")
    state, reason = component_state(service, component)
    if state is None:
        return Verification(None, f"{name}: {reason}")
    said = f"{name} reports {component} {state}"
    return Verification(is_running(state), said, (said,))


def component_state(service: ServiceTable, component: str) -> tuple[str | None, str]:
    """The component's own word, or None and why it could not be had."""
    components, reason = health_of(service)
    if components is None:
        return None, reason
    state = components.get(component)
    return (state, "") if state is not None else (None, f"{component} is not in the answer")


def health_of(service: ServiceTable) -> tuple[dict[str, str] | None, str]:
    """All components that the service reports, or None and why they could not be had."""
    with new_runner() as runner:
        client = HttpClient()
        answer = runner.run(client.ask(service.url, service.timeout, service.tls, expect=service.expect))
        runner.run(client.close())
    if answer.error:
        return None, answer.error
    health = read_health(answer.body, answer.cut)
    return health.components, health.error
