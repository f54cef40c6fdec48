"""The tmux source against real, private tmux servers."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opsconsole.collect.processes import ProcessSource
from opsconsole.collect.sessions import assemble_sessions, pane_pids
from opsconsole.collect.tmux import ANSWER_WITHIN_S, ASK_HUNG_AGAIN_S, TmuxSource
from opsconsole.config.types import DemoTable, SessionsTable
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading
from opsconsole.model.session import Pane, Session, TmuxServer

WITHIN_S = 10.0


class Clock:
    """The machine's clock, which a test may advance."""

    ahead = 0.0

    def wall(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


class Server:
    """A tmux server of our own, without anybody's configuration."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pid = 0

    def run(self, *arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TMUX")}
        environment |= {"LC_ALL": "C.UTF-8", "SHELL": "/bin/sh", "TERM": "xterm"}
        done = subprocess.run(
            ["tmux", "-u", "-S", str(self.path), "-f", "/dev/null", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=True,
        )
        self.pid = self.pid or int(self.run_pid())
        return done.stdout.strip()

    def run_pid(self) -> str:
        self.pid = -1
        try:
            return self.run("display-message", "-p", "#{pid}")
        finally:
            self.pid = 0

    def new(self, session: str, command: str = "exec sleep 1000") -> None:
        self.run("new-session", "-d", "-s", session, command)

    def stop(self) -> None:
        """End it, and see it gone."""
        if not self.pid:
            return
        pid, self.pid = self.pid, 0
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        with contextlib.suppress(subprocess.SubprocessError):
            subprocess.run(["tmux", "-S", str(self.path), "kill-server"], capture_output=True, timeout=WITHIN_S)
        until(lambda: not _alive(pid))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def directory() -> Iterator[Path]:
    # A socket's path may have 107 bytes: pytest's own directories can be longer.
    with tempfile.TemporaryDirectory(prefix="oc", dir="/tmp") as path:
        yield Path(path)


@pytest.fixture
def start(directory: Path) -> Iterator[Callable[[str], Server]]:
    servers: list[Server] = []

    def make(name: str) -> Server:
        servers.append(Server(directory / name))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def tmux(start: Callable[[str], Server]) -> Server:
    return start("default")


def read(source: TmuxSource, clock: Clock | None = None) -> tuple[TmuxServer, ...]:
    reading: Reading[tuple[TmuxServer, ...]] = source.read(clock or Clock())
    assert reading.value is not None, reading.reason
    return reading.value


def panes(directory: Path) -> list[Pane]:
    (server,) = read(TmuxSource(SessionsTable(), socket_directory=directory))
    assert not server.error
    return list(server.panes)


def test_sessions_windows_and_panes(tmux: Server, directory: Path) -> None:
    """Every pane comes with the identity and the process that tmux itself tells for it."""
    tmux.new("work")
    tmux.run("split-window", "-t", "=work:", "exec sleep 1000")
    tmux.run("new-window", "-d", "-t", "=work:", "exec sleep 1000")
    tmux.new("work-prod")
    tmux.new("work-prod-2")
    found = panes(directory)
    assert [(pane.session_name, pane.window) for pane in found] == [
        ("work", "0.0"),
        ("work", "0.1"),
        ("work", "1.0"),
        ("work-prod", "0.0"),
        ("work-prod-2", "0.0"),
    ]
    assert len({pane.session_id for pane in found}) == 3
    assert {pane.id.server_pid for pane in found} == {tmux.pid}
    for pane in found:
        assert str(pane.pid) == tmux.run("display-message", "-p", "-t", pane.id.pane, "#{pane_pid}")
        assert pane.tty == tmux.run("display-message", "-p", "-t", pane.id.pane, "#{pane_tty}")
        assert pane.activity_at is not None
        assert abs(time.time() - pane.activity_at) < WITHIN_S


def test_output_moves_the_activity_of_its_window(tmux: Server, directory: Path) -> None:
    """To tmux's own second."""
    tmux.new("loud", "while read line; do echo $line; done")
    tmux.new("quiet")
    before = {pane.session_name: pane.activity_at for pane in panes(directory)}
    until(lambda: int(time.time()) > max(moved or 0 for moved in before.values()))
    tmux.run("send-keys", "-t", "=loud:", "hello", "Enter")

    def moved() -> bool:
        now = {pane.session_name: pane.activity_at for pane in panes(directory)}
        return now["loud"] != before["loud"] and now["quiet"] == before["quiet"]

    until(moved)


def test_a_pane_that_ended_and_stayed_is_dead(tmux: Server, directory: Path) -> None:
    tmux.new("alive")
    tmux.run("set-option", "-g", "remain-on-exit", "on")
    tmux.new("over", "true")
    until(lambda: {pane.session_name: pane.dead for pane in panes(directory)} == {"alive": False, "over": True})


def test_copy_mode_is_told(tmux: Server, directory: Path) -> None:
    tmux.new("work")
    tmux.run("copy-mode", "-t", "=work:")
    assert panes(directory)[0].in_mode


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX", "nonsense"])
def test_glyphs_and_hostile_text_come_through_in_any_locale(
    tmux: Server, directory: Path, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    """Names with every separator one could think of, titles set by the program in the pane with escapes in them."""
    monkeypatch.setenv("LC_ALL", locale)
    titles = {
        "tab\there": r"tab\there:and:colons",
        "we|ird:x.y #{pid}": r"✳ Réfactor 😀 #{pid} #[fg=red] P:$1:",
        "uni ✳ 😀": r"two\nlines\001\037",
        "[/] [@click=x]": "C:$0:0",
    }
    for name, title in titles.items():
        tmux.new(name, rf"printf '\033]2;{title}\007'; exec sleep 1000")
    until(lambda: all(pane.title != "" and pane.title != socket.gethostname() for pane in panes(directory)))
    found = {pane.session_name: pane.title for pane in panes(directory)}
    assert found == {
        r"tab\there": "tabhere:and:colons",
        f"we|ird_x_y {tmux.pid}": "✳ Réfactor 😀 #{pid} #[fg=red] P:$1:",
        "uni ✳ 😀": "twolines",
        "[/] [@click=x]": "C:$0:0",
    }


def test_people_are_counted_and_control_clients_are_not(tmux: Server, directory: Path) -> None:
    tmux.new("work")
    tmux.new("other")
    master, slave = pty.openpty()
    attach = ["tmux", "-S", str(tmux.path), "attach", "-t", "=work"]
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    environment.pop("TMUX", None)
    person = subprocess.Popen(attach, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
    control = subprocess.Popen(
        ["tmux", "-S", str(tmux.path), "-C", "attach", "-t", "=other"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=environment,
    )
    try:
        until(lambda: tmux.run("list-clients", "-F", "x").count("x") == 2)
        (server,) = read(TmuxSource(SessionsTable(), socket_directory=directory))
        work = next(pane.session_id for pane in server.panes if pane.session_name == "work")
        assert server.attached == {work: 1}
    finally:
        for client in (person, control):
            client.kill()
            client.wait()
        if control.stdin is not None:
            control.stdin.close()
        os.close(master)
        os.close(slave)


def test_a_console_inside_tmux_still_asks_the_right_server(
    start: Callable[[str], Server], directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = start("one"), start("two")
    one.new("first")
    two.new("second")
    monkeypatch.setenv("TMUX", f"{one.path},{one.pid},0")
    monkeypatch.setenv("TMUX_PANE", "%0")
    servers = read(TmuxSource(SessionsTable(), socket_directory=directory))
    assert [(server.socket, [pane.session_name for pane in server.panes]) for server in servers] == [
        (str(one.path), ["first"]),
        (str(two.path), ["second"]),
    ]
    (only,) = read(TmuxSource(SessionsTable(name="two"), socket_directory=directory))
    assert only.pid == two.pid
    (only,) = read(TmuxSource(SessionsTable(socket=one.path)))
    assert only.pid == one.pid


def test_the_server_the_console_runs_in_is_looked_at_wherever_its_socket_is(
    start: Callable[[str], Server], directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = start("elsewhere")
    elsewhere.new("around")
    monkeypatch.setenv("TMUX", f"{elsewhere.path},{elsewhere.pid},0")
    usual = directory / "usual"
    monkeypatch.setenv("TMUX_TMPDIR", str(usual))
    (server,) = read(TmuxSource(SessionsTable()))
    assert (server.socket, server.pid) == (str(elsewhere.path), elsewhere.pid)
    assert [pane.session_name for pane in server.panes] == ["around"]
    (usual / f"tmux-{os.getuid()}").mkdir(parents=True)
    (usual / f"tmux-{os.getuid()}" / "same").symlink_to(elsewhere.path)
    assert len(read(TmuxSource(SessionsTable()))) == 1, "not twice"
    assert read(TmuxSource(SessionsTable(), demo=DemoTable())) == ()
    assert read(TmuxSource(SessionsTable(name="other"))) == ()
    assert read(TmuxSource(SessionsTable(socket=directory / "other"))) == ()


def test_a_hung_server_costs_itself_only_and_is_left_alone_for_a_while(
    start: Callable[[str], Server], directory: Path
) -> None:
    """The one that is stopped is unknown with its reason after the deadline, the other goes on; then it comes back."""
    hung, well = start("hung"), start("well")
    hung.new("stuck")
    well.new("fine")
    source, clock = TmuxSource(SessionsTable(), socket_directory=directory), Clock()
    assert [len(server.panes) for server in read(source, clock)] == [1, 1]
    os.kill(hung.pid, signal.SIGSTOP)

    started = time.monotonic()
    first, second = read(source, clock)
    assert ANSWER_WITHIN_S <= time.monotonic() - started < source.deadline_s
    assert "did not answer within 3 s" in first.error
    assert first.panes == ()
    assert [pane.session_name for pane in second.panes] == ["fine"]
    assert _children_named("tmux") == []

    started = time.monotonic()
    assert read(source, clock)[0].error == first.error
    assert time.monotonic() - started < ANSWER_WITHIN_S / 2

    assert _alive(hung.pid), "only the client may be killed"
    os.kill(hung.pid, signal.SIGCONT)
    clock.ahead = ASK_HUNG_AGAIN_S + 1
    assert [pane.session_name for pane in read(source, clock)[0].panes] == ["stuck"]


def _children_named(comm: str) -> list[int]:
    """Children of ours, living or zombie, that carry this name."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
                if rest.split()[1] == str(os.getpid()) and name.startswith(comm):
                    found.append(int(entry.name))
    return found


def test_a_restarted_server_reuses_ids_but_no_identity(start: Callable[[str], Server], directory: Path) -> None:
    source = TmuxSource(SessionsTable(), socket_directory=directory)
    first = start("default")
    first.new("work")
    (before,) = read(source)
    assert before.pid == first.pid
    first.stop()
    assert read(source) == ()
    second = start("default")
    second.new("work")
    (after,) = read(source)
    assert before.panes[0].id.pane == after.panes[0].id.pane == "%0"
    assert before.panes[0].session_id == after.panes[0].session_id
    assert before.panes[0].id != after.panes[0].id
    assert after.pid == second.pid


def test_a_server_that_dies_between_two_looks_is_gone_not_unknown(tmux: Server, directory: Path) -> None:
    """Its socket file stays behind when it is killed."""
    tmux.new("work")
    source = TmuxSource(SessionsTable(), socket_directory=directory)
    assert len(read(source)) == 1
    pane_pid = panes(directory)[0].pid
    os.kill(tmux.pid, signal.SIGKILL)
    until(lambda: not _alive(tmux.pid))
    assert tmux.path.is_socket()
    assert read(source) == ()
    until(lambda: pane_pid is not None and not _alive(pane_pid))


def test_leftovers_in_the_directory_are_no_servers(tmux: Server, directory: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(directory / "stale"))
    os.mkfifo(directory / "fifo")
    (directory / "default.lock").write_text("")
    tmux.new("work")
    assert [server.socket for server in read(TmuxSource(SessionsTable(), socket_directory=directory))] == [
        str(tmux.path)
    ]


def test_a_server_that_outlives_its_last_session_has_none(tmux: Server, directory: Path) -> None:
    tmux.new("work")
    tmux.run("set-option", "-s", "exit-empty", "off")
    tmux.run("kill-session", "-t", "=work")
    (server,) = read(TmuxSource(SessionsTable(), socket_directory=directory))
    assert (server.panes, server.error) == ((), "")


def test_a_window_linked_into_two_sessions_is_listed_with_both(tmux: Server, directory: Path) -> None:
    tmux.new("one")
    tmux.new("two")
    tmux.run("link-window", "-s", "=one:0", "-t", "=two:9")
    found = panes(directory)
    assert [(pane.session_name, pane.window) for pane in found] == [("one", "0.0"), ("two", "0.0"), ("two", "9.0")]
    assert found[0].id == found[2].id


def test_asking_leaves_no_descriptor_behind(tmux: Server, directory: Path) -> None:
    tmux.new("work")
    source = TmuxSource(SessionsTable(), socket_directory=directory)
    read(source)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        read(source)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_agent_is_found_below_its_shell_with_memory_and_directory(tmux: Server, directory: Path) -> None:
    """From tmux and /proc to a session: the agent runs under a shell, its tool in a session without a terminal."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    agent = directory / "claude"
    shutil.copy(sleep, agent)
    (directory / "repo").mkdir()
    tmux.run(
        "new-session",
        "-d",
        "-s",
        "agent",
        "-c",
        str(directory / "repo"),
        f"setsid sleep 1000 & echo $! > tool; {agent} 1000; :",
    )
    tmux.new("plain")
    servers, processes = TmuxSource(SessionsTable(), socket_directory=directory), ProcessSource(descriptor_budget=0)
    clock = Clock()

    def sessions() -> dict[str, Session]:
        told = servers.read(clock)
        processes.attend(
            process.pid
            for pid in pane_pids(told)
            for process in (processes.read(clock).value or ProcessTable(0.0, "", {})).tree(pid)
        )
        reading = assemble_sessions(SessionsTable(protect=("plain",)), told, processes.read(clock), clock.wall())
        assert reading.value is not None, reading.reason
        return {session.name: session for session in reading.value}

    try:
        until(lambda: sessions()["agent"].agent == "claude-code" and sessions()["agent"].processes == 3)
        found = sessions()
    finally:
        processes.close()
        # It has a session of its own: the end of tmux does not reach it.
        os.kill(int((directory / "repo" / "tool").read_text()), signal.SIGKILL)
    session = found["agent"]
    (pane,) = session.panes
    assert pane.agent_process is not None
    assert Path(f"/proc/{pane.agent_process.pid}/exe").resolve() == agent
    assert session.cwd == str(directory / "repo")
    assert (session.rss_bytes or 0) > 0
    assert session.swap_bytes is not None
    assert session.state == "unknown"
    assert session.idle_s is not None
    assert session.idle_s < WITHIN_S
    assert (found["plain"].state, found["plain"].protected, session.protected) == ("none", True, False)
