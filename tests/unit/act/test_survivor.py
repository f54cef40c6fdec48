"""Which of several stays: each criterion decides only where those before it do not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opsconsole.act.request import Request, WhyNot
from opsconsole.act.subjects import Subject
from opsconsole.act.survivor import choose
from opsconsole.config.types import Config, LoadedConfig, WorkerTable
from opsconsole.engine import Engine
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import SubjectKind
from opsconsole.model.reading import ok
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.worker import Helper, Instance, PidFile
from tests.makers import AT, BOOT, instance, process, process_table, worker

BASE = 4_100_000
"""Above any pid of this machine: what is looked up in /proc is not there."""


def copy(number: int, age: int, **changes: Any) -> Instance:
    pid = BASE + number
    return instance(pid, id=ProcessId(BOOT, pid, 1000 - age), **changes)


def request(**changes: Any) -> Request:
    tree = [process(BASE + 9, "sh keep.sh"), process(BASE + 2, "python3 w.py", ppid=BASE + 9)]
    snapshot = Engine(LoadedConfig(config=Config(), path=None)).collect()
    fields: dict[str, Any] = {
        "verb": "kill-duplicates",
        "names": ("w",),
        "snapshot": _with(snapshot, processes=ok(process_table(tree), AT)),
        "loaded": LoadedConfig(config=Config(), path=None),
    }
    return Request(**{**fields, **changes})


def _with(snapshot: Snapshot, **changes: Any) -> Snapshot:
    return msgspec.structs.replace(snapshot, **changes)


def subject(*instances: Instance, keep: str = "oldest", wanted: int = 1, **changes: Any) -> Subject:
    table = WorkerTable(name="w", command=("python3", "w.py"), keep=keep, instances=wanted)  # type: ignore[arg-type]
    seen = worker("w", instances, wanted=wanted, pid_file=None, **changes)
    kind: SubjectKind = "worker"
    return Subject(kind, "w", table, None, seen)


def staying(chosen: Subject, **changes: Any) -> list[tuple[int, str]]:
    return [(one.pid - BASE, reason) for one, reason in choose(request(**changes), chosen).staying]


def test_the_configured_version_stays_however_young() -> None:
    assert staying(subject(copy(1, age=100, replaced=True), copy(2, age=1))) == [(2, "the configured version")]


def test_then_the_one_that_the_pid_file_names() -> None:
    pid_file = PidFile("/tmp/w.pid", "ok", BASE + 3)
    instances = (copy(1, age=100), copy(2, age=50), copy(3, age=1))
    made = subject(*instances)
    made = msgspec.structs.replace(made, seen=msgspec.structs.replace(made.seen, pid_file=pid_file))
    assert staying(made) == [(3, "the pid file names it")]


def test_then_the_one_that_is_kept_alive() -> None:
    wrapper = Helper(ProcessId(BOOT, BASE + 9, 900_000 + 9), BASE + 9, AT, "sh keep.sh", "wrapper")
    made = subject(copy(1, age=100), copy(2, age=1), wrappers=(wrapper,))
    assert staying(made)[0][0] == 2


@pytest.mark.parametrize(("keep", "stays"), [("oldest", (1, "the oldest")), ("newest", (3, "the newest"))])
def test_then_the_configured_age(keep: str, stays: tuple[int, str]) -> None:
    assert staying(subject(copy(2, age=50), copy(3, age=1), copy(1, age=100), keep=keep)) == [stays]


def test_a_tie_is_asked_and_the_answer_holds() -> None:
    made = subject(copy(1, age=100), copy(2, age=1), keep="managed")
    with pytest.raises(WhyNot, match="nothing tells"):
        choose(request(), made)
    assert staying(made, keep=BASE + 2) == [(2, "chosen")]
    with pytest.raises(WhyNot, match="no instance"):
        choose(request(keep=7), made)


def test_as_many_stay_as_are_wanted() -> None:
    made = subject(copy(1, age=1), copy(2, age=2), copy(3, age=3), copy(4, age=4), wanted=3)
    choice = choose(request(), made)
    assert [one.pid - BASE for one, _ in choice.staying] == [4, 3, 2]
    assert [(one.pid - BASE, reason) for one, reason in choice.going] == [(1, "younger")]


def test_one_that_writes_the_declared_log_stays(tmp_path: Path) -> None:
    """Told from its open files: this very process stands for it."""
    log = tmp_path / "w.log"
    with log.open("w"):
        writer = instance(os.getpid(), id=ProcessId(BOOT, os.getpid(), 999))
        made = subject(copy(1, age=999), writer)
        table = WorkerTable(name="w", command=("python3", "w.py"), log=log)
        made = msgspec.structs.replace(made, table=table)
        chosen = choose(request(), made).staying
    assert [(one.pid, reason) for one, reason in chosen] == [(os.getpid(), "writes the declared log")]
