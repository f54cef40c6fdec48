"""The engine: one core scan per cycle, slow sources on lanes of their own, a Snapshot at the end of each cycle.

Threads: the engine's own (core scan and assembly), one per lane. The fronts get each Snapshot through a callback
on the engine's thread and must hand it on without blocking. Nothing here can change the machine.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from opsconsole.collect.agents import load_agents
from opsconsole.collect.discovery import discover, with_missed
from opsconsole.collect.listeners import ListenerSource
from opsconsole.collect.processes import process_source
from opsconsole.collect.services import NOT_SINCE_START
from opsconsole.collect.sessions import agents_to_attend, pane_pids
from opsconsole.collect.source import Source, asked
from opsconsole.collect.system import system_source
from opsconsole.collect.workers import candidate_predicate
from opsconsole.config.locate import agent_profiles
from opsconsole.config.types import LoadedConfig
from opsconsole.diagnose import Watch, diagnose
from opsconsole.engine.assembly import WARM_UP_S, Assembly, CoreScan
from opsconsole.engine.config_watch import ConfigWatch
from opsconsole.engine.head_start import HeadStart, head_start
from opsconsole.engine.history import History
from opsconsole.engine.pace import Pace
from opsconsole.engine.sources import Lanes
from opsconsole.engine.turns import Turns
from opsconsole.model.alert import Held, Notes, TargetSample
from opsconsole.model.clock import Clock, SystemClock
from opsconsole.model.finding import Diagnosis
from opsconsole.model.listener import Port
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading
from opsconsole.model.service import Probe
from opsconsole.model.session import TmuxServer
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import System
from opsconsole.model.text import clean, shown

DISCOVER_EVERY = 5
"""Cycles between two looks for services and workers that no config names."""
NOT_AT_FIRST = ("probes",)
"""Lanes that begin after the first screen, which they would hold up: what they import costs as much as a scan."""
ONE_SHOT_PAUSE_S = 0.3
"""Between the two core scans of a single collection: rates and confirmed misses need two."""


class Engine:
    """Collects Snapshots of one machine under one config."""

    def __init__(
        self,
        loaded: LoadedConfig,
        clock: Clock | None = None,
        refresh_s: float | None = None,
        strain: Source[System] | None = None,
        state_dir: Path | None = None,
    ) -> None:
        """``state_dir`` is read only: the records in it of what was put to sleep."""
        self.loaded = loaded
        self.history = History()
        self.latest: Snapshot | None = None
        self._clock = clock or SystemClock()
        self._refresh_fixed = refresh_s
        self.refresh_s = refresh_s or float(loaded.config.console.refresh)
        self._watch = ConfigWatch(loaded)
        self._config = loaded.config
        demo = loaded.config.demo
        self._processes = process_source(is_candidate=candidate_predicate(loaded.config.worker))
        self._ports = ListenerSource()
        self._system = system_source(None if demo is None else demo.proc)
        self._strain = strain or (system_source() if demo is not None and demo.proc is not None else None)
        """Where pressure is read when it is not the reading shown: of this very machine, whatever the demo injects."""
        self._pace = Pace()
        agents = load_agents(agent_profiles())
        self._lanes = Lanes(loaded, self._clock, self._wake_up, agents, state_dir)
        self._assembly = Assembly(clean(socket.gethostname(), 80), agents)
        self._findings: Watch | None = Watch()
        """What was found over time; None for a single collection, which has no time."""
        self._discovered_pids: frozenset[int] = frozenset()
        """What discovery takes for workers: looked at deeper, so that their programs can be told."""
        self._turns = Turns(self._clock.monotonic())
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._head_start: HeadStart | None = None

    def head_start(self) -> None:
        """Begin the first look through all processes, to be called before this process has any second thread."""
        self._head_start = head_start(self._processes, self._ports, self._clock)

    def start(self, on_snapshot: Callable[[Snapshot], None], complete: bool = False) -> None:
        """Begin collecting; ``on_snapshot`` is called on the engine's thread with each Snapshot.

        With ``complete`` the first one comes only when every source was asked and waited for up to its deadline.
        """
        if not complete:
            self._ports.haste()
        run = (on_snapshot, complete)
        self._thread = threading.Thread(target=self._run, args=run, name="opsconsole-engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End collecting. Waits for the cycle under way, not for a source that hangs."""
        self._stopped.set()
        self._wake.set()
        self._lanes.stop()
        if self._head_start is not None and self._thread is None:
            self._head_start.cancel()
        if self._thread is not None:
            self._thread.join(timeout=2.0)
        if self._thread is None or not self._thread.is_alive():
            self._processes.close()

    def refresh_now(self) -> None:
        """Read everything out of turn, and look again soon after, whatever the pace."""
        self._turns.look_again(self._clock.monotonic())
        self._lanes.ask_now()
        self._wake_up()

    def probe_now(self, keys: Iterable[str] = ()) -> None:
        """Probe these sites and health URLs (``site:NAME``, ``service:NAME``) out of turn; without keys, all."""
        if self._lanes.probes is not None:
            self._lanes.probes.probe_now(keys)
            self._lanes.ask_now("probes")

    def acknowledge(self, finding_id: str) -> bool:
        """Take note of a finding until it closes, or take that back; whether it is acknowledged now."""
        taken = self._findings is not None and self._findings.acknowledge(finding_id)
        self._wake_up()
        return taken

    def acknowledge_alert(self, name: str) -> bool:
        """Take note of an alert until it is quiet, or take that back; whether it is acknowledged now."""
        taken = self._findings is not None and self._findings.alerts.acknowledge(name)
        self._wake_up()
        return taken

    def silence_alert(self, name: str, for_s: float) -> None:
        """Let an alert propose nothing for so long; 0 ends that."""
        if self._findings is not None:
            self._findings.alerts.silence(name, for_s)
            self._wake_up()

    def notes(self) -> Notes:
        """What a person has taken note of so far, for keeping."""
        return self._findings.notes() if self._findings is not None else Notes()

    def take_notes(self, notes: Notes) -> None:
        """Go on from what an earlier console kept. Call it before ``start``."""
        if self._findings is not None:
            self._findings.take_notes(notes)

    def take_held(self, held: Mapping[str, Held]) -> None:
        """Go on from how far active alerts had come, by name. Call it before ``start``."""
        if self._findings is not None:
            self._findings.alerts.take_held(held)

    def take_samples(self, oldest: Mapping[str, TargetSample]) -> None:
        """Tell the targets' trend since these, by metric. Call it before ``start``."""
        if self._findings is not None:
            self._findings.targets.take(oldest)

    def collect_once(self) -> Snapshot:
        """One complete Snapshot: every source asked, waited for up to its deadline, rates over a short pause."""
        self._findings = None
        try:
            return self._collect_complete()
        finally:
            self.stop()

    def _collect_complete(self) -> Snapshot:
        if self._lanes.probes is not None:
            self._lanes.probes.patient = True
        self._lanes.start()
        self.collect()
        began = self._clock.monotonic()
        # Which agents there are is known once tmux has told the panes and a scan has looked at what runs in them.
        self._lanes.wait_first(began, "tmux")
        self.collect()
        self.collect()
        self._lanes.wait_fresh("agents", self._clock.monotonic())
        self._lanes.wait_first(began)
        self._probe_silent_sites()
        left = ONE_SHOT_PAUSE_S - (self._clock.monotonic() - began)
        if left > 0:
            self._stopped.wait(left)
        return self.collect()

    def _probe_silent_sites(self) -> None:
        """For a single look: a site that gave no answer, or no whole one, is asked as often as the config asks."""
        for _ in range(1, self._config.diagnose.site_misses):
            probes: dict[str, Probe] = self._lanes.reading("probes").value or {}
            doubtful = [key for key, probe in probes.items() if key.startswith("site:") and probe.error]
            if not doubtful:
                return
            self.probe_now(doubtful)
            self._lanes.wait_fresh("probes", self._clock.monotonic())

    def collect(self) -> Snapshot:
        """Run one cycle: the core scan now, the lanes' last readings, put together."""
        began = self._clock.monotonic()
        if self.latest is not None:
            self._processes.attend(self._assembly.of_interest | self._discovered_pids)
        clock = self._clock
        processes = self._first_look() or asked("processes", lambda: self._processes.read(clock), clock)
        ports = asked("listeners", lambda: self._ports.read(clock, processes), clock)
        system = asked("system", lambda: self._system.read(clock), clock)
        if self.loaded.path is None and self._assembly.sequence % DISCOVER_EVERY in (0, 1):
            self._discover(processes, ports)
        scan = CoreScan(processes, ports, system, (self._clock.monotonic() - began) * 1000.0)
        snapshot = self._assembly.snapshot(
            self._config, scan, self._lanes, self._clock, discovered=self.loaded.path is None
        )
        self.latest = msgspec.structs.replace(
            snapshot,
            diagnosis=self._diagnosed(snapshot),
            slowed=self._keep_pace(system),
            config_problem=self._watch.problem,
        )
        self._attend_agents(self.latest)
        self.history.record(self.latest)
        self._probe_restarted(self.latest)
        return self.latest

    def _first_look(self) -> Reading[ProcessTable] | None:
        """What the head start saw, once."""
        begun, self._head_start = self._head_start, None
        return None if begun is None else begun.finish()

    def _collected(self, collect: Callable[[], Snapshot]) -> Snapshot:
        """One cycle; after a bug in it a Snapshot in which everything is unknown, and why: the next may do better."""
        try:
            return collect()
        except Exception as bug:  # noqa: BLE001  # a screen that stands still without a word is the worst answer
            self.latest = self._assembly.nothing(shown(f"bug in opsconsole: {bug!r}"), self._clock)
            return self.latest

    @property
    def interval_s(self) -> float:
        """Between two cycles as things are now. What was asked for on the command line is kept whatever happens."""
        return self.refresh_s if self._refresh_fixed else self._pace.interval_s(self.refresh_s)

    def _keep_pace(self, system: Reading[System]) -> str:
        """Slow down while the machine is under pressure; why it is slower than configured, empty when it is not."""
        if self._refresh_fixed:
            return ""
        if not self.loaded.config.console.slow_down:
            self._pace = Pace()
        else:
            self._pace.follow((system if self._strain is None else self._strain.read(self._clock)).value)
        self._lanes.stretch(self._pace.factor)
        return f"every {self.interval_s:g} s: {self._pace.reason}" if self.interval_s > self.refresh_s else ""

    def _diagnosed(self, snapshot: Snapshot) -> Diagnosis:
        if self._findings is None:
            return diagnose(snapshot, self._config)
        return self._findings.diagnosis(snapshot, self._config)

    def _probe_restarted(self, snapshot: Snapshot) -> None:
        """What was started since its last probe need not wait for its turn."""
        restarted = [one.name for one in snapshot.services.value or () if one.reason == NOT_SINCE_START]
        if restarted and self._lanes.probes is not None:
            self._lanes.probes.probe_now(f"service:{name}" for name in restarted)
            self._lanes.ask_now("probes")

    def _take(self, loaded: LoadedConfig) -> None:
        """Follow an edited config; what it does not change goes on undisturbed."""
        before, self._config, self.loaded = self._config, loaded.config, loaded
        self.refresh_s = self._refresh_fixed or float(loaded.config.console.refresh)
        self._lanes.take(loaded)
        if loaded.config.worker != before.worker:
            self._processes.close()
            self._processes = process_source(is_candidate=candidate_predicate(loaded.config.worker))

    def _attend_agents(self, snapshot: Snapshot) -> None:
        """Have the agents that this cycle found looked at; new ones at once."""
        if snapshot.sessions.value is None or snapshot.processes.value is None:
            return
        servers = (server.pid for server in snapshot.tmux_servers.value or () if server.pid is not None)
        found = agents_to_attend(snapshot.sessions.value, snapshot.processes.value)
        if self._lanes.agents.attend(found, servers):
            self._lanes.ask_now("agents")

    def _discover(self, processes: Reading[ProcessTable], ports: Reading[tuple[Port, ...]]) -> None:
        """Without a config: what listens is a service, what has long run as a daemon is a worker."""
        if processes.value is None:
            return
        servers: Reading[tuple[TmuxServer, ...]] = self._lanes.reading("tmux")
        found = discover(processes.value, ports.value or (), os.getuid(), exclude=pane_pids(servers))
        before = self.latest.services.value if self.latest is not None else None
        # Sockets that could not be read are not gone.
        self._config = (
            with_missed(found, self._config, before or ())
            if ports.ok
            else msgspec.structs.replace(found, service=self._config.service)
        )
        commands = {worker.command for worker in self._config.worker}
        self._discovered_pids = frozenset(process.pid for process in processes.value if process.argv in commands)

    def _run(self, on_snapshot: Callable[[Snapshot], None], complete: bool = False) -> None:
        collect = self._collect_complete if complete else self.collect
        if not complete:
            # Here, since starting a thread waits for it, and whoever called start has a screen to open.
            self._lanes.start(but_not_yet=NOT_AT_FIRST)
        self._turns = Turns(self._clock.monotonic(), () if complete else WARM_UP_S[1:])
        while not self._stopped.is_set():
            self._wake.clear()
            began = self._clock.monotonic()
            if (edited := self._watch.changed()) is not None:
                self._take(edited)
            on_snapshot(self._collected(collect))
            collect = self.collect
            if self._lanes.hold_back and self._turns.warm:
                self._lanes.start()
            now = self._clock.monotonic()
            next_at, ask = self._turns.after(began, now, self.interval_s)
            if ask:
                self._lanes.ask_now()
            if next_at > now:
                self._wake.wait(next_at - now)

    def _wake_up(self) -> None:
        self._wake.set()
