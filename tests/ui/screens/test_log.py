"""The log screen: follows, searches, jumps, wraps, and never blocks on the file."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from opsconsole.ui.screens.log import KEEP, LogBuffer, LogScreen
from opsconsole.ui.screens.search import dated, highlighted, split_cells
from tests.ui.screens.readers import ReaderApp, SampleFollower, eventually, text_of

LINES = [f"10:00:{number % 60:02} INFO line {number}" for number in range(200)]
LINES[50] = "10:00:50 ERROR fifty failed"
LINES[120] = "10:02:00 ERROR hundred twenty failed"


def log_screen(*batches: tuple[list[str], str], paths: str | tuple[str, ...] = "/var/log/a.log") -> LogScreen:
    return LogScreen(paths, open_log=lambda _path: SampleFollower(*batches), poll_every_s=0.01)


async def test_shows_the_newest_lines_and_follows() -> None:
    screen = log_screen((LINES, ""), (["10:09:00 INFO newest"], ""))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: "newest" in text_of(screen)[-1])
        assert "following" in text_of(screen)[0]
        assert "2 errors" in text_of(screen)[0]


async def test_scrolling_up_stops_following_and_the_end_resumes_it() -> None:
    batches = [(LINES, "")]
    follower = SampleFollower(*batches)
    screen = LogScreen("/a", open_log=lambda _path: follower, poll_every_s=0.01)
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: "line 199" in text_of(screen)[-1])
        await pilot.press("k")
        assert "line 198" in text_of(screen)[-1]
        assert "not following" in text_of(screen)[0]
        follower.batches.append((["later"], ""))
        await eventually(pilot, lambda: screen.buffer.end == 201)
        assert "line 198" in text_of(screen)[-1]
        await pilot.press("G")
        assert "later" in text_of(screen)[-1]
        await pilot.press("g")
        assert "line 0" in text_of(screen)[1]
        await pilot.press("Z")
        assert "later" in text_of(screen)[-1]


async def test_y_copies_the_line_that_was_found_and_the_last_jump_says_that_it_goes_round() -> None:
    screen = log_screen((LINES, ""))
    app = ReaderApp(screen)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: "line 199" in text_of(screen)[-1])
        await pilot.press("y")
        assert app.clipboard.splitlines()[-1].strip() == LINES[199]
        await pilot.press("g", "e", "y")
        assert app.clipboard == LINES[50]
        await pilot.press("e", "e", "y")
        assert app.clipboard == LINES[50], "around the end"
        assert "sent to the terminal" in screen.footer_line.said
        await pilot.press("left_square_bracket")
        assert "from the end" in screen.footer_line.said


async def test_a_search_that_reads_as_a_pattern_is_looked_for_as_one_too() -> None:
    screen = log_screen((["10:00 started (a.b)", "10:01 took 12 ms", "10:02 took 345 ms"], ""))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: "345" in text_of(screen)[3])
        await pilot.press("/", *r"took \d{3}", "enter")
        assert screen.current == 2
        assert ("took 345", "mark") in screen._line(2, 80)[0]
        await pilot.press("/", *["backspace"] * 10, *"(a.", "enter")
        assert screen.current == 0, "no pattern, but a text"


async def test_rotation_is_said_between_the_lines() -> None:
    screen = log_screen((["old"], ""), (["new"], "the log was rotated: this is the new file"))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 3)
        assert [text.strip(" ─") for text in text_of(screen)[1:4]] == [
            "old",
            "the log was rotated: this is the new file",
            "new",
        ]


async def test_search_marks_matches_and_goes_from_one_to_the_next() -> None:
    screen = log_screen((LINES, ""))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 200)
        await pilot.press("slash", *"FAILED", "enter")
        assert screen.search == "FAILED"
        assert screen.current == 50
        await pilot.press("n")
        assert screen.current == 120
        assert any("twenty failed" in line for line in text_of(screen))
        await pilot.press("n")
        assert screen.current == 50, "around the end"
        await pilot.press("N")
        assert screen.current == 120
        marked = [
            segment.text
            for y in range(screen.view.size.height)
            for segment in screen.view.render_line(y)
            if segment.style == screen.view.ink.mark
        ]
        assert marked == ["failed"]


async def test_escape_closes_the_search_then_clears_it_then_leaves() -> None:
    screen = log_screen((LINES, ""))
    app = ReaderApp(screen)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 200)
        await pilot.press("slash", *"line 7", "escape")
        assert screen.search == "line 7"
        await pilot.press("escape")
        assert screen.search == ""
        assert app.screen is screen
        await pilot.press("escape")
        await eventually(pilot, lambda: app.screen is not screen)


async def test_letters_typed_into_the_search_are_no_commands() -> None:
    screen = log_screen((LINES, ""))
    app = ReaderApp(screen)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 200)
        await pilot.press("slash", *"qZweG")
        assert app.screen is screen
        assert screen.search == "qZweG"
        assert screen.following
        assert not screen.wrapping


async def test_jumps_from_error_to_error_both_ways() -> None:
    screen = log_screen((LINES, ""))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 200)
        await pilot.press("e")
        assert screen.current == 50
        await pilot.press("e")
        assert screen.current == 120
        await pilot.press("[")
        assert screen.current == 50
        assert any("fifty failed" in line for line in text_of(screen))


async def test_without_errors_the_jump_says_so() -> None:
    screen = log_screen((["all is well"], ""))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 1)
        await pilot.press("e")
        assert "no error" in screen.footer_line.said


async def test_wrapping_loses_nothing_and_cutting_says_so() -> None:
    long = "x" * 70 + "日本語" * 10 + "END"
    screen = log_screen(([long], ""))
    async with ReaderApp(screen).run_test(size=(60, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 1)
        assert text_of(screen)[1].rstrip().endswith("…")
        await pilot.press("w")
        shown = "".join(line.strip() for line in text_of(screen)[1:])
        assert shown == long


async def test_markup_in_a_line_is_literal() -> None:
    screen = log_screen((["[red]not red[/] [/] [@click=app.quit]x[/]"], ""))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 1)
        assert "[red]not red[/] [/] [@click=app.quit]x[/]" in text_of(screen)[1]


async def test_escapes_that_nobody_cleaned_do_not_reach_the_terminal() -> None:
    screen = log_screen((["a\x1b]0;title\x07b"], ""))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 1)
        assert all(line.isprintable() for line in text_of(screen))


async def test_the_next_of_several_logs() -> None:
    screen = LogScreen(("/a", "/b"), open_log=lambda path: SampleFollower(([f"of {path}"], "")), poll_every_s=0.01)
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffers[1].end == 1)
        assert "of /a" in text_of(screen)[1]
        await pilot.press("tab")
        assert text_of(screen)[0].strip().startswith("/b (2 of 2)")
        assert "of /b" in text_of(screen)[1]


async def test_a_file_that_hangs_holds_up_neither_keys_nor_leaving() -> None:
    """Polling is on a thread of its own: the screen answers while the file does not."""
    release = threading.Event()

    class Hanging:
        def poll(self) -> tuple[list[str], str]:
            release.wait(30)
            return [], ""

    screen = LogScreen("/dead/disk", open_log=lambda _path: Hanging())
    app = ReaderApp(screen)
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("w")
            assert screen.wrapping
            await pilot.press("q")
            await eventually(pilot, lambda: app.screen is not screen)
    finally:
        release.set()


async def test_follows_a_real_file_through_growth_and_rotation(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    path.write_text("first\n")
    screen = LogScreen(str(path), poll_every_s=0.01)
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 1)
        with path.open("a") as log:
            log.write("second\n")
        await eventually(pilot, lambda: screen.buffer.end == 2)
        path.rename(tmp_path / "worker.log.1")
        path.write_text("after rotation\n")
        await eventually(pilot, lambda: any("after rotation" in line for line in text_of(screen)))
        assert any("rotated" in line for line in text_of(screen))


async def test_every_size_down_to_one_cell_draws() -> None:
    screen = log_screen((LINES, "noted"))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 201)
        await pilot.press("w")
        for size in ((1, 1), (2, 3), (40, 2), (250, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            screen.perform("page-up")
            screen.perform("down")


def test_the_buffer_keeps_the_newest_lines_and_their_numbers() -> None:
    buffer = LogBuffer(keep=10)
    buffer.add([f"line {number}" for number in range(25)], "")
    assert (buffer.first, buffer.end) == (15, 25)
    assert buffer[20].text == "line 20"
    assert KEEP == 5000


def test_a_notice_that_stays_the_same_is_said_once() -> None:
    buffer = LogBuffer()
    for _ in range(3):
        buffer.add([], "no such file")
    assert buffer.end == 1
    buffer.add(["a line"], "")
    buffer.add([], "no such file")
    assert buffer.end == 3


@given(text=st.text(st.characters(blacklist_categories=["Cs", "Cc"])), search=st.text(max_size=3))
def test_marking_changes_no_text(text: str, search: str) -> None:
    assert "".join(piece for piece, _ in highlighted(text, search, "")) == text


@given(text=st.text(st.characters(blacklist_categories=["Cs", "Cc"])), width=st.integers(1, 30))
def test_rows_of_a_wrapped_line_fit_and_lose_nothing(text: str, width: int) -> None:
    rows = split_cells(text, width)
    assert "".join(rows) == text
    assert all(cell_len(row) <= max(width, 2) for row in rows)


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2026-02-08 09:04:45 ERROR Failed", "2026-02-08 09:04:45 "),
        ("2026-02-08T09:04:45,123+01:00 - Worker - ERROR", "2026-02-08T09:04:45,123+01:00 "),
        ("[09:04:45] text", "[09:04:45] "),
        ("no time at all", ""),
        ("09:04", ""),
    ],
)
def test_the_time_a_line_begins_with_steps_back(text: str, stamp: str) -> None:
    pieces = dated(text, "", "bad")
    assert "".join(said for said, _ in pieces) == text
    assert [said for said, status in pieces if status == "muted"] == ([stamp] if stamp else [])
    assert "mark" in {status for _, status in dated(f"{text} 45 ERROR", "45 ERROR", "bad")}


async def test_an_empty_log_is_called_empty_once_it_was_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "empty.log"
    path.touch()
    screen = LogScreen(str(path), poll_every_s=0.01)
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: "empty" in text_of(screen)[1])
        path.write_text("first\n")
        await eventually(pilot, lambda: "first" in text_of(screen)[1])
