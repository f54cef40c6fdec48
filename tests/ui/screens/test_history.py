"""The history screen: charts of memory and record together, other times, one chart alone, and no writing."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from opsconsole.engine.history_file import FILE_NAME, HistoryFile
from opsconsole.model.sample import Sample
from opsconsole.ui.screens.history import WINDOWS, HistoryScreen
from tests import samples
from tests.makers import AT
from tests.ui.consoles import console, on_row
from tests.ui.screens.readers import ReaderApp, SampleFeed, eventually, text_of


def recorded(state: Path) -> Path:
    file = HistoryFile(state)
    for minute in range(180, 0, -1):
        file.write(AT - minute * 60, {"load1": Sample(2.0, 4.0), "cpu:worker:assigner": Sample(1.0, 1.0)}, ())
    file.close()
    return state


async def shown(pilot: Pilot[None], screen: HistoryScreen) -> list[str]:
    await eventually(pilot, lambda: screen._reading is not None)
    await pilot.pause()
    return text_of(screen)


async def test_the_record_and_what_is_remembered_are_one_chart_on_a_small_terminal(tmp_path: Path) -> None:
    screen = HistoryScreen(SampleFeed(samples.incident()), recorded(tmp_path / "state"))
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        lines = await shown(pilot, screen)
        assert "15m [1h] 6h 24h 7d" in lines[0]
        assert "Load, 1 min" in lines[1]
        assert "min  1.00  now  8.13  max  8.13" in lines[1]
        assert lines[7].rstrip().endswith("now")
        drawn = lines[6][7:]
        assert " " not in drawn.strip(), "an hour without a gap"
        assert all(len(line) == 80 for line in lines)


async def test_keys_choose_the_time_the_chart_and_make_it_large(tmp_path: Path) -> None:
    screen = HistoryScreen(SampleFeed(samples.incident()), recorded(tmp_path / "state"))
    async with ReaderApp(screen).run_test(size=(120, 40)) as pilot:
        await shown(pilot, screen)
        await pilot.press("full_stop", "full_stop", "comma")
        assert WINDOWS[screen.window].name == "6h"
        await eventually(pilot, lambda: screen._reading is not None and len(screen._past().times) > 60)
        assert "[6h]" in text_of(screen)[0]
        await pilot.press("tab", "enter")
        assert screen.alone
        assert "CPU busy" in text_of(screen)[1]
        assert "Load" not in "".join(text_of(screen)[1:])
        await pilot.press("escape")
        assert "Load" in "".join(text_of(screen)[1:])
        await pilot.press("/", *"assigner", "enter")
        assert [one.key for one in screen.charts()] == ["cpu:worker:assigner", "rss:worker:assigner"]
        await pilot.press("escape")
        assert len(screen.charts()) > 2
        await pilot.press("escape")
        assert screen not in pilot.app.screen_stack


async def test_a_row_comes_with_its_own_charts_first_and_watch_mode_writes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    app, _, _ = console(read_only=True, state_dir=state)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: app.main.shown is not None)
        on_row(app, "workers", "worker:assigner")
        await pilot.press("escape", "h")  # the first key closes the tour
        await eventually(pilot, lambda: isinstance(app.screen, HistoryScreen))
        screen = app.screen
        assert isinstance(screen, HistoryScreen)
        lines = await shown(pilot, screen)
        assert any("▌assigner: CPU" in line for line in lines)
    assert not (state / FILE_NAME).exists()


async def test_what_cannot_be_read_is_said_and_no_chart_is_made_of_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / FILE_NAME).write_bytes(b"no database" * 200)
    screen = HistoryScreen(SampleFeed(samples.incident()), state)
    async with ReaderApp(screen).run_test(size=(160, 30)) as pilot:
        lines = await shown(pilot, screen)
        assert "not a database" in lines[0]


async def test_minutes_of_memory_fill_the_screen_and_a_longer_record_is_there_too(tmp_path: Path) -> None:
    state = tmp_path / "state"
    file = HistoryFile(state)
    for minute in range(5, 0, -1):
        file.write(AT - minute * 60, {"load1": Sample(2.0, 4.0)}, ())
    file.close()
    screen = HistoryScreen(SampleFeed(samples.incident()), state)
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        assert "[15m] 1h 6h 24h 7d" in (await shown(pilot, screen))[0]
        await pilot.press("full_stop")
        await eventually(pilot, lambda: "[1h]" in text_of(screen)[0])
