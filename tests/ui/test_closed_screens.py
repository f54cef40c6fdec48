"""What stays of screens that were closed: a console is open all day."""

from __future__ import annotations

import gc
import weakref

from textual.widget import Widget

from opsconsole.ui.screens.help import HelpScreen
from tests.ui.screens.readers import eventually
from tests.ui.test_filtering import console


async def test_a_closed_screen_leaves_neither_widgets_nor_painted_lines() -> None:
    app = console()
    kept: list[weakref.ref[object]] = []
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(5):
            await pilot.press("?")
            await eventually(pilot, lambda: isinstance(app.screen, HelpScreen))
            for widget in (app.screen, *app.screen.query(Widget)):
                kept += [weakref.ref(widget), weakref.ref(widget._styles_cache)]
            await pilot.press("escape")
            await eventually(pilot, lambda: app.screen is app.main)

        def all_gone() -> bool:
            gc.collect()
            return not [one for one in kept if one() is not None]

        del widget
        await eventually(pilot, all_gone)
