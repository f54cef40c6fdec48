"""Columns, themes, the tour, and what the next console finds: on a running screen."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from textual.color import Color

from opsconsole.config.checks import THEMES as ALLOWED
from opsconsole.config.types import LoadedConfig
from opsconsole.ui.app import ConsoleApp
from opsconsole.ui.dialogs.columns import ColumnsBox
from opsconsole.ui.dialogs.themes import ThemeBox
from opsconsole.ui.memory import Memory
from opsconsole.ui.theme import MONOCHROME, SHORT_NAMES, THEMES, theme_mistakes, theme_name, themes
from tests.ui.consoles import console, on_row
from tests.ui.screens.readers import eventually


def workers_titles(app: ConsoleApp) -> list[str]:
    table = app.main.tables["workers"]
    return [table.columns[placed.column].id for placed in table.placed_columns]


async def test_order_columns_and_filter_are_there_again_in_the_next_console(tmp_path: Path) -> None:
    state = tmp_path / "state"
    app, _, _ = console(state_dir=state)
    async with app.run_test(size=(160, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.query("#tour")) and bool(app.main.tables["workers"].rows))
        await pilot.press("escape", "2", "z", "greater_than_sign", "I", "o")
        await eventually(pilot, lambda: isinstance(app.screen, ColumnsBox))
        await pilot.press("j", "space", "escape")
        await eventually(pilot, lambda: app.screen is app.main)
        assert "count" not in workers_titles(app)
        await pilot.press("slash", *"o", "enter")
        table = app.main.tables["workers"]
        view, keys = table.view, [row.key for row in table.rows]
    app.looks.stop()
    again, _, _ = console(state_dir=state)
    async with again.run_test(size=(160, 40)) as pilot:
        await eventually(pilot, lambda: bool(again.main.tables["workers"].rows))
        assert again.main.tables["workers"].view == view
        assert [row.key for row in again.main.tables["workers"].rows] == keys
        assert "count" not in workers_titles(again)
        assert "filtered as last time: Workers" in again.main.footer.said


async def test_changes_are_written_while_the_console_runs(tmp_path: Path) -> None:
    app, _, _ = console(state_dir=tmp_path / "state")
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.query("#tour")))
        await pilot.press("escape", "greater_than_sign")
        file = tmp_path / "state" / "screen.json"
        await eventually(pilot, lambda: file.exists() and "services" in file.read_text(), within_s=20.0)


async def test_a_broken_memory_is_told_and_the_console_comes_up_as_usual(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "screen.json").write_text("{")
    app, _, _ = console(state_dir=tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: "the panes begin as they come" in app.main.footer.said)
        await eventually(pilot, lambda: bool(app.main.tables["workers"].rows))


async def test_the_tour_comes_once_and_any_key_closes_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    app, _, _ = console(state_dir=state)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: bool(app.query("#tour")) and app.looks.tour.size.height == 5)
        assert all(len(text) < 80 for _, text in app.looks.tour.lines())
        await pilot.press("q")
        await eventually(pilot, lambda: not app.query("#tour"))
        assert app.is_running, "the key that closed it did nothing else"
    app.looks.stop()
    again, _, _ = console(state_dir=state)
    async with again.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert not again.query("#tour")


@pytest.mark.parametrize("key", ["8", "tab", "j", "question_mark"])
async def test_a_key_of_looking_that_the_tour_tells_acts_as_it_closes_it(tmp_path: Path, key: str) -> None:
    app, door, _ = console(state_dir=tmp_path / "state")
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.query("#tour")) and bool(app.main.table.rows))
        app.main.enter("workers")
        await pilot.pause()
        before = app.main.cursor_row
        await pilot.press(key)
        await eventually(pilot, lambda: not app.query("#tour"))
        await eventually(
            pilot, lambda: (app.screen, app.main.active, app.main.cursor_row) != (app.main, "workers", before)
        )
        assert door.wishes == []


@pytest.mark.parametrize("key", ["D", "r", "X", "ctrl+c", "enter", "slash", "3", "q", "x", "f", "E"])
async def test_the_key_that_closes_the_tour_does_nothing_else(tmp_path: Path, key: str) -> None:
    app, door, _ = console(state_dir=tmp_path / "state")
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.query("#tour")) and bool(app.main.table.rows))
        app.main.enter("workers")
        await pilot.pause()
        before = app.main.cursor_row
        await pilot.press(key)
        await eventually(pilot, lambda: not app.query("#tour"))
        await pilot.pause()
        assert app.screen is app.main
        assert (app.main.active, app.main.cursor_row, app.main.filtering) == ("workers", before, False)
        assert (door.wishes, app.main.footer.said) == ([], "")
        await pilot.press("j")
        assert app.main.cursor_row != before, "the next one is for the pane again"


async def test_where_there_is_no_room_for_the_tour_the_first_key_acts_and_it_comes_another_time(tmp_path: Path) -> None:
    state = tmp_path / "state"
    app, _, _ = console(state_dir=state)
    async with app.run_test(size=(60, 8)) as pilot:
        await eventually(pilot, lambda: bool(app.main.table.rows))
        assert app.main.arrangement is not None
        assert "tour" not in app.main.arrangement.boxes
        before = app.main.cursor_row
        await pilot.press("j")
        assert app.main.cursor_row != before
    app.looks.stop()
    again, _, _ = console(state_dir=state)
    async with again.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(again.query("#tour")))


async def test_a_key_without_an_action_closes_the_tour_as_well(tmp_path: Path) -> None:
    app, _, _ = console(state_dir=tmp_path / "state")
    async with app.run_test(size=(120, 40)) as pilot:
        await eventually(pilot, lambda: bool(app.query("#tour")))
        await pilot.press("f9")
        await eventually(pilot, lambda: not app.query("#tour"))


async def test_without_a_state_directory_there_is_no_first_time() -> None:
    app, _, _ = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert not app.query("#tour")


async def test_a_click_on_a_columns_title_sorts_by_it_and_another_turns_it_round() -> None:
    app, _, _ = console()
    async with app.run_test(size=(160, 40)) as pilot:
        table = app.main.tables["sessions"]
        await eventually(pilot, lambda: bool(table.rows))
        await pilot.click("#sessions", offset=(3, 1))
        assert (app.main.active, table.view.sort, table.view.inverted) == ("sessions", 0, False)
        assert [row.cells[0].text for row in table.rows] == sorted(row.cells[0].text for row in table.rows)
        await pilot.click("#sessions", offset=(3, 1))
        assert table.view.inverted
        await pilot.click("#sessions", offset=(3, 4))
        assert app.main.cursor_row is table.rows[2]


async def test_themes_are_tried_by_moving_over_them_and_left_as_they_were_by_esc() -> None:
    app, _, _ = console()
    async with app.run_test(size=(120, 40)) as pilot:
        before = app.theme
        app.action_perform("theme")
        await eventually(pilot, lambda: isinstance(app.screen, ThemeBox))
        await pilot.press("j")
        assert app.theme == SHORT_NAMES["night"]
        await pilot.press("G")
        assert app.theme == MONOCHROME
        assert app.has_class("-monochrome")
        await pilot.press("escape")
        await eventually(pilot, lambda: app.screen is app.main)
        assert app.theme == before
        assert not app.has_class("-monochrome")
        app.action_perform("theme")
        await eventually(pilot, lambda: isinstance(app.screen, ThemeBox))
        await pilot.press("j", "enter")
        await eventually(pilot, lambda: app.screen is app.main)
        assert app.theme == SHORT_NAMES["night"]


def brightness(colour: Color) -> float:
    """Relative luminance (WCAG 2)."""

    def linear(share: float) -> float:
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part / 255) for part in colour.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((brightness(Color.parse(one)), brightness(Color.parse(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_everything_that_is_to_be_read_has_contrast_in_every_theme() -> None:
    for name, look in THEMES.items():
        if not look.coloured:
            continue
        tokens = look.tokens
        for token in ("text", "bright", "accent-text", "good", "caution", "fault", "unsure"):
            assert contrast(tokens[token], tokens["ground"]) >= 4.5, (name, token)
            assert contrast(tokens[token], tokens["cursor-ground"]) >= 4.0, (name, token)
        assert contrast(tokens["quiet"], tokens["ground"]) >= 4.0, name
        assert contrast(tokens["mark-text"], tokens["mark-ground"]) >= 4.5, name


def test_the_theme_for_colour_blind_eyes_tells_states_by_brightness_too() -> None:
    tokens = THEMES["colour-blind"].tokens
    lights = sorted(brightness(Color.parse(tokens[token])) for token in ("good", "caution", "fault"))
    assert all(later - earlier > 0.02 for earlier, later in pairwise(lights))


def test_every_theme_has_every_colour_and_takes_the_users_own() -> None:
    made, warnings = themes({"fault": "#123456"})
    assert not warnings
    assert {theme.name for theme in made} == set(SHORT_NAMES.values())
    assert all(theme.variables["fault"] == "#123456" for theme in made if theme.name != MONOCHROME)
    assert theme_mistakes({"falt": "#123456"})
    assert tuple(THEMES) == ALLOWED, "what a config may name is what there is"
    for name in THEMES:
        assert theme_name(name, colourless=False) == (SHORT_NAMES[name], "")
    assert "colour-blind" in theme_name("neon", colourless=False)[1]


def test_a_memory_without_a_directory_lasts_no_longer_than_the_console() -> None:
    assert not Memory(None).lasts


async def test_a_tree_is_folded_by_key_and_the_cursor_stays_on_what_stands_for_it() -> None:
    app, _, _ = console()
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: app.main.shown is not None)
        on_row(app, "workers", "worker:auto_confirm")
        table = app.main.table
        await pilot.press("minus")
        assert "no tree shown" in app.main.footer.said
        await pilot.press("t")
        await eventually(pilot, lambda: any(row.depth for row in table.rows))
        everything = len(table.rows)
        await pilot.press("j", "minus")  # a process: with its own below, or what it is below
        await eventually(pilot, lambda: len(table.rows) < everything)
        assert table.cursor_row is not None
        assert table.view.folded == {table.cursor_row.key}
        await pilot.press("minus")
        await eventually(pilot, lambda: len(table.rows) == everything)
        await pilot.press("asterisk")
        folded = len(table.rows)
        await pilot.press("asterisk")
        assert folded <= len(table.rows) == everything


async def test_colours_of_an_edited_config_are_in_force_at_once() -> None:
    app, _, feed = console()
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: app.main.shown is not None)
        await pilot.pause()
        before = app.main.table.ink.of("bad").color
        config = msgspec.structs.replace(feed.loaded.config, theme={"fault": "#00ffff"})
        feed.loaded = LoadedConfig(config=config, path=None)
        assert feed.latest is not None
        feed.tell(msgspec.structs.replace(feed.latest, sequence=feed.latest.sequence + 1))
        await eventually(pilot, lambda: app.main.table.ink.of("bad").color != before)
        colour = app.main.table.ink.of("bad").color
        assert colour is not None
        assert colour.name == "#00ffff"


async def test_a_filter_and_one_key_mark_several_rows_for_one_plan() -> None:
    app, _, _ = console()
    async with app.run_test(size=(160, 50)) as pilot:
        await eventually(pilot, lambda: app.main.shown is not None)
        app.main.enter("workers")
        await pilot.press("slash", *"name ~ o", "enter", "t")
        table = app.main.table
        wanted = tuple(row.key for row in table.rows if not row.depth)
        assert len(wanted) > 1
        await pilot.press("M")
        assert table.marked == wanted
        await pilot.press("U")
        assert table.marked == ()
