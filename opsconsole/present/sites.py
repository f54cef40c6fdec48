"""The Sites view: one row for each URL with an expected status."""

from __future__ import annotations

from opsconsole.model.reading import Reading
from opsconsole.model.service import Site, SiteState
from opsconsole.present.cell import Column, Row, Status
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.keys import keyed
from opsconsole.present.pane import EMPTY, PaneContent, StatedRow, cell_by_column, content, counted, without_value
from opsconsole.present.values import answer_cell, duration_cell, latency_cell, number_cell, state_cell, text_cell

COLUMNS = (
    Column("name", "Site", 12, flex=2, max_width=28),
    Column("state", "State", 12),
    Column("http", "HTTP", 4, align="right", priority=2, kind="number"),
    Column("expect", "Want", 4, align="right", priority=5, kind="number"),
    Column("latency", "Time", 5, align="right", priority=3, kind="milliseconds"),
    Column("age", "Checked", 7, align="right", priority=4, kind="duration"),
    Column("url", "URL", 16, priority=6, flex=2, max_width=48),
    Column("note", "Note", 16, priority=4, flex=3),
)

_STATUS: dict[SiteState, Status] = {"up": "ok", "unexpected": "warn", "down": "bad", "unknown": "unknown"}
STATES = ("up", "unexpected", "down", "unknown")


def sites_content(reading: Reading[tuple[Site, ...]], at: float, signs: Glyphs) -> PaneContent:
    """``at`` is the snapshot's time, against which the age of a check is told."""
    if reading.value is None:
        return without_value(reading)
    read = [
        StatedRow(site_row(site, at, signs, key), _STATUS[site.state])
        for key, site in keyed("site", ((one.name, one) for one in reading.value))
    ]
    summary = counted([site.state for site in reading.value], STATES, signs.separator)
    return content(read, summary, empty="no sites", note=reading.note)


def site_row(site: Site, at: float, signs: Glyphs, key: str) -> Row:
    status = _STATUS[site.state]
    sign = {"ok": signs.ok, "warn": signs.warn, "bad": signs.bad}.get(status, signs.unknown)
    age = None if site.checked_at is None else max(0.0, at - site.checked_at)
    cells = {
        "name": text_cell(site.name),
        "state": state_cell(sign, site.state, status),
        "http": answer_cell(site.http_status, site.checked_at is not None, "" if status == "ok" else status),
        "expect": number_cell(site.expect, "muted"),
        "latency": EMPTY if site.http_status is None else latency_cell(site.latency_ms),
        "age": duration_cell(age),
        "url": text_cell(site.url, "muted"),
        "note": text_cell(site.reason, "" if status == "ok" else status),
    }
    return Row(key=key, cells=cell_by_column(COLUMNS, cells), fault=status != "ok")
