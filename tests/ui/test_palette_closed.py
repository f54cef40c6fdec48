"""The palette when it is closed while it still searches."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette

from tests.ui.screens.readers import eventually
from tests.ui.test_filtering import console


async def test_a_search_that_ends_after_the_palette_was_closed_harms_nobody() -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(":")
        await eventually(pilot, lambda: isinstance(app.screen, CommandPalette) and bool(app.screen.query(CommandList)))
        palette = app.screen
        assert isinstance(palette, CommandPalette)
        palette.dismiss()
        await eventually(pilot, lambda: not palette.query(CommandList))
        palette._list_visible = not palette._list_visible
        await pilot.press("2")
        await eventually(pilot, lambda: app.main.active == "workers")
    assert app.return_code in (None, 0)
