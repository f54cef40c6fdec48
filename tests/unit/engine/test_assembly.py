"""What an engine keeps from one Snapshot to the next."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from opsconsole.config.types import Config, LoadedConfig
from opsconsole.engine.assembly import Assembly, CoreScan
from opsconsole.engine.sources import Lanes
from opsconsole.model.clock import SystemClock
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading, ok
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

    def worker(self) -> Worker:
        table: Reading[ProcessTable] = ok(self._cast.table(), AT)
        scan = CoreScan(table, ok((), AT), ok(system(), AT), 1.0)
        snapshot = self._assembly.snapshot(self._config, scan, self._lanes, self._clock, discovered=False)
        assert snapshot.workers.value is not None
        return snapshot.workers.value[0]


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
