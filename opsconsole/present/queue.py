"""The Queue view: what the prompt queue holds, how much of it fails, and with which errors."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.model.environment import Queue
from opsconsole.model.reading import Reading
from opsconsole.present import humanise
from opsconsole.present.cell import Column, Row, Status, by_number
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.keys import keyed
from opsconsole.present.pane import PaneContent, StatedRow, cell_by_column, content, without_value
from opsconsole.present.sparkline import bar
from opsconsole.present.values import plain_cell, text_cell

GRAPH_WIDTH = 12

COLUMNS = (
    Column("name", "Queue", 14, flex=4),
    Column("value", "Count", 8, align="right", kind="number"),
    Column("graph", "", GRAPH_WIDTH, priority=2),
    Column("note", "Detail", 10, priority=3, flex=2, max_width=40),
)


def queue_content(reading: Reading[Queue], signs: Glyphs) -> PaneContent:
    queue = reading.value
    if queue is None:
        return without_value(reading)
    rows = [*_totals(queue, signs), *_errors(queue, signs)]
    parts = (
        [f"{humanise.ratio(queue.success_rate)} succeed"] if queue.success_rate is not None else ["nothing has ended"]
    )
    if queue.pending:
        parts.append(f"{humanise.count(queue.pending)} pending")
    return content(rows, f" {signs.separator} ".join(parts), empty="empty", note=reading.note)


def _row(
    key: str, name: str, value: float | None, graph: str, note: str, status: Status = "", text: str = ""
) -> StatedRow:
    tone: Status = "unknown" if value is None else status
    cells = {
        "name": text_cell(name),
        "value": plain_cell(text or humanise.count(value), by_number(value), tone),
        "graph": text_cell(graph, status or "muted"),
        "note": text_cell(note, "muted"),
    }
    return StatedRow(Row(key=key, cells=cell_by_column(COLUMNS, cells), fault=tone in ("bad", "warn", "unknown")), tone)


def _totals(queue: Queue, signs: Glyphs) -> Iterator[StatedRow]:
    def share(part: int) -> str:
        return bar(part / queue.total if queue.total else 0.0, GRAPH_WIDTH, signs)

    ended = queue.completed + queue.failed
    # Some prompts always fail; when most do, the queue is what to look at.
    failing: Status = "warn" if queue.failed > queue.completed else ""
    if queue.success_rate is None:
        yield _row("queue:success", "Success rate", 0.0, "", "nothing has ended yet", "muted", text="none yet")
    else:
        note = f"{humanise.count(queue.completed)} of {humanise.count(ended)} ended"
        rate = queue.success_rate
        text = humanise.ratio(rate)
        yield _row("queue:success", "Success rate", rate, bar(rate, GRAPH_WIDTH, signs), note, failing, text)
    yield _row("queue:total", "Total", queue.total, "", "")
    yield _row("queue:completed", "Completed", queue.completed, share(queue.completed), "")
    yield _row("queue:failed", "Failed", queue.failed, share(queue.failed), "", failing)
    recent: Status = failing if queue.failed_24h else ""
    yield _row("queue:failed_24h", "Failed in 24 h", queue.failed_24h, "", "", recent)
    oldest = "" if queue.oldest_pending_s is None else f"oldest {humanise.duration(queue.oldest_pending_s)}"
    yield _row("queue:pending", "Pending", queue.pending, share(queue.pending), oldest)
    yield _row("queue:active", "Active", queue.active, share(queue.active), "")
    if queue.cancelled:
        yield _row("queue:cancelled", "Cancelled", queue.cancelled, share(queue.cancelled), "")
    if queue.other:
        yield _row(
            "queue:other", "Other", queue.other, share(queue.other), "a status that the config does not name", "unknown"
        )


def _errors(queue: Queue, signs: Glyphs) -> Iterator[StatedRow]:
    most = max((times for _, times in queue.errors), default=0)
    for key, (text, times) in keyed("queue:error", ((one[0], one) for one in queue.errors)):
        graph = bar(times / most if most else 0.0, GRAPH_WIDTH, signs).replace(signs.bar_empty, " ")
        yield _row(key, text, times, graph, "error text of failed prompts")
