"""Which sources a config asks for, and with what settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opsconsole.collect.disks import DiskSource
from opsconsole.collect.environments import EnvironmentSource
from opsconsole.collect.logs import LogSource
from opsconsole.collect.pid_files import PidFileSource
from opsconsole.collect.probes import ProbeSource, targets_of
from opsconsole.collect.queue import QueueSource
from opsconsole.collect.source import Source
from opsconsole.collect.tmux import TmuxSource
from opsconsole.config.types import Config, LoadedConfig
from opsconsole.engine.lane import Lane
from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, unconfigured


class Lanes:
    """One lane for each slow source that the config asks for; what it does not ask for is unconfigured."""

    def __init__(self, loaded: LoadedConfig, clock: Clock, delivered: Callable[[], None]) -> None:
        self._lanes: dict[str, Lane[Any]] = {}
        self.probes: ProbeSource | None = None
        for name, source in self._sources(loaded.config, loaded.actions_refused).items():
            self._lanes[name] = Lane(source, clock, delivered)

    def _sources(self, config: Config, refused: str) -> dict[str, Source[Any]]:
        sources: dict[str, Source[Any]] = {
            "tmux": TmuxSource(config.sessions, config.demo),
            "disks": DiskSource(),
        }
        if targets := targets_of(config):
            self.probes = ProbeSource(targets)
            sources["probes"] = self.probes
        if logs := [worker.log for worker in config.worker if worker.log is not None]:
            sources["logs"] = LogSource(tuple(logs))
        if pid_files := [worker.pid_file for worker in config.worker if worker.pid_file is not None]:
            sources["pid_files"] = PidFileSource(tuple(pid_files))
        if config.environments is not None:
            sources["environments"] = EnvironmentSource(config.environments, refused)
        if config.queue is not None:
            sources["queue"] = QueueSource(config.queue)
        return sources

    def start(self) -> None:
        for lane in self._lanes.values():
            lane.start()

    def stop(self, *, close_sources: bool = False) -> None:
        for lane in self._lanes.values():
            lane.stop(close_source=close_sources)

    def ask_now(self, name: str = "") -> None:
        """Ask one source, or with no name all of them, out of turn."""
        for lane_name, lane in self._lanes.items():
            if name in ("", lane_name):
                lane.ask_now()

    def reading(self, name: str, hint: str = "") -> Reading[Any]:
        lane = self._lanes.get(name)
        return unconfigured(hint) if lane is None else lane.reading()

    def wait_first(self, now: float) -> None:
        """Block until each lane has its first reading or is overdue."""
        for lane in self._lanes.values():
            lane.wait_first(now + lane.source.deadline_s)
