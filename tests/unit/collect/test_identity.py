"""What is a duplicate, and what only looks like one: every row of that table."""

from __future__ import annotations

import msgspec
import pytest

from opsconsole.collect.pid_files import PidFileContent
from opsconsole.model.worker import Helper, Worker
from tests.unit.collect.cast import SPAWN, UID, Cast

WORKER = "python3 workers/sync.py --daemon"


@pytest.fixture
def cast(tmp_path) -> Cast:
    return Cast(tmp_path)


def instances(worker: Worker) -> list[int]:
    return [instance.pid for instance in worker.instances]


def pids(helpers: tuple[Helper, ...]) -> list[int]:
    return [helper.pid for helper in helpers]


def nothing_but(worker: Worker, *expected: int) -> None:
    """These instances and nothing beside them."""
    assert instances(worker) == list(expected)
    assert (worker.wrappers, worker.remnants, worker.suspects) == ((), (), ())


@pytest.mark.parametrize(
    "command",
    [
        WORKER,
        "python3 -u -X dev -W error workers/sync.py --daemon",
        "/usr/bin/python3 ./workers/../workers/sync.py --daemon",
        "python3 -m workers.sync --daemon",
        "python3 -mworkers.sync --daemon",
        "set-by-exec workers/sync.py --daemon",
    ],
)
def test_one_program_started_in_many_ways_is_one_worker(cast: Cast, command: str) -> None:
    cast.put(10, command)
    nothing_but(cast.worker(), 10)


def test_a_symbolic_link_to_the_script_is_the_same_script(cast: Cast) -> None:
    (cast.home / "link.py").symlink_to("workers/sync.py")
    (cast.home.parent / "elsewhere").symlink_to(cast.home)
    cast.put(10, "python3 link.py --daemon")
    cast.put(11, f"python3 {cast.home.parent}/elsewhere/workers/sync.py --daemon", cwd="/")
    nothing_but(cast.worker(), 10, 11)


@pytest.mark.parametrize(
    ("command", "exe"),
    [
        ("vim workers/sync.py --daemon", "/usr/bin/vim.basic"),
        ("tail -f workers/sync.py", "/usr/bin/tail"),
        ("grep python3 workers/sync.py --daemon", "/usr/bin/grep"),
        ("tmux new -d python3 workers/sync.py --daemon", "/usr/bin/tmux"),
        ("ssh host python3 workers/sync.py --daemon", "/usr/bin/ssh"),
        ("python3 workers/sync.py --daemon", "/usr/bin/less"),
        ("python3 workers/other.py workers/sync.py --daemon", "/usr/bin/python3.11"),
        ("python3 - workers/sync.py --daemon", "/usr/bin/python3.11"),
        ("python3 -c pass workers/sync.py --daemon", "/usr/bin/python3.11"),
        ("python3 -m pdb workers/sync.py --daemon", "/usr/bin/python3.11"),
    ],
)
def test_what_only_names_the_script_is_nothing_of_it(cast: Cast, command: str, exe: str) -> None:
    cast.put(10, command, exe=exe)
    nothing_but(cast.worker())


def test_other_arguments_are_another_worker(cast: Cast) -> None:
    cast.put(10, "python3 workers/sync.py --status")
    cast.put(11, "python3 workers/sync.py")
    nothing_but(cast.worker())


def test_arguments_that_do_not_matter_are_left_out_and_options_have_no_order(cast: Cast) -> None:
    cast.declare("python3 workers/sync.py --daemon --fast", ignore_arguments=("--log-level=*", "--verbose", "--port *"))
    cast.put(10, "python3 workers/sync.py --fast --log-level=DEBUG --daemon --port 99")
    cast.put(11, "python3 workers/sync.py --daemon --fast --verbose")
    cast.put(12, "python3 workers/sync.py --daemon --fast --quiet")
    nothing_but(cast.worker(), 10, 11)


def test_values_of_options_keep_their_order(cast: Cast) -> None:
    cast.declare("python3 workers/sync.py -a 1 -b 2")
    cast.put(10, "python3 workers/sync.py -a 2 -b 1")
    nothing_but(cast.worker())


def test_a_relative_script_in_another_directory_is_another_worker(cast: Cast) -> None:
    other = cast.home.parent / "checkout"
    (other / "workers").mkdir(parents=True)
    (other / "workers/sync.py").write_text("")
    cast.put(10, WORKER, cwd=str(other))
    cast.put(11, "python3 -m workers.sync --daemon", cwd=str(other))
    nothing_but(cast.worker())


def test_a_daemon_that_left_its_directory_is_found_by_where_its_shell_stood(cast: Cast) -> None:
    cast.put(10, WORKER, cwd="/", started_in=str(cast.home))
    nothing_but(cast.worker(), 10)


def test_a_daemon_that_left_its_directory_without_a_trace_is_a_suspect(cast: Cast) -> None:
    cast.put(10, WORKER, cwd="/")
    worker = cast.worker()
    assert (instances(worker), pids(worker.suspects), worker.state) == ([], [10], "unknown")


def test_a_script_whose_directory_was_deleted_counts_by_its_path(cast: Cast) -> None:
    cast.put(10, WORKER, cwd=f"{cast.home} (deleted)")
    nothing_but(cast.worker(), 10)


def test_processes_of_others_are_never_counted(cast: Cast) -> None:
    cast.put(10, WORKER, uid=UID + 1)
    cast.put(11, WORKER, pid_namespace=8)
    worker = cast.worker()
    nothing_but(worker)
    assert worker.state == "missing"
    assert "10 runs it as another user (uid 1001)" in worker.reason


def test_a_zombie_runs_no_more(cast: Cast) -> None:
    cast.put(10, WORKER, state="Z")
    nothing_but(cast.worker())


def test_an_executable_counts_by_its_real_path(cast: Cast) -> None:
    program = cast.home / "bin"
    program.write_bytes(b"\x7fELF")
    cast.declare("./bin serve")
    cast.put(10, "./bin serve", exe=str(program))
    cast.put(11, "./bin serve", exe=f"{program}2")
    cast.put(12, "sleep serve", exe="/usr/bin/sleep")
    nothing_but(cast.worker(), 10)


def test_a_script_declared_without_its_interpreter_is_found_by_its_first_line(cast: Cast) -> None:
    script = cast.home / "workers/run"
    script.write_text("#!/usr/bin/env -S python3 -u\n")
    cast.declare("workers/run --daemon")
    cast.put(10, "python3 -u workers/run --daemon")
    nothing_but(cast.worker(), 10)


def test_launchers_in_the_declared_command_do_not_count(cast: Cast) -> None:
    cast.declare("env A=1 nice -n 5 python3 workers/sync.py --daemon")
    cast.put(10, WORKER)
    nothing_but(cast.worker(), 10)


def test_an_installed_module_counts_where_it_was_started(cast: Cast) -> None:
    cast.declare("python3 -m http.server 8000")
    cast.put(10, "python3 -m http.server 8000")
    cast.put(11, "python3 -m http.server 8000", cwd="/")
    nothing_but(cast.worker(), 10)


def test_a_pool_and_a_reloader_count_once(cast: Cast) -> None:
    cast.put(10, WORKER)
    for child in (11, 12):
        cast.put(child, WORKER, ppid=10, image=160)
    cast.put(20, WORKER)
    cast.put(21, WORKER, ppid=20)
    worker = cast.worker()
    nothing_but(worker, 10, 20)
    assert worker.instances[0].children == (11, 12)


def test_the_master_of_a_pool_that_set_a_title_is_the_root(cast: Cast) -> None:
    cast.put(10, ("sync: master",), image=5)
    cast.put(11, WORKER, ppid=10, image=5)
    cast.put(12, WORKER, ppid=10, image=5)
    nothing_but(cast.worker(), 10)


def test_multiprocessing_helpers_belong_to_their_root(cast: Cast) -> None:
    cast.put(10, WORKER)
    cast.put(11, ("python3", "-c", SPAWN, "--multiprocessing-fork"), ppid=10)
    cast.put(12, ("python3", "-c", "from multiprocessing.resource_tracker import main;main(4)"), ppid=10)
    worker = cast.worker()
    nothing_but(worker, 10)
    assert worker.instances[0].children == (11, 12)


def test_a_replaced_version_competes_and_is_marked(cast: Cast) -> None:
    cast.declare(replaces=("workers/sync_old.py",))
    cast.put(10, WORKER)
    cast.put(11, "python3 workers/sync_old.py --daemon")
    worker = cast.worker()
    assert worker.state == "duplicates"
    assert [(one.pid, one.version, one.replaced) for one in worker.instances] == [
        (10, "sync.py", False),
        (11, "sync_old.py", True),
    ]


def test_without_that_declaration_they_are_two_workers(cast: Cast) -> None:
    cast.put(11, "python3 workers/sync_old.py --daemon")
    nothing_but(cast.worker())


def test_a_replaced_version_with_other_arguments_is_only_a_suspect(cast: Cast) -> None:
    cast.declare(replaces=("workers/sync_old.py",))
    cast.put(10, WORKER)
    cast.put(11, "python3 workers/sync_old.py --status")
    worker = cast.worker()
    assert (instances(worker), pids(worker.suspects), worker.state) == ([10], [11], "running")


class TestWrappers:
    def test_shells_and_launchers_around_an_instance(self, cast: Cast) -> None:
        cast.shell(10, ("bash", "-c", f"while true; do {WORKER}; sleep 1; done"))
        cast.put(11, f"timeout 60 {WORKER}", ppid=10, exe="/usr/bin/timeout", comm="timeout")
        cast.put(12, WORKER, ppid=11)
        worker = cast.worker()
        assert instances(worker) == [12]
        assert {helper.pid: helper.reason for helper in worker.wrappers} == {
            10: "shell around 12",
            11: "timeout around 12",
        }

    def test_an_interactive_shell_is_none(self, cast: Cast) -> None:
        cast.shell(10, ("-bash",), tty=5)
        cast.put(11, WORKER, ppid=10)
        nothing_but(cast.worker(), 11)

    def test_a_loop_between_two_runs_is_told_by_its_code(self, cast: Cast) -> None:
        cast.shell(10, ("sh", "-c", f"cd {cast.home} && while true; do {WORKER} >>log 2>&1; sleep 5; done"), cwd="/")
        worker = cast.worker()
        assert (instances(worker), pids(worker.wrappers)) == ([], [10])

    def test_shell_code_that_only_mentions_it_is_none(self, cast: Cast) -> None:
        cast.shell(10, ("bash", "-c", f"grep '{WORKER}' log; vim workers/sync.py --daemon"))
        cast.shell(11, ("bash", "-c", "python3 workers/sync.py --status"))
        nothing_but(cast.worker())

    def test_a_declared_wrapper_is_one_wherever_it_stands(self, cast: Cast) -> None:
        cast.declare(wrappers=("workers/keepalive.sh",))
        cast.shell(10, ("bash", "workers/keepalive.sh"))
        cast.put(11, WORKER)
        worker = cast.worker()
        assert (instances(worker), pids(worker.wrappers)) == ([11], [10])
        assert worker.wrappers[0].reason == "wrapper keepalive.sh"

    def test_a_script_that_runs_only_this_worker_wraps_it_and_one_that_runs_more_does_not(self, cast: Cast) -> None:
        cast.shell(10, ("bash", "start_one.sh"))
        cast.put(11, WORKER, ppid=10)
        cast.put(12, "sleep 5", ppid=10, comm="sleep", exe="/usr/bin/sleep")
        cast.shell(20, ("bash", "start_all.sh"))
        cast.put(21, WORKER, ppid=20)
        cast.put(22, "python3 workers/other.py", ppid=20)
        worker = cast.worker()
        assert (instances(worker), pids(worker.wrappers)) == ([11, 21], [10])

    def test_pid_1_and_processes_of_others_are_none(self, cast: Cast) -> None:
        cast.put(1, f"tini {WORKER}", ppid=0, exe="/sbin/tini", comm="tini")
        cast.put(10, WORKER)
        cast.put(20, f"sudo {WORKER}", exe="/usr/bin/sudo", comm="sudo", uid=0)
        cast.put(21, WORKER, ppid=20)
        nothing_but(cast.worker(), 10, 21)


class TestRemnants:
    def pool(self, cast: Cast, argv: str | tuple[str, ...] = WORKER) -> None:
        """A worker with two children of its own session."""
        cast.put(10, WORKER)
        for child in (11, 12):
            image = 160 if argv == WORKER else child * 16
            cast.put(child, argv, ppid=10, session=10, process_group=10, image=image)

    def orphan(self, cast: Cast) -> None:
        """The root has ended; pid 1 has its children."""
        del cast.processes[10]
        for child in (11, 12):
            cast.processes[child] = msgspec.structs.replace(cast.processes[child], ppid=1)

    def test_children_seen_below_a_root_that_ended(self, cast: Cast) -> None:
        self.pool(cast, ("python3", "-c", SPAWN, "--multiprocessing-fork"))
        assert instances(cast.worker()) == [10]
        self.orphan(cast)
        cast.put(30, WORKER)
        worker = cast.worker()
        assert (instances(worker), pids(worker.remnants)) == ([30], [11, 12])
        assert worker.remnants[0].reason == "orphan: was a child of 10, which has ended"
        assert worker.state == "running"

    def test_a_forked_pool_is_told_at_first_sight_by_its_common_exec(self, cast: Cast) -> None:
        self.pool(cast)
        self.orphan(cast)
        worker = cast.worker()
        assert (instances(worker), pids(worker.remnants), worker.state) == ([], [11, 12], "missing")

    def test_two_starts_of_one_script_are_no_pool(self, cast: Cast) -> None:
        """They share parent, session and group, but each had an exec of its own."""
        for pid in (11, 12):
            cast.put(pid, WORKER, session=5, process_group=5)
        worker = cast.worker()
        nothing_but(worker, 11, 12)
        assert worker.state == "duplicates"

    def test_a_single_orphan_is_an_instance(self, cast: Cast) -> None:
        """A daemon that forked itself into the background looks just like that."""
        cast.put(11, WORKER, session=10, process_group=10)
        nothing_but(cast.worker(), 11)

    def test_what_the_pid_file_names_is_no_remnant(self, cast: Cast) -> None:
        path = cast.home / "pid"
        cast.declare(pid_file=path)
        self.pool(cast)
        self.orphan(cast)
        content = PidFileContent(path=path, pid=11, written_at=cast.at, error="", reason="")
        assert instances(cast.worker(pid_files={path: content})) == [11, 12]

    def test_a_spawned_pool_is_told_by_the_ended_pid_in_the_pid_file(self, cast: Cast) -> None:
        path = cast.home / "pid"
        cast.declare(pid_file=path)
        self.pool(cast, ("python3", "-c", SPAWN, "--multiprocessing-fork"))
        self.orphan(cast)
        content = PidFileContent(path=path, pid=10, written_at=cast.at, error="", reason="")
        assert pids(cast.worker(pid_files={path: content}).remnants) == [11, 12]

    def test_a_spawned_pool_that_nothing_ties_to_the_worker_is_suspect_but_hides_no_absence(self, cast: Cast) -> None:
        self.pool(cast, ("python3", "-c", SPAWN, "--multiprocessing-fork"))
        self.orphan(cast)
        worker = cast.worker()
        assert (pids(worker.remnants), pids(worker.suspects), worker.state) == ([], [11, 12], "missing")

    def test_a_start_that_puts_its_child_into_the_background_leaves_an_instance(self, cast: Cast) -> None:
        cast.put(10, WORKER, started_at=cast.at - 1)
        cast.put(11, WORKER, ppid=10, session=10, process_group=10, image=160)
        assert instances(cast.worker()) == [10]
        del cast.processes[10]
        cast.put(11, WORKER, ppid=1, session=10, process_group=10, image=160)
        nothing_but(cast.worker(), 11)

    def test_a_child_that_made_itself_a_daemon_is_an_instance(self, cast: Cast) -> None:
        cast.put(10, WORKER)
        cast.put(11, WORKER, ppid=10, session=11, image=160)
        assert instances(cast.worker()) == [10]
        del cast.processes[10]
        cast.put(11, WORKER, ppid=1, session=11, image=160)
        nothing_but(cast.worker(), 11)

    def test_another_program_that_the_worker_started_is_none(self, cast: Cast) -> None:
        cast.put(10, WORKER)
        cast.put(11, "python3 workers/other.py", ppid=10, session=10, process_group=10)
        cast.worker()
        del cast.processes[10]
        cast.put(11, "python3 workers/other.py", ppid=1, session=10, process_group=10)
        nothing_but(cast.worker())


class TestSuspects:
    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"argv": ("sync: waiting for work",)}, "title"),
            ({"argv": None, "comm": "sync.py"}, "unreadable"),
            ({"argv": (), "comm": "sync"}, "empty"),
            ({"exe": None, "pid_namespace": None}, "executable"),
        ],
    )
    def test_what_cannot_be_told_is_shown_and_neither_counted_nor_taken_for_absent(
        self, cast: Cast, changes: dict[str, object], why: str
    ) -> None:
        cast.put(10, WORKER, **changes)
        worker = cast.worker()
        assert (instances(worker), pids(worker.suspects), worker.state) == ([], [10], "unknown")
        assert why in worker.suspects[0].reason

    def test_a_title_that_does_not_name_it_is_none(self, cast: Cast) -> None:
        cast.put(10, ("celery: waiting for work",))
        nothing_but(cast.worker())

    def test_children_of_an_instance_are_none(self, cast: Cast) -> None:
        cast.put(10, WORKER)
        cast.put(11, ("sync: child",), ppid=10)
        nothing_but(cast.worker(), 10)

    def test_one_name_in_two_places_without_a_declared_directory_cannot_be_told(self, cast: Cast) -> None:
        other = cast.home.parent / "other/workers"
        other.mkdir(parents=True)
        (other / "sync.py").write_text("")
        cast.declare(cwd=None)
        cast.put(10, WORKER)
        nothing_but(cast.worker(), 10)
        cast.put(11, WORKER, cwd=str(other.parent))
        worker = cast.worker()
        assert (instances(worker), pids(worker.suspects), worker.state) == ([], [10, 11], "unknown")
