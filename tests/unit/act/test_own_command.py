"""Commands of the config, run: waited for as long as they run themselves, read as far as is kept."""

from __future__ import annotations

import os
import signal
import tracemalloc
from pathlib import Path

import pytest

from opsconsole.act.job import StepFailed
from opsconsole.act.own_command import KEPT_BYTES, run_to_end
from tests.e2e.act_ground import eventually, runs


def test_what_it_leaves_in_the_background_is_not_waited_for_and_is_said() -> None:
    ran = run_to_end(("sh", "-c", "sleep 600 & echo started $!; exit 0"), 60.0)
    started, pid = ran.output.decode().split()
    try:
        assert (ran.status, started, ran.left_running) == (0, "started", True)
        assert ran.told == "exit status 0; what it left in the background was not waited for"
        assert runs(int(pid))
    finally:
        os.kill(int(pid), signal.SIGKILL)


def test_of_much_output_the_last_is_kept_and_the_memory_stays_small() -> None:
    tracemalloc.start()
    try:
        ran = run_to_end(("sh", "-c", "head -c 50000000 /dev/zero; echo; echo last words"), 60.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (ran.status, ran.left_running) == (0, False)
    assert len(ran.output) == KEPT_BYTES
    assert ran.output.endswith(b"\nlast words\n")
    assert peak < 4_000_000


def test_one_that_does_not_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    with pytest.raises(StepFailed, match=r"did not end within 2s, and was killed"):
        run_to_end(("sh", "-c", f"sleep 600 & echo $! > {noted}; wait"), 2.0)
    pid = int(noted.read_text())
    eventually("the end of what it started", lambda: not runs(pid))


def test_errors_are_told_apart_where_that_is_wanted() -> None:
    ran = run_to_end(("sh", "-c", "echo out; echo err >&2; kill -9 $$"), 60.0, apart=True)
    assert (ran.output, ran.errors, ran.told) == (b"out\n", b"err\n", "ended by signal 9")
