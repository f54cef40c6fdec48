"""What the screen remembers: it comes back as it was, and a file that is not right costs a warning and no more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.present.panes import PANES
from opsconsole.ui.memory import FILE_NAME, LARGEST, Memory, PaneLook, look_of, view_of
from opsconsole.ui.rows import View

COLUMNS = PANES["workers"].columns


def test_what_was_remembered_is_there_for_the_next_one(tmp_path: Path) -> None:
    first = Memory(tmp_path / "state")
    assert first.read() == ""
    assert not (tmp_path / "state").exists(), "reading makes nothing"
    assert first.change_pane("workers", PaneLook("cpu > 5", "mem", True, ("trend",)))
    assert first.save() == ""
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "state").iterdir()] == [FILE_NAME]
    second = Memory(tmp_path / "state")
    assert second.read() == ""
    assert second.now == first.now


def test_a_view_that_is_plain_again_leaves_nothing_behind(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.change_pane("workers", PaneLook("x"))
    memory.change_pane("workers", PaneLook())
    assert memory.now.panes == {}


@given(st.sampled_from((None, *range(len(COLUMNS)))), st.booleans(), st.sets(st.sampled_from(COLUMNS[1:])))
def test_a_view_comes_back_as_it_was(sort: int | None, inverted: bool, hidden: set[object]) -> None:
    ids = tuple(column.id for column in COLUMNS if column in hidden)
    view = View(filter="state = idle", sort=sort, inverted=inverted, hidden=ids)
    assert view_of(look_of(view, COLUMNS), COLUMNS) == view


def test_columns_that_are_gone_are_forgotten_and_the_name_always_shows() -> None:
    assert view_of(PaneLook("", "flavour", False, ("name", "flavour", "cpu")), COLUMNS) == View(hidden=("cpu",))


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"panes": {"workers": 3}}', b"\xff\xfe", b" " * (LARGEST + 1)])
def test_a_broken_file_is_told_and_ignored_and_replaced_by_the_next_right_one(tmp_path: Path, content: bytes) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / FILE_NAME).write_bytes(content)
    memory = Memory(tmp_path)
    warning = memory.read()
    assert str(tmp_path / FILE_NAME) in warning
    assert "the panes begin as they come" in warning
    assert memory.now.panes == {}
    memory.change(tour_seen=True)
    assert memory.save() == ""
    assert Memory(tmp_path).read() == ""


@given(st.binary(max_size=200))
def test_no_content_breaks_it(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("state")
    (folder / FILE_NAME).write_bytes(content)
    memory = Memory(folder)
    memory.read()
    for pane_id, look in memory.now.panes.items():
        if pane_id in PANES:
            view_of(look, PANES[pane_id].columns)


def test_a_pipe_in_its_place_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE_NAME)
    assert "no plain file" in Memory(tmp_path).read()


def test_a_directory_open_to_others_is_not_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o755)
    memory = Memory(folder)
    memory.change(tour_seen=True)
    assert "is not remembered" in memory.save()
    assert list(folder.iterdir()) == []


def test_without_a_directory_nothing_is_written() -> None:
    memory = Memory(None)
    assert memory.read() == ""
    memory.change(tour_seen=True)
    assert memory.save() == ""
