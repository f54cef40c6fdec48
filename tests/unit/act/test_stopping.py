"""What cannot be had on a test's machine: processes that no signal reaches, EPERM as root, a system without pidfds."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.act import handle, stopping
from opsconsole.act.handle import Handle
from opsconsole.act.job import Job, StepFailed, TargetChanged
from opsconsole.act.journal import JournalFailed
from opsconsole.act.living import boot_id, look_at, own_line
from opsconsole.act.policy import bounds_of
from opsconsole.act.stopping import end_targets
from opsconsole.config.types import Config, LoadedConfig
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Plan, ProcessMark, StepRecord, StepState, Subplan, Target

DEAF = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)"


class Memory:
    """A journal that only remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, StepState, str]] = []

    def begin_step(self, plan_id: str, subject: str, text: str) -> StepRecord:
        self.steps.append((text, "started", ""))
        return StepRecord(number=len(self.steps), subject=subject, text=text, began=time.time())

    def end_step(
        self, plan_id: str, step: StepRecord, state: StepState, detail: str = "", process: ProcessId | None = None
    ) -> StepRecord:
        self.steps[step.number - 1] = (step.text, state, detail)
        return step

    def record_start(self, subject: str, process: ProcessId | None) -> None: ...

    def starts_since(self, subject: str, since: float) -> int:
        return 0


@pytest.fixture
def children() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for child in started:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def start(children: list[subprocess.Popen[bytes]], code: str = "") -> ProcessMark:
    argv = [sys.executable, "-c", code] if code else ["sleep", "600"]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE if code else None, start_new_session=True)
    children.append(child)
    if child.stdout is not None:
        child.stdout.readline()
    # While it becomes another program, one look may see something of both: two in a row must agree.
    before, found = None, look_at(child.pid, boot_id())
    while found is None or before != found.mark or (not code and found.mark.command != "sleep 600"):
        before, found = found and found.mark, look_at(child.pid, boot_id())
    return found.mark


def job(journal: Memory, *marks: ProcessMark, grace_s: float = 0.3) -> Job:
    targets = tuple(Target(kind="process", role="instance", name="w", reason="", process=mark) for mark in marks)
    subplan = Subplan(subject="w", subject_kind="worker", targets=targets)
    plan = Plan(
        id="p",
        verb="stop",
        created=time.time(),
        host="here",
        boot_id=boot_id(),
        uid=0,
        config_path="",
        config_digest="",
        subplans=(subplan,),
        grace_s=grace_s,
    )
    loaded = LoadedConfig(config=Config(), path=None)
    bounds = bounds_of(loaded.config, own_line(boot_id()))

    def no_looker() -> None:
        raise AssertionError

    return Job(
        plan=plan,
        subplan=subplan,
        loaded=loaded,
        bounds=bounds,
        journal=journal,
        looker=no_looker,  # type: ignore[arg-type]  # it is never asked
        state_dir=Path("/nonexistent"),
        scratch={},
    )


def test_one_that_no_signal_reaches_is_said_to_be_stuck_and_is_not_waited_for_for_ever(
    children: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handle, "send", lambda _self, _number: True)
    monkeypatch.setattr(stopping, "KILL_WAIT_S", 0.2)
    mark, journal = start(children), Memory()
    with pytest.raises(StepFailed, match=rf"stuck in the kernel: {mark.pid} \(state S\)") as failed:
        end_targets(job(journal, mark))
    assert failed.value.step == 2
    assert [(text.split()[0], state) for text, state, _ in journal.steps] == [
        ("SIGTERM", "done"),
        ("SIGKILL", "failed"),
    ]


def test_a_signal_that_is_not_permitted_fails_its_step_and_the_others_are_sent(
    children: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, other = start(children), start(children)
    send = Handle.send

    def picky(self: Handle, number: signal.Signals) -> bool:
        if self.mark.pid == refused.pid:
            raise PermissionError(1, "Operation not permitted")
        return send(self, number)

    monkeypatch.setattr(Handle, "send", picky)
    journal = Memory()
    with pytest.raises(StepFailed, match="Operation not permitted") as failed:
        end_targets(job(journal, refused, other))
    assert failed.value.step == 1
    assert [state for _, state, _ in journal.steps] == ["failed", "done"]
    assert children[1].wait(10) == -signal.SIGTERM
    assert children[0].poll() is None


class Full(Memory):
    """A journal whose disk fills after so many steps were begun and so many ended."""

    def __init__(self, begun: int, ended: int) -> None:
        super().__init__()
        self.begun, self.ended = begun, ended

    def begin_step(self, plan_id: str, subject: str, text: str) -> StepRecord:
        if len(self.steps) == self.begun:
            raise JournalFailed("the disk is full")
        return super().begin_step(plan_id, subject, text)

    def end_step(
        self, plan_id: str, step: StepRecord, state: StepState, detail: str = "", process: ProcessId | None = None
    ) -> StepRecord:
        self.ended -= 1
        if self.ended == -1:
            raise JournalFailed("the disk is full")
        return super().end_step(plan_id, step, state, detail, process)


def test_nothing_is_sent_before_all_that_is_sent_at_once_is_recorded(children: list[subprocess.Popen[bytes]]) -> None:
    journal = Full(begun=1, ended=9)
    with pytest.raises(JournalFailed):
        end_targets(job(journal, start(children), start(children)))
    assert [step[1:] for step in journal.steps] == [("failed", "not sent: the disk is full")]
    time.sleep(0.2)
    assert [child.poll() for child in children] == [None, None]


def test_what_was_sent_is_told_as_sent_when_the_end_of_another_step_cannot_be_recorded(
    children: list[subprocess.Popen[bytes]],
) -> None:
    journal = Full(begun=9, ended=0)
    with pytest.raises(JournalFailed):
        end_targets(job(journal, start(children), start(children)))
    assert sorted(step[1] for step in journal.steps) == ["done", "started"]
    assert [child.wait(10) for child in children] == [-signal.SIGTERM, -signal.SIGTERM]


@pytest.mark.parametrize("code", ["", DEAF], ids=["ends", "deaf"])
def test_without_pidfds_the_same_ends_the_same(
    children: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(handle, "HAS_PIDFD", False)
    mark, bystander = start(children, code), start(children)
    end_targets(job(Memory(), mark))
    assert children[0].wait(10) == (-signal.SIGKILL if code else -signal.SIGTERM)
    younger = ProcessMark(ProcessId(boot_id(), bystander.pid, 1), "", "", 0, 0, "")
    with pytest.raises(TargetChanged, match="another process now"):
        end_targets(job(Memory(), younger))
    assert children[1].poll() is None


def test_one_that_cannot_be_read_at_the_moment_is_not_taken_for_ended(
    children: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = start(children)
    monkeypatch.setattr(handle, "look_at", lambda _pid, _boot: None)
    journal = Memory()
    with pytest.raises(TargetChanged, match="cannot be read now"):
        end_targets(job(journal, mark))
    assert journal.steps == []
    assert children[0].poll() is None
