"""Findings, alerts and targets as rows, cells and details; the same words wherever they are shown."""

from __future__ import annotations

import msgspec
import pytest

from opsconsole.config.types import AlertTable, Duration, EscalationTable, TargetTable
from opsconsole.diagnose import diagnose
from opsconsole.model.finding import Diagnosis
from opsconsole.model.snapshot import Snapshot
from opsconsole.present.cell import Row
from opsconsole.present.details import details
from opsconsole.present.findings import diagnosis_lines, score_line
from opsconsole.present.findings_pane import health_cell
from opsconsole.present.glyphs import ASCII, UNICODE
from opsconsole.present.history import NoHistory
from opsconsole.present.json import diagnose_document, encode
from opsconsole.present.panes import PANES, pane_content
from opsconsole.present.wishes_pane import metric_text
from tests import samples
from tests.makers import HOSTILE_NAMES, worker
from tests.unit.diagnose.scenes import config, scene
from tests.unit.diagnose.test_diagnosis import incident

WISHES = config(
    alert=(
        AlertTable(
            name="load",
            when="load1 > 6.0",
            do="investigate",
            escalate=(EscalationTable(after=Duration(600.0), do="hibernate-idle"),),
        ),
        AlertTable(name="disk", when="disk.used > 95%"),
    ),
    target=(
        TargetTable(name="success", metric="queue.success_rate", want="> 80%"),
        TargetTable(name="free", metric="memory.available", want="> 2GB"),
    ),
)


def diagnosed(snapshot: Snapshot | None = None) -> Snapshot:
    snapshot = snapshot or incident()
    return msgspec.structs.replace(snapshot, diagnosis=diagnose(snapshot, WISHES))


def rows(pane_id: str, snapshot: Snapshot) -> dict[str, dict[str, str]]:
    content = pane_content(pane_id, snapshot, NoHistory(), glyphs=UNICODE)
    return {row.key: by_column(pane_id, row) for row in content.rows}


def by_column(pane_id: str, row: Row) -> dict[str, str]:
    return {column.id: cell.text for column, cell in zip(PANES[pane_id].columns, row.cells, strict=True)}


def test_findings_are_rows_gravest_first_with_their_remedy() -> None:
    shown = rows("findings", diagnosed())
    assert next(iter(shown)) == "finding:worker-failing:assigner"
    assert len(shown) == 7
    duplicates = shown["finding:worker-duplicates:auto_confirm"]
    assert (duplicates["severity"], duplicates["remedy"]) == ("▲ medium", "end duplicates of auto_confirm")
    content = pane_content("findings", diagnosed(), NoHistory(), glyphs=UNICODE)
    assert content.summary == "health 4.2 · 2 critical · 1 high · 2 medium · 2 low"
    assert content.faults == 7


def test_no_finding_is_told_and_what_could_not_be_judged_with_it() -> None:
    calm = pane_content("findings", diagnosed(scene()), NoHistory(), glyphs=UNICODE)
    assert calm.message.startswith("no findings")
    hidden = worker("titled", (), state="unknown", reason="hides its command line")
    blind = pane_content("findings", diagnosed(scene(workers=(hidden,))), NoHistory(), glyphs=UNICODE)
    assert (blind.faults, blind.unknowns) == (0, 1)
    assert blind.message == "could not be judged: worker titled: hides its command line"


def test_a_header_tells_the_score_with_what_it_is_made_of() -> None:
    found = diagnosed().diagnosis
    assert found is not None
    cell = health_cell(found, UNICODE)
    assert (cell.text, cell.short) == (
        "✖ health 4.2 (2 critical, 1 high, 2 medium, 2 low)",
        "✖ health 4.2",
    )
    assert score_line(found) == "health 4.2 of 10: 2 critical -3.6, 1 high -1.0, 2 medium -1.0, 2 low -0.2"
    blind = Diagnosis(at=0.0, score=10.0, parts=(), findings=(), unknown=found.unknown or ())
    assert health_cell(blind, UNICODE).status in ("ok", "unknown")


def test_alerts_and_targets_stand_in_one_view() -> None:
    shown = rows("alerts", diagnosed())
    assert list(shown) == ["alert:load", "alert:disk", "target:success", "target:free"]
    assert (shown["alert:load"]["state"], shown["alert:load"]["proposal"]) == ("✖ active", "investigate")
    assert shown["alert:disk"]["state"] == "· unconfigured"
    assert (shown["target:success"]["state"], shown["target:success"]["current"]) == ("▲ not met", "30%")
    assert shown["target:free"]["current"] == "163M"


def test_an_alert_tells_for_how_long_it_was_seen_and_for_how_long_nobody_looked() -> None:
    snapshot = diagnosed()
    assert snapshot.diagnosis is not None
    at, (load, *others) = snapshot.at, snapshot.diagnosis.alerts
    load = msgspec.structs.replace(load, since=at - 1380.0, seen=at, held_s=1200.0, active_s=1200.0)
    told = msgspec.structs.replace(snapshot.diagnosis, alerts=(load, *others))
    snapshot = msgspec.structs.replace(snapshot, diagnosis=told)
    assert rows("alerts", snapshot)["alert:load"]["since"] == "20m 0s"
    section = next(one for one in details(snapshot, "alert:load", NoHistory(), UNICODE).sections)
    lines = [" ".join(cell.text for cell in line).strip() for line in section.lines]
    assert [line for line in lines if "not watched 3m 0s" in line and line.startswith("since")]
    assert [line for line in lines if line.startswith("active for 20m 0s")]


def test_every_row_leads_to_its_details() -> None:
    snapshot = diagnosed()
    for pane_id in ("findings", "alerts"):
        for key in rows(pane_id, snapshot):
            found = details(snapshot, key, NoHistory(), UNICODE)
            assert not found.gone, key
            assert found.sections
    closed = details(diagnosed(scene()), "finding:worker-missing:orchestrator", NoHistory(), UNICODE)
    assert closed.gone


def test_details_of_a_finding_tell_evidence_cause_impact_remedy_and_proof() -> None:
    found = details(diagnosed(), "finding:worker-missing:orchestrator", NoHistory(), UNICODE)
    titles = [section.title for section in found.sections]
    assert titles[:4] == ["Finding", "Evidence", "Why, and what it costs", "Remedy"]
    assert "Explains" in titles
    assert "Evidence of service-degraded:Dashboard" in titles


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_text_of_a_diagnosis_fits_and_is_printable(signs: object, width: int) -> None:
    found = diagnosed().diagnosis
    assert found is not None
    lines = diagnosis_lines(found, width, signs)  # type: ignore[arg-type]
    assert all(line.isprintable() for line in lines)
    assert sum(len(line) > width for line in lines) <= 12, "only words without a blank are wider"


def test_hostile_names_stay_inert_in_findings() -> None:
    workers = tuple(worker(name, (), state="missing", pid_file=None, log=None) for name in HOSTILE_NAMES)
    snapshot = diagnosed(scene(workers=workers))
    for text in (cell for row in rows("findings", snapshot).values() for cell in row.values()):
        assert text.isprintable()


def test_the_json_document_has_the_contracts_fields() -> None:
    snapshot = diagnosed()
    assert snapshot.diagnosis is not None
    document = msgspec.json.decode(encode(diagnose_document(snapshot, snapshot.diagnosis)))
    assert {"schema", "score", "findings", "unknown"} <= document.keys()
    first = document["findings"][0]
    wanted = {"id", "rule", "severity", "subject", "title", "since", "evidence", "root_cause", "impact", "remedy"}
    assert wanted | {"verify"} <= first.keys()
    assert first["remedy"].keys() == {"action", "targets", "automatic", "steps"}
    assert first["evidence"][0].keys() == {"source", "at", "fact"}


def test_metrics_are_told_in_their_own_unit() -> None:
    told = [
        metric_text(*one)
        for one in (
            (0.303, "share"),
            (99.3, "percent"),
            (163 * 1024**2, "bytes"),
            (3.3 * 1024**2, "rate"),
            (412.0, "seconds"),
            (8.13, "number"),
            (40, "number"),
            ("stopped", "state"),
            (None, "number"),
        )
    ]  # type: ignore[arg-type]
    assert told == ["30%", "99%", "163M", "3.3M/s", "6m 52s", "8.13", "40", "stopped", "?"]


def test_a_snapshot_that_was_not_diagnosed_says_so() -> None:
    assert pane_content("findings", samples.healthy(), NoHistory(), glyphs=UNICODE).state == "unknown"


def test_of_a_demo_that_is_said_before_all_else() -> None:
    snapshot = samples.incident()
    diagnosis = diagnose(snapshot, config())
    assert diagnosis_lines(diagnosis, 80, UNICODE, demo=True)[0].startswith("DEMO")
    assert "DEMO" not in diagnosis_lines(diagnosis, 80, UNICODE)[0]
    assert diagnose_document(msgspec.structs.replace(snapshot, demo=True), diagnosis)["demo"] is True
    assert diagnose_document(snapshot, diagnosis)["demo"] is False
