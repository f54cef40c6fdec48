"""What each kind of program costs together."""

from __future__ import annotations

import time
from typing import Any

from opsconsole.collect.consumers import MOST_KINDS, consumers
from opsconsole.model.listener import Owner
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.service import Service
from opsconsole.model.session import Session
from opsconsole.model.system import Consumers
from opsconsole.model.worker import Helper, Worker
from tests.makers import AT, MB, instance, pane, process, process_id, process_table, service, session, worker

TMUX = 700


def program(pid: int, name: str, ppid: int = 1, rss: int | None = 10, **changes: Any) -> Process:
    size = None if rss is None else rss * MB
    return process(pid, name, ppid=ppid, rss_bytes=size, exe=f"/usr/bin/{name.split()[0]}", **changes)


def agent_session(number: int, pid: int, agent: str = "claude-code") -> Session:
    return session(number=number, panes=(pane(pid, number=number, agent=agent),))


def worker_of(*pids: int, **changes: Any) -> Worker:
    return worker(instances=tuple(instance(pid, id=process_id(pid)) for pid in pids), **changes)


def service_of(*pids: int) -> Service:
    return service(owners=tuple(Owner(id=process_id(pid), command="x") for pid in pids))


def by_kind(table: ProcessTable, *parts: Any) -> dict[str, Consumers]:
    sessions = [part for part in parts if isinstance(part, Session)]
    workers = [part for part in parts if isinstance(part, Worker)]
    services = [part for part in parts if isinstance(part, Service)]
    return {one.kind: one for one in consumers(table, sessions, workers, services)}


def test_the_kinds_of_the_incident() -> None:
    """Eleven Claude sessions, Python workers with their wrapper, a service, a shell, and the rest by program."""
    processes: list[Process] = [program(TMUX, "tmux", rss=3)]
    sessions: list[Session] = []
    for number in range(1, 12):
        root = 1000 + 10 * number
        processes += [program(root, "bash", TMUX, 5), program(root + 1, "claude", root, 300)]
        processes += [program(root + 2, "rg x", root + 1, 15)]
        sessions.append(agent_session(number, root))
    processes += [program(2000, "bash", TMUX, 6), program(2001, "vim", 2000, 30)]
    sessions.append(agent_session(20, 2000, agent=""))
    processes += [program(3000, "sh keepalive", 1, 2), program(3001, "python3.11 a.py", 3000, 50)]
    processes += [program(3002, "python3.11 b.py", 1, 60)]
    helper = Helper(id=process_id(3000), pid=3000, start=AT, command="sh", reason="loop")
    processes += [program(4000, "gunicorn", 1, 40), program(4001, "gunicorn", 4000, 35)]
    processes += [program(5000, "postgres", 1, 100), program(5001, "postgres", 5000, 20)]
    found = by_kind(
        process_table(processes), *sessions, worker_of(3001, 3002, wrappers=(helper,)), service_of(4000, 4001)
    )
    told = {kind: (one.count, (one.rss_bytes or 0) // MB) for kind, one in found.items()}
    assert told == {
        "Claude sessions": (11, 11 * 320),
        "Python workers": (2, 112),
        "postgres": (2, 120),
        "Services": (1, 75),
        "tmux shells": (1, 36),
        "tmux": (1, 3),
    }
    assert sum(one.rss_bytes or 0 for one in found.values()) == sum(process.rss_bytes or 0 for process in processes)


def test_largest_first_and_no_more_than_fit() -> None:
    table = process_table([program(10 + number, f"p{number}", rss=number) for number in range(20)])
    found = consumers(table, (), (), ())
    assert [one.kind for one in found] == [f"p{number}" for number in range(19, 19 - MOST_KINDS, -1)]


def test_an_agents_children_are_the_agents_even_when_they_serve_or_work() -> None:
    """A listener or worker that an agent started belongs to its session; it is counted nowhere else."""
    table = process_table([program(10, "claude", TMUX, 300), program(11, "node x.js", 10, 50)])
    found = by_kind(table, agent_session(1, 10), worker_of(11), service_of(11))
    assert {kind: one.rss_bytes for kind, one in found.items()} == {"Claude sessions": 350 * MB}


def test_a_worker_started_in_a_tmux_shell_is_a_worker() -> None:
    table = process_table([program(10, "bash", TMUX, 5), program(11, "python3 w.py", 10, 50)])
    found = by_kind(table, agent_session(1, 10, agent=""), worker_of(11))
    assert {kind: one.rss_bytes for kind, one in found.items()} == {
        "tmux shells": 5 * MB,
        "Python workers": 50 * MB,
    }


def test_parents_listed_after_their_children_own_them_all_the_same() -> None:
    """Pids wrap around: a child's may be smaller."""
    table = process_table([program(5, "rg x", 6, 1), program(6, "bash", 900, 2), program(900, "claude", TMUX, 300)])
    assert by_kind(table, agent_session(1, 900))["Claude sessions"].rss_bytes == 303 * MB


def test_parents_in_a_circle_end() -> None:
    """Pieces of two scans can disagree about who is whose parent."""
    table = process_table([program(5, "a", 6, 1), program(6, "b", 5, 2)])
    assert set(by_kind(table)) == {"a", "b"}


def test_an_unreadable_part_makes_its_own_sum_unknown_only() -> None:
    table = process_table(
        [program(5, "a", rss=None), program(6, "a", rss=2, swap_bytes=4), program(7, "b", rss=3, cpu_percent=None)]
    )
    found = by_kind(table)
    assert (found["a"].rss_bytes, found["a"].swap_bytes, found["a"].cpu_percent) == (None, 4, 3.0)
    assert (found["b"].rss_bytes, found["b"].cpu_percent) == (3 * MB, None)


def test_kernel_threads_and_zombies_are_no_consumers() -> None:
    table = process_table(
        [
            process(2, "kthreadd", ppid=0, rss_bytes=0, argv=None),
            process(3, "kworker", ppid=2, rss_bytes=0, argv=None),
            program(9, "gone", rss=0, state="Z"),
        ]
    )
    assert consumers(table, (), (), ()) == ()


def test_a_worker_whose_pid_is_anothers_now_claims_nothing() -> None:
    other = program(10, "postgres", rss=7)
    stale = instance(10, id=process_id(99))
    found = by_kind(process_table([other]), worker(instances=(stale,)))
    assert set(found) == {"postgres"}


def test_a_linked_window_is_counted_once() -> None:
    table = process_table([program(10, "claude", TMUX, 300)])
    found = by_kind(table, agent_session(1, 10), agent_session(2, 10))
    assert (found["Claude sessions"].count, found["Claude sessions"].rss_bytes) == (1, 300 * MB)


def test_programs_of_other_languages() -> None:
    table = process_table([program(10, "node w.js"), program(11, "rustd"), program(12, "codex", TMUX)])
    assert set(by_kind(table, worker_of(10), worker_of(11), agent_session(1, 12, "codex"))) == {
        "Node workers",
        "Workers",
        "Codex sessions",
    }


def test_thousand_processes_are_cheap() -> None:
    """Bounded generously above the target of 1 ms: this catches walking trees again and again, not a slow machine."""
    processes = [program(TMUX, "tmux")]
    sessions = []
    for number in range(60):
        root = 1000 + 10 * number
        processes += [program(root, "bash", TMUX)]
        processes += [program(root + step, "claude", root + step - 1) for step in range(1, 9)]
        sessions.append(agent_session(number, root))
    processes += [program(5000 + number, f"p{number % 30}") for number in range(460)]
    table = process_table(processes)
    best = min(_timed(table, sessions) for _ in range(7))
    assert len(table) == 1001
    assert best < 0.02


def _timed(table: ProcessTable, sessions: list[Session]) -> float:
    start = time.process_time()
    consumers(table, sessions, (), ())
    return time.process_time() - start


def test_sessions_are_counted_beside_the_processes_that_they_are_made_of() -> None:
    processes = [program(10, "bash", TMUX), program(11, "claude", 10), program(12, "rg x", 11)]
    found = by_kind(process_table(processes), agent_session(1, 10))["Claude sessions"]
    assert (found.count, found.processes) == (1, 3)


def test_what_is_not_measured_yet_does_not_hide_what_is() -> None:
    measured, *rest = program(10, "node a", cpu_percent=24.0), program(11, "node b", cpu_percent=None)
    table = process_table([measured, *rest, program(12, "ruby", cpu_percent=None)])
    found = by_kind(table)
    assert (found["node"].cpu_percent, found["node"].cpu_measured_percent) == (None, 24.0)
    assert (found["ruby"].cpu_percent, found["ruby"].cpu_measured_percent) == (None, None)
