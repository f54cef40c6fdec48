"""What an engine keeps from one Snapshot to the next."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from opsconsole.config.types import Config, LoadedConfig, WorkerTable
from opsconsole.diagnose import diagnose
from opsconsole.engine.assembly import Assembly, CoreScan
from opsconsole.engine.sources import Lanes
from opsconsole.model.clock import SystemClock
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading, ok
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Worker
from tests.makers import system
from tests.unit.collect.cast import AT, SPAWN, Cast


class Machine:
    """An Assembly fed with a made-up process table."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self._config = Config(worker=(cast.worker_table,))
        self._clock = SystemClock()
        self._lanes = Lanes(LoadedConfig(self._config, None), self._clock, lambda: None)
        self._assembly = Assembly("host")

    def snapshot(self, *found: WorkerTable) -> Snapshot:
        """One cycle; with ``found`` there is no config, and these are what discovery took for workers."""
        config = Config(worker=found) if found else self._config
        table: Reading[ProcessTable] = ok(self._cast.table(), AT)
        scan = CoreScan(table, ok((), AT), ok(system(), AT), 1.0)
        return self._assembly.snapshot(config, scan, self._lanes, self._clock, discovered=bool(found))

    def worker(self) -> Worker:
        snapshot = self.snapshot()
        assert snapshot.workers.value is not None
        return snapshot.workers.value[0]


def test_nothing_is_found_wrong_with_workers_that_nobody_asked_for(tmp_path: Path) -> None:
    """Copies that came while we watched, matched by two tables of which each is wanted once."""
    cast = Cast(tmp_path)
    ours: dict[str, Any] = {"uid": os.geteuid(), "exe": "/usr/bin/bash", "comm": "bash"}
    tables = [cast.declare("bash /srv/run.sh", name=name) for name in ("run", "run 2")]
    machine = Machine(cast)
    for pid in range(10, 22):
        cast.put(pid, "bash /srv/run.sh", **ours)
        snapshot = machine.snapshot(*tables)
        (only,) = snapshot.workers.value or ()
        assert (only.state, len(only.instances), only.wanted) == ("running", pid - 9, pid - 9)
        assert [one.rule for one in diagnose(snapshot, Config(worker=tuple(tables))).findings if one.subject] == []
    cast.processes.clear()
    for _ in range(3):
        snapshot = machine.snapshot(*tables)
        assert snapshot.workers.value == ()
        assert not diagnose(snapshot, Config(worker=tuple(tables))).findings


def test_a_child_that_outlived_its_root_is_told_by_what_earlier_snapshots_saw(tmp_path: Path) -> None:
    cast = Cast(tmp_path)
    ours: dict[str, Any] = {"uid": os.geteuid()}
    cast.put(10, "python3 workers/sync.py --daemon", **ours)
    cast.put(11, ("python3", "-c", SPAWN, "--multiprocessing-fork"), ppid=10, session=10, process_group=10, **ours)
    machine = Machine(cast)
    assert [one.pid for one in machine.worker().instances] == [10]
    del cast.processes[10]
    cast.processes[11] = msgspec.structs.replace(cast.processes[11], ppid=1)
    assert [remnant.pid for remnant in machine.worker().remnants] == [11]
