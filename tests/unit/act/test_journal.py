"""The journal on a real disk: what is recorded, who may read it, and what happens when it cannot be written."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from opsconsole.act.journal import Journal, JournalFailed
from opsconsole.act.journal_fault import told
from opsconsole.act.journal_reader import JournalReader, journal_path, truth_now
from opsconsole.act.living import boot_id, look_at
from opsconsole.model.identity import PaneId
from opsconsole.model.plan import Plan, PlanResult, Subplan, Target
from opsconsole.present import humanise
from opsconsole.present.plan import entry_line, result_text

CHECKOUT = Path(__file__).parents[3]


def a_plan(plan_id: str = "p1", targets: tuple[Target, ...] = ()) -> Plan:
    return Plan(
        id=plan_id,
        verb="stop",
        created=time.time(),
        host="here",
        boot_id=boot_id(),
        uid=os.geteuid(),
        config_path="",
        config_digest="",
        subplans=(Subplan(subject="assigner", subject_kind="worker", targets=targets),),
    )


def own_mark() -> Target:
    living = look_at(os.getpid(), boot_id())
    assert living is not None
    return Target(kind="process", role="instance", name="us", reason="", process=living.mark)


def test_a_plan_is_read_back_with_its_steps_and_result(tmp_path: Path) -> None:
    journal, reader = Journal(tmp_path / "state"), JournalReader(tmp_path / "state")
    journal.intend(a_plan())
    waiting = reader.entry("p1").value
    assert waiting is not None
    assert (waiting.state, waiting.steps, waiting.result) == ("waiting", (), None)

    us = own_mark().process
    assert us is not None
    assert journal.take("p1", us.id) == waiting.plan
    step = journal.begin_step("p1", "assigner", "SIGTERM 4242")
    begun = reader.entry("p1").value
    assert begun is not None
    assert (begun.state, begun.steps[0].state) == ("running", "started")

    journal.end_step("p1", step, "done", "ended after 0.1s")
    journal.conclude(PlanResult(plan="p1", result="done", verified=True, ended=time.time()))
    ended = reader.entry("p1").value
    assert ended is not None
    assert (ended.state, ended.steps[0].state, ended.steps[0].detail) == ("finished", "done", "ended after 0.1s")
    assert reader.unfinished().value == ()


def test_what_a_plan_took_counts_from_when_it_was_confirmed_and_leaves_out_the_watch(tmp_path: Path) -> None:
    """It was made an hour before, and left standing in its dialog."""
    journal, reader, us = Journal(tmp_path), JournalReader(tmp_path), own_mark().process
    assert us is not None
    journal.intend(msgspec.structs.replace(a_plan(), created=time.time() - 3600))
    journal.take("p1", us.id)
    begun = reader.entry("p1").value
    assert begun is not None
    assert begun.confirmed is not None
    assert begun.took_s is None
    at = begun.confirmed
    done = PlanResult(plan="p1", result="done", verified=True, ended=at + 2.0, settled=at + 2.0, watching=True)
    for result, took in (
        (done, "2.0s after it was confirmed; watching for a respawn"),
        (msgspec.structs.replace(done, ended=at + 12.0, watching=False), "2.0s after it was confirmed"),
        (msgspec.structs.replace(done, ended=at + 9.0, watching=False, verified=False), "9.0s after it was confirmed"),
    ):
        journal.conclude(result)
        entry = reader.entry("p1").value
        assert entry is not None
        assert entry.result is not None
        assert result_text(entry.result, entry.took_s).endswith(took)
        assert humanise.date_time(at) in entry_line(entry)
    journal.close()


def test_a_plan_is_taken_once_and_submitted_once(tmp_path: Path) -> None:
    journal, us = Journal(tmp_path), own_mark().process
    assert us is not None
    journal.intend(a_plan())
    assert journal.take("p1", us.id) is not None
    assert journal.take("p1", us.id) is None
    assert journal.take("no such", us.id) is None
    with pytest.raises(JournalFailed, match="submitted before"):
        journal.intend(a_plan())


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    Journal(folder).intend(a_plan())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(journal_path(folder).stat().st_mode) == 0o600
    folder.chmod(0o755)
    with pytest.raises(JournalFailed, match="open to others"):
        Journal(folder)


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    (tmp_path / "state").mkdir(mode=0o700)
    journal_path(tmp_path / "state").symlink_to(elsewhere)
    with pytest.raises(JournalFailed):
        Journal(tmp_path / "state")
    assert elsewhere.read_text() == ""


def test_a_file_that_may_not_grow_refuses_the_plan_and_is_not_called_a_full_disk(tmp_path: Path) -> None:
    """RLIMIT_FSIZE: the plan cannot be recorded, the true errno is told, and what is there stays whole."""
    Journal(tmp_path).intend(a_plan("before"))
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(CHECKOUT)!r})
from tests.unit.act.test_journal import a_plan, own_mark
from opsconsole.act.journal import Journal, JournalFailed
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path({str(tmp_path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
try:
    journal.intend(a_plan("after", (own_mark(),) * 2000))
except JournalFailed as failed:
    print(failed)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "could not be written" in said
    assert os.strerror(errno.EFBIG) in said
    assert "full" not in said
    entries = JournalReader(tmp_path).entries().value
    assert entries is not None
    assert [entry.plan.id for entry in entries] == ["before"]


ON_A_SMALL_DISK = """
import subprocess, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.unit.act.test_journal import a_plan
from opsconsole.act.journal import Journal, JournalFailed
folder = Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(folder)], check=True)
def attempt(what):
    try:
        what()
        print("written")
    except JournalFailed as failed:
        print(failed)
journal = Journal(folder)
journal.intend(a_plan("before"))
(folder / "filling").write_bytes(b"x" * 800_000)
attempt(lambda: journal.intend(a_plan("too little room")))
with open(folder / "filling", "ab", buffering=0) as filling:
    try:
        while filling.write(b"x" * 4096): pass
    except OSError: pass
attempt(lambda: journal.begin_step("before", "assigner", "SIGTERM " + "4242 " * 100))
(folder / "filling").unlink()
attempt(lambda: journal.begin_step("before", "assigner", "SIGTERM 4242"))
journal.close()
subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
attempt(lambda: Journal(folder).begin_step("before", "assigner", "SIGTERM 4242"))
"""


def test_a_disk_that_is_full_is_called_full_and_one_that_is_read_only_read_only(tmp_path: Path) -> None:
    """A real small file system, in a mount namespace of its own."""
    command = ["unshare", "-Urm", sys.executable, "-c", ON_A_SMALL_DISK, str(CHECKOUT), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 and ("unshare" in done.stderr or "mount" in done.stderr):
        pytest.skip(f"no small file system can be had here: {done.stderr.strip()[-200:]}")
    little, full, again, read_only = done.stdout.splitlines()
    assert "the disk is full" in little
    assert "KiB are free, 256 KiB are needed" in little
    assert full.endswith("the disk is full (database or disk is full)")
    assert again == "written", "what had failed leaves it usable"
    assert read_only.endswith("could not be written: attempt to write a readonly database")


def test_one_that_another_holds_is_called_held(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    path = journal_path(tmp_path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("begin immediate")
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        with contextlib.closing(other), pytest.raises(sqlite3.OperationalError) as caught:
            other.execute("begin immediate")
    assert told(caught.value, path) == (
        f"journal {path}: could not be written: database is locked (another process has held it for too long)"
    )


def test_what_an_error_number_says_is_what_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    assert "the disk is full" in told(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), path)
    for number in (errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES):
        said = told(OSError(number, os.strerror(number)), path)
        assert said.endswith(f"could not be written: {os.strerror(number)}")


def test_many_threads_record_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.intend(a_plan())

    def work(number: int) -> None:
        for _ in range(3):
            journal.end_step("p1", journal.begin_step("p1", f"worker {number}", "step"), "done")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entry = JournalReader(tmp_path).entry("p1").value
    assert entry is not None
    assert [step.number for step in entry.steps] == list(range(1, 61))
    assert {step.state for step in entry.steps} == {"done"}


def test_a_plan_whose_executor_is_gone_is_abandoned_and_its_targets_are_looked_at(tmp_path: Path) -> None:
    journal, us = Journal(tmp_path), own_mark()
    assert us.process is not None
    dead = msgspec.structs.replace(us.process, id=msgspec.structs.replace(us.process.id, start_ticks=1))
    journal.intend(a_plan("p1", (us, msgspec.structs.replace(us, process=dead))))
    journal.take("p1", dead.id)
    entries = JournalReader(tmp_path).unfinished().value
    assert entries is not None
    assert entries[0].state == "abandoned"
    assert [line.rpartition(": ")[2] for line in truth_now(entries[0])] == ["still runs", "has ended"]


def test_a_plan_that_nobody_took_is_abandoned_after_a_while_and_then_never_taken(tmp_path: Path) -> None:
    journal, us = Journal(tmp_path), own_mark().process
    assert us is not None
    journal.intend(a_plan())
    with contextlib.closing(sqlite3.connect(journal_path(tmp_path))) as database:
        database.execute("update plans set submitted = submitted - 61")
        database.commit()
    assert journal.take("p1", us.id) is None
    entry = JournalReader(tmp_path).entry("p1").value
    assert entry is not None
    assert entry.state == "abandoned"


def test_reading_makes_nothing(tmp_path: Path) -> None:
    assert JournalReader(tmp_path / "none").entries().value == ()
    assert list(tmp_path.iterdir()) == []
    Journal(tmp_path).intend(a_plan())
    before = sorted(path.name for path in tmp_path.iterdir())
    JournalReader(tmp_path).entries()
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_journal_that_is_none_is_unknown(tmp_path: Path) -> None:
    journal_path(tmp_path).write_text("not a database, and long enough not to be taken for an empty one" * 20)
    reading = JournalReader(tmp_path).entries()
    assert reading.state == "unknown"
    assert "not a database" in reading.reason


def test_a_pane_that_a_killed_executor_left_blocked_is_told_with_what_frees_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    journal = Journal(state)
    mark = own_mark().process
    assert mark is not None
    target = Target(
        kind="process", role="agent", name="foo", reason="", process=mark, pane=PaneId("/tmp/a b", 1, 2, "%3")
    )
    plan = msgspec.structs.replace(a_plan(targets=(target,)), verb="hibernate")
    journal.intend(plan)
    journal.end_step(plan.id, journal.begin_step(plan.id, "foo", "block typing in pane %3"), "done")
    entry = JournalReader(state).entry(plan.id).value
    assert entry is not None
    assert any("tmux -S '/tmp/a b' select-pane -e -t %3" in line for line in truth_now(entry))
    journal.end_step(plan.id, journal.begin_step(plan.id, "foo", "save argv"), "done", "/s/sleeping/0f.json")
    journal.begin_step(plan.id, "foo", "SIGTERM 1")
    entry = JournalReader(state).entry(plan.id).value
    assert entry is not None
    assert any(line.endswith("sh /s/sleeping/0f.sh") for line in truth_now(entry))
    journal.end_step(plan.id, journal.begin_step(plan.id, "foo", "allow typing in pane %3 again"), "done")
    entry = JournalReader(state).entry(plan.id).value
    assert entry is not None
    assert not any("select-pane" in line for line in truth_now(entry))
    journal.close()


def test_a_plan_whose_text_is_no_utf8_is_refused_and_nothing_of_it_is_recorded(tmp_path: Path) -> None:
    pane = PaneId(os.fsdecode(b"/tmp/tmux-\xff"), 1, 2, "%3")
    journal = Journal(tmp_path)
    with contextlib.closing(journal), pytest.raises(JournalFailed, match="no UTF-8"):
        journal.intend(a_plan(targets=(msgspec.structs.replace(own_mark(), pane=pane),)))
    assert JournalReader(tmp_path).entries().value == ()


def test_a_record_that_is_no_utf8_is_unknown_to_who_reads_it_and_not_taken(tmp_path: Path) -> None:
    journal, us = Journal(tmp_path), own_mark().process
    assert us is not None
    journal.intend(a_plan())
    with contextlib.closing(sqlite3.connect(journal_path(tmp_path))) as database:
        database.execute("update plans set document = ?", (b'{"id": "\xff"}',))
        database.commit()
    assert JournalReader(tmp_path).entries().state == "unknown"
    with contextlib.closing(journal), pytest.raises(JournalFailed, match="is none"):
        journal.take("p1", us.id)


def test_what_an_abandoned_plan_had_started_is_told_by_identity_and_that_its_pid_file_may_be_missing(
    tmp_path: Path,
) -> None:
    journal, us = Journal(tmp_path), own_mark().process
    assert us is not None
    plan = a_plan()
    part = msgspec.structs.replace(plan.subplans[0], steps=("write its pid to /run/a.pid, unless it does so itself",))
    plan = msgspec.structs.replace(plan, verb="start", subplans=(part,))
    journal.intend(plan)
    dead = msgspec.structs.replace(us.id, start_ticks=1)
    journal.take(plan.id, dead)
    journal.end_step(plan.id, journal.begin_step(plan.id, "assigner", "start a.py"), "done", "pid 1", us.id)
    journal.end_step(plan.id, journal.begin_step(plan.id, "assigner", "start a.py (again)"), "done", "pid 2", dead)
    journal.begin_step(plan.id, "assigner", "start b.py")
    entry = JournalReader(tmp_path).entry(plan.id).value
    assert entry is not None
    told = truth_now(entry)
    assert told[0] == f"assigner: {us.pid}, which it had started, still runs"
    assert "its pid file may be missing" in told[1]
    assert told[2] == f"assigner: {us.pid}, which it had started, has ended"
    assert "start b.py may or may not have been done" in told[3]
    assert len(told) == 4
    write = journal.begin_step(plan.id, "assigner", f"write {us.pid} to the pid file /run/a.pid")
    journal.end_step(plan.id, write, "done")
    entry = JournalReader(tmp_path).entry(plan.id).value
    assert entry is not None
    assert not any("pid file" in line for line in truth_now(entry))
    journal.close()


def test_opening_it_again_takes_no_lock_from_who_is_writing(tmp_path: Path) -> None:
    """POSIX locks end with the first descriptor that the process closes, whoever took them."""
    Journal(tmp_path).close()
    code = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('begin immediate')"
    with contextlib.closing(sqlite3.connect(journal_path(tmp_path), isolation_level=None)) as writing:
        writing.execute("begin immediate")
        Journal(tmp_path).close()
        another = [sys.executable, "-c", code, str(journal_path(tmp_path))]
        said = subprocess.run(another, capture_output=True, text=True, check=False)
    assert "database is locked" in said.stderr
