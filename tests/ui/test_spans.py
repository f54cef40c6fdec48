"""What of a line is written again: everything that differs, and those cells as the line has them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from opsconsole.ui.spans import changed_spans, segments_between

STYLES = (None, Style(color="red"), Style(bold=True))
LINES = st.lists(st.tuples(st.text("ab 1é界", max_size=6), st.sampled_from(STYLES)), max_size=6).map(
    lambda parts: Strip([Segment(text, style) for text, style in parts])
)


def cells(segments: list[Segment]) -> list[tuple[str, Style | None]]:
    """One entry a cell; the second cell of a wide character is an empty one."""
    found: list[tuple[str, Style | None]] = []
    for text, style, _ in segments:
        for character in text:
            found += [(character, style), *[("", style)] * (cell_len(character) - 1)]
    return found


@given(LINES, st.integers(0, 30), st.integers(0, 30))
def test_cut_out_cells_are_those_that_the_toolkit_cuts_out(line: Strip, start: int, length: int) -> None:
    end = min(start + length, line.cell_length)
    if start < end:
        assert cells(segments_between(line, start, end)) == cells(list(line.crop(start, end)))


@given(LINES, LINES)
def test_every_cell_that_differs_is_in_a_span(before: Strip, after: Strip) -> None:
    width = max(before.cell_length, after.cell_length)
    old, new = cells(list(before)), cells(list(after))
    old, new = [*old, *[("", None)] * (width - len(old))], [*new, *[("", None)] * (width - len(new))]
    spans = changed_spans(before, after)
    covered = {x for start, end in spans for x in range(start, end)}
    assert {x for x in range(width) if old[x] != new[x]} <= covered
    assert all(0 <= start < end <= width for start, end in spans)


def test_a_line_that_is_the_same_object_is_not_looked_at() -> None:
    line = Strip([Segment("a")])
    assert changed_spans(line, line) == []
    assert changed_spans(line, Strip([Segment("a")])) == []
