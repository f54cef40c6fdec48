"""The process table of a real machine: held against psutil, exec noticed, the ended gone, descriptors kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from opsconsole.collect import descriptors
from opsconsole.collect.processes import ProcessSource, process_source
from opsconsole.collect.processes_psutil import PsutilProcessSource
from opsconsole.model.clock import SystemClock
from opsconsole.model.process import Process, ProcessTable
from tests.e2e.ground import NOTE, PYTHON, Ground, until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs a procfs")

CLOCK = SystemClock()
SLEEP = NOTE + "import time; time.sleep(600)\n"


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    ground = Ground(tmp_path)
    ground.write("sleep.py", SLEEP)
    yield ground
    ground.close()


@pytest.fixture(params=[None, 0], ids=["kept descriptors", "no descriptors"])
def source(request: pytest.FixtureRequest) -> Iterator[ProcessSource]:
    source = ProcessSource(descriptor_budget=request.param)
    yield source
    source.close()


def see(source: ProcessSource, pid: int) -> Process | None:
    table = source.read(CLOCK).value
    assert table is not None
    return table.get(pid)


def test_a_process_is_told_as_psutil_tells_it(ground: Ground, source: ProcessSource) -> None:
    pid = ground.start(PYTHON, "sleep.py", "--flag")
    ground.noted(1)
    source.attend([pid])
    process, other = see(source, pid), psutil.Process(pid)
    assert process is not None
    assert process.argv == tuple(other.cmdline())
    assert (process.exe, process.cwd, process.ppid) == (other.exe(), other.cwd(), other.ppid())
    assert process.started_at == pytest.approx(other.create_time(), abs=1.5)
    assert (process.uid, process.session, process.process_group) == (os.geteuid(), pid, pid)
    assert process.rss_bytes == pytest.approx(other.memory_info().rss, rel=0.2)
    assert process.pid_namespace == Path("/proc/self/ns/pid").stat().st_ino
    assert process.swap_bytes is not None


def test_exec_of_another_script_by_the_same_interpreter_is_seen(ground: Ground, source: ProcessSource) -> None:
    go = ground.folder / "go"
    code = "import os, pathlib, sys, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.02)\n"
    ground.write("first.py", code + "os.execv(sys.executable, [sys.executable, 'sleep.py'])\n")
    pid = ground.start(PYTHON, "first.py")
    before = until(lambda: _running(source, pid, "first.py"), "first.py")
    go.touch()
    after = until(lambda: _running(source, pid, "sleep.py"), "sleep.py")
    assert after.id == before.id
    assert after.image != before.image


def _running(source: ProcessSource, pid: int, script: str) -> Process | None:
    process = see(source, pid)
    return process if process is not None and process.argv and process.argv[-1] == script else None


def test_forks_of_one_exec_share_an_image_and_other_starts_do_not(ground: Ground, source: ProcessSource) -> None:
    ground.write("fork.py", NOTE + "import os, time\nos.fork()\nnote()\ntime.sleep(600)\n")
    ground.start(PYTHON, "fork.py")
    ground.start(PYTHON, "sleep.py")
    pids = ground.noted(3)
    table = source.read(CLOCK).value
    assert table is not None
    images = {pid: table.processes[pid].image for pid in pids}
    assert None not in images.values()
    assert len(set(images.values())) == 2


def test_who_ended_is_gone_and_a_zombie_is_told(ground: Ground, source: ProcessSource) -> None:
    pid = ground.start(PYTHON, "sleep.py")
    until(lambda: _running(source, pid, "sleep.py"), "sleep.py")
    os.kill(pid, signal.SIGKILL)
    zombie = until(lambda: (found := see(source, pid)) and found.state == "Z" and found, "a zombie")
    assert zombie.argv == (PYTHON, "sleep.py")
    ground.kill(pid)
    assert see(source, pid) is None


def test_a_hostile_name_is_one_printable_line_and_shifts_no_field(ground: Ground, source: ProcessSource) -> None:
    name = b"a) R 1\n\x1b]0;x"
    ground.write("name.py", f"import pathlib\npathlib.Path('/proc/self/comm').write_bytes({name!r})\n" + SLEEP)
    pid = ground.start(PYTHON, "name.py")
    ground.noted(1)
    process = until(lambda: (found := see(source, pid)) and found.comm.startswith("a) R 1") and found, "the name")
    assert process.comm.isprintable()
    assert (process.ppid, process.session) == (os.getpid(), pid)


def test_a_busy_process_is_measured_and_an_idle_one_is_zero(ground: Ground, source: ProcessSource) -> None:
    ground.write("busy.py", "while True: pass\n")
    busy, idle = ground.start(PYTHON, "busy.py"), ground.start(PYTHON, "sleep.py")
    ground.noted(1)

    def measured() -> bool:
        hot, cold = see(source, busy), see(source, idle)
        return bool(hot and cold and (hot.cpu_percent or 0) > 20 and cold.cpu_percent == 0.0)

    assert until(measured, "CPU of a busy and of an idle process")


def test_masked_secrets_stay_in_argv_only(ground: Ground, source: ProcessSource) -> None:
    pid = ground.start(PYTHON, "sleep.py", "--api-key=abcdef0123456789")
    process = until(lambda: _running(source, pid, "--api-key=abcdef0123456789"), "the process")
    assert "abcdef" not in process.command


def test_the_limit_on_open_files_is_raised_while_needed_and_given_back() -> None:
    """In a process of its own, started with a low limit."""
    code = """
import resource
from opsconsole.collect import descriptors
from opsconsole.collect.processes import ProcessSource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
ProcessSource().close()
source, second = ProcessSource(), ProcessSource()
second.close()
raised = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
print(raised > 300, descriptors.usual_soft_limit())
source.close()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "300", "300"]


def test_with_a_low_hard_limit_everything_is_still_read() -> None:
    """Sixty files in all: no budget for kept descriptors, and the table is complete."""
    code = """
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
from opsconsole.collect.processes import ProcessSource
from opsconsole.model.clock import SystemClock
table = ProcessSource().read(SystemClock()).value
print(os.getpid() in table.processes, 1 in table.processes, os.getppid() in table.processes)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True"]


def test_a_budget_that_others_have_used_up_is_given_back() -> None:
    """The limit drops below what the source was promised: one note, then the table is complete again."""
    code = """
import os, resource
from opsconsole.collect.processes import ProcessSource
from opsconsole.model.clock import SystemClock
source = ProcessSource(descriptor_budget=1000)
resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
first, second = (source.read(SystemClock()) for _ in range(2))
print("may not be read" in first.note, second.note or "complete", os.getpid() in second.value.processes)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "complete", "True"]


def test_psutil_tells_the_same_of_a_process(ground: Ground) -> None:
    """The source for systems without a Linux procfs, on this one."""
    pid = ground.start(PYTHON, "sleep.py", "--flag")
    ground.noted(1)
    linux, other = ProcessSource(), PsutilProcessSource(lambda _argv, _comm: False)
    for source in (linux, other):
        source.attend([pid])
        source.read(CLOCK)
    # A rate needs two looks with a few clock ticks between them.
    two = until(lambda: table if (table := other.read(CLOCK).value) and rated(table, pid) else None, "a rate")
    one = see(linux, pid)
    linux.close()
    assert one is not None
    same = two.processes[pid]
    for field in ("ppid", "comm", "session", "process_group", "threads", "uid", "argv", "command", "exe", "cwd"):
        assert getattr(one, field) == getattr(same, field), field
    assert same.started_in == one.started_in
    assert same.cpu_percent == 0.0
    assert two.find(same.id) is same


def rated(table: ProcessTable, pid: int) -> bool:
    return table.processes[pid].cpu_percent is not None


def test_without_stat_files_psutil_takes_over(tmp_path: Path) -> None:
    assert isinstance(process_source(root=tmp_path), PsutilProcessSource)
    linux = process_source()
    assert isinstance(linux, ProcessSource)
    linux.close()
    assert descriptors.usual_soft_limit() > 0


def test_importing_the_table_imports_nothing_dear() -> None:
    code = """
import sys, msgspec
import opsconsole.collect.processes, opsconsole.collect.listeners, opsconsole.collect.workers
print(sorted({"psutil", "asyncio", "ssl", "sqlite3", "httpx", "libtmux"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
