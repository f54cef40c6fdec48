"""The header line: which machine, whether anything may be changed, how it fares, how fresh the picture is."""

from __future__ import annotations

from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.cell import Cell
from opsconsole.present.findings_pane import health_cell
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.system import load_cell, memory_cell

STALE_AFTER_S = 10.0
"""Age of the newest reading from which the picture is called stale."""


def header_content(
    snapshot: Snapshot | None, *, mode: str, label: str, demo: bool, now: float, glyphs: Glyphs
) -> tuple[Cell, ...]:
    """Cells from left to right; ``mode`` ``watch`` reads READ-ONLY, ``now`` is seconds since the epoch."""
    cells = [Cell(snapshot.host if snapshot is not None else "opsconsole", "accent")]
    if demo:
        cells.append(Cell("DEMO", "warn"))  # the second cell is what a narrow line loses last
    if label:
        cells.append(Cell(label, yields=True))
    if mode == "watch":
        cells.append(Cell("READ-ONLY", "accent", short="RO"))
    if snapshot is None:
        return (*cells, Cell("reading…" if glyphs.ellipsis == "…" else "reading...", "muted"))
    if snapshot.diagnosis is not None:
        cells.append(health_cell(snapshot.diagnosis, glyphs))
    system = snapshot.system.value
    if system is None:
        cells.append(Cell(f"{glyphs.unknown} load", "unknown"))
        cells.append(Cell(f"{glyphs.unknown} mem", "unknown"))
    else:
        cells.append(load_cell(system, glyphs))
        cells.append(memory_cell(system, glyphs))
    if snapshot.slowed:
        cells.append(Cell(f"{glyphs.warn} slowed down, {snapshot.slowed}", "warn", short=f"{glyphs.warn} slowed"))
    cells.append(_freshness(snapshot, now, glyphs))
    return tuple(cells)


def newest_reading(snapshot: Snapshot) -> float | None:
    """When the newest reading was taken; None when nothing was ever read."""
    readings = (
        snapshot.services,
        snapshot.workers,
        snapshot.sessions,
        snapshot.environments,
        snapshot.system,
        snapshot.processes,
    )
    return max((one.at for one in readings if one.ok and one.at is not None), default=None)


def _freshness(snapshot: Snapshot, now: float, signs: Glyphs) -> Cell:
    at = newest_reading(snapshot)
    if at is None:
        return Cell(f"{signs.unknown} nothing could be read", "unknown", short=signs.unknown)
    age = now - at
    if age >= STALE_AFTER_S:
        return Cell(f"{signs.warn} stale: {humanise.duration(age)} old", "warn", short=f"{signs.warn} stale")
    return Cell(humanise.clock_time(at), "muted")
