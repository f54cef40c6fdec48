"""The details screen: renewed with each snapshot, scrollable, with the log's last lines."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from opsconsole.present.glyphs import UNICODE
from opsconsole.present.panes import PANES, pane_content
from opsconsole.ui.screens.details import DetailsScreen
from opsconsole.ui.screens.log import LogScreen
from tests import makers, samples
from tests.ui.screens.readers import ReaderApp, SampleFeed, SampleFollower, eventually, text_of


def details_screen(key: str, feed: SampleFeed, log: tuple[str, ...] = ()) -> DetailsScreen:
    return DetailsScreen(key, feed, open_log=lambda _path: SampleFollower((log, "")))


async def test_shows_what_is_known_and_the_logs_last_lines() -> None:
    log = tuple(f"log line {number}" for number in range(20))
    screen = details_screen("worker:assigner", SampleFeed(samples.incident()), log)
    async with ReaderApp(screen).run_test(size=(120, 80)) as pilot:
        await eventually(pilot, lambda: any("log line 19" in line for line in text_of(screen)))
        text = "\n".join(text_of(screen))
        assert text.startswith(" Worker assigner")
        assert "assigner_worker.py --daemon" in text
        assert "log line 12" in text
        assert "log line 11" not in text


async def test_is_renewed_with_the_feed() -> None:
    feed = SampleFeed(samples.ok_workers(makers.worker("x", reason="first reason", log=None)))
    screen = details_screen("worker:x", feed)
    async with ReaderApp(screen).run_test(size=(100, 40)) as pilot:
        await eventually(pilot, lambda: any("first reason" in line for line in text_of(screen)))
        feed.latest = samples.ok_workers(makers.worker("x", reason="second reason", log=None))
        await eventually(pilot, lambda: any("second reason" in line for line in text_of(screen)))


async def test_what_is_gone_is_said_above_what_was_known() -> None:
    feed = SampleFeed(samples.ok_workers(makers.worker("x", reason="known before", log=None)))
    screen = details_screen("worker:x", feed)
    async with ReaderApp(screen).run_test(size=(100, 40)) as pilot:
        await eventually(pilot, lambda: any("known before" in line for line in text_of(screen)))
        feed.latest = samples.empty()
        await eventually(pilot, lambda: any("no longer there" in line for line in text_of(screen)))
        assert any("known before" in line for line in text_of(screen))
        feed.latest = samples.empty(sequence=43)
        await pilot.pause(0.6)
        assert sum("no longer there" in line for line in text_of(screen)) == 1
        assert any("known before" in line for line in text_of(screen))


async def test_scrolls_to_both_ends_and_leaves() -> None:
    screen = details_screen("worker:auto_confirm", SampleFeed(samples.incident()))
    app = ReaderApp(screen)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.place.startswith("1-22 of"))
        await pilot.press("j")
        assert screen.place.startswith("2-23 of")
        await pilot.press("G")
        last, _, total = screen.place.partition(" of ")
        assert last.endswith(f"-{total}")
        await pilot.press("g", "k")
        assert screen.place.startswith("1-22 of")
        await pilot.press("q")
        await eventually(pilot, lambda: app.screen is not screen)


async def test_l_opens_its_log() -> None:
    screen = details_screen("worker:assigner", SampleFeed(samples.incident()))
    app = ReaderApp(screen)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: bool(screen.hints()[1].why_not == ""))
        await pilot.press("l")
        await eventually(pilot, lambda: isinstance(app.screen, LogScreen))


async def test_without_a_log_the_key_says_why() -> None:
    screen = details_screen("service:Billing", SampleFeed(samples.incident()))
    app = ReaderApp(screen)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l")
        assert app.screen is screen
        assert screen.hints()[1].why_not == "no log known"


async def test_before_the_first_snapshot() -> None:
    screen = details_screen("worker:x", SampleFeed(None))
    async with ReaderApp(screen).run_test(size=(80, 24)):
        assert "reading" in text_of(screen)[0]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("name", ["incident", "hostile"])
def test_lines_fit_the_width(name: str, width: int) -> None:
    """No row's details run past the right edge, where the terminal would cut them unmarked."""
    snapshot = getattr(samples, name)()
    for pane_id in PANES:
        for row in pane_content(pane_id, snapshot, samples.SampleHistory(), glyphs=UNICODE).rows:
            screen = DetailsScreen(row.key, SampleFeed(snapshot))
            screen.take(snapshot)
            for line in screen.lines(width):
                text = "".join(part for part, _ in line).rstrip()
                assert cell_len(text) <= width, (row.key, text)
