"""The panes: what each row says of the sample machines, and what must hold for every row of every pane."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from rich.cells import cell_len

from opsconsole.collect.services import NOT_YET
from opsconsole.collect.sessions import NOT_LOOKED_AT
from opsconsole.config.types import Config, DiagnoseTable, Size
from opsconsole.diagnose import diagnose
from opsconsole.model.environment import Environments
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import Consumers
from opsconsole.present.cell import Row
from opsconsole.present.environments import environments_content
from opsconsole.present.glyphs import ASCII, UNICODE, Glyphs
from opsconsole.present.keys import find_process
from opsconsole.present.pane import PaneContent
from opsconsole.present.panes import PANES, pane_content
from opsconsole.present.services import services_content
from opsconsole.present.sessions import sessions_content
from tests import makers, samples

SNAPSHOTS = {
    "healthy": samples.healthy(),
    "incident": samples.incident(),
    "unknown": samples.unknown_everywhere(),
    "unconfigured": samples.unconfigured_everywhere(),
    "empty": samples.empty(),
    "hostile": samples.hostile(),
    "many": samples.many(),
}


def content(pane_id: str, snapshot: Snapshot, *, tree: bool = False, signs: Glyphs = UNICODE) -> PaneContent:
    return pane_content(pane_id, snapshot, samples.SampleHistory(), tree=tree, glyphs=signs)


def row_of(pane_id: str, snapshot: Snapshot, key: str) -> dict[str, str]:
    """Texts of one row by column id."""
    row = next(row for row in content(pane_id, snapshot).rows if row.key == key)
    return {column.id: cell.text for column, cell in zip(PANES[pane_id].columns, row.cells, strict=True)}


def fault_keys(pane_id: str, snapshot: Snapshot) -> list[str]:
    return [row.key for row in content(pane_id, snapshot).rows if row.fault]


@pytest.mark.parametrize("tree", [False, True])
@pytest.mark.parametrize("pane_id", PANES)
@pytest.mark.parametrize("name", SNAPSHOTS)
def test_rows_are_whole_and_their_keys_unique(name: str, pane_id: str, tree: bool) -> None:
    """One cell per column, one key per row, each tree row below a row that is there."""
    shown = content(pane_id, SNAPSHOTS[name], tree=tree)
    keys = [row.key for row in shown.rows]
    assert len(set(keys)) == len(keys)
    assert all(len(row.cells) == len(PANES[pane_id].columns) for row in shown.rows)
    tops = {row.key for row in shown.rows if row.depth == 0}
    assert all(row.parent in tops for row in shown.rows if row.depth)
    assert all(row.parent == "" for row in shown.rows if row.depth == 0)


@pytest.mark.parametrize("pane_id", PANES)
@pytest.mark.parametrize("name", SNAPSHOTS)
def test_nothing_unprintable_reaches_a_cell(name: str, pane_id: str) -> None:
    shown = content(pane_id, SNAPSHOTS[name], tree=True)
    texts = [cell.text for row in shown.rows for cell in row.cells] + [shown.summary, shown.message]
    assert all(text.isprintable() for text in texts)


@pytest.mark.parametrize("pane_id", PANES)
def test_ascii_signs_leave_no_other_character(pane_id: str) -> None:
    shown = content(pane_id, samples.incident(), tree=True, signs=ASCII)
    assert all(cell.text.isascii() for row in shown.rows for cell in row.cells)
    assert shown.summary.isascii()


@pytest.mark.parametrize("pane_id", PANES)
def test_unknown_is_told_with_its_reason_and_no_rows(pane_id: str) -> None:
    shown = content(pane_id, samples.unknown_everywhere())
    assert shown.state == "unknown"
    assert shown.status == "unknown"
    assert shown.unknowns == 1
    assert shown.rows == ()
    assert shown.message


@pytest.mark.parametrize("pane_id", [pane_id for pane_id in PANES if pane_id not in ("system", "findings", "alerts")])
def test_unconfigured_says_what_to_add(pane_id: str) -> None:
    shown = content(pane_id, samples.unconfigured_everywhere())
    assert (shown.state, shown.faults, shown.unknowns) == ("unconfigured", 0, 0)
    assert "opsconsole.toml" in shown.message


@pytest.mark.parametrize("pane_id", ["services", "workers", "sessions", "environments", "sites"])
def test_nothing_there_is_said_and_is_no_fault(pane_id: str) -> None:
    shown = content(pane_id, samples.empty())
    assert (shown.state, shown.rows, shown.faults, shown.status) == ("ok", (), 0, "")
    assert shown.message.startswith("no ")


@pytest.mark.parametrize("pane_id", PANES)
def test_a_healthy_machine_has_no_faults(pane_id: str) -> None:
    shown = content(pane_id, samples.healthy())
    assert [row.key for row in shown.rows if row.fault] == []


@pytest.mark.parametrize("pane_id", PANES)
def test_name_and_state_survive_38_cells(pane_id: str) -> None:
    """The columns kept longest fit the narrowest pane, with the first of them growing."""
    kept = [column for column in PANES[pane_id].columns if column.priority == 1]
    assert sum(column.width + 1 for column in kept) <= 38
    assert kept[0].flex
    assert len(kept) == 2


@pytest.mark.parametrize("pane_id", PANES)
def test_numbers_and_states_fit_their_columns(pane_id: str) -> None:
    """Columns that do not grow are wide enough for what the incident puts into them, or have a short form."""
    for row in content(pane_id, samples.incident()).rows:
        for column, cell in zip(PANES[pane_id].columns, row.cells, strict=True):
            if not column.flex:
                assert cell_len(cell.text) <= column.width or cell_len(cell.short or cell.text) <= column.width, (
                    column.id,
                    cell.text,
                )


def test_services_of_the_incident() -> None:
    snapshot = samples.incident()
    assert fault_keys("services", snapshot) == [
        "service:Architect Dashboard",
        "service:Billing",
        "service:Static files",
    ]
    degraded = row_of("services", snapshot, "service:Architect Dashboard")
    assert degraded["state"] == "▲ degraded"
    assert degraded["note"] == "stopped: orchestrator"
    down = row_of("services", snapshot, "service:Billing")
    assert (down["state"], down["http"], down["pid"]) == ("✖ down", "none", "")
    assert "node serve.js (31002)" in row_of("services", snapshot, "service:Static files")["note"]
    shown = content("services", snapshot)
    assert (shown.faults, shown.unknowns, shown.status) == (3, 0, "bad")
    assert shown.summary == "3 up · 1 degraded · 1 down"


def test_workers_of_the_incident() -> None:
    snapshot = samples.incident()
    twice = row_of("workers", snapshot, "worker:auto_confirm")
    assert (twice["count"], twice["state"], twice["pids"]) == ("2/1", "▲ duplicates", "8157 88337")
    assert twice["versions"] == "auto_confirm_worker_v2.py, auto_confirm_worker.py"
    missing = row_of("workers", snapshot, "worker:orchestrator")
    assert (missing["count"], missing["state"], missing["cpu"], missing["mem"]) == ("0/1", "✖ missing", "", "")
    assert "silent" in row_of("workers", snapshot, "worker:assigner")["note"]
    assert "worker:assigner" in fault_keys("workers", snapshot)
    assert row_of("workers", snapshot, "worker:titled")["count"] == "?/1"
    shown = content("workers", snapshot)
    assert (shown.faults, shown.unknowns) == (3, 1)


def test_an_unknown_row_stands_among_the_faults_but_is_not_counted_as_one() -> None:
    only_unknown = samples.ok_workers(
        makers.worker("x", (), state="unknown", reason="cannot tell", log=None, pid_file=None)
    )
    shown = content("workers", only_unknown)
    assert shown.rows[0].fault
    assert (shown.faults, shown.unknowns, shown.status) == (0, 1, "unknown")


def test_unknown_usage_reads_unknown_not_zero() -> None:
    snapshot = samples.ok_workers(makers.worker("x", cpu_percent=None, rss_bytes=None, log=None))
    told = row_of("workers", snapshot, "worker:x")
    assert (told["cpu"], told["mem"]) == ("?", "?")


def test_sessions_of_the_incident() -> None:
    snapshot = samples.incident()
    states = [row.cells[1].text for row in content("sessions", snapshot).rows]
    assert states == [
        "◆ waiting",
        "○ idle",
        "● working",
        "● working",
        "✖ hung",
        "✖ dead",
        "○ idle",
        "? unknown",
        "◌ hibernated",
        "▲ logged-out",
        "· no agent",
    ]
    shown = content("sessions", snapshot)
    assert (shown.faults, shown.unknowns) == (3, 1)
    assert shown.message == "one pane's screen could not be read"


def test_environments_of_the_incident() -> None:
    shown = content("environments", samples.incident())
    assert shown.summary == "10/10 ports used · 7 stale · 2 duplicate"
    assert (shown.status, shown.faults) == ("bad", 9)
    told = row_of("environments", samples.incident(), "env:env-6005")
    assert (told["flags"], told["age"]) == ("stale not alive", "2d 23h/24h")


def test_system_of_the_incident() -> None:
    snapshot = samples.incident()
    load = row_of("system", snapshot, "system:load")
    assert load["value"] == "8.13 7.77 8.60"
    assert "8 cores" in load["note"]
    assert "4.6G compressed" in row_of("system", snapshot, "system:memory")["note"]
    assert row_of("system", snapshot, "system:swap")["note"] == "in 8.5M/s  out 11M/s"
    assert "system:load" in fault_keys("system", snapshot)
    assert row_of("system", snapshot, "system:consumer:other")["value"].split() == ["?", "?", "CPU"]


def test_a_system_that_tells_no_load_shows_it_unknown() -> None:
    from opsconsole.model.reading import ok

    snapshot = samples.healthy(system=ok(makers.system(load1=None, load5=None, load15=None, cores=None), makers.AT))
    assert row_of("system", snapshot, "system:load")["value"] == "? ? ?"
    assert content("system", snapshot).unknowns == 1


def test_queue_of_the_incident() -> None:
    snapshot = samples.incident()
    assert row_of("queue", snapshot, "queue:success")["value"] == "30%"
    assert row_of("queue", snapshot, "queue:failed")["value"] == "85"
    texts = [row.cells[0].text for row in content("queue", snapshot).rows]
    assert "RuntimeError: No available ports for new environment" in texts
    faults = [row.key for row in content("queue", snapshot).rows if row.fault]
    assert faults == ["queue:success", "queue:failed", "queue:failed_24h"]


def test_a_queue_in_which_nothing_ended_has_no_success_rate() -> None:
    assert row_of("queue", samples.empty(), "queue:success")["value"] == "none yet"


def test_sites_of_the_incident() -> None:
    shown = content("sites", samples.incident())
    assert [row.cells[1].text for row in shown.rows] == ["✖ down", "▲ unexpected", "● up"]


def test_trees_are_drawn_below_their_rows_with_keys_that_find_the_process() -> None:
    snapshot = samples.incident()
    rows = content("workers", snapshot, tree=True).rows
    below = [row for row in rows if row.parent == "worker:auto_confirm"]
    assert [row.cells[0].text[:9] for row in below] == ["├─ python", "└─ /bin/b", "   └─ pyt"]
    assert [row.depth for row in below] == [1, 1, 2]
    found = find_process(below[0].key, snapshot.processes.value)
    assert found is not None
    assert found.pid == 8157
    position = rows.index(below[0])
    assert rows[position - 1].key == "worker:auto_confirm"


def test_one_process_below_two_rows_has_two_keys() -> None:
    """Two services of one process: the reconciling table needs different keys, both finding the same process."""
    snapshot = samples.ok_services(makers.service("a", 8080, 96930), makers.service("b", 8081, 96930))
    below = [row for row in content("services", snapshot, tree=True).rows if row.depth == 1]
    assert len({row.key for row in below}) == 2
    found = [find_process(row.key, snapshot.processes.value) for row in below]
    assert [process.pid for process in found if process is not None] == [96930, 96930]


def test_a_pid_that_another_process_has_now_is_not_found() -> None:
    table = samples.healthy().processes.value
    assert find_process("process:96930:1", table) is None
    assert find_process("process:x:y", table) is None


def test_same_names_get_keys_of_their_own() -> None:
    snapshot = samples.ok_services(makers.service("twin", 1), makers.service("twin", 2))
    assert [row.key for row in content("services", snapshot).rows] == ["service:twin", "service:twin#2"]


def test_a_name_that_looks_like_a_numbered_twin_keeps_keys_unique() -> None:
    names = ("twin", "twin#2", "twin", "twin#2")
    snapshot = samples.ok_services(*(makers.service(name, number) for number, name in enumerate(names)))
    keys = [row.key for row in content("services", snapshot).rows]
    assert len(set(keys)) == len(keys)


def test_a_fork_bomb_is_cut() -> None:
    from opsconsole.model.reading import ok
    from opsconsole.present.tree import MOST_ROWS

    bomb = [
        makers.process(96930, "python3 app.py"),
        *(makers.process(100_000 + n, "x", ppid=96930) for n in range(5000)),
    ]
    snapshot = samples.ok_services(
        makers.service("a", 8080, 96930), processes=ok(makers.process_table(bomb), makers.AT)
    )
    rows: tuple[Row, ...] = content("services", snapshot, tree=True).rows
    assert len(rows) == 1 + MOST_ROWS


def test_an_unknown_pane_id_is_a_bug() -> None:
    with pytest.raises(KeyError):
        content("nothing", samples.healthy())


def test_a_stopped_environment_is_not_blamed_for_not_being_alive() -> None:
    stopped = makers.environment("a", state="stopped", alive=False)
    dead = makers.environment("b", 6002, state="running", alive=False)
    snapshot = samples.healthy(environments=ok(Environments((stopped, dead), None, "test"), makers.AT))
    assert row_of("environments", snapshot, "env:env-6001")["flags"] == ""
    assert row_of("environments", snapshot, "env:env-6002")["flags"] == "not alive"


def test_what_has_not_been_read_yet_is_being_read_and_no_fault() -> None:
    pending: Reading[Any] = unknown("tmux: not read yet", None, pending=True)
    shown = sessions_content(pending, None, UNICODE)
    assert (shown.message, shown.summary, shown.status, shown.unknowns) == ("reading…", "reading…", "muted", 0)
    agent = makers.session(state="unknown", reason=NOT_LOOKED_AT)
    rows = sessions_content(ok((agent,), 0.0), None, UNICODE)
    assert (rows.unknowns, rows.rows[0].fault, rows.rows[0].cells[1].text) == (0, False, "reading…")
    hasty = makers.service(pid=None, owners_known=False, owners_sought=False, state="unknown", reason=NOT_YET)
    (row,) = services_content(ok((hasty,), 0.0), None, UNICODE).rows
    assert not row.fault
    assert "not visible" not in " ".join(cell.text for cell in row.cells)
    assert [cell.text for cell in row.cells if cell.text == "?"] == []


def test_cpu_of_a_kind_that_is_partly_measured_is_told_as_at_least_so_much() -> None:
    node = Consumers("node", 2, None, 10, 0, 2, 24.0)
    ruby = Consumers("ruby", 1, None, 10, 0, 1)
    shown = msgspec.structs.replace(samples.incident(), consumers=(node, ruby))
    assert "24%+ CPU" in row_of("system", shown, "system:consumer:node")["value"]
    assert "? CPU" in row_of("system", shown, "system:consumer:ruby")["value"]


def test_a_row_of_the_machine_looks_no_better_than_it_is_called() -> None:
    """Twelve of sixteen gigabytes of swap are a share that alarms nobody; that it goes in and out at once does."""
    quiet = makers.system(swap_total_bytes=16 << 30, swap_used_bytes=12 << 30, swap_in_per_s=0.0, swap_out_per_s=0.0)
    busy = msgspec.structs.replace(quiet, swap_in_per_s=3.3e6, swap_out_per_s=3.3e6)
    told = {}
    for name, system, limit in (("quiet", quiet, 1_000_000), ("busy", busy, 1_000_000), ("allowed", busy, 9_000_000)):
        snapshot = msgspec.structs.replace(samples.healthy(), system=ok(system, makers.AT))
        config = Config(diagnose=DiagnoseTable(swap_per_s=Size(limit)))
        judged = msgspec.structs.replace(snapshot, diagnosis=diagnose(snapshot, config))
        (row,) = (row for row in content("system", judged).rows if row.key == "system:swap")
        told[name] = (row.fault, row.cells[1].status)
    assert told == {"quiet": (False, ""), "busy": (True, "bad"), "allowed": (False, "")}


def test_counts_of_one_and_notes_say_each_thing_once_and_in_order() -> None:
    one = ok((makers.worker("a", state="duplicates"),), makers.AT)
    assert "1 with duplicates" in content("workers", msgspec.structs.replace(samples.healthy(), workers=one)).summary
    alone = msgspec.structs.replace(samples.healthy(), system=ok(makers.system(processes=1), makers.AT))
    assert "1 process" in content("system", alone).summary
    assert "1 processes" not in content("system", alone).summary
    stale = makers.environment(stale=True, reason="older than its TTL; its name is also that of port 6002")
    (row,) = environments_content(ok(Environments((stale,), None, ""), 0.0), None, UNICODE).rows
    assert row.cells[-1].text == "its name is also that of port 6002"
