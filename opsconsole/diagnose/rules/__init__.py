"""All rules by name. Each is a pure function of one Snapshot and the Config; their order never matters.

A rule says nothing of what is unknown: that is told by ``diagnose.unknown``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from opsconsole.config.types import Config
from opsconsole.diagnose.rules.disks import disk_full
from opsconsole.diagnose.rules.environments import env_duplicate, env_ports_exhausted, env_source, env_stale
from opsconsole.diagnose.rules.limits import worker_limits
from opsconsole.diagnose.rules.logs import log_errors
from opsconsole.diagnose.rules.machine import cpu_starved, memory_pressure, swap_thrash, system_load
from opsconsole.diagnose.rules.pid_files import worker_pidfile
from opsconsole.diagnose.rules.ports import port_held, port_shared
from opsconsole.diagnose.rules.queue import worker_failing
from opsconsole.diagnose.rules.services import service_degraded, service_down
from opsconsole.diagnose.rules.sessions import session_dead, session_hung, session_idle, sessions_many
from opsconsole.diagnose.rules.sites import site_down, site_tls, site_unexpected
from opsconsole.diagnose.rules.workers import worker_crash_loop, worker_duplicates, worker_missing, worker_silent
from opsconsole.model.finding import Finding
from opsconsole.model.snapshot import Snapshot

Judge = Callable[[Snapshot, Config], Iterator[Finding]]


class Rule(NamedTuple):
    name: str
    judge: Judge


RULES: tuple[Rule, ...] = tuple(
    Rule(judge.__name__.replace("_", "-"), judge)
    for judge in (
        service_down,
        service_degraded,
        port_shared,
        port_held,
        worker_missing,
        worker_duplicates,
        worker_failing,
        worker_crash_loop,
        worker_pidfile,
        worker_silent,
        worker_limits,
        log_errors,
        system_load,
        cpu_starved,
        memory_pressure,
        swap_thrash,
        disk_full,
        sessions_many,
        session_idle,
        session_hung,
        session_dead,
        env_stale,
        env_duplicate,
        env_ports_exhausted,
        env_source,
        site_down,
        site_unexpected,
        site_tls,
    )
)
