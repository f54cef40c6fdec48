"""The view of alerts and targets: what the config wishes to be told and to be."""

from __future__ import annotations

from opsconsole.model.alert import Alert, AlertState, Measured, MetricKind, MetricValue, Target, Trend
from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.cell import Cell, Column, Row, Status, by_text
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.keys import keyed
from opsconsole.present.pane import PaneContent, StatedRow, cell_by_column, content
from opsconsole.present.plan import deed_words
from opsconsole.present.values import duration_cell, state_cell, text_cell

HINT = "add [[alert]] with name and when, or [[target]] with name, metric and want, to opsconsole.toml"
COLUMNS = (
    Column("name", "Alert or target", 20, flex=2, max_width=32),
    Column("state", "State", 14),
    Column("current", "Now", 10, align="right", priority=2),
    Column("wanted", "Wanted, or when", 18, priority=4, flex=2, max_width=60),
    Column("since", "Since", 7, align="right", priority=5),
    Column("proposal", "Proposal, or trend", 16, priority=3, flex=2),
)
DONE_BY_KEY = ("hibernate-idle", "prune-environments")
"""Proposals that the console can do: they are named as its actions are."""
UNWATCHED_FROM_S = 60.0
"""Less that nobody could tell goes without saying."""
MOVED: tuple[Trend, ...] = ("better", "worse")
_ALERT: dict[AlertState, Status] = {
    "quiet": "ok",
    "pending": "warn",
    "active": "bad",
    "unknown": "unknown",
    "unconfigured": "muted",
}


def wishes_content(snapshot: Snapshot, signs: Glyphs) -> PaneContent:
    diagnosis = snapshot.diagnosis
    if diagnosis is None:
        return PaneContent("unknown", "this snapshot was not diagnosed", (), "unknown", "unknown", 0, 1)
    if not diagnosis.alerts and not diagnosis.targets:
        return PaneContent("unconfigured", HINT, (), "not configured", "muted", 0, 0)
    rows = [
        StatedRow(_alert_row(key, alert, snapshot.at, signs), _ALERT[alert.state])
        for key, alert in keyed("alert", ((one.name, one) for one in diagnosis.alerts))
    ]
    rows += [
        StatedRow(_target_row(key, target, signs), _target_status(target))
        for key, target in keyed("target", ((one.name, one) for one in diagnosis.targets))
    ]
    active = sum(alert.state == "active" for alert in diagnosis.alerts)
    met = sum(target.met is True for target in diagnosis.targets)
    parts = [f"{active} of {len(diagnosis.alerts)} alerts active"] if diagnosis.alerts else []
    parts += [f"{met} of {len(diagnosis.targets)} targets met"] if diagnosis.targets else []
    return content(rows, f" {signs.separator} ".join(parts), empty="")


def _sign(status: Status, signs: Glyphs) -> str:
    return {"ok": signs.ok, "warn": signs.warn, "bad": signs.bad, "muted": signs.none}.get(status, signs.unknown)


def _alert_row(key: str, alert: Alert, at: float, signs: Glyphs) -> Row:
    status = _ALERT[alert.state]
    quiet = alert.acknowledged or alert.silenced_until is not None
    word: str = "acknowledged" if alert.acknowledged and alert.state == "active" else alert.state
    if alert.silenced_until is not None:
        word = "silenced"
    proposal = alert.proposal
    if alert.silenced_until is not None:
        proposal = f"silenced for {humanise.duration(max(alert.silenced_until - at, 0.0))} more"
    elif proposal in DONE_BY_KEY:
        proposal = f"f: {deed_words(proposal)}"
    held_s = max(at - alert.since - alert.unwatched_s, 0.0) if alert.since is not None else None
    cells = {
        "name": text_cell(alert.name),
        "state": state_cell(_sign(status, signs), word, "muted" if quiet else status),
        "current": text_cell(measured_text(alert.measured[0]) if alert.measured else "", status if status else ""),
        "wanted": text_cell(alert.condition, "muted"),
        "since": duration_cell(held_s) if held_s is not None else Cell(""),
        "proposal": text_cell(proposal),
    }
    return Row(key=key, cells=cell_by_column(COLUMNS, cells), fault=status in ("bad", "warn", "unknown") and not quiet)


def unwatched_text(alert: Alert) -> str:
    """For how long nobody looked since its condition holds; empty where that goes without saying."""
    return f"not watched {humanise.duration(alert.unwatched_s)}" if alert.unwatched_s >= UNWATCHED_FROM_S else ""


def _target_status(target: Target) -> Status:
    if not target.configured:
        return "muted"
    return "unknown" if target.met is None else "ok" if target.met else "warn"


def _target_row(key: str, target: Target, signs: Glyphs) -> Row:
    status = _target_status(target)
    word = {"ok": "met", "warn": "not met", "muted": "unconfigured"}.get(status, "unknown")
    trend = f"{target.trend}, was {metric_text(target.first, target.kind)}" if target.trend in MOVED else ""
    if target.recorded is not None and target.recorded_trend in MOVED:
        day, was = humanise.date_time(target.recorded.at)[:16], metric_text(target.recorded.value, target.kind)
        trend = "; ".join(filter(None, (trend, f"since {day} {target.recorded_trend}, was {was}")))
    cells = {
        "name": text_cell(target.name),
        "state": state_cell(_sign(status, signs), word, status),
        "current": Cell(metric_text(target.current, target.kind), status, by_text(str(target.current))),
        "wanted": text_cell(f"{target.metric} {target.want}", "muted"),
        "since": Cell(""),
        "proposal": text_cell(trend, "muted"),
    }
    return Row(key=key, cells=cell_by_column(COLUMNS, cells), fault=status in ("warn", "unknown"))


def measured_text(measured: Measured) -> str:
    return metric_text(measured.value, measured.kind)


def metric_text(value: MetricValue, kind: MetricKind) -> str:
    """A metric's value in its own unit; ``?`` when it is not known."""
    if value is None or isinstance(value, str):
        return value if value else humanise.UNKNOWN
    if kind == "share":
        return humanise.ratio(value)
    if kind == "percent":
        return humanise.percent(value)
    if kind == "bytes":
        return humanise.size(value)
    if kind == "rate":
        return humanise.size_rate(value)
    if kind == "seconds":
        return humanise.duration(value)
    return f"{value:.2f}".rstrip("0").rstrip(".") if value < 1000 else humanise.count(value)
