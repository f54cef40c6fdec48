"""The header when there is too little room: what is longest is said shorter first, the mode last."""

from __future__ import annotations

from opsconsole.present.cell import Cell
from tests.ui.test_filtering import console

CELLS = (
    Cell("host"),
    Cell("READ-ONLY", short="RO"),
    Cell("health 4.2 (2 critical, 1 high, 2 medium, 2 low)", short="health 4.2"),
    Cell("load 8.13/8", short="8.13"),
    Cell("17:19:00"),
)


async def test_the_decomposition_of_the_score_gives_way_before_the_mode() -> None:
    app = console()
    async with app.run_test(size=(120, 40)):
        header = app.main.header
        header.show(CELLS)
        said = {width: "".join(text for text, _ in header.pieces(width)) for width in (120, 70, 50, 24)}
    assert "2 low" in said[120]
    assert "READ-ONLY" in said[70]
    assert "2 low" not in said[70]
    assert "READ-ONLY   health 4.2   8.13" in said[50]
    assert said[24].strip().startswith("host")
