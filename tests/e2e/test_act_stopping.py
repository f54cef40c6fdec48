"""Ending processes, with real ones: who is hurt, who is not, and what is said. The fault list of acting, one each."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.act.glance import glance
from opsconsole.act.planning import changed, make_plan
from opsconsole.act.submit import Submitted, submit
from opsconsole.model.plan import Refused
from tests.e2e.act_ground import DEAF, PYTHON, SLEEPER, World, eventually, identity, runs


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_duplicates_are_ended_and_the_oldest_stays(world: World) -> None:
    world.worker("twin")
    first, *others = [world.start(PYTHON, "twin.py") for _ in range(4)]
    plan = world.plan("kill-duplicates", "twin")
    assert {target.pid for target in plan.targets} == {other.pid for other in others}
    assert [survivor.pid for survivor in plan.subplans[0].survivors] == [first.pid]
    world.submit(plan)
    eventually("their end", lambda: all(other.poll() is not None for other in others))
    ended = time.monotonic()
    result = world.verdict(plan)
    assert time.monotonic() - ended < 10
    assert (result.result, result.verified, result.watching) == ("done", True, True)
    assert first.poll() is None
    assert [other.returncode for other in others] == [-signal.SIGTERM] * 3
    steps = world.entry(plan).steps
    assert len(steps) == 3
    assert all(step.text.startswith("SIGTERM ") for step in steps)


def test_look_alikes_are_left_alone_and_other_names_of_the_same_program_are_found(world: World) -> None:
    """tail, an editor, grep, another script; the symlinked one and `python -m` are copies."""
    script = world.worker("twin", "pack/twin.py")
    (world.folder / "link.py").symlink_to(script)
    (world.folder / "pack" / "__init__.py").touch()
    world.program("other.py")
    bystanders = [
        world.start("tail", "-f", "pack/twin.py"),
        world.start(PYTHON, "-c", SLEEPER, "pack/twin.py"),
        world.start(PYTHON, "other.py", "pack/twin.py"),
    ]
    first = world.start(PYTHON, "pack/twin.py")
    copies = [world.start(PYTHON, "link.py"), world.start(PYTHON, "-m", "pack.twin")]
    result = world.done(world.plan("kill-duplicates", "twin"))
    assert (result.result, result.verified) == ("done", True)
    assert [copy.wait(10) for copy in copies] == [-signal.SIGTERM] * 2
    assert first.poll() is None
    assert [bystander.poll() for bystander in bystanders] == [None] * 3


SLOW = """
import signal, sys, time
signal.signal(15, lambda *_: (time.sleep({seconds}), sys.exit()))
print("up", flush=True)
time.sleep(600)
"""
POOL = """
import multiprocessing, time, sys
def work(): time.sleep(600)
if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    children = [multiprocessing.Process(target=work) for _ in range(3)]
    for child in children: child.start()
    print("up", flush=True)
    time.sleep(600)
"""
PREFORK = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        time.sleep(600)
print("up", flush=True)
time.sleep(600)
"""
RELOADER = """
import os, subprocess, sys, time
if os.environ.get("RELOADED"):
    print("up", flush=True)
    time.sleep(600)
subprocess.run([sys.executable, *sys.argv], env={**os.environ, "RELOADED": "1"})
"""


@pytest.mark.parametrize(
    ("code", "arguments"),
    [(POOL, ["fork"]), (POOL, ["spawn"]), (POOL, ["forkserver"]), (PREFORK, []), (RELOADER, [])],
    ids=["fork", "spawn", "forkserver", "prefork", "reloader"],
)
def test_a_pool_is_one_instance(world: World, code: str, arguments: list[str]) -> None:
    world.worker("pool", code=code, command=[PYTHON, "pool.py", *arguments])
    world.start(PYTHON, "pool.py", *arguments)
    assert world.refused("kill-duplicates", "pool").kind == "nothing"


def test_a_wrapper_is_ended_before_what_it_would_start_again(world: World) -> None:
    world.worker("looped", wrappers=["keep.sh"])
    world.program("keep.sh", f"while true; do {PYTHON} looped.py; sleep 0.1; done\n")
    canonical = world.start(PYTHON, "looped.py")
    wrapper = world.start("sh", "keep.sh")
    copy = eventually("the loop's child", lambda: set(world.instances("looped")) - {canonical.pid}).pop()
    plan = world.plan("kill-duplicates", "looped", keep=canonical.pid)
    assert [(target.role, target.pid) for target in plan.targets] == [("wrapper", wrapper.pid), ("instance", copy)]
    result = world.done(plan)
    assert (result.result, result.verified, result.respawners) == ("done", True, ())
    assert world.instances("looped") == [canonical.pid]


SUPERVISOR = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "minded.py"], stdout=subprocess.DEVNULL)
print("up", flush=True)
while True:
    child.wait()
    time.sleep(1.0)
    child = subprocess.Popen([sys.executable, "minded.py"], stdout=subprocess.DEVNULL)
"""


def test_who_respawns_is_named_and_not_fought(world: World) -> None:
    world.worker("minded")
    world.program("supervisor.py", SUPERVISOR)
    supervisor = world.start(PYTHON, "supervisor.py")
    minded = eventually("what it minds", lambda: world.instances("minded"))
    plan = world.plan("stop", "minded", watch_s=10.0)
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", False)
    assert [each.parent.pid for each in result.respawners if each.parent is not None] == [supervisor.pid]
    assert str(supervisor.pid) in result.reason
    assert supervisor.poll() is None
    assert world.instances("minded") not in ([], minded)
    assert len(world.entry(plan).steps) == 1


DAEMON = "import os, time\nif os.fork(): os._exit(0)\nos.setsid()\nprint('up', flush=True)\ntime.sleep(600)\n"


@pytest.mark.parametrize(("code", "elsewhere"), [(SLEEPER, False), (DAEMON, False), (SLEEPER, True)])
def test_a_start_of_ours_while_a_stop_is_watched_is_no_respawn(world: World, code: str, elsewhere: bool) -> None:
    """Its plan is named; also where it puts itself into the background, or another console has the journal of it."""
    world.worker("wanted", code=code)
    first = world.start(PYTHON, "wanted.py", ready=code == SLEEPER)
    if code == DAEMON:
        first.wait(10)
    eventually("it", lambda: world.instances("wanted"))
    stop = world.plan("stop", "wanted", watch_s=30.0)
    world.submit(stop)
    eventually("the watch", lambda: world.entry(stop).state == "watching")
    start = world.plan("start", "wanted")
    assert isinstance(submit(start, world.folder / "other" if elsewhere else world.state), Submitted)
    result = world.finished(stop).result
    assert result is not None
    assert (result.result, result.verified, result.respawners, result.reason) == ("done", True, (), "")
    assert any(f"was started again by plan {start.id}" in seen for seen in result.subresults[0].evidence)
    assert len(world.instances("wanted")) == 1


def test_what_a_supervisor_starts_again_is_its_respawn_also_while_the_plan_that_started_it_is_at_work(
    world: World,
) -> None:
    world.worker("minded")
    world.worker("boss", code=SUPERVISOR)
    start = world.plan("start", "boss")
    world.submit(start)
    (minded,) = eventually("what it minds", lambda: world.instances("minded"))
    plan = world.plan("terminate", str(minded), watch_s=10.0)
    result = world.done(plan)
    (boss,) = world.instances("boss")
    assert (result.result, result.verified) == ("done", False)
    assert [each.parent.pid for each in result.respawners if each.parent is not None] == [boss]


def test_one_that_ignores_sigterm_is_told_beforehand_and_killed_after_the_grace_time(world: World) -> None:
    world.worker("deaf", code=DEAF)
    deaf = world.start(PYTHON, "deaf.py")
    plan = world.plan("stop", "deaf", grace_s=0.5)
    assert any("ignores SIGTERM" in warning for warning in plan.subplans[0].warnings)
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True)
    assert deaf.wait(10) == -signal.SIGKILL
    assert [step.text.split()[0] for step in world.entry(plan).steps] == ["SIGTERM", "SIGKILL"]


def test_a_stopped_one_is_continued_so_that_it_can_end(world: World) -> None:
    world.worker("stopped")
    stopped = world.start(PYTHON, "stopped.py")
    stopped.send_signal(signal.SIGSTOP)
    eventually("its stop", lambda: Path(f"/proc/{stopped.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    plan = world.plan("stop", "stopped")
    assert any("is stopped" in warning for warning in plan.subplans[0].warnings)
    assert world.done(plan).verified is True
    assert stopped.wait(10) == -signal.SIGTERM


def test_a_zombie_gets_no_signal_and_its_parent_is_named(world: World) -> None:
    world.worker("ended")
    child = world.start(PYTHON, "ended.py")
    loaded = world.loaded()
    before, seen = glance(loaded, "terminate"), identity(child.pid)
    child.send_signal(signal.SIGKILL)
    eventually("its end", lambda: not runs(child.pid))
    made = make_plan("terminate", (str(child.pid),), before, loaded, expected=(seen,))
    assert isinstance(made, Refused)
    assert f"waits for its parent {os.getpid()}" in made.reason


def test_a_target_that_ends_first_is_success(world: World) -> None:
    world.worker("brief")
    brief = world.start(PYTHON, "brief.py")
    plan = world.plan("stop", "brief")
    brief.kill()
    brief.wait(10)
    assert changed(plan) == f"{brief.pid} ({PYTHON} brief.py) has ended"
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True)
    assert world.entry(plan).steps[0].detail == "had ended already"


CHAMELEON = """
import os, signal, sys
def change(*_): os.execv("/bin/sleep", ["sleep", "600"])
signal.signal(signal.SIGUSR1, change)
print("up", flush=True)
signal.pause()
"""


def test_a_pid_that_runs_another_program_now_gets_nothing(world: World) -> None:
    world.worker("chameleon", code=CHAMELEON)
    world.worker("twin")
    chameleon = world.start(PYTHON, "chameleon.py")
    plan = world.plan("stop", "chameleon")
    chameleon.send_signal(signal.SIGUSR1)
    eventually("the other program", lambda: "another program" in changed(plan))
    result = world.done(plan)
    assert result.result == "refused"
    assert "another program" in result.reason
    assert world.entry(plan).steps == ()
    assert chameleon.poll() is None


def test_one_changed_target_spares_all_of_its_subplan(world: World) -> None:
    world.worker("chameleon", code=CHAMELEON)
    group = [world.start(PYTHON, "chameleon.py") for _ in range(3)]
    plan = world.plan("stop", "chameleon")
    group[1].send_signal(signal.SIGUSR1)
    eventually("the other program", lambda: "another program" in changed(plan))
    assert world.done(plan).result == "refused"
    assert [each.poll() for each in group] == [None] * 3


LEAVES_A_POOL = """
import os, signal, time
for deaf in (True, False):
    if os.fork() == 0:
        if deaf:
            signal.signal(15, signal.SIG_IGN)
        time.sleep(600)
print("up", flush=True)
time.sleep(600)
"""


def test_a_pool_that_outlives_its_root_is_ended_as_the_plan_has_it(world: World) -> None:
    world.worker("pool", code=LEAVES_A_POOL)
    root = world.start(PYTHON, "pool.py")
    plan = world.plan("stop", "pool", grace_s=3)
    assert len(plan.targets[0].tree) == 2
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True)
    assert root.wait(10) == -signal.SIGTERM
    assert not any(runs(member.pid) for member in plan.targets[0].tree)
    assert [step.text.split()[0] for step in world.entry(plan).steps] == ["SIGTERM", "SIGTERM", "SIGKILL"]


SLOW_ROOT = """
import os, signal, time
if os.fork() == 0:
    def end(*_):
        time.sleep(1.0)
        open("put away", "w").close()
        os._exit(0)
    signal.signal(15, end)
    while True: time.sleep(600)
signal.signal(15, lambda *_: (time.sleep(1.5), os._exit(0)))
print("up", flush=True)
while True: time.sleep(600)
"""


def test_what_outlives_a_root_that_took_its_time_is_asked_and_has_its_own(world: World) -> None:
    world.worker("pool", code=SLOW_ROOT)
    world.start(PYTHON, "pool.py")
    plan = world.plan("stop", "pool", grace_s=2.0)
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", True)
    assert (world.folder / "put away").exists(), "the child has ended by itself"
    assert [step.text.split()[0] for step in world.entry(plan).steps] == ["SIGTERM", "SIGTERM"]


def test_one_instance_under_a_loop_comes_back_and_the_loop_is_named_before_and_after(world: World) -> None:
    world.worker("looped", wrappers=["keep.sh"])
    world.program("keep.sh", f"while true; do {PYTHON} looped.py; sleep 0.1; done\n")
    wrapper = world.start("sh", "keep.sh")
    (copy,) = eventually("the copy", lambda: world.instances("looped"))
    plan = world.plan("terminate", str(copy), watch_s=10)
    assert any(f"wrapper {wrapper.pid}" in warning for warning in plan.subplans[0].warnings)
    result = world.done(plan)
    assert (result.result, result.verified) == ("done", False)
    assert [(each.subject, each.parent and each.parent.pid) for each in result.respawners] == [("looped", wrapper.pid)]
    assert f"started again by {wrapper.pid}" in result.reason


def test_siblings_in_one_process_group_are_not_hurt(world: World) -> None:
    world.worker("one")
    world.program("other.py")
    shell = world.start("sh", "-c", f"{PYTHON} other.py & {PYTHON} one.py & echo up; wait", ready=True)
    one = eventually("the worker", lambda: world.instances("one"))
    others = eventually("its sibling", lambda: [pid for pid in world.members() if "other.py" in _argv(pid)])
    result = world.done(world.plan("terminate", str(one[0])))
    assert result.verified is True
    assert runs(others[0])
    assert shell.poll() is None


def _argv(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


def test_another_users_process_is_refused(world: World) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a process as somebody else")
    world.worker("theirs")
    world.folder.chmod(0o755)
    theirs = world.start("sleep", "600", ready=False, user=65534, cwd="/")
    loaded = world.loaded()
    made = make_plan(
        "terminate", (str(theirs.pid),), glance(loaded, "terminate"), loaded, expected=(identity(theirs.pid),)
    )
    assert isinstance(made, Refused)
    assert "belongs to uid 65534" in made.reason
    assert theirs.poll() is None


def test_the_console_itself_and_what_is_protected_are_refused(world: World) -> None:
    world.worker("guarded")
    guarded = world.start(PYTHON, "guarded.py")
    loaded = world.loaded()
    snapshot = glance(loaded, "terminate")
    for pid in (os.getpid(), os.getppid()):
        made = make_plan("terminate", (str(pid),), snapshot, loaded, expected=(identity(pid),))
        assert isinstance(made, Refused)
        assert "this console or one of its ancestors" in made.reason
    path = world.folder / "opsconsole.toml"
    path.write_text(path.read_text().replace("[console]", '[console]\nprotect = ["guarded"]'))
    from opsconsole.config.load import load

    for verb, name in (("stop", "guarded"), ("terminate", str(guarded.pid))):
        made = make_plan(verb, (name,), snapshot, load(path))  # type: ignore[arg-type]
        assert isinstance(made, Refused)
        assert "protected" in made.reason


def test_fifty_are_ended_side_by_side(world: World) -> None:
    """Each takes a second to end: one after the other they would take fifty."""
    slow = SLOW.format(seconds=1)
    for number in range(50):
        world.worker(f"w{number}", "slow.py", slow, command=[PYTHON, "slow.py", str(number)])
    children = [world.start(PYTHON, "slow.py", str(number)) for number in range(50)]
    plan = world.plan("stop", *(f"w{number}" for number in range(50)))
    world.submit(plan)
    eventually("their end", lambda: all(child.poll() is not None for child in children))
    entry = world.entry(plan)
    began = [step.began for step in entry.steps]
    assert max(began) - min(began) < 20
    result = world.verdict(plan)
    assert (result.result, result.verified, len(result.subresults)) == ("done", True, 50)


def test_a_plan_is_carried_out_once(world: World) -> None:
    """The key pressed twice, and two consoles that want the same."""
    world.worker(
        "slow",
        code=SLOW.format(seconds=2),
    )
    slow = world.start(PYTHON, "slow.py")
    plan, rival = world.plan("stop", "slow"), world.plan("stop", "slow")
    world.submit(plan)
    again = submit(plan, world.state)
    assert isinstance(again, Refused)
    assert "submitted before" in again.reason
    eventually("the first signal", lambda: world.entry(plan).steps)
    rivals = world.done(rival)
    assert rivals.result == "refused"
    assert plan.id in rivals.reason
    result = world.finished(plan).result
    assert result is not None
    assert result.verified is True
    assert slow.wait(10) == 0


def test_a_config_that_changed_since_refuses(world: World) -> None:
    world.worker("steady")
    steady = world.start(PYTHON, "steady.py")
    plan = world.plan("stop", "steady")
    path = world.folder / "opsconsole.toml"
    path.write_text(path.read_text() + '\n[[worker]]\nname = "more"\ncommand = ["true"]\n')
    result = world.done(plan)
    assert (result.result, result.reason) == ("refused", "the config has changed since the plan was made")
    assert steady.poll() is None


def test_a_full_disk_refuses_and_nothing_is_sent(world: World, tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        (mount / "state").mkdir(mode=0o700)
        (mount / "filling").write_bytes(b"x" * 40_000)
        world.worker("steady")
        steady = world.start(PYTHON, "steady.py")
        refused = submit(world.plan("stop", "steady"), mount / "state")
        assert isinstance(refused, Refused)
        assert "full" in refused.reason
        assert steady.poll() is None
    finally:
        subprocess.run(["umount", str(mount)], check=True)
