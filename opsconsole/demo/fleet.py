"""Starts the whole fleet of a sandbox, waits until all of it is up, and tells what was built."""

from __future__ import annotations

import collections
import json
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from opsconsole.demo.agents import Agents
from opsconsole.demo.blueprint import TTL_S, WORKERS_OF_A_SET, Blueprint
from opsconsole.demo.configuration import SET_SERVICES, config_text, service_arguments, sites
from opsconsole.demo.databases import EnvironmentRow, make_environments
from opsconsole.demo.expected import (
    Expected,
    ExpectedEnvironment,
    ExpectedPool,
    ExpectedService,
    ExpectedSite,
    ExpectedWorker,
)
from opsconsole.demo.installation import install
from opsconsole.demo.layout import Layout
from opsconsole.demo.ports import PortBlock
from opsconsole.demo.processes import alive, identity
from opsconsole.demo.readings import Readings
from opsconsole.demo.starter import Starter
from opsconsole.demo.waiting import until
from opsconsole.model.identity import ProcessId

SECOND_LATER_S = 0.05
"""Some ticks of the kernel's clock: two that start within one are twins, and which of them stays would be asked."""


class Fleet:
    def __init__(self, plan: Blueprint, layout: Layout, starter: Starter, weight_mb: int) -> None:
        self._plan = plan
        self._layout = layout
        self._starter = starter
        self._ports = PortBlock()
        self._services: list[ExpectedService] = []
        self._workers: dict[str, tuple[int, ...]] = {}
        self._wrappers: tuple[int, ...] = ()
        self._environments: list[EnvironmentRow] = []
        self.readings = Readings(layout.proc, plan.system)
        self.agents = Agents(layout, starter, plan.sessions, weight_mb)

    def build(self, token: str) -> Expected:
        """Everything, in the order in which it needs each other. The config is written last."""
        install(self._plan, self._layout, self._ports)
        self.readings.write_all()
        self.agents.start()
        self._start_environments()
        self._start_services()
        self._start_workers()
        self._wait_for_ports()
        self._wait_for_heartbeats()
        sessions = self.agents.expected()
        text = config_text(self._plan, self._layout, self._ports, token)
        new = self._layout.config.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o600)
        new.rename(self._layout.config)
        pool = self._ports.pool
        return Expected(
            services=tuple(self._services),
            workers=self._expected_workers(),
            sessions=sessions,
            environments=self._expected_environments(),
            pool=ExpectedPool(pool[0], pool[-1], tuple(row.port for row in self._environments)),
            queue=self._plan.queue,
            sites=tuple(
                ExpectedSite(name, url, "down" if "Selam" in name and not self._plan.healthy else "up")
                for name, url, _ in sites(self._ports)
            ),
            system=self._plan.system,
            tmux_pid=self.agents.server_pid,
            built_at=time.time(),
        )

    def respond(self) -> None:
        """Let the readings follow what was put right: each session that sleeps is less to run and to keep."""
        if may_sleep := self._plan.may_sleep:
            self.readings.relieve(len(may_sleep - self.agents.awake()) / len(may_sleep))

    def _start_environments(self) -> None:
        for number, environment in enumerate(self._plan.environments):
            port = self._ports.pool[number]
            process: ProcessId | None = None
            if environment.alive:
                name = environment.name
                pid = self._starter.python(
                    "env_server.py", "--name", name, "--port", str(port), log=f"environment_{port}.log"
                )
                process = identity(pid)
            self._environments.append(
                EnvironmentRow(
                    id=f"env-{number + 1}",
                    name=environment.name,
                    port=port,
                    age_s=environment.age_s,
                    pid=process.pid if process else None,
                    start=process.start_ticks if process else None,
                )
            )
        make_environments(self._layout.environments, self._environments, len(self._ports.pool))

    def _start_services(self) -> None:
        healthy = self._plan.healthy
        ports = self._ports
        self._service("Architect Dashboard", "app.py", ports.dashboard, copies=1 if healthy else 2)
        self._service("Monitor Dashboard", "monitor.py", ports.monitor)
        self._service("Reading App (Eden)", "reading_app.py", ports.reading)
        mute = [] if healthy else ["--mute-above", "6", str(self._layout.proc / "loadavg")]
        self._starter.python("pharmacy.py", "--port", str(ports.pharmacy), *mute, log="pharmacy.log")
        for number in self._plan.further_sets:
            for which, (name, script) in enumerate(SET_SERVICES):
                self._service(f"{name} {number}", script, ports.of_set(number, which))

    def _service(self, name: str, script: str, port: int, copies: int = 1) -> None:
        log = f"architect_{script.removesuffix('.py')}.log"
        pids: tuple[int, ...] = ()
        for copy in range(copies):
            if copy:
                time.sleep(SECOND_LATER_S)
            pids += (self._starter.python(script, *service_arguments(script, port), log=log),)
        degraded = script == "app.py" and not self._plan.healthy
        self._services.append(
            ExpectedService(
                name=name,
                port=port,
                state="degraded" if degraded else "up",
                pids=pids,
                stopped=("orchestrator",) if degraded else (),
                url=f"http://127.0.0.1:{port}/health" if script == "app.py" else "",
            )
        )

    def _start_workers(self) -> None:
        named = {
            "assigner": "assigner_worker",
            "auto_confirm": "auto_confirm_worker_v2",
            "process_supervisor": "process_supervisor",
        }
        if self._plan.healthy:
            named["orchestrator"] = "project_orchestrator"
        for name, script in named.items():
            self._workers[name] = (self._worker(script),)
        if not self._plan.healthy:
            shell = shutil.which("bash") or "/bin/sh"
            with self._layout.log("architect_auto_confirm.log").open("ab") as output:
                wrapper = self._starter.start(
                    [Path(shell).name, "workers/auto_confirm_keepalive.sh"],
                    executable=shell,
                    cwd=self._layout.architect,
                    output=output.fileno(),
                )
            self._wrappers = (wrapper,)
        for number in self._plan.further_sets:
            for which in range(1, WORKERS_OF_A_SET + 1):
                shard = f"{number}.{which}"
                self._workers[f"queue_worker-{shard}"] = (self._worker("queue_worker", "--shard", shard),)

    def _worker(self, script: str, *arguments: str) -> int:
        return self._starter.python(f"workers/{script}.py", "--daemon", *arguments, log=f"{script}.out")

    def _wait_for_ports(self) -> None:
        wanted = collections.Counter({service.port: len(service.pids) for service in self._services})
        wanted[self._ports.pharmacy] += 1
        wanted.update(row.port for row in self._environments if row.pid is not None)
        until("the services' ports", lambda: True if wanted <= _listening(wanted) else None)

    def _wait_for_heartbeats(self) -> None:
        """Those of programs that others start tell their pids."""
        minded = self._beating("site_health_monitor")
        self._workers["site_health_monitor"] = (minded.pid,)
        self._starter.record(minded.pid, "site_health_monitor")
        if not self._plan.healthy:
            looped = self._beating("auto_confirm_worker")
            self._workers["auto_confirm"] += (looped.pid,)
            self._starter.record(looped.pid, "auto_confirm_worker")
        ours = ["assigner_worker", "auto_confirm_v2", "process_supervisor"]
        ours += ["project_orchestrator"] if self._plan.healthy else []
        ours += [name for name in self._workers if name.startswith("queue_worker-")]
        for name in ours:
            self._beating(name)

    def _beating(self, worker: str) -> ProcessId:
        return until(f"the heartbeat of {worker}", lambda: self._heartbeat(worker))

    def _heartbeat(self, worker: str) -> ProcessId | None:
        try:
            process = identity(json.loads(self._layout.heartbeat(worker).read_text())["pid"])
        except (OSError, ValueError):
            return None
        return process if alive(process) else None

    def _expected_workers(self) -> tuple[ExpectedWorker, ...]:
        logs = {
            "orchestrator": "architect_orchestrator.log",
            "assigner": "architect_assigner_worker.log",
            "auto_confirm": "auto_confirm_v2.log",
            "process_supervisor": "architect_process_supervisor.log",
            "site_health_monitor": "architect_site_health_monitor.log",
        }
        found = []
        for name in [*logs, *(name for name in self._workers if name not in logs)]:
            pids = self._workers.get(name, ())
            looped = name == "auto_confirm"
            stale = name == "orchestrator" and not pids
            found.append(
                ExpectedWorker(
                    name=name,
                    wanted=1,
                    state="missing" if not pids else "duplicates" if len(pids) > 1 else "running",
                    pids=pids,
                    wrappers=self._wrappers if looped else (),
                    pid_file="ok" if self._plan.healthy else "stale" if stale else "missing",
                    log=str(self._layout.log(logs.get(name, "architect_queue_worker.log"))),
                )
            )
        return tuple(found)

    def _expected_environments(self) -> tuple[ExpectedEnvironment, ...]:
        names = collections.Counter(row.name for row in self._environments)
        return tuple(
            ExpectedEnvironment(
                id=row.id,
                name=row.name,
                port=row.port,
                age_s=row.age_s,
                stale=row.age_s > TTL_S,
                duplicate=names[row.name] > 1,
                pid=row.pid,
            )
            for row in self._environments
        )


def _listening(ports: Iterable[int]) -> collections.Counter[int]:
    """How many sockets listen on each of these ports on IPv4 (proc(5), net/tcp: state 0A)."""
    wanted = {f"{port:04X}": port for port in ports}
    found: collections.Counter[int] = collections.Counter()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        port = wanted.get(fields[1].rpartition(":")[2])
        if port is not None and fields[3] == "0A":
            found[port] += 1
    return found
