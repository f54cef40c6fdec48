"""What is planned: the report's figures, and a config that its own loader takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.config.load import load
from opsconsole.demo.blueprint import TTL_S, blueprint
from opsconsole.demo.configuration import config_text
from opsconsole.demo.layout import Layout
from opsconsole.demo.ports import POOL_SIZE, PortBlock


def test_the_incident_has_the_reports_figures() -> None:
    plan = blueprint(healthy=False, scale=1)
    assert (plan.queue.total, plan.queue.completed, plan.queue.failed, plan.queue.failed_24h) == (122, 37, 85, 40)
    assert len(plan.sessions) == 11
    assert len(plan.environments) == POOL_SIZE
    assert (plan.system.load1, plan.system.load5, plan.system.load15) == (8.13, 7.77, 8.60)
    assert (plan.system.cpu_user, plan.system.cpu_system, plan.system.cpu_idle) == (63.46, 30.12, 6.41)
    used = 1 - plan.system.memory_available_bytes / plan.system.memory_total_bytes
    assert round(100 * used, 1) == 99.3
    assert {session.state for session in plan.sessions} == {"idle", "working", "waiting", "shell", "hung"}


def test_nothing_is_wrong_with_the_healthy_one() -> None:
    plan = blueprint(healthy=True, scale=1)
    assert {session.state for session in plan.sessions} == {"idle", "working"}
    assert all(session.idle_s == 0 for session in plan.sessions)
    assert len(plan.sessions) == 6
    assert all(environment.age_s < TTL_S for environment in plan.environments)
    assert len({environment.name for environment in plan.environments}) == len(plan.environments) < POOL_SIZE
    assert plan.queue.success_rate > 0.8
    assert plan.queue.failed_24h < 10
    assert plan.system.load1 < 4.0
    assert plan.system.cpu_idle > 20
    assert plan.system.memory_available_bytes > 2 * 1024**3


@pytest.mark.parametrize("healthy", [False, True])
def test_a_queue_adds_up(healthy: bool) -> None:
    queue = blueprint(healthy, scale=1).queue
    assert queue.completed + queue.failed + queue.pending + queue.active == queue.total


@pytest.mark.parametrize("scale", [1, 3])
def test_the_config_is_right_and_allows_actions(tmp_path: Path, scale: int) -> None:
    layout = Layout(tmp_path, tmp_path / "tmux")
    for folder in (layout.architect, layout.tmp, layout.proc):
        folder.mkdir(parents=True)
    plan = blueprint(healthy=False, scale=scale)
    layout.config.write_text(config_text(plan, layout, PortBlock(), "0123"))
    layout.config.chmod(0o600)
    loaded = load(layout.config)
    assert (loaded.warnings, loaded.actions_refused) == ((), "")
    config = loaded.config
    assert (len(config.service), len(config.worker), len(config.site)) == (3 * scale, 5 * scale, 4)
    assert config.demo is not None
    assert config.demo.proc == layout.proc
    assert config.demo.idle["claude_comet"] == 9 * 3600
    assert config.sessions.protect[:2] == ("architect", "arch_dev")
    assert {worker.env["OPSCONSOLE_DEMO"] for worker in config.worker} == {"0123"}


def test_two_port_blocks_are_never_the_same() -> None:
    blocks = [PortBlock() for _ in range(5)]
    assert len({block.base for block in blocks}) == 5
    ports = [port for block in blocks for port in (*block.pool, block.dashboard, block.monitor, block.reading)]
    assert len(set(ports)) == len(ports)


def test_all_ports_of_the_largest_scale_are_in_the_block() -> None:
    block = PortBlock()
    ports = [block.of_set(number, which) for number in range(2, 21) for which in range(3)]
    assert len(set(ports)) == 57
    assert all(block.base + 100 <= port < block.base + 200 for port in ports)
