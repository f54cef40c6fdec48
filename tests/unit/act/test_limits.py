"""Limits of what is started: read from real processes, given by the real launcher, honest about what cannot be had."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.act.limits import _lost_with_cgroup, argv_limited, limits_of, plan_limits, told_limits
from opsconsole.config.types import Duration, LimitsTable, Size

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def running() -> Iterator[int]:
    child = subprocess.Popen(["sleep", "600"])
    yield child.pid
    child.kill()
    child.wait()


GIVES_LIMITS = "ulimit -Sn 64; ulimit -Hn 128; ulimit -v 2097152; sleep 600 & echo $!; wait"


@pytest.fixture
def given_limits() -> Iterator[int]:
    """A process that has its limits of whoever started it."""
    with subprocess.Popen(["sh", "-c", GIVES_LIMITS], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        yield pid
        os.kill(pid, signal.SIGKILL)


def test_a_successor_gets_what_the_running_one_was_given_and_it_is_said(given_limits: int) -> None:
    running = given_limits
    made = plan_limits(LimitsTable(), running)
    assert made.give == {"nofile": (64, 128), "as": (1 << 31, 1 << 31)}
    assert told_limits(made.give) == "address space 2048 MiB, open files 64 (hard 128)"
    assert made.seen[0].startswith(f"{running} runs with these limits, and its successor gets them: address space 2048")
    assert made.warnings == ()


def test_what_the_running_one_may_have_set_itself_is_told_and_not_given(running: int) -> None:
    resource.prlimit(running, resource.RLIMIT_NOFILE, (64, 128))
    made = plan_limits(LimitsTable(), running)
    assert (made.give, made.seen) == ({}, ())
    assert made.warnings == (
        f"{running} may have set itself open files 64 (hard 128): its successor is started without;"
        " if it was given them, open_files under limits in its [[worker]] says so",
    )


def test_what_does_not_differ_from_our_own_needs_no_words(running: int) -> None:
    made = plan_limits(LimitsTable(), running)
    assert (made.give, made.seen, made.warnings) == ({}, (), ())


def test_what_the_config_says_counts_more_than_what_ran(running: int) -> None:
    resource.prlimit(running, resource.RLIMIT_NOFILE, (64, 128))
    limits = LimitsTable(open_files=100, address_space=Size(4 << 30), cpu_time=Duration(3600.0))
    made = plan_limits(limits, running)
    assert (made.give["nofile"][0], made.give["as"], made.give["cpu"]) == (100, (4 << 30, 4 << 30), (3600, 3600))
    assert made.seen == ()
    assert any("killed without warning" in text for text in made.warnings)
    assert any("counts what is reserved" in text for text in made.warnings)


def test_what_nobody_unprivileged_may_raise_is_a_warning_and_as_much_as_can_be_had_is_given() -> None:
    code = """
import os, resource
from opsconsole.act.limits import plan_limits
from opsconsole.config.types import LimitsTable
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
if os.geteuid() == 0:
    os.setuid(65534)
made = plan_limits(LimitsTable(open_files=5000))
resource.setrlimit(resource.RLIMIT_NOFILE, made.give["nofile"])
print(made.give["nofile"], *made.warnings)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("(200, 200) open files 5000 cannot be given")
    assert "this console's own is open files 100 (hard 200)" in done.stdout


def test_the_program_has_its_limits_and_its_signals_from_its_first_instruction_on() -> None:
    shown = "ulimit -Sn; ulimit -Hn; ulimit -Sv; echo $0 $1; grep SigIgn /proc/self/status"
    given = {"nofile": (77, 88), "as": (1 << 32, 1 << 32)}
    argv = argv_limited(given, "/bin/sh", ("sh", "-c", shown, "a name", "a b"))
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[:4] == ["77", "88", str((1 << 32) // 1024), "a name a b"]
    ignored = int(said[4].split()[1], 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1))


def test_a_program_that_cannot_be_run_is_said_in_its_log() -> None:
    done = subprocess.run(
        argv_limited({"core": (0, 0)}, "/no/such", ("x",)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 126
    assert "/no/such was not run: [Errno 2]" in done.stderr


@pytest.mark.parametrize(
    ("theirs", "file", "warned"),
    [
        ("0::/app/run-7.scope\n", "app/run-7.scope/memory.max", True),
        ("0::/app/run-7.scope\n", "app/memory.max", True),
        ("0::/app/run-7.scope\n", "unified/app/memory.max", True),
        ("0::/ours\n", "ours/memory.max", False),
        ("9:memory:/lab\n0::/\n", "memory/lab/memory.limit_in_bytes", True),
    ],
)
def test_memory_that_a_cgroup_of_its_own_holds_is_told_to_be_lost(
    tmp_path: Path, theirs: str, file: str, warned: bool
) -> None:
    for pid, text in (("42", theirs), ("self", "9:memory:/\n0::/ours\n")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cgroup").write_text(text)
    limit = tmp_path / "cgroups" / file
    limit.parent.mkdir(parents=True)
    limit.write_text("524288000\n")
    told = _lost_with_cgroup(42, LimitsTable(), tmp_path, tmp_path / "cgroups")
    assert bool(told) == warned
    assert all("500 MiB of memory" in text and "memory = 524288000" in text for text in told)


def test_a_real_cgroup_that_holds_a_process_is_seen(running: int) -> None:
    folders = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory")]
    root = next((folder for folder in reversed(folders) if folder.is_dir()), folders[0])
    made = root / f"opsconsole-test-{os.getpid()}"
    try:
        made.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    try:
        file = next((made / name for name in ("memory.max", "memory.limit_in_bytes") if (made / name).exists()), None)
        if file is None:
            pytest.skip("no cgroup that holds memory can be made here")
        file.write_text(str(256 << 20))
        (made / "cgroup.procs").write_text(str(running))
        assert any("256 MiB of memory" in text for text in plan_limits(LimitsTable(), running).warnings)
        (root / "cgroup.procs").write_text(str(running))
    finally:
        made.rmdir()


def test_limits_of_one_that_is_gone_are_none() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    assert limits_of(child.pid) == {}
