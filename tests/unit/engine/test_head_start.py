"""The first look by a child: it sees what a look of our own sees, and whatever becomes of it we see all the same."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time

import pytest

from opsconsole.collect.forked import Forked
from opsconsole.collect.listeners import ListenerSource
from opsconsole.collect.processes import ProcessSource
from opsconsole.engine.head_start import head_start
from opsconsole.model.clock import SystemClock

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no head start elsewhere")


def test_it_sees_what_a_look_of_our_own_sees() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        processes, ports, clock = ProcessSource(), ListenerSource(), SystemClock()
        begun = head_start(processes, ports, clock)
        assert begun is not None
        table = begun.finish()
        assert table is not None
        assert table.value is not None
        own = ProcessSource()
        seen = own.read(clock)
        own.close()
        assert seen.value is not None
        ourselves, again = table.value.processes[os.getpid()], seen.value.processes[os.getpid()]
        assert (ourselves.id, ourselves.argv, ourselves.exe) == (again.id, again.argv, again.exe)
        port = next(port for port in ports.read(clock, table).value or () if port.port == server.getsockname()[1])
        assert [owner.id.pid for listener in port.listeners for owner in listener.owners] == [os.getpid()]
        processes.close()


def test_the_next_read_goes_on_from_it() -> None:
    processes, clock = ProcessSource(), SystemClock()
    begun = head_start(processes, ListenerSource(), clock)
    assert begun is not None
    first = begun.finish()
    assert first is not None
    assert first.value is not None
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        pass  # CPU that the second read can tell
    second = processes.read(clock)
    assert second.value is not None
    assert second.value.processes[os.getpid()].cpu_percent is not None
    assert second.value.processes.keys() >= {os.getpid(), os.getppid()}
    processes.close()


def test_a_child_that_hangs_is_ended_and_leaves_no_zombie() -> None:
    child = Forked(signal.pause)
    began = time.monotonic()
    assert child.result(0.2) is None
    assert time.monotonic() - began < 10
    with pytest.raises(ChildProcessError):
        os.waitpid(child._pid, os.WNOHANG)


def test_a_child_that_fails_has_seen_nothing() -> None:
    assert Forked(lambda: 1 // 0).result(10) is None


def test_a_child_that_was_killed_has_seen_nothing() -> None:
    child = Forked(lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert child.result(10) is None


def test_an_answer_larger_than_a_pipe_comes_whole() -> None:
    assert Forked(lambda: b"x" * 3_000_000).result(10) == b"x" * 3_000_000


def test_an_answer_comes_whatever_the_number_of_its_pipe() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1200:
        pytest.skip(f"no more than {hard} descriptors may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert Forked(lambda: "seen").result(10) == "seen"
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_that_is_given_up_leaves_no_child() -> None:
    child = Forked(signal.pause)
    child.close()
    child.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(child._pid, os.WNOHANG)


def test_a_child_whose_parent_ends_without_asking_ends_too() -> None:
    code = "from opsconsole.collect.forked import Forked\nForked(lambda: b'x' * 3_000_000)"
    # Its standard output is the child's too: this returns only once both have ended.
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, timeout=60)
