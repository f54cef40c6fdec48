"""Real processes: which of them are instances, wrappers, remnants, and which are nothing of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsconsole.collect.pid_files import PidFileContent
from opsconsole.collect.processes import ProcessSource
from opsconsole.collect.workers import WorkerMemory, assemble_workers, candidate_predicate
from opsconsole.config.types import WorkerTable
from opsconsole.model.clock import SystemClock
from opsconsole.model.worker import Worker
from tests.e2e.ground import NOTE, PYTHON, WORKER, Ground, until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs a procfs")

CLOCK = SystemClock()


class Watch:
    """One worker, watched over the real process table."""

    def __init__(self, ground: Ground, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "name": "sync",
            "command": ("python3", "workers/sync.py", "--daemon"),
            "cwd": ground.folder,
            **changes,
        }
        self.table = WorkerTable(**fields)
        self.source = ProcessSource(descriptor_budget=0, is_candidate=candidate_predicate((self.table,)))
        self.memory = WorkerMemory(confirmed=1)
        self.pid_files: dict[Path, PidFileContent] = {}

    def look(self) -> Worker:
        processes = self.source.read(CLOCK)
        reading = assemble_workers((self.table,), processes, self.pid_files, {}, CLOCK.wall(), self.memory)
        assert reading.value is not None, reading.reason
        return reading.value[0]

    def see(self, **expected: object) -> Worker:
        """Look until the worker is seen like this: lists of pids for instances, wrappers, remnants, suspects."""
        last: list[object] = []

        def look() -> Worker | None:
            worker = self.look()
            seen = {
                "state": worker.state,
                "instances": sorted(one.pid for one in worker.instances),
                "wrappers": sorted(one.pid for one in worker.wrappers),
                "remnants": sorted(one.pid for one in worker.remnants),
                "suspects": sorted(one.pid for one in worker.suspects),
            }
            last[:] = [seen]
            wanted = {"wrappers": [], "remnants": [], "suspects": [], **expected}
            return worker if all(seen[name] == value for name, value in wanted.items()) else None

        try:
            return until(look, str(expected))
        except AssertionError as failure:
            raise AssertionError(f"{failure}; last seen: {last}") from None


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    ground = Ground(tmp_path)
    ground.write("workers/sync.py", WORKER)
    ground.write("workers/sync_old.py", WORKER)
    yield ground
    ground.close()


@pytest.fixture
def watch(ground: Ground) -> Iterator[Watch]:
    watch = Watch(ground)
    yield watch
    watch.source.close()


def test_one_worker_started_in_four_ways_runs_four_times(ground: Ground, watch: Watch) -> None:
    """By its path, through a symbolic link of another name, as a module, and with options of the interpreter."""
    (ground.folder / "copy.py").symlink_to("workers/sync.py")
    pids = [
        ground.start(PYTHON, "workers/sync.py", "--daemon"),
        ground.start(PYTHON, "copy.py", "--daemon"),
        ground.start(PYTHON, "-m", "workers.sync", "--daemon"),
        ground.start(
            PYTHON, "-u", "-X", "dev", "-Wignore", f"{ground.folder}/workers/sync.py", "--daemon", cwd=Path("/")
        ),
    ]
    worker = watch.see(instances=sorted(pids), state="duplicates")
    assert {one.version for one in worker.instances} == {"sync.py"}
    assert all(one.rss_bytes and one.uptime_s < 60 for one in worker.instances)


def test_decoys_are_nothing_of_it(ground: Ground, watch: Watch) -> None:
    """tail, an interactive editor, Python reading standard input, other arguments, another checkout."""
    ground.write("other/workers/sync.py", WORKER)
    ground.write("sleep.py", NOTE + "import time; time.sleep(600)")
    decoys = [
        ground.start("tail", "-f", "workers/sync.py"),
        ground.start(PYTHON, "sleep.py", "workers/sync.py", "--daemon"),
        ground.start(PYTHON, "workers/sync.py", "--status"),
        ground.start(PYTHON, "workers/sync.py", "--daemon", cwd=ground.folder / "other"),
        ground.start(PYTHON, "-c", "import time; time.sleep(600)", "workers/sync.py", "--daemon"),
        ground.start("bash", "-c", "tail -f workers/sync.py --pid=$$ & wait"),
    ]
    real = ground.start(PYTHON, "workers/sync.py", "--daemon")
    ground.noted(4)
    watch.see(instances=[real], state="running")
    table = watch.source.read(CLOCK).value
    assert table is not None
    assert all(pid in table.processes for pid in decoys)


def test_a_shell_and_a_keepalive_loop_are_wrappers(ground: Ground) -> None:
    loop = ground.write(
        "workers/keepalive.sh", f"#!/bin/bash\nwhile true; do {PYTHON} workers/sync.py --daemon; sleep 0.2; done\n"
    )
    watch = Watch(ground, wrappers=("workers/keepalive.sh",), instances=2)
    keepalive = ground.start("bash", str(loop))
    shell = ground.start("sh", "-c", f"{PYTHON} workers/sync.py --daemon; true")
    pids = ground.noted(2)
    worker = watch.see(instances=pids, wrappers=sorted([keepalive, shell]), state="running")
    assert {one.pid: one.reason.split(" around ")[0] for one in worker.wrappers} == {
        keepalive: "wrapper keepalive.sh",
        shell: "shell",
    }
    os.kill(keepalive, signal.SIGSTOP)
    below = {one.pid for one in worker.instances if one.pid in _children(watch, keepalive)}
    ground.kill(below.pop())
    watch.see(instances=sorted(set(pids) - set(_children(watch, keepalive))), wrappers=sorted([keepalive, shell]))
    watch.source.close()


def _children(watch: Watch, pid: int) -> tuple[int, ...]:
    table = watch.source.read(CLOCK).value
    assert table is not None
    return table.children.get(pid, ())


@pytest.mark.parametrize("mode", ["fork", "spawn"])
def test_a_pool_is_one_instance_and_a_remnant_once_its_root_is_killed(
    ground: Ground, watch: Watch, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new start beside the orphans is the one instance."""
    monkeypatch.setattr("opsconsole.collect.identity.SETTLED_AFTER_S", 0.0)
    root = ground.start(PYTHON, "workers/sync.py", "--daemon", MODE=mode)
    children = ground.noted(2, lambda pid: pid != root)
    tree = sorted(watch.see(instances=[root], state="running").instances[0].children)
    assert set(children) <= set(tree)
    ground.kill(root)
    watch.see(instances=[], remnants=tree, state="missing")
    again = ground.start(PYTHON, "workers/sync.py", "--daemon")
    watch.see(instances=[again], remnants=tree, state="running")


def test_an_orphaned_pool_is_told_by_who_never_saw_its_root(ground: Ground) -> None:
    """Forked from one exec, and nobody above them: told at first sight."""
    root = ground.start(PYTHON, "workers/sync.py", "--daemon", MODE="fork")
    children = ground.noted(2, lambda pid: pid != root)
    ground.kill(root)
    watch = Watch(ground)
    watch.see(instances=[], remnants=children, state="missing")
    watch.source.close()


def test_an_orphaned_spawned_pool_is_told_by_the_stale_pid_file(ground: Ground) -> None:
    root = ground.start(PYTHON, "workers/sync.py", "--daemon", MODE="spawn")
    children = ground.noted(2, lambda pid: pid != root)
    tracker = [pid for pid in _children_of(root) if pid not in children]
    ground.kill(root)
    path = ground.folder / "sync.pid"
    watch = Watch(ground, pid_file=path)
    watch.pid_files[path] = PidFileContent(path, root, CLOCK.wall(), "", "")
    worker = watch.see(instances=[], remnants=sorted([*children, *tracker]), state="missing")
    assert worker.pid_file is not None
    assert worker.pid_file.state == "stale"
    watch.source.close()


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cwd(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""


def test_a_daemon_that_forked_itself_away_and_left_its_directory_is_found(ground: Ground, watch: Watch) -> None:
    """Started by a shell, as by an operator: the shell's directory tells which script it is."""
    line = f"cd {ground.folder} && {PYTHON} workers/sync.py --daemon"
    ground.start("bash", "-c", line, cwd=Path("/"), MODE="daemon")
    (daemon,) = ground.noted(1, lambda pid: _cwd(pid) == "/")
    watch.see(instances=[daemon], state="running")


def test_exec_of_another_script_in_the_same_process_ends_the_instance(ground: Ground, watch: Watch) -> None:
    """The same pid, start time and interpreter; and back again."""
    go = ground.folder / "go"
    pid = ground.start(PYTHON, "workers/sync.py", "--daemon", MODE="exec", GO=str(go), NEXT="workers/sync_old.py --x")
    before = watch.see(instances=[pid], state="running")
    os.kill(pid, 0)
    go.touch()
    watch.see(instances=[], state="missing")
    table = watch.source.read(CLOCK).value
    assert table is not None
    assert table.find(before.instances[0].id) is not None


def test_two_versions_compete(ground: Ground) -> None:
    watch = Watch(ground, replaces=("workers/sync_old.py",))
    new = ground.start(PYTHON, "workers/sync.py", "--daemon")
    old = ground.start(PYTHON, "workers/sync_old.py", "--daemon")
    worker = watch.see(instances=sorted([new, old]), state="duplicates")
    assert {one.pid: (one.version, one.replaced) for one in worker.instances} == {
        new: ("sync.py", False),
        old: ("sync_old.py", True),
    }
    watch.source.close()
