"""Help and palette: both from the registry, both with the reason why a key does nothing now."""

from __future__ import annotations

from rich.cells import cell_len

from opsconsole.ui.actions import ACTIONS
from opsconsole.ui.context import Context
from opsconsole.ui.keymap import make_keymap
from opsconsole.ui.palette import commands, palette
from opsconsole.ui.screens.help import HelpScreen
from opsconsole.ui.screens.log import LogScreen
from tests.ui.screens.readers import ReaderApp, SampleFollower, eventually, text_of


def help_screen(changes: dict[str, str] | None = None) -> HelpScreen:
    return HelpScreen(ACTIONS, make_keymap(ACTIONS, changes or {}), Context(read_only=True))


def test_every_action_is_there_at_every_width() -> None:
    for width in (40, 80, 140, 250):
        lines = ["".join(part for part, _ in line) for line in help_screen().lines(width)]
        assert all(cell_len(line.rstrip()) <= width for line in lines)
        words = " ".join(" ".join(lines).split())
        for action in ACTIONS:
            assert action.label in words, (width, action.id)
        assert "wrap" in words.lower()


def test_why_a_key_does_nothing_is_said() -> None:
    text = " ".join("".join(part for part, _ in line) for line in help_screen().lines(250))
    assert "(no row selected)" in text


def test_what_forbids_every_change_is_said_once() -> None:
    why = "running as root: a config with allow_root = true under [console] allows actions"
    now = Context(read_only=False, refused=why)
    for width in (80, 250):
        lines = HelpScreen(ACTIONS, make_keymap(ACTIONS, {}), now).lines(width)
        text = " ".join(" ".join("".join(part for part, _ in line) for line in lines).split())
        assert text.count("running as root") == 1
        assert text.startswith(f"nothing can be changed: {why}")


def test_a_changed_key_is_shown_as_changed() -> None:
    lines = ["".join(part for part, _ in line) for line in help_screen({"zoom": "f7"}).lines(80)]
    assert any(line.split()[:2] == ["f7", "zoom"] for line in lines)


async def test_footer_and_keys_of_the_log_follow_the_config() -> None:
    screen = LogScreen("/a", open_log=lambda _path: SampleFollower((["x ERROR y"], "")), poll_every_s=0.01)
    app = ReaderApp(screen, keys={"wrap": "f8", "next-error": "f9", "back": "f10"})
    async with app.run_test(size=(120, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 1)
        footer = "".join(part.text for part in screen.footer_line.render_line(0))
        assert all(hint in footer for hint in ("f8 wrap", "f9 [ errors", "f10 back"))
        await pilot.press("f8", "f9")
        assert screen.wrapping
        assert screen.current == 0
        await pilot.press("f10")
        await eventually(pilot, lambda: app.screen is not screen)


async def test_in_a_log_its_own_keys_can_be_used_and_those_of_rows_cannot() -> None:
    screen = LogScreen("/a", open_log=lambda _path: SampleFollower((["x"], "")), poll_every_s=0.01)
    async with ReaderApp(screen).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.buffer.end == 1)
        await pilot.press("slash", "x", "enter")
        here = screen.context_here(Context(read_only=False, on_row=True, has_tree=True))
        why_not = {action.id: action.enabled(here) for action in ACTIONS}
        assert [why_not[one] for one in ("wrap", "next-error", "find-next", "filter")] == [""] * 4
        assert all(why_not[one] for one in ("details", "copy", "tree"))


async def test_scrolls_and_leaves() -> None:
    screen = help_screen()
    app = ReaderApp(screen)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: screen.place.startswith("1-22"))
        assert "READ-ONLY" in text_of(screen)[0]
        await pilot.press("pagedown")
        assert not screen.place.startswith("1-")
        await pilot.press("escape")
        await eventually(pilot, lambda: app.screen is not screen)


async def test_the_palette_does_what_was_chosen() -> None:
    screen = palette()
    app = ReaderApp(screen)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"freeze")
        await eventually(pilot, lambda: bool(screen.query_one("CommandList").option_count))  # type: ignore[attr-defined]
        await pilot.pause(0.2)
        await pilot.press("enter")
        await eventually(pilot, lambda: app.performed == ["freeze"])


def test_the_palette_offers_what_the_registry_has_and_says_why_not() -> None:
    app = ReaderApp(help_screen())
    offered = {command.action_id: command for command in commands(app)}
    assert set(offered) == {action.id for action in ACTIONS if action.palette}
    assert offered["details"].label == "details: not now"
    assert "no row selected" in offered["details"].help
    assert offered["filter"].keys == "/"


def test_the_palette_names_what_does_something_now_first() -> None:
    usable = [command.usable for command in commands(ReaderApp(help_screen()))]
    assert 0 < sum(usable) < len(usable)
    assert usable == sorted(usable, reverse=True)
