"""What is made of tmux's answers, told by a stand-in for tmux behind a real socket. Real servers: tests/e2e."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.collect.tmux import TmuxSource
from opsconsole.collect.tmux_sockets import find_sockets, knock, usual_directory
from opsconsole.config.types import DemoTable, Duration, SessionsTable
from opsconsole.model.session import Asleep, Pane, TmuxServer

MOVED = 1_770_571_000


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def wall(self) -> float:
        return MOVED + self.now

    def monotonic(self) -> float:
        return self.now


def line(
    name: str = "work",
    title: str = "a title",
    *,
    number: int | str = 1,
    dead: str = "0",
    mode: str = "0",
    moved: int | str = MOVED,
    clients: int = 0,
    pid: int | str = 4242,
    sleeps: str = "",
) -> str:
    fields = (f"${number}", 1_770_000_000, 0, 1, f"%{number}", pid, "/dev/pts/3", dead, mode, moved, clients)
    return "P:" + ":".join(map(str, fields)) + f":1770000000:700:{sleeps}:{name}:{title}\n"


class Stand:
    """A directory with a listening socket, and a ``tmux`` on PATH that answers as told."""

    def __init__(self, directory: Path) -> None:
        self.bin = directory / "bin"
        self.sockets = directory / "sockets"
        self.bin.mkdir()
        self.sockets.mkdir()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.path = self.sockets / "default"
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.clock = Clock()
        self.answers("")

    def answers(self, output: str | bytes, *, status: int = 0, complaint: str = "") -> None:
        content = output if isinstance(output, bytes) else output.encode()
        (self.bin / "output").write_bytes(content)
        (self.bin / "complaint").write_text(complaint)
        program = self.bin / "tmux"
        program.write_text(f"#!/bin/sh\n/bin/cat {self.bin}/output; /bin/cat {self.bin}/complaint >&2; exit {status}\n")
        program.chmod(0o755)

    def source(self, table: SessionsTable | None = None, demo: DemoTable | None = None) -> TmuxSource:
        return TmuxSource(table or SessionsTable(), demo, self.sockets)

    def server(self, source: TmuxSource | None = None) -> TmuxServer:
        reading = (source or self.source()).read(self.clock)
        assert reading.value is not None, reading.reason
        (server,) = reading.value
        return server

    def panes(self, demo: DemoTable | None = None) -> tuple[Pane, ...]:
        server = self.server(self.source(demo=demo))
        assert not server.error
        return server.panes


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    # A socket's path may have 107 bytes: pytest's own directories can be longer.
    with tempfile.TemporaryDirectory(prefix="oc") as directory:
        made = Stand(Path(directory))
        monkeypatch.setenv("PATH", str(made.bin))
        with made.listener:
            yield made


def test_a_pane_is_told_with_all_its_fields(stand: Stand) -> None:
    stand.answers(line("work", "✳ Refactor", mode="2"))
    (pane,) = stand.panes()
    assert (pane.session_id, pane.session_name, pane.session_created) == ("$1", "work", 1_770_000_000)
    assert (pane.window, pane.pid, pane.tty, pane.dead, pane.in_mode) == ("0.1", 4242, "/dev/pts/3", False, True)
    assert (pane.activity_at, pane.title) == (float(MOVED), "✳ Refactor")
    assert (pane.id.socket, pane.id.server_pid, pane.id.server_start) == (str(stand.path), 700, 1_770_000_000)
    assert pane.id.pane == "%1"


@pytest.mark.parametrize(
    ("mark", "asleep"),
    [
        ("claude-code/0f-0f/1770000100/1769990000", Asleep("claude-code", "0f-0f", 1770000100.0, 1769990000.0)),
        ("claude-code/0f-0f/1770000100", Asleep("claude-code", "0f-0f", 1770000100.0)),
        ("claude-code/0f-0f/1770000100/soon", Asleep("claude-code", "0f-0f", 1770000100.0)),
        ("claude-code/0f-0f/then", None),
        ("claude-code//1770000100", None),
        ("", None),
    ],
)
def test_a_mark_tells_what_sleeps_in_a_pane_and_when_it_last_moved(
    stand: Stand, mark: str, asleep: Asleep | None
) -> None:
    stand.answers(line(sleeps=mark))
    assert stand.panes()[0].asleep == asleep


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("a:b::c:", "a:b::c:"),
        ("", ""),
        ("#{pid} #[fg=red] #(reboot)", "#{pid} #[fg=red] #(reboot)"),
        ("tab\tand\x1b]0;x\x07", "tab and]0;x"),
        ("\u202eevil\u200b", "evil"),
        ("[/] [@click=app.quit]x", "[/] [@click=app.quit]x"),
        ("deploy --token=hunter2hunter2", "deploy --token=•••"),
        ("C:$1:0", "C:$1:0"),
    ],
)
def test_a_title_may_hold_anything_and_is_shown_clean(stand: Stand, title: str, shown: str) -> None:
    stand.answers(line(title=title))
    assert stand.panes()[0].title == shown


def test_bytes_that_are_no_utf8_do_not_spoil_the_rest(stand: Stand) -> None:
    stand.answers(line(title="X").encode().replace(b"X", b"\xff\xfe") + line(number=2).encode())
    assert [pane.id.pane for pane in stand.panes()] == ["%1", "%2"]


def test_an_empty_field_is_unknown_not_zero(stand: Stand) -> None:
    stand.answers(line(pid="", moved="", dead="1"))
    (pane,) = stand.panes()
    assert (pane.pid, pane.activity_at, pane.dead) == (None, None, True)


def test_people_are_counted_and_control_clients_are_not(stand: Stand) -> None:
    stand.answers(line(clients=4) + line(number=2) + "C:$1:0\nC:$1:1\nC:$1:0\nC::0\n")
    assert stand.server().attached == {"$1": 2}


def test_when_the_clients_cannot_be_listed_every_client_counts_as_a_person(stand: Stand) -> None:
    """Over-counting keeps hands off a session somebody may be looking at."""
    stand.answers(line(clients=2) + line(number=2) + "E:\n", status=1, complaint="something of the clients")
    server = stand.server()
    assert (len(server.panes), server.attached) == (2, {"$1": 2})


def test_a_list_of_panes_that_was_cut_short_is_an_error_not_a_shorter_list(stand: Stand) -> None:
    """The server went away in the middle of its answer, and another listens there by now."""
    stand.answers(line() + line(number=2), status=1, complaint="lost server")
    server = stand.server()
    assert (server.panes, server.error) == ((), "lost server")


@pytest.mark.parametrize(
    "output", ["P:1:2\n", "hello\n", line(pid="x"), line(number="x"), line().replace(":700:", ":x:"), "\x00\n"]
)
def test_an_answer_that_is_not_understood_is_an_error_not_a_shorter_list(stand: Stand, output: str) -> None:
    stand.answers(line() + output)
    server = stand.server()
    assert server.panes == ()
    assert "no pane" in server.error


def test_a_complaint_is_that_servers_error(stand: Stand) -> None:
    stand.answers("", status=1, complaint="protocol version mismatch (client 8, server 7)\n")
    assert stand.server().error == "protocol version mismatch (client 8, server 7)"


def test_a_silent_failure_is_an_error_too(stand: Stand) -> None:
    stand.answers("", status=3)
    assert stand.server().error == "tmux exited with 3"


def test_a_server_without_sessions_is_no_failure(stand: Stand) -> None:
    stand.answers("", status=1, complaint="no current target\n")
    server = stand.server()
    assert (server.panes, server.error) == ((), "")


def test_a_failure_of_a_server_that_has_gone_is_no_server(stand: Stand) -> None:
    """tmux fails, and nobody is behind the socket any more: that is certain, not unknown."""
    source = stand.source()
    stand.answers(line())
    assert stand.server(source).panes
    stand.listener.close()
    stand.answers("", status=1, complaint="no server running on …")
    reading = source.read(stand.clock)
    assert (reading.state, reading.value) == ("ok", ())


def test_without_tmux_on_path_a_listening_server_is_an_error(stand: Stand) -> None:
    (stand.bin / "tmux").unlink()
    assert "no tmux on PATH" in stand.server().error


def test_an_unchanged_answer_is_not_parsed_again_and_a_changed_line_alone_is(stand: Stand) -> None:
    """The same objects come back: nothing downstream needs to look at what has not changed."""
    source = stand.source()
    stand.answers(line() + line(number=2))
    first = stand.server(source)
    assert stand.server(source) is first
    stand.answers(line() + line(number=2, moved=MOVED + 5))
    second = stand.server(source)
    assert second.panes[0] is first.panes[0]
    assert second.panes[1].activity_at == MOVED + 5


def test_clients_coming_and_going_are_noticed_though_no_pane_changed(stand: Stand) -> None:
    source = stand.source()
    stand.answers(line(clients=1) + "C:$1:1\n")
    assert stand.server(source).attached == {}
    stand.answers(line(clients=1) + "E:\n", status=1)
    assert stand.server(source).attached == {"$1": 1}


def test_a_demos_idleness_counts_until_the_session_shows_output(stand: Stand) -> None:
    """Output up to two seconds after the demo was built is the building itself; later output is real."""
    demo = DemoTable(idle={"work": Duration(3600.0)}, built_at=float(MOVED))
    stand.answers(line("work", moved=MOVED + 2) + line("work", number=2, moved=MOVED + 3) + line("other", number=3))
    assert [pane.activity_at for pane in stand.panes(demo)] == [MOVED + 2 - 3600.0, MOVED + 3, MOVED]


@given(st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=80))
def test_no_title_can_take_the_place_of_another_field(title: str) -> None:
    source = TmuxSource(SessionsTable(), socket_directory=Path("/nowhere"))
    parsed = source._line("/s", line(title=title).rstrip("\n").encode())
    assert parsed is not None
    assert (parsed.pane.session_name, parsed.pane.pid) == ("work", 4242)


@given(st.binary(max_size=200))
def test_no_line_raises(raw: bytes) -> None:
    TmuxSource(SessionsTable(), socket_directory=Path("/nowhere"))._line("/s", raw)


class TestSockets:
    def test_only_our_sockets_in_the_directory_are_servers(self, stand: Stand) -> None:
        (stand.sockets / "default.lock").write_text("")
        os.mkfifo(stand.sockets / "fifo")
        (stand.sockets / "link").symlink_to(stand.path)
        (stand.sockets / "directory").mkdir()
        assert find_sockets(SessionsTable(), stand.sockets).paths == (str(stand.path),)

    def test_no_directory_is_certainly_no_server(self, tmp_path: Path) -> None:
        reading = TmuxSource(SessionsTable(), socket_directory=tmp_path / "none").read(Clock())
        assert (reading.state, reading.value) == ("ok", ())
        assert str(tmp_path / "none") in reading.note

    def test_a_directory_that_is_none_makes_it_unknown(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        reading = TmuxSource(SessionsTable(), socket_directory=tmp_path / "file").read(Clock())
        assert (reading.state, reading.reason) == (
            "unknown",
            f"cannot look for tmux sockets in {tmp_path / 'file'}: Not a directory",
        )

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
    def test_a_directory_of_another_user_is_refused_as_tmux_does(self, tmp_path: Path) -> None:
        os.chown(tmp_path, 12345, -1)
        reading = TmuxSource(SessionsTable(), socket_directory=tmp_path).read(Clock())
        assert reading.state == "unknown"
        assert "belongs to uid 12345" in reading.reason

    def test_a_stale_socket_is_skipped_without_starting_anything(self, stand: Stand) -> None:
        """There is no tmux to start, and still the answer is certain."""
        stand.listener.close()
        (stand.bin / "tmux").unlink()
        assert stand.path.is_socket()
        reading = stand.source().read(stand.clock)
        assert (reading.state, reading.value) == ("ok", ())

    def test_the_configured_socket_alone_is_asked(self, stand: Stand) -> None:
        other = stand.path.parent.parent / "mine"
        shutil.move(stand.path, other)
        stand.answers(line())
        server = stand.server(stand.source(SessionsTable(socket=other)))
        assert (server.socket, len(server.panes)) == (str(other), 1)

    def test_the_configured_name_is_looked_for_in_the_directory(self, stand: Stand) -> None:
        stand.answers(line())
        assert stand.server(stand.source(SessionsTable(name="default"))).socket == str(stand.path)
        reading = stand.source(SessionsTable(name="other")).read(stand.clock)
        assert (reading.value, reading.note) == ((), f"no tmux server at {stand.sockets / 'other'} (sessions.name)")

    def test_a_configured_socket_that_is_a_file_is_unknown_and_says_what_it_should_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        reading = TmuxSource(SessionsTable(socket=tmp_path / "file")).read(Clock())
        assert reading.state == "unknown"
        assert "is not a socket" in reading.reason

    def test_a_path_too_long_for_a_socket_is_an_error_not_an_absence(self) -> None:
        found = knock("/tmp/" + "x" * 200)
        assert not found.listening
        assert "too long" in found.error

    def test_a_listener_with_a_full_queue_is_there(self) -> None:
        """A stopped server accepts nobody; connecting must neither wait nor take it for gone."""
        with tempfile.TemporaryDirectory(prefix="oc") as directory, socket.socket(socket.AF_UNIX) as listener:
            path = f"{directory}/s"
            listener.bind(path)
            listener.listen(0)
            waiting = [socket.socket(socket.AF_UNIX) for _ in range(4)]
            for connection in waiting:
                connection.setblocking(False)
                connection.connect_ex(path)
            assert knock(path).listening
            for connection in waiting:
                connection.close()

    def test_the_usual_directory_follows_tmux_tmpdir(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TMUX_TMPDIR", "/run/me")
        assert usual_directory() == Path(f"/run/me/tmux-{os.getuid()}")
        monkeypatch.delenv("TMUX_TMPDIR")
        assert usual_directory() == Path(f"/tmp/tmux-{os.getuid()}")
