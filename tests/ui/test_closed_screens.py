"""What stays of screens that were closed: a console is open all day."""

from __future__ import annotations

import gc

from textual.widget import Widget

from opsconsole.ui.screens.help import HelpScreen
from tests.ui.screens.readers import eventually
from tests.ui.test_filtering import console


async def test_a_closed_screen_leaves_neither_widgets_nor_painted_lines() -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:

        async def read_the_help(times: int) -> None:
            for _ in range(times):
                await pilot.press("?")
                await eventually(pilot, lambda: isinstance(app.screen, HelpScreen))
                await pilot.press("escape")
                await eventually(pilot, lambda: app.screen is app.main)

        def kept() -> dict[str, int]:
            gc.collect()
            names = [type(one).__name__ for one in gc.get_objects()]
            return {name: names.count(name) for name in ("StylesCache", "Strip", "HelpScreen")}

        await read_the_help(3)
        before = kept()
        await read_the_help(8)
        after = kept()
        assert before["StylesCache"] >= len(app.main.query(Widget))
        assert {name: count - before[name] for name, count in after.items() if count > before[name] + 10} == {}
