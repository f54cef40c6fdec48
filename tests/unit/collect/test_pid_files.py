"""What a pid file says, and each way in which it says nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsconsole.collect.pid_files import read_pid_file


@pytest.mark.parametrize("content", ["4242", "4242\n", " 4242 \nsecond line\n"])
def test_a_pid_in_the_first_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.pid"
    path.write_text(content)
    found = read_pid_file(path)
    assert (found.pid, found.error) == (4242, "")
    assert found.written_at == path.stat().st_mtime


@pytest.mark.parametrize("content", ["", "none\n", "-1\n", "0\n", "99999999999\n", "²\n"])
def test_garbage(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.pid"
    path.write_text(content)
    found = read_pid_file(path)
    assert (found.pid, found.error) == (None, "garbage")
    assert str(path) in found.reason


def test_missing(tmp_path: Path) -> None:
    assert read_pid_file(tmp_path / "absent").error == "missing"


def test_a_fifo_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert read_pid_file(tmp_path / "fifo").error == "unreadable"
