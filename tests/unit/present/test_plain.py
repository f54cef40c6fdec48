"""The plain block: readable in a pipe, whatever the machine and its names are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from opsconsole.model.snapshot import Snapshot
from opsconsole.present.glyphs import ASCII, UNICODE, Glyphs
from opsconsole.present.plain import LEAST_WIDTH, plain_block, probe_lines
from tests import samples

SNAPSHOTS = [
    samples.healthy(),
    samples.incident(),
    samples.unknown_everywhere(),
    samples.unconfigured_everywhere(),
    samples.empty(),
    samples.hostile(),
]


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=lambda one: one.host)
@pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@given(width=st.integers(1, 260))
@settings(max_examples=15, deadline=None)
def test_lines_fit_and_hold_no_control_characters(snapshot: Snapshot, signs: Glyphs, width: int) -> None:
    block = plain_block(snapshot, width, signs)
    lines = block.split("\n")
    assert all(line.isprintable() for line in lines)
    assert max(cell_len(line) for line in lines) <= max(width, LEAST_WIDTH)
    assert block.endswith("\n\n")


def test_raw_escapes_are_stopped_at_the_last_gate() -> None:
    """What a collector forgot to clean still reaches no terminal."""
    snapshot = samples.changed(samples.healthy(), host="evil\x1b]0;title\x07")
    assert "\x1b" not in plain_block(snapshot, 80, UNICODE)


def test_faults_come_first_within_their_pane() -> None:
    lines = plain_block(samples.incident(), 120, UNICODE).splitlines()
    services = lines[lines.index(next(line for line in lines if line.startswith("SERVICES"))) + 2 :]
    names = [line.split("  ")[1].strip() for line in services[:5]]
    assert names == ["Architect Dashboard", "Billing", "Static files", "Monitor Dashboard", "Reading App (Eden)"]


def test_unknown_sources_tell_their_whole_reason() -> None:
    text = " ".join(plain_block(samples.unknown_everywhere(), 60, ASCII).split())
    assert "? unknown: GET http://127.0.0.1:8080/api/environments: empty answer, expected a JSON list" in text
    assert "nothing could be read" in text


def test_what_is_not_configured_is_left_out() -> None:
    block = plain_block(samples.unconfigured_everywhere(), 100, UNICODE)
    assert "SERVICES" not in block
    assert "SYSTEM" in block


def test_names_and_states_stay_at_forty_cells() -> None:
    block = plain_block(samples.incident(), 40, UNICODE)
    for word in ("orchestrator", "✖ missing", "▲ duplicates", "qa_tester1", "✖ hung", "Load", "8.13 7.77 8.60"):
        assert word in block


def test_probe_lines_tell_each_site_and_service_with_its_answer() -> None:
    lines = probe_lines(samples.incident()).splitlines()
    assert any(line.split()[:3] == ["down", "Selam", "Pharmacy"] and "connection refused" in line for line in lines)
    assert any(line.startswith("unexpected") and " 302 " in line for line in lines)
    assert len(lines) == 3 + 5


def test_probe_lines_say_what_could_not_be_read() -> None:
    lines = probe_lines(samples.unknown_everywhere()).splitlines()
    assert lines[0].split()[:2] == ["unknown", "sites"]
    assert "permission denied" in lines[1]


def test_probe_lines_of_nothing_are_nothing() -> None:
    assert probe_lines(samples.empty(services=samples.unconfigured_everywhere().services)) == ""


def test_rows_of_the_machine_keep_their_places_whatever_is_wrong() -> None:
    """Who compares two blocks line by line, or greps with context, finds each where it was."""
    orders = []
    for snapshot in (samples.healthy(), samples.incident()):
        block = plain_block(snapshot, 120, UNICODE)
        machine = block[block.index("\nSYSTEM") :].split("\n\n")[0].splitlines()
        orders.append([line.split()[0] for line in machine if line.split()[:1] and line.split()[0] in NAMES])
    assert orders == [list(NAMES)] * 2


NAMES = ("Load", "CPU", "Memory", "Swap")
