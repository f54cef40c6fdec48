"""What is not in order, in a few words per pane: the calm line at the bottom of the screen. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opsconsole.present.cell import Row, Status
from opsconsole.present.pane import PaneContent, PaneSpec
from opsconsole.ui.findings import Concern

_GRAVER: dict[str, int] = {"bad": 0, "warn": 1, "unknown": 2}
_FINE = frozenset({"up", "running", "working", "idle", "stopped"})
"""States that are no fault: of a faulty row in one of them something else is wrong."""


def concerns(specs: Mapping[str, PaneSpec], contents: Mapping[str, PaneContent]) -> list[Concern]:
    """One for each kind of fault in each pane, the gravest first; what is unknown is told apart."""
    found = [
        concern
        for pane_id, content in contents.items()
        for concern in (
            [Concern(f"{specs[pane_id].title.lower()} unknown", "unknown")]
            if content.state == "unknown"
            else _of_rows(specs[pane_id], content)
        )
    ]
    return sorted(found, key=lambda concern: _GRAVER.get(concern.status, 3))


def _of_rows(spec: PaneSpec, content: PaneContent) -> Iterator[Concern]:
    faulty = [row for row in content.rows if row.fault and row.depth == 0]
    columns = [column.id for column in spec.columns]
    if "state" not in columns:
        yield from _by_name(spec, faulty)
        return
    state = columns.index("state")
    counts: dict[tuple[str, Status], int] = {}
    unsaid: list[Row] = []
    for row in faulty:
        cell = row.cells[state]
        word = cell.text.split(" ", 1)[-1].strip()
        if word in _FINE:
            unsaid.append(row)
            continue
        counts[word, cell.status] = counts.get((word, cell.status), 0) + 1
    for (word, status), count in counts.items():
        noun = spec.title.lower() if count > 1 else spec.title.lower().removesuffix("s")
        yield Concern(f"{count} {noun} {word}", status)
    if unsaid:
        status = "bad" if any(cell.status == "bad" for row in unsaid for cell in row.cells) else "warn"
        one = len(unsaid) == 1
        noun = spec.title.lower().removesuffix("s") if one else spec.title.lower()
        yield Concern(f"{len(unsaid)} {noun} {'needs' if one else 'need'} a look", status)


def _by_name(spec: PaneSpec, faulty: list[Row]) -> Iterator[Concern]:
    """Panes of single values name them: ``system: load, memory``."""
    by_status: dict[str, list[str]] = {}
    for row in faulty:
        status = next((cell.status for cell in row.cells if cell.status in _GRAVER), "")
        by_status.setdefault(status, []).append(row.cells[0].text.strip().lower())
    for status, names in by_status.items():
        yield Concern(f"{spec.title.lower()}: {', '.join(dict.fromkeys(names))}", status)
