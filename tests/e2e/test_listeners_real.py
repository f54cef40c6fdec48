"""Real listening sockets and their owners: shared, inherited, rival, moved by exec, closed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from opsconsole.collect import sock_diag
from opsconsole.collect.listeners import ListenerSource
from opsconsole.collect.listeners_psutil import read_by_psutil
from opsconsole.collect.processes import ProcessSource
from opsconsole.model.clock import SystemClock
from opsconsole.model.listener import Port
from opsconsole.model.reading import Reading, unknown
from tests.e2e.ground import NOTE, PYTHON, Ground, until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs a procfs")

CLOCK = SystemClock()
LISTEN = (
    NOTE
    + """
import os, socket, sys, time
host, port, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def bind():
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(mode != "both"))
    listener.bind((host, port))
    listener.listen()
    return listener

def tell(listener):
    told = pathlib.Path(f"telling.{os.getpid()}")
    told.write_text(str(listener.getsockname()[1]))
    told.rename(f"told.{os.getpid()}")

if mode == "each":
    for _ in range(2):
        if os.fork() == 0:
            note()
            kept = bind()
            tell(kept)
            time.sleep(600)
    time.sleep(600)
listener = bind()
if mode == "fork":
    for _ in range(2):
        if os.fork() == 0:
            note()
            time.sleep(600)
if mode == "exec":
    listener.set_inheritable(True)
tell(listener)
if mode == "exec":
    while not pathlib.Path("go").exists(): time.sleep(0.02)
    os.execv(sys.executable, [sys.executable, "sleep.py"])
time.sleep(600)
"""
)


class Watch:
    """The ports of this machine, read again and again until they look as expected."""

    def __init__(self) -> None:
        self.processes = ProcessSource(descriptor_budget=0)
        self.source = ListenerSource()

    def look(self) -> Reading[tuple[Port, ...]]:
        return self.source.read(CLOCK, self.processes.read(CLOCK))

    def port(self, number: int) -> Port | None:
        return next((port for port in self.look().value or () if port.port == number), None)

    def see(self, number: int, expected: Callable[[Port], bool]) -> Port:
        last: list[Port | None] = []

        def look() -> Port | None:
            last[:] = [self.port(number)]
            return last[0] if last[0] is not None and expected(last[0]) else None

        try:
            return until(look, f"port {number}")
        except AssertionError as failure:
            raise AssertionError(f"{failure}; last seen: {last}") from None


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    watch.processes.close()


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    ground = Ground(tmp_path)
    ground.write("listen.py", LISTEN)
    ground.write("other.py", LISTEN)
    ground.write("sleep.py", NOTE + "import time; time.sleep(600)\n")
    yield ground
    ground.close()


def listen(
    ground: Ground, host: str = "127.0.0.1", port: int = 0, mode: str = "", script: str = "listen.py"
) -> tuple[int, int]:
    """Start a listener; its pid and port."""
    pid = ground.start(PYTHON, script, host, str(port), mode)
    told = ground.folder / f"told.{pid}"
    until(told.exists, f"{script} to listen")
    return pid, int(told.read_text())


def owners(port: Port) -> list[list[int]]:
    return sorted([owner.pid for owner in listener.owners] for listener in port.listeners)


def test_a_listener_is_told_with_its_owner_and_gone_when_closed(ground: Ground, watch: Watch) -> None:
    pid, number = listen(ground)
    port = watch.see(number, lambda port: owners(port) == [[pid]])
    (listener,) = port.listeners
    assert (listener.address, listener.family, listener.uid, port.sharing) == ("127.0.0.1", 4, os.geteuid(), "")
    assert listener.owners_known or os.geteuid() != 0
    assert "listen.py" in listener.owners[0].command
    ground.kill(pid)
    assert watch.port(number) is None


def test_a_listener_that_comes_later_is_seen_with_its_owner(ground: Ground, watch: Watch) -> None:
    """After all descriptor tables were looked through, and before they are again."""
    watch.look()
    pid, number = listen(ground)
    watch.see(number, lambda port: owners(port) == [[pid]])


def test_a_socket_that_children_inherited_has_them_all_as_owners_parents_first(ground: Ground, watch: Watch) -> None:
    pid, number = listen(ground, mode="fork")
    children = ground.noted(2, lambda noted: noted != pid)
    port = watch.see(number, lambda port: owners(port) == [[pid, *children]])
    assert port.sharing == "inherited"
    ground.kill(pid)
    port = watch.see(number, lambda port: owners(port) == [children])
    for child in children:
        os.kill(child, signal.SIGKILL)
    until(lambda: watch.port(number) is None, "the last owner to end")


def test_two_programs_on_one_address_are_rivals(ground: Ground, watch: Watch) -> None:
    one, number = listen(ground)
    two, _ = listen(ground, port=number, script="other.py")
    port = watch.see(number, lambda port: owners(port) == sorted([[one], [two]]))
    assert port.sharing == "reuseport"


def test_two_starts_of_one_program_on_one_address_are_rivals(ground: Ground, watch: Watch) -> None:
    """The incident's port 8080: the same dashboard, started twice."""
    one, number = listen(ground)
    two, _ = listen(ground, port=number)
    port = watch.see(number, lambda port: owners(port) == sorted([[one], [two]]))
    assert port.sharing == "reuseport"


def test_workers_of_one_server_that_bind_for_themselves_are_a_family(ground: Ground, watch: Watch) -> None:
    """As gunicorn --reuse-port does: a socket for each, one tree."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
        root = ground.start(PYTHON, "listen.py", "127.0.0.1", str(number), "each")
        children = ground.noted(2, lambda noted: noted != root)
        port = watch.see(number, lambda port: owners(port) == sorted([child] for child in children))
    assert port.sharing == "inherited"


def test_one_program_on_both_families_and_one_socket_for_both(ground: Ground, watch: Watch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as four, socket.socket(socket.AF_INET6) as six:
        number = four.getsockname()[1]
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        six.bind(("::1", number))
        six.listen()
        port = watch.see(number, lambda port: owners(port) == [[os.getpid()], [os.getpid()]])
        assert port.sharing == "dual-stack"
        assert [(one.address, one.v6_only) for one in port.listeners] == [("127.0.0.1", None), ("::1", True)]
    pid, number = listen(ground, host="::", mode="both")
    port = watch.see(number, lambda port: owners(port) == [[pid]])
    assert [(one.address, one.v6_only) for one in port.listeners] == [("::", False)]


def test_a_dual_stack_socket_and_an_ipv4_one_of_another_program_are_rivals(ground: Ground, watch: Watch) -> None:
    one, number = listen(ground, host="::", mode="both")
    two, _ = listen(ground, host="0.0.0.0", port=number, script="other.py")
    port = watch.see(number, lambda port: owners(port) == sorted([[one], [two]]))
    assert port.sharing == "reuseport"


def test_an_owner_that_execs_is_told_by_its_new_command(ground: Ground, watch: Watch) -> None:
    pid, number = listen(ground, mode="exec")
    watch.see(number, lambda port: owners(port) == [[pid]])
    (ground.folder / "go").touch()
    watch.see(number, lambda port: "sleep.py" in port.listeners[0].owners[0].command)


def test_unchanged_ports_are_the_very_same_object(ground: Ground, watch: Watch) -> None:
    pid, number = listen(ground)
    watch.see(number, lambda port: owners(port) == [[pid]])

    def same() -> bool:
        one, two = watch.look().value, watch.look().value
        return one is not None and one is two

    assert until(same, "two looks between which nothing on this machine began or ceased to listen")


def test_proc_net_and_psutil_tell_the_same_socket(
    ground: Ground, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What other systems and sandboxes fall back on."""
    pid, number = listen(ground)

    def refuse() -> None:
        raise OSError("no netlink here")

    monkeypatch.setattr(sock_diag, "ask_kernel", refuse)
    (port,) = [found for found in watch.look().value or () if found.port == number]
    assert owners(port) == [[pid]]
    reading = read_by_psutil(CLOCK.wall(), watch.processes.read(CLOCK))
    (port,) = [found for found in reading.value or () if found.port == number]
    assert owners(port) == [[pid]]


def test_the_sockets_are_those_that_psutil_sees(watch: Watch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        found = {(one.address, one.port) for port in watch.look().value or () for one in port.listeners}
        mine = {
            (connection.laddr.ip, connection.laddr.port)
            for connection in psutil.Process().net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
    assert ("127.0.0.1", number) in mine <= found


def test_without_sockets_or_processes_the_reading_says_which_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = ListenerSource().read(CLOCK, unknown("process table: gone", 1.0))
    assert (reading.state, reading.reason) == ("unknown", "process table: gone")

    def refuse(_root: Path) -> None:
        raise PermissionError(13, "Permission denied", "/proc/net/tcp")

    monkeypatch.setattr("opsconsole.collect.listeners.listening", refuse)
    reading = ListenerSource().read(CLOCK, unknown("process table: gone", 1.0))
    assert reading.state == "unknown"
    assert "/proc/net/tcp" in reading.reason


INSIDE = """
from opsconsole.collect.listeners import ListenerSource
from opsconsole.collect.processes import ProcessSource
from opsconsole.model.clock import SystemClock
table = ProcessSource(descriptor_budget=0).read(SystemClock())
for port in ListenerSource().read(SystemClock(), table).value:
    for listener in port.listeners:
        print(port.port, len(listener.owners), listener.owners_known)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a pid namespace")
def test_an_owner_in_another_pid_namespace_is_not_taken_for_nobody(ground: Ground) -> None:
    _, number = listen(ground)
    inside = subprocess.run(
        ["unshare", "-pf", "--mount-proc", PYTHON, "-c", INSIDE],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
    )
    if inside.returncode != 0 and "unshare" in inside.stderr:
        pytest.skip(f"no pid namespace here: {inside.stderr}")
    assert f"{number} 0 False" in inside.stdout, inside.stdout + inside.stderr


AS_NOBODY = """
import os
from opsconsole.collect.listeners import ListenerSource
from opsconsole.collect.processes import ProcessSource
from opsconsole.model.clock import SystemClock

def look():
    table = ProcessSource(descriptor_budget=0).read(SystemClock())
    ports = ListenerSource().read(SystemClock(), table).value
    return [f"{port.port} {len(one.owners)} {one.owners_known}" for port in ports for one in port.listeners]

look()  # whatever is imported late may be out of nobody's reach
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
print(*look(), sep="\\n")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_an_owner_whom_we_may_not_look_into_is_not_taken_for_nobody(ground: Ground) -> None:
    _, number = listen(ground)
    looked = subprocess.run(
        [PYTHON, "-c", AS_NOBODY],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
    )
    assert f"{number} 0 False" in looked.stdout, looked.stdout + looked.stderr


def test_in_haste_nobody_is_called_invisible_whom_nobody_looked_for() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        number = listener.getsockname()[1]
        source, processes = ListenerSource(), ProcessSource(descriptor_budget=0)
        source.haste()
        told = []
        for _ in range(2):
            (port,) = (one for one in source.read(CLOCK, processes.read(CLOCK)).value or () if one.port == number)
            told.append((port.listeners[0].sought, [owner.pid for owner in port.listeners[0].owners]))
    assert told == [(False, []), (True, [os.getpid()])]
