"""Workers put together: states, usage, pid files, silence, and which processes are worth a look."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.collect.misses import Misses
from opsconsole.collect.pid_files import PidFileContent
from opsconsole.collect.workers import WorkerMemory, assemble_workers, candidate_predicate
from opsconsole.config.types import Duration, WorkerTable
from opsconsole.model.reading import ok, unknown
from opsconsole.model.worker import Log, Worker
from tests.unit.collect.cast import Cast

WORKER = "python3 workers/sync.py --daemon"


@pytest.fixture
def cast(tmp_path: Path) -> Cast:
    return Cast(tmp_path)


def test_a_worker_is_missing_only_after_two_looks_in_a_row(cast: Cast) -> None:
    memory = WorkerMemory()
    first, second = cast.worker(memory=memory), cast.worker(memory=memory)
    assert (first.state, first.reason) == ("unknown", "not seen in this scan, looking again")
    assert (second.state, second.reason) == ("missing", "not running")
    cast.put(10, WORKER)
    assert cast.worker(memory=memory).state == "running"
    del cast.processes[10]
    assert cast.worker(memory=memory).state == "unknown"


def test_a_bare_count_of_misses_will_do(cast: Cast) -> None:
    misses = Misses()
    assert [cast.worker(memory=misses).state for _ in range(2)] == ["unknown", "missing"]


def test_fewer_more_and_exactly_as_many_as_wanted(cast: Cast) -> None:
    cast.declare(instances=2)
    cast.put(10, WORKER)
    assert (cast.worker().state, cast.worker().reason) == ("missing", "1 of 2 running")
    cast.put(11, WORKER)
    assert cast.worker().state == "running"
    cast.put(12, WORKER)
    assert (cast.worker().state, cast.worker().reason) == ("duplicates", "3 instances, 2 wanted")


def test_when_processes_are_unknown_so_are_workers_and_nothing_counts_as_missed(cast: Cast) -> None:
    memory = WorkerMemory()
    reading = assemble_workers((cast.worker_table,), unknown("no /proc", 1.0), {}, {}, 1.0, memory)
    assert (reading.state, reading.reason) == ("unknown", "no /proc")
    assert cast.worker(memory=memory).state == "unknown"


def test_without_tables_the_reading_says_what_to_configure(cast: Cast) -> None:
    cast.put(10, WORKER)
    reading = assemble_workers((), ok(cast.table(), 1.0), {}, {}, 1.0, Misses())
    assert reading.state == "unconfigured"
    assert "[[worker]]" in reading.hint


def test_usage_is_of_the_tree_without_other_instances_trees(cast: Cast) -> None:
    """A supervisor does not pay for the worker it started, nor would stopping it stop that."""
    cast.put(10, "python3 workers/other.py")
    cast.put(11, "python3 helper.py", ppid=10, cpu_percent=2.0)
    cast.put(20, WORKER, ppid=10)
    cast.put(21, "python3 helper.py", ppid=20)
    sync = cast.declare()
    other = WorkerTable(name="other", command=("python3", "workers/other.py"), cwd=cast.home)
    synced, supervised = cast.look(sync, other)
    assert supervised.instances[0].children == (11,)
    assert (supervised.cpu_percent, supervised.rss_bytes, supervised.swap_bytes) == (3.0, 2000, 20)
    assert (synced.instances[0].children, synced.rss_bytes) == ((21,), 2000)


def test_a_tree_with_an_unreadable_part_costs_an_unknown_sum(cast: Cast) -> None:
    cast.put(10, WORKER)
    cast.put(11, "python3 helper.py", ppid=10, swap_bytes=None)
    worker = cast.worker()
    assert (worker.rss_bytes, worker.swap_bytes) == (2000, None)


def test_a_missing_worker_costs_nothing_known(cast: Cast) -> None:
    worker = cast.worker()
    assert (worker.uptime_s, worker.cpu_percent, worker.rss_bytes) == (None, None, None)


def test_root_is_not_told_that_a_worker_of_someone_else_is_missing(cast: Cast) -> None:
    cast.put(10, WORKER, uid=33)
    reading = assemble_workers((cast.worker_table,), ok(cast.table(), 1.0), {}, {}, 1.0, cast.memory, uid=0)
    assert reading.value is not None
    assert (reading.value[0].state, reading.value[0].instances) == ("unknown", ())


@pytest.mark.parametrize(
    ("pid", "written_after_s", "error", "state"),
    [
        (10, 1.0, "", "ok"),
        (10, -1.0, "", "ok"),
        (10, -60.0, "", "stale"),
        (99, 1.0, "", "stale"),
        (11, 1.0, "", "wrong"),
        (12, 1.0, "", "stale"),
        (None, 0.0, "missing", "missing"),
        (None, 0.0, "garbage", "unreadable"),
        (None, 0.0, "unreadable", "unreadable"),
    ],
)
def test_a_pid_file_is_held_against_the_processes(
    cast: Cast, pid: int | None, written_after_s: float, error: str, state: str
) -> None:
    """10 is the instance, 11 something else, 12 a zombie; 99 is gone."""
    path = cast.home / "sync.pid"
    cast.declare(pid_file=path)
    started = cast.put(10, WORKER).started_at
    cast.put(11, "python3 workers/other.py")
    cast.put(12, WORKER, state="Z")
    content = PidFileContent(path, pid, started + written_after_s, error, "because")  # type: ignore[arg-type]
    pid_file = cast.worker(pid_files={path: content}).pid_file
    assert pid_file is not None
    assert (pid_file.state, pid_file.pid, bool(pid_file.reason)) == (state, pid, state != "ok")


@pytest.mark.parametrize("pid", [50, 51, 52, 60])
def test_a_pid_file_may_name_who_started_the_instance_or_what_it_started(cast: Cast, pid: int) -> None:
    """A supervisor, the shell loop around it, and the reloader's child."""
    path = cast.home / "sync.pid"
    cast.declare(pid_file=path)
    cast.put(60, ("runsv", "sync"), exe="/usr/bin/runsv")
    loop = f"while true; do {WORKER}; done"
    cast.put(50, ("sh", "-c", loop), ppid=60, exe="/bin/dash", comm="sh")
    cast.put(51, WORKER, ppid=50)
    started = cast.put(52, WORKER, ppid=51).started_at
    pid_file = cast.worker(pid_files={path: PidFileContent(path, pid, started + 1.0, "", "")}).pid_file
    assert pid_file is not None
    assert (pid_file.state, pid_file.reason) == ("ok", "")


def test_a_pid_file_not_read_yet_is_not_called_missing(cast: Cast) -> None:
    cast.declare(pid_file=cast.home / "sync.pid")
    pid_file = cast.worker().pid_file
    assert pid_file is not None
    assert (pid_file.state, pid_file.reason) == ("unreadable", "not read yet")


@pytest.mark.parametrize(("age", "silent"), [(299.0, False), (301.0, True), (None, None)])
def test_a_worker_is_silent_when_its_log_is_older_than_allowed(
    cast: Cast, age: float | None, silent: bool | None
) -> None:
    path = cast.home / "log"
    cast.declare(log=path, silent_after=Duration(300.0))
    log = Log(path=str(path), state="ok" if age is not None else "missing", age_s=age)
    assert cast.worker(logs={path: log}).silent is silent


def test_silence_is_unknown_where_it_is_not_configured(cast: Cast) -> None:
    path = cast.home / "log"
    cast.declare(log=path)
    assert cast.worker(logs={path: Log(path=str(path), state="ok", age_s=9999.0)}).silent is None


def test_a_moved_link_is_followed_anew_after_half_a_minute(cast: Cast) -> None:
    """A deployment swings `current` to the next release; the worker is started from there."""
    for release in ("one", "two"):
        (cast.home / release).mkdir()
        (cast.home / release / "w.py").write_text("")
    current = cast.home / "current"
    current.symlink_to("one")
    cast.declare("python3 current/w.py")
    cast.put(10, "python3 current/w.py")
    assert [one.pid for one in cast.worker().instances] == [10]
    current.unlink()
    current.symlink_to("two")
    cast.put(11, f"python3 {cast.home}/two/w.py")
    cast.at += 31
    assert [one.pid for one in cast.worker().instances] == [10, 11]


def test_what_does_not_change_is_not_judged_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from opsconsole.collect import likeness

    told = []
    real = likeness.program_of
    monkeypatch.setattr(likeness, "program_of", lambda process: (told.append(process.pid), real(process))[1])
    cast.put(10, WORKER)
    cast.put(11, "python3 workers/other.py")
    for _ in range(3):
        cast.worker()
    assert sorted(told) == [10, 11]
    cast.put(11, "python3 workers/third.py")
    cast.worker()
    assert sorted(told) == [10, 11, 11]


@pytest.mark.parametrize(
    ("command", "comm", "expected"),
    [
        ("python3 workers/sync.py --daemon", "python3", True),
        ("python3 link.py", "python3", True),
        ("tail -f /srv/workers/sync.py", "tail", True),
        ("bash workers/keepalive.sh", "bash", True),
        ("bash some_script", "bash", True),
        ("bash -c true", "bash", False),
        ("-bash", "bash", False),
        ("python3", "python3", False),
        ("", "sync.py", True),
        ("", "kworker/0:1", False),
        ("nginx: worker process", "nginx", False),
        ("node app.js", "node", False),
    ],
)
def test_candidates_are_what_may_have_to_do_with_a_worker(cast: Cast, command: str, comm: str, expected: bool) -> None:
    table = cast.declare(replaces=("workers/sync_old.py",), wrappers=("workers/keepalive.sh",))
    assert candidate_predicate((table,))(tuple(command.split()), comm) is expected


def test_a_title_that_names_the_worker_makes_a_candidate(cast: Cast) -> None:
    is_candidate = candidate_predicate((cast.declare(),))
    assert is_candidate(("sync: waiting",), "python3")
    assert not is_candidate(("celery: waiting",), "python3")


def test_without_workers_nothing_is_a_candidate() -> None:
    assert not candidate_predicate(())(("python3", "w.py"), "python3")


def test_starts_that_are_seen_are_remembered_for_ten_minutes(cast: Cast) -> None:
    cast.put(100, WORKER)
    assert cast.worker().starts == (), "what was there at the first look did not start while we watched"
    for minute in range(1, 4):
        cast.processes.clear()
        cast.at += 60.0
        cast.put(100 + minute, WORKER, started_at=cast.at)
        starts = cast.worker().starts
    assert len(starts) == 3
    assert cast.worker().starts == starts, "one seen again is no new start"
    cast.at += 601.0
    assert cast.worker().starts == ()


def test_instances_that_are_seen_gone_soon_after_their_start_are_remembered(cast: Cast) -> None:
    cast.declare(instances=3)
    for pid in (100, 101, 102):
        cast.put(pid, WORKER)
    cast.worker()

    def restart(*pids: int) -> Worker:
        cast.processes.clear()
        cast.at += 60.0
        for place, pid in enumerate(pids):
            cast.put(pid, WORKER, started_at=cast.at + place / 100.0)
        return cast.worker()

    once = restart(200, 201, 202)
    assert (len(once.starts), once.ends) == (3, ()), "what they replace was there for long"
    twice = restart(300, 301, 302)
    assert (len(twice.starts), twice.ends) == (6, (cast.at,) * 3)
    cast.at += 601.0
    assert cast.worker().ends == ()
