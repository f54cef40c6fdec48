"""Sessions put together from tmux's panes and the process table."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from opsconsole.collect.sessions import assemble_sessions, pane_pids
from opsconsole.config.types import Duration, SessionsTable
from opsconsole.model.identity import PaneId
from opsconsole.model.process import Process
from opsconsole.model.reading import Reading, ok, unconfigured, unknown
from opsconsole.model.session import Pane, Session, TmuxServer
from tests.makers import AT, MB, SERVER_PID, SERVER_START, SOCKET, process, process_table
from tests.makers import pane as any_pane

TTY = 34816


def pane(pid: int | None, session: str = "work", number: int = 1, **changes: Any) -> Pane:
    """As tmux tells it: without an agent, command or directory."""
    plain: dict[str, Any] = {"agent": "", "agent_process": None, "command": "", "cwd": None}
    return msgspec.structs.replace(any_pane(0, session, number, **{**plain, **changes}), pid=pid)


def server(*panes: Pane, **changes: Any) -> TmuxServer:
    fields: dict[str, Any] = {"socket": SOCKET, "pid": SERVER_PID, "start": SERVER_START, "panes": panes}
    return TmuxServer(**{**fields, **changes})


def shell(pid: int, **changes: Any) -> Process:
    fields: dict[str, Any] = {"ppid": SERVER_PID, "exe": "/usr/bin/bash", "tty": TTY, "rss_bytes": 5 * MB}
    return process(pid, "-bash", **{**fields, **changes})


def assembled(
    servers: Any, *processes: Process, table: SessionsTable | None = None, now: float = AT
) -> Reading[tuple[Session, ...]]:
    told = servers if isinstance(servers, Reading) else ok(servers, AT)
    return assemble_sessions(table or SessionsTable(), told, ok(process_table(processes), AT), now)


def only(reading: Reading[tuple[Session, ...]]) -> Session:
    assert reading.value is not None, reading.reason
    (session,) = reading.value
    return session


def test_a_session_costs_what_all_processes_of_its_panes_cost() -> None:
    """The agent, its server, and a tool shell in a session of its own without a terminal: found by their parents."""
    session = only(
        assembled(
            (server(pane(10)),),
            shell(10, rss_bytes=5 * MB, swap_bytes=1 * MB, cpu_percent=1.0),
            process(11, "claude", ppid=10, tty=TTY, rss_bytes=300 * MB, swap_bytes=900 * MB, cpu_percent=7.0),
            process(12, "node mcp.js", ppid=11, rss_bytes=60 * MB, swap_bytes=0, cpu_percent=0.5),
            process(13, "bash -c source", ppid=11, session=13, tty=0, rss_bytes=4 * MB, swap_bytes=0, cpu_percent=0.5),
            process(14, "claude", ppid=1, rss_bytes=999 * MB),
        )
    )
    assert session.rss_bytes == 369 * MB
    assert session.swap_bytes == 901 * MB
    assert session.cpu_percent == 9.0
    assert session.processes == 4


def test_a_pane_running_below_another_pane_is_counted_once() -> None:
    """Panes whose trees overlap: tmux lists a linked window twice."""
    linked = (pane(10, number=1, session_id="$1"), pane(10, number=1, session_id="$1", window="5.0"))
    session = only(assembled((server(*linked),), shell(10)))
    assert (session.rss_bytes, session.processes) == (5 * MB, 1)


def test_the_agent_its_process_and_its_directory_are_told() -> None:
    session = only(
        assembled(
            (server(pane(10)),),
            shell(10, cwd="/home/op"),
            process(11, "claude --continue", ppid=10, tty=TTY, cwd="/home/op/architect"),
            process(12, "node mcp.js", ppid=11, cwd="/elsewhere"),
        )
    )
    (told,) = session.panes
    assert (session.agent, told.agent) == ("claude-code", "claude-code")
    assert told.agent_process is not None
    assert told.agent_process.pid == 11
    assert session.cwd == "/home/op/architect"
    assert told.command == "claude --continue"
    assert (session.state, session.reason) == ("unknown", "its agent has not been looked at yet")


def test_the_agents_directory_comes_before_that_of_an_earlier_pane() -> None:
    session = only(
        assembled(
            (server(pane(10), pane(20, number=2, session_id="$1")),),
            shell(10, cwd="/home/op"),
            shell(20, cwd="/other"),
            process(21, "codex", ppid=20, cwd="/repo"),
        )
    )
    assert (session.agent, session.cwd) == ("codex", "/repo")


def test_without_an_agent_the_state_is_none_and_the_directory_that_of_what_runs_in_front() -> None:
    """In front is the youngest on the pane's terminal; a directory nobody could read falls back to the shell's."""
    session = only(
        assembled(
            (server(pane(10)),),
            shell(10, cwd="/home/op"),
            process(30, "sleep 100", ppid=10, tty=TTY, cwd="/background"),
            process(40, "vim notes", ppid=10, tty=TTY, cwd="/notes"),
            process(41, "ctags", ppid=40, tty=TTY, cwd=None),
            process(50, "daemon", ppid=10, tty=0, cwd="/daemon"),
        )
    )
    assert (session.state, session.agent, session.cwd) == ("none", "", "/notes")
    assert session.panes[0].command == "ctags"


def test_several_agents_are_all_named() -> None:
    session = only(
        assembled(
            (server(pane(10), pane(20, number=2, session_id="$1")),),
            process(10, "gemini", ppid=SERVER_PID),
            process(20, "claude", ppid=SERVER_PID),
        )
    )
    assert session.agent == "claude-code, gemini-cli"


def test_a_sum_with_an_unreadable_part_is_unknown_and_a_zombie_spoils_none() -> None:
    zombie = process(12, "claude", ppid=10, state="Z", rss_bytes=0, swap_bytes=None, cpu_percent=None)
    session = only(assembled((server(pane(10)),), shell(10, swap_bytes=3 * MB), zombie))
    assert (session.swap_bytes, session.rss_bytes) == (3 * MB, 5 * MB)
    unread = process(11, "make", ppid=10, swap_bytes=None)
    session = only(assembled((server(pane(10)),), shell(10), unread))
    assert session.swap_bytes is None
    assert session.rss_bytes == 53 * MB


def test_a_session_is_dead_only_when_every_pane_has_ended() -> None:
    dead = pane(10, dead=True)
    assert only(assembled((server(dead),))).state == "dead"
    alive = pane(20, number=2, session_id="$1")
    assert only(assembled((server(dead, alive),), shell(20))).state == "none"


def test_the_pid_of_a_dead_pane_is_not_followed() -> None:
    """tmux goes on telling it, and it may be another's by now."""
    session = only(assembled((server(pane(10, dead=True)),), process(10, "claude", ppid=SERVER_PID)))
    assert (session.agent, session.processes, session.rss_bytes) == ("", 0, None)


@pytest.mark.parametrize(
    ("processes", "reason"),
    [
        ((), "process 10 of pane %1 is not in the process table"),
        ((process(10, "claude", ppid=1),), "process 10 of pane %1 is no child of the tmux server"),
    ],
)
def test_a_pane_whose_process_is_not_there_makes_the_session_unknown_not_idle(
    processes: tuple[Process, ...], reason: str
) -> None:
    """It started after the scan, its pid was reused, or tmux runs in another pid namespace."""
    session = only(assembled((server(pane(10)),), *processes))
    assert (session.state, session.reason) == ("unknown", reason)
    assert (session.agent, session.rss_bytes, session.swap_bytes) == ("", None, None)


def test_a_session_without_its_whole_tree_has_no_memory_rather_than_too_little() -> None:
    session = only(assembled((server(pane(10), pane(20, number=2, session_id="$1")),), shell(10)))
    assert (session.rss_bytes, session.state) == (None, "unknown")


def test_without_processes_sessions_are_listed_and_their_state_unknown() -> None:
    reading = assemble_sessions(
        SessionsTable(), ok((server(pane(10)),), AT), unknown("cannot read /proc: EACCES", AT), AT
    )
    session = only(reading)
    assert (session.state, session.reason) == ("unknown", "processes are unknown: cannot read /proc: EACCES")
    assert (session.agent, session.rss_bytes, session.cwd) == ("", None, None)
    assert "cannot read /proc" in reading.note


def test_idle_is_since_the_last_output_of_any_pane() -> None:
    panes = (pane(10, activity_at=AT - 500), pane(10, number=2, session_id="$1", activity_at=AT - 30))
    assert only(assembled((server(*panes),), shell(10))).idle_s == 30.0


def test_a_clock_behind_tmux_makes_nobody_idle_for_less_than_nothing() -> None:
    assert only(assembled((server(pane(10, activity_at=AT + 3)),), shell(10))).idle_s == 0.0


def test_idle_without_any_time_is_unknown() -> None:
    assert only(assembled((server(pane(10, activity_at=None)),), shell(10))).idle_s is None


def test_somebody_attached_who_has_just_typed_makes_a_session_less_idle() -> None:
    """Within the grace time only: one who left a terminal attached and went home keeps nothing awake."""
    moved = pane(10, activity_at=AT - 9000)
    grace = SessionsTable(attached_grace=Duration(900))

    def idle(typed: float) -> tuple[float | None, float | None]:
        attended = server(moved, attached={"$1": 1}, typed_at={"$1": AT - typed})
        session = only(assembled((attended,), shell(10), table=grace))
        return session.idle_s, session.human_idle_s

    assert idle(60) == (60, 60)
    assert idle(901) == (9000, 901)
    assert only(assembled((server(moved),), shell(10), table=grace)).human_idle_s is None


def test_human_clients_are_counted_by_session_id_not_by_name() -> None:
    told = server(pane(10, "work", 1), pane(20, "work-prod", 2), attached={"$2": 2})
    reading = assembled((told,), shell(10), shell(20))
    assert reading.value is not None
    assert [(session.name, session.attached) for session in reading.value] == [("work", 0), ("work-prod", 2)]


def test_the_id_names_socket_server_and_session() -> None:
    """After a restart of the server ``$1`` is another session; its id must be another too."""
    session = only(assembled((server(pane(10)),), shell(10)))
    assert session.id == f"{SOCKET}:{SERVER_PID}:{SERVER_START}:$1"
    later = pane(10, id=PaneId(SOCKET, SERVER_PID, SERVER_START + 5, "%1"))
    assert only(assembled((server(later),), shell(10))).id != session.id


def test_sessions_keep_the_order_of_their_age_whatever_their_names() -> None:
    panes = [pane(10, name, number) for name, number in (("b", 10), ("z", 2), ("a", 9))]
    reading = assembled((server(*panes),), shell(10))
    assert reading.value is not None
    assert [session.name for session in reading.value] == ["z", "a", "b"]


@pytest.mark.parametrize(
    ("protect", "name", "expected"),
    [
        (("architect",), "architect", True),
        (("architect",), "architect2", False),
        (("arch*",), "arch_dev", True),
        (("my.proj:1",), "my_proj_1", True),
        ((), "architect", False),
    ],
)
def test_protected_sessions(protect: tuple[str, ...], name: str, expected: bool) -> None:
    """By whole name or pattern; tmux has turned dots and colons of the name into ``_``."""
    session = only(assembled((server(pane(10, name)),), shell(10), table=SessionsTable(protect=protect)))
    assert session.protected is expected


def test_a_server_that_failed_is_told_and_the_others_sessions_are_shown() -> None:
    hung = TmuxServer(socket="/tmp/x", pid=None, start=None, error="did not answer within 3 s")
    reading = assembled((hung, server(pane(10))), shell(10))
    assert only(reading).name == "work"
    assert reading.note == "tmux server /tmp/x: did not answer within 3 s"


def test_when_every_server_failed_sessions_are_unknown_not_none() -> None:
    hung = TmuxServer(socket="/tmp/x", pid=None, start=None, error="did not answer within 3 s")
    reading = assembled((hung,))
    assert (reading.state, reading.reason) == ("unknown", "tmux server /tmp/x: did not answer within 3 s")


def test_no_server_is_no_session() -> None:
    reading = assembled(())
    assert (reading.state, reading.value) == ("ok", ())


@pytest.mark.parametrize("servers", [unknown("no tmux", AT), unconfigured("add it")])
def test_unread_servers_stay_unread(servers: Reading[tuple[TmuxServer, ...]]) -> None:
    assert assembled(servers).state == servers.state


def test_pane_pids_are_those_of_living_panes() -> None:
    panes = (pane(10), pane(20, number=2, dead=True), pane(None, number=3))
    assert pane_pids(ok((server(*panes),), AT)) == {10}
    assert pane_pids(unknown("no", AT)) == set()


def test_hostile_directories_are_shown_clean() -> None:
    session = only(assembled((server(pane(10)),), shell(10, cwd="/x\x1b]0;pwned\x07\u202e")))
    assert session.cwd == "/x]0;pwned"
