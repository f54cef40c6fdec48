"""Commands whose output is read: whatever they do, the reading ends in time and in bounds. Real processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from opsconsole.collect.command_output import CommandFailed, output_of
from tests.e2e.ground import until


def shell(code: str, timeout_s: float = 20.0, limit: int = 1000) -> bytes:
    return output_of(("sh", "-c", code), None, timeout_s, limit)


def test_what_it_prints_is_returned_to_the_last_byte() -> None:
    assert shell("printf one; sleep 0.1; printf two") == b"onetwo"


def test_a_command_that_prints_for_ever_is_cut_while_it_prints() -> None:
    with pytest.raises(CommandFailed, match="more than the 1000 bytes"):
        shell("yes")


def test_a_child_that_keeps_the_output_open_is_not_waited_for_and_lives_on() -> None:
    began = time.monotonic()
    pid = int(shell("sleep 300 & echo $!"))
    try:
        assert time.monotonic() - began < 15
        os.kill(pid, 0)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_one_that_does_not_end_in_time_is_ended_with_its_children(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    with pytest.raises(CommandFailed, match=r"no answer within 0\.5 s"):
        shell(f"sleep 300 & echo $! > {noted}; wait", 0.5)
    child = Path(f"/proc/{int(noted.read_text())}/cmdline")
    until(lambda: not child.exists() or not child.read_bytes(), "its end")


def test_how_it_failed_is_told_with_what_it_said() -> None:
    with pytest.raises(CommandFailed, match="exit status 3; said: no such option"):
        shell("echo no such option >&2; exit 3")
    with pytest.raises(CommandFailed, match="ended by signal 9"):
        shell("kill -9 $$")


def test_ten_megabytes_of_complaints_are_neither_kept_nor_waited_for() -> None:
    assert shell("head -c 10000000 /dev/zero >&2; echo done") == b"done\n"
