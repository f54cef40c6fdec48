"""The Findings view: one row for each open finding, gravest first."""

from __future__ import annotations

from collections.abc import Mapping

from opsconsole.model.finding import Diagnosis, Finding, Severity
from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.cell import Cell, Column, Row, Status, by_number
from opsconsole.present.findings import remedy_brief, severity_sign
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.keys import keyed
from opsconsole.present.pane import PaneContent, StatedRow, cell_by_column, content
from opsconsole.present.values import duration_cell, text_cell

COLUMNS = (
    Column("title", "Finding", 26, flex=5, max_width=84),
    Column("severity", "Severity", 10),
    Column("since", "Since", 7, align="right", priority=2),
    Column("remedy", "Remedy", 24, priority=3, flex=3),
    Column("note", "Note", 32, priority=6, flex=1, max_width=40),
)
STATUS: dict[Severity, Status] = {"critical": "bad", "high": "bad", "medium": "warn", "low": "accent"}
_ORDER: dict[Severity, float] = {"critical": 0.0, "high": 1.0, "medium": 2.0, "low": 3.0}


def findings_content(snapshot: Snapshot, signs: Glyphs, tried: Mapping[str, str] | None = None) -> PaneContent:
    """What is open; what could not be judged is counted, and told in the message.

    ``tried`` tells by a finding's id what was done about it from here.
    """
    diagnosis = snapshot.diagnosis
    if diagnosis is None:
        return PaneContent("unknown", "this snapshot was not diagnosed", (), "unknown", "unknown", 0, 1)
    read = [
        StatedRow(_row(key, finding, snapshot.at, signs, (tried or {}).get(finding.id, "")), STATUS[finding.severity])
        for key, finding in keyed("finding", ((one.id, one) for one in diagnosis.findings))
    ]
    made = content(read, _summary(diagnosis, signs), empty="no findings: nothing is wrong that could be judged")
    return PaneContent(
        made.state,
        _blind(diagnosis) or made.message,
        made.rows,
        made.summary,
        made.status,
        len(diagnosis.findings),
        len(diagnosis.unknown),
    )


def _summary(diagnosis: Diagnosis, signs: Glyphs) -> str:
    counts = [f"{part.count} {part.severity}" for part in diagnosis.parts if part.count]
    return f" {signs.separator} ".join([f"health {diagnosis.score:.1f}", *counts])


def _blind(diagnosis: Diagnosis) -> str:
    if not diagnosis.unknown:
        return ""
    first, more = diagnosis.unknown[0], len(diagnosis.unknown) - 1
    return f"could not be judged: {first.subject}: {first.reason}" + (f", and {more} more" if more else "")


def _note(finding: Finding, tried: str) -> str:
    """How it stands; what was done about it, in vain so far; or what is to be put right before it."""
    told = ["recovering"] if finding.recovering else [tried] if tried else []
    told += ["acknowledged"] if finding.acknowledged else []
    causes = [cause.title for cause in finding.causes if not cause.muted]
    return ", ".join(told or [f"after: {cause}" for cause in causes[:1]])


def _row(key: str, finding: Finding, at: float, signs: Glyphs, tried: str) -> Row:
    # What is right again looks it, though it is not sure enough yet to leave the list.
    settled = finding.recovering
    status: Status = "muted" if settled else STATUS[finding.severity]
    sign = signs.ok if settled else severity_sign(finding, signs)
    age = None if finding.since is None else max(at - finding.since, 0.0)
    cells = {
        "title": text_cell(finding.title, "muted" if finding.acknowledged or settled else ""),
        "severity": Cell(f"{sign} {finding.severity}", status, by_number(_ORDER[finding.severity]), sign),
        "since": duration_cell(age),
        "remedy": text_cell(remedy_brief(finding.remedy), "" if finding.remedy.automatic and not settled else "muted"),
        "note": text_cell(_note(finding, tried), "muted"),
    }
    return Row(key=key, cells=cell_by_column(COLUMNS, cells), fault=not finding.acknowledged)


def health_cell(diagnosis: Diagnosis, signs: Glyphs) -> Cell:
    """For a header: ``health 4.2 (2 critical, 1 high)``; what could not be judged is told by a ``?``."""
    grave: Status = "bad" if diagnosis.score < 6 else "warn" if diagnosis.findings else "ok"
    status: Status = "unknown" if diagnosis.unknown and not diagnosis.findings else grave
    blind = "?" if diagnosis.unknown else ""
    sign = {"bad": f"{signs.bad} ", "warn": f"{signs.warn} "}.get(status, "")
    counts = ", ".join(f"{part.count} {part.severity}" for part in diagnosis.parts if part.count)
    short = f"{sign}health {diagnosis.score:.1f}{blind}"
    return Cell(f"{short} ({counts})" if counts else short, status, short=short)


def since_text(finding: Finding, at: float) -> str:
    """``12m``: for how long it holds; empty where that is not known."""
    return "" if finding.since is None else humanise.duration_short(max(at - finding.since, 0.0))
