"""Details: everything known about a row, with sources; what is gone or unknown is said."""

from __future__ import annotations

import msgspec
import pytest

from opsconsole.model.reading import ok
from opsconsole.model.session import Asleep
from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.details import Details, details
from opsconsole.present.glyphs import ASCII, UNICODE
from opsconsole.present.panes import PANES, pane_content
from tests import makers, samples


def found(snapshot: Snapshot, key: str) -> Details:
    return details(snapshot, key, samples.SampleHistory(), UNICODE)


def told(shown: Details, section: str) -> dict[str, str]:
    """Values by label of one section of fields."""
    return {
        line[0].text: line[1].text
        for one in shown.sections
        if one.title == section and not one.table
        for line in one.lines
    }


def rows(shown: Details, section: str) -> list[list[str]]:
    """Rows of one table without its headings."""
    return [
        [cell.text for cell in line]
        for one in shown.sections
        if one.title == section and one.table
        for line in one.lines
    ][1:]


@pytest.mark.parametrize("name", ["healthy", "incident", "hostile", "empty", "many"])
def test_every_row_of_every_pane_has_details(name: str) -> None:
    """Each key that a table shows leads somewhere; nothing unprintable, tables rectangular."""
    snapshot: Snapshot = getattr(samples, name)()
    for pane_id in PANES:
        for row in pane_content(pane_id, snapshot, samples.SampleHistory(), tree=name != "many", glyphs=UNICODE).rows:
            shown = found(snapshot, row.key)
            assert not shown.gone, row.key
            assert shown.sections
            for section in shown.sections:
                assert all(cell.text.isprintable() for line in section.lines for cell in line)
                expected = len(section.lines[0]) if section.table else 3
                assert all(len(line) == expected for line in section.lines), section.title


def test_a_worker_is_told_with_instances_helpers_pid_file_log_and_processes() -> None:
    shown = found(samples.incident(), "worker:auto_confirm")
    assert shown.title == "Worker auto_confirm"
    assert told(shown, "Worker")["state"] == "duplicates"
    assert [row[0] for row in rows(shown, "Instances")] == ["8157", "88337"]
    assert rows(shown, "Beside the instances") == [
        ["87841", "wrapper", "shell loop around 88337", "/bin/bash workers/auto_confirm_keepalive.sh"]
    ]
    assert [row[0] for row in rows(shown, "Processes")] == ["8157", "87841", "88337"]
    assert shown.logs == ("/tmp/architect_assigner_worker.log",)


def test_a_service_is_told_with_its_components_rivals_and_ports() -> None:
    degraded = found(samples.incident(), "service:Architect Dashboard")
    assert ["orchestrator", "stopped"] in rows(degraded, "Components")
    assert told(degraded, "Service")["http"] == "200"
    shared = found(samples.incident(), "service:Static files")
    assert "node serve.js (31002)" in told(shared, "Service")["rivals"]
    assert [row[2] for row in rows(shared, "Listening ports")] == ["31001", "31002"]


def test_a_hibernated_session_says_how_to_wake_it() -> None:
    pane = msgspec.structs.replace(
        makers.pane(4711), asleep=Asleep("claude-code", "0f0f", makers.AT - 60.0), agent_state="hibernated"
    )
    session = makers.session("tester", state="hibernated", panes=(pane,))
    snapshot = msgspec.structs.replace(samples.incident(), sessions=ok((session,), makers.AT))
    fields = told(found(snapshot, f"session:{session.id}"), "Session")
    assert fields["wake it"] == "W"
    assert fields["asleep since"] == humanise.date_time(makers.AT - 60.0)


def test_facts_name_their_source_and_time() -> None:
    shown = found(samples.incident(), "service:Architect Dashboard")
    line = next(line for line in shown.sections[0].lines if line[0].text == "http")
    assert line[2].text.startswith("GET http://127.0.0.1:8080/health, ")


def test_a_down_service_that_was_probed_had_no_answer() -> None:
    assert told(found(samples.incident(), "service:Billing"), "Service")["http"] == "no answer"


def test_history_is_drawn() -> None:
    assert told(found(samples.incident(), "worker:assigner"), "Recently")["cpu"] == "▂▃▃▇▃"


def test_a_process_is_told_with_its_tree_and_ancestors() -> None:
    key = next(
        row.key
        for row in pane_content("workers", samples.incident(), samples.SampleHistory(), tree=True, glyphs=UNICODE).rows
        if row.key.startswith("process:88337:")
    )
    shown = found(samples.incident(), key)
    assert [row[0] for row in rows(shown, "Started by")] == ["87841", "1"]


def test_what_is_gone_is_said_to_be_gone() -> None:
    shown = found(samples.incident(), "worker:nope")
    assert shown.gone
    assert shown.sections[0].lines[0][1].text == "no longer there"


@pytest.mark.parametrize("key", ["service:a", "worker:a", "session:a", "env:a", "site:a", "system:load", "queue:total"])
def test_what_cannot_be_read_is_unknown_and_not_gone(key: str) -> None:
    """A failed source must not read as if the thing had ended."""
    line = found(samples.unknown_everywhere(), key).sections[0].lines[0]
    assert line[0].text == "unknown"
    assert line[1].text
    assert line[1].status == "unknown"


def test_a_process_with_another_start_is_not_shown_as_the_old_one() -> None:
    assert found(samples.incident(), "process:8157:1").gone


def test_unknown_numbers_read_unknown() -> None:
    snapshot = samples.ok_workers(makers.worker("x", cpu_percent=None, rss_bytes=None, swap_bytes=None))
    assert told(found(snapshot, "worker:x"), "Use") == {"cpu": "?", "memory": "?", "swapped out": "?"}


def test_processes_are_unknown_while_the_table_is() -> None:
    snapshot = samples.healthy(processes=samples.unknown_everywhere().processes)
    assert told(found(snapshot, "worker:assigner"), "Processes") == {"processes": "?"}


def test_ascii_signs_leave_no_other_character() -> None:
    shown = details(samples.incident(), "worker:assigner", samples.SampleHistory(), ASCII)
    assert all(cell.text.isascii() for section in shown.sections for line in section.lines for cell in line)
