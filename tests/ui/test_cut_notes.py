"""What a note has no room for in its column is said whole at the pane's lower edge, for the row under the cursor."""

from __future__ import annotations

import pytest

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
