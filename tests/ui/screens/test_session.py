"""A session's screen, live and read-only."""

from __future__ import annotations

from opsconsole.model.identity import PaneId
from opsconsole.model.session import Session
from opsconsole.ui.screens.session import SessionScreen
from tests import makers
from tests.ui.screens.readers import ReaderApp, eventually, text_of


class Looks:
    """What the panes show, by pane; a failure where nothing is told."""

    def __init__(self) -> None:
        self.texts: dict[PaneId, str] = {}

    def __call__(self, panes: list[PaneId]) -> tuple[dict[PaneId, str], dict[PaneId, str]]:
        seen = {pane: self.texts[pane] for pane in panes if pane in self.texts}
        return seen, {pane: "the pane is not there any more" for pane in panes if pane not in seen}


def shown(session: Session, looks: Looks) -> SessionScreen:
    return SessionScreen(session, look=looks, every_s=0.01)


def session() -> Session:
    panes = (makers.pane(1, "work", 1, agent=""), makers.pane(2, "work", 2, agent="claude-code"))
    return makers.session("work", panes=panes)


async def test_it_shows_the_agents_pane_and_follows_it() -> None:
    one, looks = session(), Looks()
    looks.texts = {one.panes[1].id: "first\nline", one.panes[0].id: "the other pane"}
    screen = shown(one, looks)
    async with ReaderApp(screen).run_test(size=(60, 12)) as pilot:
        await eventually(pilot, lambda: "first" in "\n".join(text_of(screen)))
        assert "read-only" in text_of(screen)[0]
        looks.texts[one.panes[1].id] = "\n".join(f"line {number}" for number in range(100))
        await eventually(pilot, lambda: "line 99" in "\n".join(text_of(screen)))
        await pilot.press("tab")
        await eventually(pilot, lambda: "the other pane" in "\n".join(text_of(screen)))


async def test_a_failed_look_keeps_what_was_seen_and_says_why() -> None:
    one, looks = session(), Looks()
    looks.texts = {one.panes[1].id: "seen last"}
    screen = shown(one, looks)
    async with ReaderApp(screen).run_test(size=(90, 12)) as pilot:
        await eventually(pilot, lambda: "seen last" in "\n".join(text_of(screen)))
        looks.texts.clear()
        await eventually(pilot, lambda: "not there any more" in text_of(screen)[0])
        assert "seen last" in "\n".join(text_of(screen))


async def test_what_a_pane_shows_is_inert_and_its_secrets_are_masked() -> None:
    one, looks = session(), Looks()
    looks.texts = {one.panes[1].id: "[bold]no markup[/]\x1b[31m red\x1b[0m\nexport API_KEY=verysecretvalue123"}
    screen = shown(one, looks)
    async with ReaderApp(screen).run_test(size=(90, 12)) as pilot:
        await eventually(pilot, lambda: "[bold]no markup[/] red" in "\n".join(text_of(screen)))
        assert "verysecretvalue123" not in "\n".join(text_of(screen))
