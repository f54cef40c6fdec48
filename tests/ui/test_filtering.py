"""The filter on a running screen: conditions, what is wrong with one, and that a wrong one hides nothing."""

from __future__ import annotations

from typing import Any

from textual.events import Key
from textual.pilot import Pilot

from opsconsole.config.types import Config, LoadedConfig
from opsconsole.ui.app import ConsoleApp
from tests import samples
from tests.ui.screens.readers import SampleFeed, eventually


class GivenFeed(SampleFeed):
    loaded = LoadedConfig(config=Config(), path=None)

    def start(self, on_snapshot: Any) -> None:
        on_snapshot(self.latest)


def console() -> ConsoleApp:
    feed = GivenFeed(samples.incident())
    return ConsoleApp(feed, read_only=True, loaded=feed.loaded, ascii_only=False)


def bar(app: ConsoleApp) -> str:
    return "".join(part.text for part in app.main.filter_count.render_line(0)).strip()


async def sessions_filter(pilot: Pilot[None], app: ConsoleApp, text: str) -> None:
    await eventually(pilot, lambda: bool(app.main.tables["sessions"].rows))
    await pilot.press("3", "slash")
    app.main.filter_input.value = text
    await pilot.pause()


async def test_conditions_filter_the_pane_they_are_typed_in() -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await sessions_filter(pilot, app, "state = idle and idle > 1h")
        table = app.main.tables["sessions"]
        shown = {row.key for row in table.rows}
        idle = {
            row.key
            for row, session in zip(table.content.rows, app.main.shown.sessions.value, strict=True)  # type: ignore[union-attr]
            if session.state == "idle" and session.idle_s is not None and session.idle_s > 3600
        }
        assert shown == idle
        assert 0 < len(shown) < len(table.content.rows)
        assert bar(app).startswith(f"{len(shown)} of {len(table.content.rows)}")


async def test_a_wrong_filter_says_what_is_wrong_and_hides_nothing() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await sessions_filter(pilot, app, "cpx > 50")
        table = app.main.tables["sessions"]
        assert table.rows == table.content.rows
        await eventually(pilot, lambda: bar(app).startswith("no column cpx here; did you mean cpu?"))
        await pilot.press("enter")
        assert "not understood: no column cpx here" in "".join(
            part.text for part in table.render_lines(table.region.reset_offset)[0]
        )
        assert table.rows == table.content.rows


async def test_a_filter_that_nothing_matches_says_so_in_the_empty_pane_and_how_it_is_cleared() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await sessions_filter(pilot, app, "zzzz")
        await pilot.press("enter")
        table = app.main.tables["sessions"]
        assert table.rows == ()
        drawn = ["".join(part.text for part in line) for line in table.render_lines(table.region.reset_offset)]
        assert any("no row matches /zzzz: esc clears it" in line for line in drawn), drawn
        await pilot.press("escape")
        await eventually(pilot, lambda: table.rows == table.content.rows)


async def test_next_match_goes_by_conditions_as_well() -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await sessions_filter(pilot, app, "state = idle")
        await pilot.press("enter")
        wanted = {row.key for row in app.main.table.rows}
        await pilot.press("escape")
        before = app.main.cursor_row
        await pilot.press("n")
        after = app.main.cursor_row
        assert after is not None
        assert before is not None
        assert after.key in wanted
        assert len(app.main.table.rows) > len(wanted)


async def test_what_follows_enter_in_the_same_burst_is_for_the_screen() -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await sessions_filter(pilot, app, "idle")
        for key, character in (("enter", None), ("z", "z"), ("exclamation_mark", "!")):
            app.post_message(Key(key, character))
        await eventually(pilot, lambda: app.main.zoomed and app.main.faults_only)
        assert app.main.table.view.filter == "idle"
        await pilot.press("slash", "x")
        await eventually(pilot, lambda: app.main.table.view.filter == "idlex")
