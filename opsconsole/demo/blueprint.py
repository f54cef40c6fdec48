"""What a sandbox shall consist of, as the incident had it or with nothing wrong. Pure data; starts nothing."""

from __future__ import annotations

from typing import Literal

import msgspec

from opsconsole.demo.expected import ExpectedQueue, ExpectedSystem
from opsconsole.demo.readings import HEALTHY, INCIDENT

AgentState = Literal["idle", "working", "waiting", "shell", "hung"]

MINUTE_S = 60.0
HOUR_S = 3600.0
TTL_S = 24 * HOUR_S
ENVIRONMENT_NAMES = ("reading-ui-improvement", "math-ui-improvement", "reading-performance-optimization")
WANTED_ENVIRONMENTS = (*ENVIRONMENT_NAMES, "ui_improvement-1770573925")
"""What the assigner asks for, again and again."""
WORKERS_OF_A_SET = 5


class SessionPlan(msgspec.Struct, frozen=True):
    name: str
    state: AgentState
    idle_s: float = 0.0
    """Injected: for how long nothing shall have moved."""
    under_shell: bool = False
    attached: bool = False
    protected: bool = False
    draft: str = ""
    light: bool = False
    """Burns next to no CPU while working: one of a larger sandbox's many."""


class EnvironmentPlan(msgspec.Struct, frozen=True):
    name: str
    age_s: float
    alive: bool = False


class Blueprint(msgspec.Struct, frozen=True):
    healthy: bool
    scale: int
    sessions: tuple[SessionPlan, ...]
    environments: tuple[EnvironmentPlan, ...]
    """One on each port of the pool, from its first on."""
    queue: ExpectedQueue
    system: ExpectedSystem

    @property
    def may_sleep(self) -> frozenset[str]:
        """Names of the sessions that nobody would miss: long idle, neither protected nor with a draft."""
        return frozenset(
            one.name
            for one in self.sessions
            if one.state == "idle" and one.idle_s >= HOUR_S and not (one.protected or one.attached or one.draft)
        )

    @property
    def further_sets(self) -> range:
        """Numbers of the further sets of services and workers that a scale asks for."""
        return range(2, self.scale + 1)


_INCIDENT_SESSIONS = (
    SessionPlan("architect", "idle", attached=True, protected=True),
    SessionPlan("arch_dev", "idle", idle_s=2.2 * HOUR_S, protected=True),
    SessionPlan("foundation", "idle", idle_s=3 * HOUR_S),
    SessionPlan("dev_worker1", "working"),
    SessionPlan("dev_worker2", "idle", idle_s=1.5 * HOUR_S, draft="and then also look at the"),
    SessionPlan("dev_worker3", "hung", idle_s=40 * MINUTE_S),
    SessionPlan("qa_tester1", "waiting"),
    SessionPlan("qa_tester2", "idle", idle_s=5 * HOUR_S, under_shell=True),
    SessionPlan("claude_edu_worker1", "shell", under_shell=True),
    SessionPlan("claude_edu_worker2", "working", under_shell=True),
    SessionPlan("claude_comet", "idle", idle_s=9 * HOUR_S),
)
_HEALTHY_SESSIONS = (
    SessionPlan("architect", "idle", attached=True, protected=True),
    SessionPlan("arch_dev", "idle", protected=True),
    SessionPlan("foundation", "idle"),
    SessionPlan("dev_worker1", "working"),
    SessionPlan("qa_tester1", "idle", under_shell=True),
    SessionPlan("claude_edu_worker1", "working", under_shell=True),
)
# Two have the same name: the manager checks names, but only since lately.
_INCIDENT_ENVIRONMENTS = (
    EnvironmentPlan("reading-ui-improvement", 9 * HOUR_S, alive=True),
    EnvironmentPlan("reading-ui-improvement", 31 * HOUR_S),
    EnvironmentPlan("math-games", 2 * HOUR_S, alive=True),
    EnvironmentPlan("science-dashboard", 50 * HOUR_S, alive=True),
    EnvironmentPlan("feature-1770400011", 57 * HOUR_S),
    EnvironmentPlan("bugfix-1770480500", 30 * HOUR_S),
    EnvironmentPlan("reading-audio", 6 * HOUR_S),
    EnvironmentPlan("pharmacy-orders", 14 * HOUR_S),
    EnvironmentPlan("ui_improvement-1770520000", 17 * HOUR_S),
    EnvironmentPlan("spelling-bee", 20 * HOUR_S),
)
_HEALTHY_ENVIRONMENTS = (
    EnvironmentPlan("reading-ui-improvement", 9 * HOUR_S, alive=True),
    EnvironmentPlan("math-games", 2 * HOUR_S, alive=True),
    EnvironmentPlan("science-dashboard", 5 * HOUR_S, alive=True),
)
_INCIDENT_QUEUE = ExpectedQueue(total=122, completed=37, failed=85, failed_24h=40)
_HEALTHY_QUEUE = ExpectedQueue(total=122, completed=112, failed=6, failed_24h=2, pending=3, active=1)


def blueprint(healthy: bool, scale: int) -> Blueprint:
    sessions = _HEALTHY_SESSIONS if healthy else _INCIDENT_SESSIONS
    further = tuple(
        msgspec.structs.replace(plan, name=f"{plan.name}-{number}", attached=False, light=True)
        for number in range(2, scale + 1)
        for plan in sessions
    )
    return Blueprint(
        healthy=healthy,
        scale=scale,
        sessions=sessions + further,
        environments=_HEALTHY_ENVIRONMENTS if healthy else _INCIDENT_ENVIRONMENTS,
        queue=_HEALTHY_QUEUE if healthy else _INCIDENT_QUEUE,
        system=HEALTHY if healthy else INCIDENT,
    )
