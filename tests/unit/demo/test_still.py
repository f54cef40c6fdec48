"""A still is the same whatever pids, ports, places, moments and costs the sandbox happened to have."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from opsconsole.config.types import Config
from opsconsole.demo.readings import INCIDENT
from opsconsole.demo.still import HOST, NOW, RECENT_S, Scene, Still, still
from opsconsole.model.identity import ProcessId
from opsconsole.model.listener import Owner
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.reading import ok
from opsconsole.model.service import Service
from opsconsole.model.session import TmuxServer
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Log
from tests import makers, samples


class World:
    """The same small sandbox, built at another time, at another place, with other pids."""

    def __init__(self, *, pid: int, base: int, at: float, directory: str, slow: float) -> None:
        self.pid, self.base, self.at, self.directory, self.slow = pid, base, at, directory, slow

    def identity(self, number: int) -> ProcessId:
        return ProcessId(f"boot-{self.pid}", self.pid + number, self.pid * 7 + number)

    def process(self, number: int, command: str, ppid: int) -> Process:
        return makers.process(
            self.pid + number,
            command,
            ppid,
            id=self.identity(number),
            cwd=f"{self.directory}/home",
            started_at=self.at - self.slow,
            rss_bytes=1000 * self.pid,
            cpu_percent=self.slow,
        )

    def service(self) -> Service:
        port = self.base + 80
        return makers.service(
            port=port,
            pid=self.pid + 1,
            owners=(Owner(self.identity(1), f"python3 app.py --port {port}"),),
            uptime_s=self.slow,
            latency_ms=self.slow,
            probed_at=self.at - self.slow / 2,
            log=f"{self.directory}/tmp/app.log",
        )

    def snapshot(self) -> Snapshot:
        command = "python3 workers/assigner_worker.py --daemon"
        instance = makers.instance(
            self.pid + 2, command, id=self.identity(2), start=self.at - self.slow, uptime_s=self.slow
        )
        log = Log(f"{self.directory}/tmp/assigner.log", "ok", self.pid, self.slow, "…", self.slow, 1, 1)
        worker = makers.worker("assigner", (instance,), log=log, reason=f"minded by {self.pid + 1}")
        session = makers.session("arch_dev", idle_s=7200.0 + self.slow, created_at=self.at - self.slow, panes=())
        processes = {
            process.pid: process
            for process in (
                self.process(1, "python3 app.py", self.pid),
                self.process(2, command, self.pid),
                makers.process(self.pid + 500, "a program of the host"),
            )
        }
        readings = {
            name: msgspec.structs.replace(reading, at=self.at - self.slow)
            for name in ("environments", "system", "sites", "queue", "disks")
            for reading in [getattr(samples.incident(), name)]
        }
        sites = tuple(
            msgspec.structs.replace(site, checked_at=self.at - self.slow) for site in readings["sites"].value or ()
        )
        readings["sites"] = msgspec.structs.replace(readings["sites"], value=sites)
        return samples.incident(
            **readings,
            at=self.at,
            host=f"host-{self.pid}",
            services=ok((self.service(),), self.at),
            workers=ok((worker,), self.at - 0.1),
            sessions=ok((session,), self.at),
            processes=ok(ProcessTable(self.at, "boot", processes), self.at),
            ports=ok((), self.at),
            tmux_servers=ok((TmuxServer(f"{self.directory}/tmux", self.pid + 9, int(self.at - self.slow)),), self.at),
        )

    def still(self) -> Still:
        def stamp(seconds_ago: float) -> str:
            return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.at - seconds_ago))

        lines = (
            f"{stamp(7200 + self.slow)} ERROR no port",
            f"{stamp(self.slow)} WARNING {'nobody' if self.slow > 3 else 'v1'} was first",
            f"{stamp(self.slow / 2)} WARNING taken from {self.pid + 2}",
        )
        scene = Scene(
            directory=self.directory,
            socket_directory=self.directory,
            port_base=self.base,
            pids=frozenset({self.pid + 1, self.pid + 2}),
            working=frozenset(),
            system=INCIDENT,
            logs={f"{self.directory}/tmp/assigner.log": lines},
        )
        return still(self.snapshot(), scene, Config())


HERE: dict[str, Any] = {"pid": 2000, "base": 20_000, "at": 1_790_000_000.0, "directory": "/tmp/demo-1", "slow": 2.5}
THERE: dict[str, Any] = {"pid": 31_000, "base": 28_200, "at": 1_800_000_123.4, "directory": "/var/x", "slow": 47.0}


def test_two_buildings_give_one_still() -> None:
    one, other = World(**HERE).still(), World(**THERE).still()
    for name in one.snapshot.__struct_fields__:
        assert getattr(one.snapshot, name) == getattr(other.snapshot, name), name
    assert one == other


@pytest.fixture(scope="module")
def taken() -> Still:
    return World(**THERE).still()


def test_what_was_read_of_the_incident_stays(taken: Still) -> None:
    snapshot = taken.snapshot
    (service,), (worker,) = snapshot.services.value or (), snapshot.workers.value or ()
    assert (service.name, service.state, service.http_status, service.port) == ("Dashboard", "up", 200, 8080)
    assert service.owners[0].command == "python3 app.py --port 8080"
    assert worker.reason == f"minded by {service.pid}"
    assert snapshot.queue.value == samples.incident().queue.value
    assert (snapshot.sessions.value or ())[0].idle_s == 7200.0


def test_times_are_told_from_the_moment_of_the_report(taken: Still) -> None:
    snapshot = taken.snapshot
    (service,) = snapshot.services.value or ()
    assert (snapshot.at, snapshot.host) == (NOW, HOST)
    assert (service.uptime_s, service.probed_at) == (RECENT_S, NOW - RECENT_S)


def test_of_the_host_nothing_is_left(taken: Still) -> None:
    table = taken.snapshot.processes.value
    assert table is not None
    assert [process.command for process in table] == ["python3 app.py", "python3 workers/assigner_worker.py --daemon"]
    assert {process.ppid for process in table} == {1}
    assert "host" not in {one.kind for one in taken.snapshot.consumers}


def test_a_log_keeps_its_hours_and_loses_the_race_for_the_first_line(taken: Still) -> None:
    (worker,) = taken.snapshot.workers.value or ()
    (lines,) = taken.logs.values()
    before, since = lines
    assert before.endswith("ERROR no port")
    assert since.endswith(f"WARNING taken from {worker.instances[0].pid}")
    assert worker.log is not None
    assert (worker.log.lines, worker.log.errors, worker.log.last_line) == (2, 1, since)
