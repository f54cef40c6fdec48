"""What the Workers pane says beside what runs."""

from __future__ import annotations

from opsconsole.present.glyphs import UNICODE
from opsconsole.present.history import NoHistory
from opsconsole.present.panes import pane_content
from opsconsole.present.values import STAMP
from opsconsole.present.workers import COLUMNS
from tests.unit.present.test_findings import diagnosed


def test_a_worker_that_runs_and_fails_is_not_told_as_well() -> None:
    snapshot = diagnosed()
    content = pane_content("workers", snapshot, NoHistory(), glyphs=UNICODE)
    row = next(row for row in content.rows if row.key == "worker:assigner")
    told = {column.id: cell for column, cell in zip(COLUMNS, row.cells, strict=True)}
    assert (told["state"].text, told["state"].status, row.fault) == ("▲ running", "warn", True)
    assert told["note"].text.startswith("70% of its prompts fail")


def test_the_note_of_a_log_line_begins_with_what_was_said() -> None:
    assert STAMP.sub("", "2026-11-24 14:12:01,123 INFO started", count=1) == "INFO started"
    assert STAMP.sub("", "started at 14:12:01 ", count=1) == "started at 14:12:01 "
