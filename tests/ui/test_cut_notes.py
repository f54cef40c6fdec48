"""What a note has no room for in its column is said whole at the pane's lower edge, for the row under the cursor."""

from __future__ import annotations

import pytest

from opsconsole.ui.layout import too_small
from tests.ui.screens.readers import eventually
from tests.ui.test_filtering import console


@pytest.mark.parametrize(("size", "corner"), [((200, 50), "╰"), ((80, 24), "─")])
async def test_the_note_under_the_cursor_is_said_whole_where_its_column_cuts_it(
    size: tuple[int, int], corner: str
) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        table = app.main.tables["workers"]
        await eventually(pilot, lambda: bool(table.rows))
        await pilot.press("2")
        note = next(index for index, column in enumerate(table.columns) if column.id == "note")
        room = {placed.column: placed.width for placed in table.placed_columns}[note]
        long, short = (
            next(row for row in table.rows if row.cells[note].text and (len(row.cells[note].text) > room) is cut)
            for cut in (True, False)
        )
        for row, said in ((long, True), (short, False)):
            table.move_to(table.rows.index(row))
            await pilot.pause()
            edge = "".join(part.text for part in table.render_lines(table.region.reset_offset)[-1])
            assert edge.startswith(corner)
            # Of a note longer than the pane the edge says as much as it has room for.
            assert (row.cells[note].text[:60].strip() in edge) is said


def test_the_smallest_terminals_are_told_whole_what_they_need() -> None:
    for width in range(4, 40):
        for height in range(1, 10):
            lines = too_small(width, height)
            if width >= 5:
                assert len(lines) <= height and max(map(len, lines)) <= width, (width, height)  # noqa: PT018
                assert "40x10" in " ".join(lines)
    assert too_small(39, 9) == ("too small", "needs 40x10", "has 39x9")
    assert too_small(11, 2) == ("needs 40x10", "has 11x2")
