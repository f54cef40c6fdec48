"""Locks between plans: of one state directory, of several, after an end, and where the shared place is not ours."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from opsconsole.act import locks
from opsconsole.act.locks import Locked, Locks
from opsconsole.model.plan import Plan
from tests.unit.act.test_journal import a_plan, own_mark


@pytest.fixture(autouse=True)
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shared").mkdir()
    monkeypatch.setattr(locks, "SHARED", tmp_path / "shared")
    return tmp_path / "shared"


def state(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir(exist_ok=True)
    return tmp_path / name


def of(folder: Path, plan: Plan) -> Locks:
    return Locks(folder, plan, plan.subplans[0])


def test_one_target_is_worked_on_once_whatever_the_state_directories(tmp_path: Path) -> None:
    mine = of(state(tmp_path, "one"), a_plan("p1", (own_mark(),)))
    theirs = of(state(tmp_path, "two"), msgspec.structs.replace(a_plan("p2", (own_mark(),)), config_path="/other"))
    mine.take()
    with pytest.raises(Locked, match="plan p1 is at work on process:"):
        theirs.take()
    mine.release()
    theirs.take()
    with pytest.raises(Locked, match="plan p2"):
        mine.take()
    theirs.release()


def test_a_subject_is_that_of_its_config(tmp_path: Path) -> None:
    mine, same = of(state(tmp_path, "one"), a_plan("p1")), of(state(tmp_path, "two"), a_plan("p2"))
    other = of(state(tmp_path, "three"), msgspec.structs.replace(a_plan("p3"), config_path="/other"))
    mine.take()
    other.take()
    with pytest.raises(Locked, match="plan p1 is at work on worker:assigner"):
        same.take()
    mine.release()
    other.release()


def test_nothing_is_left_of_them(tmp_path: Path, shared: Path) -> None:
    mine = of(state(tmp_path, "one"), a_plan("p1", (own_mark(),)))
    mine.take()
    assert len([path for path in shared.rglob("*") if path.is_file()]) == 2
    mine.release()
    assert [path for path in (*shared.rglob("*"), *(tmp_path / "one").rglob("*")) if path.is_file()] == []


def test_a_shared_place_that_others_can_open_is_not_used(tmp_path: Path, shared: Path) -> None:
    mine, theirs = of(state(tmp_path, "one"), a_plan("p1")), of(state(tmp_path, "one"), a_plan("p2"))
    mine.take()
    mine.release()
    (place,) = shared.iterdir()
    place.chmod(0o755)
    mine.take()
    assert list(place.iterdir()) == []
    with pytest.raises(Locked, match="plan p1"):
        theirs.take()
    mine.release()
