"""What sleeps without a pane: told only where the pane is known to be gone; a bad record costs itself only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from opsconsole.collect.agents import builtin_agents
from opsconsole.collect.sleeping import FOLDER, PANE_CLOSED, SERVER_ENDED, Sleeper, SleepingSource, without_pane
from opsconsole.config.types import SessionsTable
from opsconsole.model.clock import SystemClock
from opsconsole.model.reading import ok, unknown
from opsconsole.model.session import TmuxServer
from tests.makers import AT, SERVER_PID, SERVER_START, SOCKET, pane, process, process_table

HERE = pane(10)
SLEEPER = Sleeper(
    saved_as="/state/sleeping/c.json",
    conversation="c",
    agent="claude-code",
    name="work",
    pane=HERE.id,
    cwd="/home/op",
    since=AT - 60.0,
    moved_at=None,
    draft="",
    state="hibernated",
    why="",
    by_hand="cd /home/op && claude --resume c",
)
SERVER = process(SERVER_PID, "tmux -L x", comm="tmux: server")


def server(**changes: Any) -> TmuxServer:
    return TmuxServer(**{"socket": SOCKET, "pid": SERVER_PID, "start": SERVER_START, "panes": (HERE,), **changes})


@pytest.mark.parametrize(
    ("servers", "running", "lost"),
    [
        ((server(),), (SERVER,), ""),
        ((server(panes=()),), (SERVER,), PANE_CLOSED),
        ((server(start=SERVER_START + 9),), (SERVER,), SERVER_ENDED),
        ((server(pid=None, start=None, panes=(), error="no answer"),), (SERVER,), ""),
        ((), (SERVER,), ""),
        ((), (), SERVER_ENDED),
        ((), (process(SERVER_PID, "python3 w.py", comm="python3"),), SERVER_ENDED),
    ],
    ids=["there", "closed", "another server", "no answer", "not asked", "no such process", "its pid is another's"],
)
def test_only_a_pane_that_is_known_to_be_gone_is_told(servers: Any, running: Any, lost: str) -> None:
    table = SessionsTable()
    told = without_pane(table, ok((SLEEPER,), AT), ok(servers, AT), ok(process_table(running), AT), AT)
    assert [(one.state, one.reason, one.by_hand) for one in told] == (
        [("hibernated", lost, SLEEPER.by_hand)] if lost else []
    )
    for servers_unknown in (True, False):
        blind = unknown("no", AT)
        asked: Any = blind if servers_unknown else ok(servers, AT)
        processes: Any = ok(process_table(running), AT) if servers_unknown else blind
        assert without_pane(table, ok((SLEEPER,), AT), asked, processes, AT) == ()


def test_why_it_may_not_be_resumed_stands_beside_its_state() -> None:
    doubtful = msgspec.structs.replace(SLEEPER, state="unknown", why="its directory /x is gone", by_hand="")
    (told,) = without_pane(SessionsTable(), ok((doubtful,), AT), ok((), AT), ok(process_table(()), AT), AT)
    assert (told.state, told.reason) == ("unknown", f"{SERVER_ENDED}; its directory /x is gone")


def test_a_record_that_cannot_be_read_is_told_and_none_is_none(tmp_path: Path) -> None:
    source, clock = SleepingSource(tmp_path, builtin_agents()), SystemClock()
    assert source.read(clock).value == ()
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "c.json").write_text("{")
    told = source.read(clock)
    assert told.value == ()
    assert "c.json" in told.note
