"""The header of a narrow terminal: what it says that the machine shown is none is the last thing to go."""

from __future__ import annotations

import msgspec
import pytest

from opsconsole.config.types import ConsoleTable, DemoTable
from tests import samples
from tests.ui.consoles import CONFIG, console


@pytest.mark.parametrize("label", ["", "the production machine"])
async def test_demo_is_said_on_the_narrowest_screen_and_while_frozen(label: str) -> None:
    config = msgspec.structs.replace(CONFIG, demo=DemoTable(), console=ConsoleTable(label=label))
    snapshot = msgspec.structs.replace(samples.incident(), host="a-host-with-quite-a-long-name.example.org")
    app, _, _ = console(snapshot, config=config)
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        for _ in range(2):
            line = app.main.header.render_line(0)
            assert "DEMO" in line.text
            assert line.text.lstrip().startswith("a-host")
            await pilot.press("Z")
            await pilot.pause()
