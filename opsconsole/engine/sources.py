"""Which sources a config asks for, and with what settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from opsconsole.collect.agent_source import AgentSource
from opsconsole.collect.agents import Agents, builtin_agents
from opsconsole.collect.disks import DiskSource
from opsconsole.collect.environments import EnvironmentSource
from opsconsole.collect.logs import LogSource
from opsconsole.collect.pid_files import PidFileSource
from opsconsole.collect.probes import ProbeSource, targets_of
from opsconsole.collect.queue import QueueSource
from opsconsole.collect.sleeping import SleepingSource
from opsconsole.collect.source import Source
from opsconsole.collect.tmux import TmuxSource
from opsconsole.config.types import Config, LoadedConfig
from opsconsole.engine.lane import Lane
from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, unconfigured


class _Wanted(NamedTuple):
    """A source that a config asks for."""

    settings: object
    """What of the config it depends on: while that is the same, so is the source."""
    make: Callable[[], Source[Any]]


def _wanted(config: Config) -> dict[str, _Wanted]:
    """By name."""
    sessions, demo, environments, queue = config.sessions, config.demo, config.environments, config.queue
    wanted = {"tmux": _Wanted((sessions, demo), lambda: TmuxSource(sessions, demo)), "disks": _Wanted((), DiskSource)}
    if targets := targets_of(config):
        wanted["probes"] = _Wanted(targets, lambda: ProbeSource(targets))
    told = [worker.log for worker in config.worker] + [service.log for service in config.service]
    if logs := tuple(dict.fromkeys(path for path in told if path is not None)):
        wanted["logs"] = _Wanted(logs, lambda: LogSource(logs))
    if pid_files := tuple(worker.pid_file for worker in config.worker if worker.pid_file is not None):
        wanted["pid_files"] = _Wanted(pid_files, lambda: PidFileSource(pid_files))
    if environments is not None:
        wanted["environments"] = _Wanted(environments, lambda: EnvironmentSource(environments))
    if queue is not None:
        wanted["queue"] = _Wanted(queue, lambda: QueueSource(queue))
    return wanted


class Lanes:
    """One lane for each slow source that the config asks for; what it does not ask for is unconfigured."""

    def __init__(
        self,
        loaded: LoadedConfig,
        clock: Clock,
        delivered: Callable[[], None],
        agents: Agents | None = None,
        state_dir: Path | None = None,
    ) -> None:
        """``state_dir`` has the records of what was put to sleep; without it nothing is known of those."""
        self._clock, self._delivered = clock, delivered
        self.agents = AgentSource(agents or builtin_agents())
        self._sleeping = SleepingSource(state_dir, agents or builtin_agents()) if state_dir is not None else None
        self._lanes: dict[str, Lane[Any]] = {}
        self._settings: dict[str, object] = {}
        self._started = False
        self.hold_back: tuple[str, ...] = ()
        """Names of the lanes that are not to run yet."""
        self.take(loaded)

    def take(self, loaded: LoadedConfig) -> None:
        """Follow this config from now on: lanes whose settings are as they were go on undisturbed."""
        wanted = _wanted(loaded.config)
        wanted["agents"] = _Wanted(None, lambda: self.agents)
        if (sleeping := self._sleeping) is not None:
            wanted["sleeping"] = _Wanted(None, lambda: sleeping)
        before, lanes = self._lanes, dict[str, Lane[Any]]()
        for name, source in wanted.items():
            if name in before and self._settings[name] == source.settings:
                lanes[name] = before[name]
            else:
                lanes[name] = Lane(source.make(), self._clock, self._delivered)
        # Other threads look through the lanes: they see all of the old ones, or all of the new.
        self._lanes, self._settings = lanes, {name: source.settings for name, source in wanted.items()}
        for name, lane in before.items():
            if lanes.get(name) is not lane:
                lane.stop(close_source=True)
        if self._started:
            self.start(but_not_yet=self.hold_back)

    @property
    def probes(self) -> ProbeSource | None:
        lane = self._lanes.get("probes")
        return lane.source if lane is not None and isinstance(lane.source, ProbeSource) else None

    def start(self, but_not_yet: tuple[str, ...] = ()) -> None:
        """Have all lanes run that do not run yet, but for those of these names."""
        self._started, self.hold_back = True, but_not_yet
        for name, lane in self._lanes.items():
            if name not in but_not_yet:
                lane.start()

    def stop(self) -> None:
        for lane in self._lanes.values():
            lane.stop()

    def stretch(self, factor: float) -> None:
        """Ask every source so many times more seldom than its own cadence."""
        for lane in self._lanes.values():
            lane.stretch = factor

    def ask_now(self, name: str = "") -> None:
        """Ask one source, or with no name all of them, out of turn."""
        for lane_name, lane in self._lanes.items():
            if name in ("", lane_name):
                lane.ask_now()

    def reading(self, name: str, hint: str = "") -> Reading[Any]:
        lane = self._lanes.get(name)
        return unconfigured(hint) if lane is None else lane.reading()

    def wait_first(self, now: float, name: str = "") -> None:
        """Block until one lane, or with no name each, has its first reading or is overdue."""
        for lane_name, lane in self._lanes.items():
            if name in ("", lane_name):
                lane.wait_first(now + lane.source.deadline_s)

    def wait_fresh(self, name: str, since: float) -> None:
        """Ask one source, and block until it has read after ``since`` (monotonic) or is overdue."""
        lane = self._lanes[name]
        lane.ask_now()
        lane.wait_since(since, since + lane.source.deadline_s)
