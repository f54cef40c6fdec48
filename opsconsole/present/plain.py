"""A Snapshot as one block of plain text: for pipes, logs, mail and terminals that can do nothing else.

Nothing but printable characters and line ends; within a pane what is wrong comes first, but for the machine's
figures, each of which has its place; the block ends with an
empty line, so that blocks written one after the other stay apart.
"""

from __future__ import annotations

import textwrap

from rich.cells import cell_len, set_cell_size

from opsconsole.model.snapshot import Snapshot
from opsconsole.model.text import clean
from opsconsole.present import humanise
from opsconsole.present.cell import Column, Row
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.header import newest_reading
from opsconsole.present.history import NoHistory
from opsconsole.present.panes import PANES, pane_content

LEAST_WIDTH = 40
GAP = "  "
INDENT = "  "
_GRAPHS = frozenset({"trend", "graph"})
"""Columns that are pictures of numbers said elsewhere."""
_IN_PLACE = frozenset({"system"})
"""Panes whose rows are looked for where they were: ``watch`` and ``diff`` compare them line by line."""
_GOOD_FLEX, _LEAST_FLEX = 30, 12
"""What a column that may grow keeps: while less important columns can go instead, and at the very least."""
_EXPENDABLE = 5
"""Priority from which columns go before sentences are cut short."""


def plain_block(snapshot: Snapshot, width: int, glyphs: Glyphs) -> str:
    """All panes of one Snapshot in lines of at most ``width`` cells (40 where less is asked for)."""
    width = max(width, LEAST_WIDTH)
    lines = [_headline(snapshot, glyphs)]
    if snapshot.config_problem:
        problem = f"{glyphs.warn} config: {_inert(snapshot.config_problem)}"
        lines += textwrap.wrap(problem, width, subsequent_indent=INDENT)
    for spec in PANES.values():
        content = pane_content(spec.id, snapshot, NoHistory(), glyphs=glyphs)
        if content.state == "unconfigured" or (snapshot.diagnosis is None and spec.id in ("findings", "alerts")):
            continue
        title = f"{spec.title.upper()}{GAP}{content.summary}".rstrip()
        if content.state == "unknown":
            title = f"{spec.title.upper()}{GAP}{glyphs.unknown} unknown: {_inert(content.message)}"
            lines += ["", *textwrap.wrap(title, width, subsequent_indent=INDENT)]
            continue
        lines += ["", title, *([f"{INDENT}({_inert(content.message)})"] if content.message else [])]
        lines += [INDENT + line for line in pane_lines(spec.id, snapshot, width - len(INDENT), glyphs)]
    return "".join(f"{_cut(line, width, glyphs).rstrip()}\n" for line in [*lines, ""])


def pane_lines(pane_id: str, snapshot: Snapshot, width: int, glyphs: Glyphs) -> list[str]:
    """One pane's heading and rows, what is wrong first where the rows have no order of their own."""
    content = pane_content(pane_id, snapshot, NoHistory(), glyphs=glyphs)
    ordered = list(content.rows) if pane_id in _IN_PLACE else sorted(content.rows, key=lambda row: not row.fault)
    return plain_table(PANES[pane_id].columns, ordered, width, glyphs)


def _headline(snapshot: Snapshot, signs: Glyphs) -> str:
    at = newest_reading(snapshot)
    newest = f"read {humanise.clock_time(at)}" if at is not None else "nothing could be read"
    demo = f"{GAP}DEMO" if snapshot.demo else ""
    return f"{_inert(snapshot.host)}{demo}{GAP}{humanise.date_time(snapshot.at)}{GAP}{signs.rule} {newest}"


def probe_lines(snapshot: Snapshot) -> str:
    """One line per site and per service with a health URL: state, name, answer, time, URL, reason. No line end last.

    A reading that is unknown is one line with its reason. Nothing but words tells the state.
    """
    lines: list[tuple[str, ...]] = []
    for kind, reading in (("sites", snapshot.sites), ("services", snapshot.services)):
        if reading.state == "unknown":
            lines.append(("unknown", kind, "", "", "", reading.reason))
    for site in snapshot.sites.value or ():
        lines.append((site.state, site.name, *_answer(site.http_status, site.latency_ms), site.url, site.reason))
    for service in snapshot.services.value or ():
        answer = _answer(service.http_status, service.latency_ms)
        lines.append((service.state, service.name, *answer, service.url, service.reason))
    return "\n".join(_aligned([tuple(_inert(text) for text in line) for line in lines]))


def _answer(http_status: int | None, latency_ms: float | None) -> tuple[str, str]:
    return ("none", "") if http_status is None else (str(http_status), humanise.latency(latency_ms))


def _aligned(lines: list[tuple[str, ...]]) -> list[str]:
    widths = [max(cell_len(text) for text in column) for column in zip(*lines, strict=True)]
    return [
        GAP.join(text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def plain_table(columns: tuple[Column, ...], rows: list[Row], width: int, signs: Glyphs) -> list[str]:
    """A heading and the rows, aligned; columns that are empty throughout are left out, as are the least important
    ones where the width does not hold them all."""
    if not rows:
        return []
    texts = [[_inert(cell.text) for cell in row.cells] for row in rows]
    widths = {
        index: max(cell_len(column.title), *(cell_len(line[index]) for line in texts))
        for index, column in enumerate(columns)
        if column.id not in _GRAPHS and any(line[index] for line in texts)
    }
    widths = _fitted(columns, widths, width)
    lines = [[column.title for column in columns], *texts]
    return [
        GAP.join(_field(line[index], room, columns[index], signs) for index, room in widths.items()).rstrip()
        for line in lines
    ]


def _fitted(columns: tuple[Column, ...], widths: dict[int, int], width: int) -> dict[int, int]:
    """Widths that fit: what may grow gives way first, then whole columns go, the least important ones before
    sentences are cut to a few words."""
    kept = list(widths)
    for least, expendable in ((_GOOD_FLEX, _EXPENDABLE), (_LEAST_FLEX, 2)):
        while True:
            wanted = {index: widths[index] for index in kept}
            if _shrunk(columns, wanted, width, least):
                return wanted
            last = max(kept, key=lambda index: (columns[index].priority, index))
            if columns[last].priority < expendable:
                break
            kept.remove(last)
    return wanted


def _shrunk(columns: tuple[Column, ...], wanted: dict[int, int], width: int, least: int) -> bool:
    """Take from the widest growing column, again and again, until all fit; False when that is not enough."""
    while (over := sum(wanted.values()) + len(GAP) * (len(wanted) - 1) - width) > 0:
        giving = [index for index in wanted if columns[index].flex and wanted[index] > least]
        if not giving:
            return False
        widest = max(giving, key=lambda index: (wanted[index], index))
        wanted[widest] = max(least, wanted[widest] - over)
    return True


def _field(text: str, width: int, column: Column, signs: Glyphs) -> str:
    text = _cut(text, width, signs)
    padding = " " * (width - cell_len(text))
    return padding + text if column.align == "right" else text + padding


def _cut(text: str, width: int, signs: Glyphs) -> str:
    if cell_len(text) <= width:
        return text
    # A wide character cut in two leaves a blank behind.
    return set_cell_size(text, width - 1).rstrip() + signs.ellipsis


def _inert(text: str) -> str:
    """Cleaned where it entered; this is the last gate before a terminal or a file."""
    return text if text.isprintable() else clean(text, len(text))
