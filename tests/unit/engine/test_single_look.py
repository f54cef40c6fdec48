"""A single look asks a site that gives no answer again: one miss is no evidence, and there will be no later look."""

from __future__ import annotations

from opsconsole.config.types import Config, Duration, LoadedConfig, SiteTable
from opsconsole.diagnose.rules.sites import site_down
from opsconsole.engine import Engine
from opsconsole.engine.assembly import CoreScan
from opsconsole.model.clock import SystemClock
from opsconsole.model.reading import unknown
from tests.unit.collect.web import closed_port


def test_a_site_that_refuses_is_found_down_by_one_look() -> None:
    site = SiteTable(name="gone", url=f"http://127.0.0.1:{closed_port()}/", timeout=Duration(2.0))
    config = Config(site=(site,))
    engine = Engine(LoadedConfig(config, None))
    clock = SystemClock()
    engine._lanes.start()
    try:
        engine._lanes.wait_first(clock.monotonic(), "probes")
        engine._probe_silent_sites()
        scan = CoreScan(unknown("not read", 0.0), unknown("not read", 0.0), unknown("not read", 0.0), 0.0)
        snapshot = engine._assembly.snapshot(config, scan, engine._lanes, clock, discovered=False)
    finally:
        engine.stop()
        engine._processes.close()
    assert [finding.id for finding in site_down(snapshot, config)] == ["site-down:gone"]
