"""Starting and restarting, with real processes: validated before anything is stopped, ready before it is called so."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.act.journal import Journal
from tests.e2e.act_ground import PYTHON, SLEEPER, World, eventually, free_port, runs


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


SERVER = """
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        import os
        running = os.path.exists("component")
        body = json.dumps({"engine": "running" if running else "stopped"}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("up", flush=True)
server.serve_forever()
"""


def test_a_started_worker_is_a_daemon_of_its_own(world: World) -> None:
    """Its own session, nothing on stdin, output appended to its log, default signals, its pid in the pid file."""
    code = "import os, time\nprint(os.environ['COLOUR'], os.environ.get('TMUX'), flush=True)\ntime.sleep(600)\n"
    pid_file = world.folder / "w.pid"
    world.worker("w", code=code, env={"COLOUR": "blue"}, pid_file=str(pid_file))
    world.log("w").write_text("before\n")
    result = world.done(world.plan("start", "w"))
    assert (result.result, result.verified) == ("done", True)
    (pid,) = world.instances("w")
    assert pid_file.read_text() == f"{pid}\n"
    assert world.log("w").read_text() == "before\nblue None\n"
    assert os.getsid(pid) == pid
    assert Path(f"/proc/{pid}/fd/0").readlink() == Path("/dev/null")
    assert sorted(path.name for path in Path(f"/proc/{pid}/fd").iterdir()) == ["0", "1", "2"]
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    # Python itself ignores SIGPIPE and SIGXFSZ. Two more numbers are the C library's own: whoever runs this test may
    # ignore them, and no program can ask for their default again.
    ignored = {number for number in signal.valid_signals() if int(status["SigIgn"], 16) >> (number - 1) & 1}
    assert ignored <= {signal.SIGPIPE, signal.SIGXFSZ}
    assert int(status["SigBlk"], 16) == 0


def test_what_runs_already_is_not_started_again(world: World) -> None:
    world.worker("w")
    plan = world.plan("start", "w")
    other = world.start(PYTHON, "w.py")
    assert world.refused("start", "w").kind == "nothing"
    result = world.done(plan)
    assert (result.result, world.instances("w")) == ("nothing-to-do", [other.pid])


def test_a_restart_leaves_a_new_process_and_the_log_of_the_old(world: World) -> None:
    pid_file = world.folder / "w.pid"
    world.worker("w", pid_file=str(pid_file))
    old = world.start(PYTHON, "w.py")
    pid_file.write_text(f"{old.pid}\n")
    result = world.done(world.plan("restart", "w"))
    assert (result.result, result.verified) == ("done", True)
    (new,) = world.instances("w")
    assert new != old.pid
    assert old.poll() is not None
    assert pid_file.read_text() == f"{new}\n"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda world: (world.folder / "python3").unlink(), "is not an executable that can be found"),
        (lambda world: world.log("w").symlink_to("/dev/null"), "is a symbolic link"),
        (lambda world: os.mkfifo(world.log("w")), "is not a regular file"),
    ],
    ids=["interpreter", "log-link", "log-fifo"],
)
def test_a_start_that_would_not_hold_leaves_the_running_one_alone(world: World, spoil: object, reason: str) -> None:
    (world.folder / "python3").symlink_to(PYTHON)
    world.worker("w", command=["./python3", "w.py"])
    old = world.start(PYTHON, "w.py")
    plan = world.plan("restart", "w")
    spoil(world)  # type: ignore[operator]
    refused = world.refused("restart", "w")
    assert reason in refused.reason
    result = world.done(plan)
    assert result.result == "failed"
    assert "nothing was stopped" in result.reason
    assert old.poll() is None


LIMITED = """
import resource, time
print("files", *resource.getrlimit(resource.RLIMIT_NOFILE), "cpu", *resource.getrlimit(resource.RLIMIT_CPU), flush=True)
time.sleep(600)
"""


def test_limits_of_the_config_and_of_the_one_before_hold_for_the_one_that_is_started(world: World) -> None:
    world.worker("w", code=LIMITED, limits={"cpu_time": "2h"})
    world.start("sh", "-c", f"ulimit -Sn 300; ulimit -Hn 400; {PYTHON} w.py; true")
    plan = world.plan("restart", "w")
    assert "open files 300 (hard 400)" in plan.subplans[0].seen[0]
    assert plan.subplans[0].steps[-1].endswith("limited to CPU time 7200s, open files 300 (hard 400)")
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True)
    assert world.log("w").read_text() == "files 300 400 cpu 7200 7200\n"
    (pid,) = world.instances("w")
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (300, 400)
    assert f"{pid} is limited to CPU time 7200s, open files 300 (hard 400)" in result.subresults[0].evidence
    assert sorted(path.name for path in Path(f"/proc/{pid}/fd").iterdir()) == ["0", "1", "2"]


def test_a_crash_loop_is_given_up_with_the_logs_last_lines(world: World) -> None:
    world.worker("w", code="import sys\nprint('cannot open the ledger', flush=True)\nsys.exit(3)\n")
    plan = world.plan("start", "w")
    result = world.done(plan)
    assert (result.result, result.verified) == ("failed", None)
    assert "crash loop: it ended 3 times" in result.reason
    assert "exit status 3" in result.reason
    assert any("cannot open the ledger" in line for line in result.subresults[0].evidence)
    starts = [step for step in world.entry(plan).steps if step.text.startswith("start ")]
    assert len(starts) == 3
    # Ever more slowly.
    pauses = [later.began - earlier.began for earlier, later in itertools.pairwise(starts)]
    assert pauses[0] >= 1.0
    assert pauses[1] > pauses[0]
    failed = [step.number for step in world.entry(plan).steps if step.state == "failed"]
    assert result.failed_step == failed[-1]


def test_the_start_budget_ends_the_attempts(world: World) -> None:
    world.worker("w", code="import sys\nsys.exit(3)\n")
    plan = world.plan("start", "w")
    journal = Journal(world.state)
    for _ in range(4):
        journal.record_start("worker:w", None)
    journal.close()
    result = world.done(plan)
    assert "5 starts within 10 minutes" in result.reason
    assert len([step for step in world.entry(plan).steps if step.text.startswith("start ")]) == 1


def test_one_that_puts_itself_into_the_background_is_found_there(world: World) -> None:
    code = "import os, time\nif os.fork():\n    os._exit(0)\nos.setsid()\nprint('up', flush=True)\ntime.sleep(600)\n"
    pid_file = world.folder / "w.pid"
    world.worker("w", code=code, pid_file=str(pid_file))
    plan = world.plan("start", "w")
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True)
    assert [int(pid_file.read_text())] == world.instances("w")
    assert any("into the background" in step.detail for step in world.entry(plan).steps)


def test_a_component_must_report_itself_running(world: World) -> None:
    port = free_port()
    world.program("server.py", SERVER)
    world.start(PYTHON, "server.py", str(port))
    world.table("[service]", {"name": "board", "port": port, "url": f"http://127.0.0.1:{port}/health"})
    world.worker("w", code=f"open('component', 'w').close()\n{SLEEPER}", component="board:engine")
    result = world.done(world.plan("start", "w"))
    assert result.verified is True
    assert "board reports engine running" in result.subresults[0].evidence


def _service(world: World, port: int) -> None:
    command = [PYTHON, "server.py", str(port)]
    world.table("[service]", {"name": "board", "port": port, "command": command, "cwd": str(world.folder)})


def test_a_service_is_restarted_on_its_port(world: World) -> None:
    port = free_port()
    world.program("server.py", SERVER)
    world.table(
        "[service]",
        {"name": "board", "port": port, "command": [PYTHON, "server.py", str(port)], "cwd": str(world.folder)},
    )
    old = world.start(PYTHON, "server.py", str(port))
    plan = world.plan("restart", "board")
    assert [target.pid for target in plan.targets] == [old.pid]
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True)
    assert f"port {port} listens" in result.subresults[0].evidence
    assert old.poll() is not None


def test_a_port_held_by_a_stranger_is_not_fought_for(world: World) -> None:
    port = free_port()
    world.program("server.py", SERVER)
    world.program("stranger.py", SERVER)
    world.table(
        "[service]",
        {"name": "board", "port": port, "command": [PYTHON, "server.py", str(port)], "cwd": str(world.folder)},
    )
    before = world.plan("start", "board")
    stranger = world.start(PYTHON, "stranger.py", str(port))
    refused = world.refused("restart", "board")
    assert f"port {port} is held by {stranger.pid}" in refused.reason
    # And when it takes the port only after the plan was made:
    result = world.done(before)
    assert result.result == "failed"
    assert f"port {port} is held by {stranger.pid}" in result.reason
    assert stranger.poll() is None


def test_what_was_well_before_and_is_not_after_is_said_loudly(world: World) -> None:
    """`b` ends when `a` does: the restart of `a` is done, and what it cost is told with the log's last line."""
    world.worker("a")
    code = "import os, sys, time\npid = int(sys.argv[1]) if len(sys.argv) > 1 else 0\n"
    code += "while True:\n    time.sleep(0.1)\n    try:\n        os.kill(int(open('a.now').read()), 0)\n"
    code += "    except OSError:\n        print('a has left me', flush=True)\n        sys.exit(1)\n"
    world.worker("b", code=code)
    a = world.start(PYTHON, "a.py")
    (world.folder / "a.now").write_text(str(a.pid))
    with world.log("b").open("ab") as log:
        b = world.start(PYTHON, "b.py", ready=False)
        log.write(b"b: a has left me\n")
    eventually("b", lambda: world.instances("b"))
    plan = world.plan("restart", "a")
    world.submit(plan)
    a.wait(20)
    result = world.finished(plan).result
    assert result is not None
    assert b.wait(10) == 1
    assert result.result == "done"
    assert result.verified is False
    assert len(result.hurt) == 1
    assert result.hurt[0].startswith("b ran before and does not now")
    assert "a has left me" in result.hurt[0]


def test_stale_pid_files_are_removed_and_others_are_not(world: World) -> None:
    pid_file = world.folder / "w.pid"
    world.worker("w", pid_file=str(pid_file))
    gone = world.start("true", ready=False)
    gone.wait(10)
    pid_file.write_text(f"{gone.pid}\n")
    result = world.done(world.plan("remove-pid-file", "w"))
    assert (result.result, result.verified, pid_file.exists()) == ("done", True, False)
    running = world.start(PYTHON, "w.py")
    pid_file.write_text(f"{running.pid}\n")
    assert "names the running instance" in world.refused("remove-pid-file", "w").reason
    assert pid_file.exists()


def test_stopping_takes_its_pid_file_with_it(world: World) -> None:
    pid_file = world.folder / "w.pid"
    world.worker("w", pid_file=str(pid_file))
    running = world.start(PYTHON, "w.py")
    pid_file.write_text(f"{running.pid}\n")
    assert world.done(world.plan("stop", "w")).verified is True
    assert not pid_file.exists()
    assert not runs(running.pid)


def test_the_journal_and_the_executors_words_are_for_us_alone(world: World) -> None:
    world.worker("w")
    world.done(world.plan("start", "w"))
    eventually("the executor's end", lambda: time.sleep(0.1) or True)
    for path in world.state.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert (world.state / "executor.log").read_text() == ""
