"""A link that goes away while it is followed breaks no look at the machine."""

from __future__ import annotations

import os

import pytest

from opsconsole.collect.programs import real_path


def test_a_link_that_vanishes_between_two_looks_is_left_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/fd/N of a program that was started from one, and has ended: lstat sees it, readlink does not."""
    read, write = os.pipe()
    path = f"/proc/{os.getpid()}/fd/{read}"
    readlink = os.readlink

    def vanishing(target: str, **options: object) -> str:
        os.close(read)
        return readlink(target)

    monkeypatch.setattr(os, "readlink", vanishing)
    assert real_path(path) == path
    os.close(write)
