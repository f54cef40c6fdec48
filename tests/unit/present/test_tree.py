"""Process trees below a row: folded ones stand in one line for all that is below, with its sums."""

from __future__ import annotations

import msgspec
import pytest

from opsconsole.model.process import usage
from opsconsole.present.glyphs import UNICODE
from opsconsole.present.keys import process_key
from opsconsole.present.tree import Trees, brief_command, tree_rows
from opsconsole.present.workers import COLUMNS
from opsconsole.ui.fields import fit_cell
from tests.makers import process, process_table

FAMILY = (
    process(10, "python3 work.py", ppid=1, rss_bytes=100 << 20, cpu_percent=1.0),
    process(11, "python3 work.py", ppid=10, rss_bytes=20 << 20, cpu_percent=2.0),
    process(12, "python3 work.py", ppid=11, rss_bytes=3 << 20, cpu_percent=4.0),
    process(13, "python3 work.py", ppid=10, rss_bytes=5 << 20, cpu_percent=8.0),
)
TABLE = process_table(FAMILY)
KEY = "worker:assigner"


def shown(*folded: str) -> list[list[str]]:
    """Name, state, CPU and memory of each row below the worker."""
    places = [
        next(n for n, column in enumerate(COLUMNS) if column.id == name) for name in ("name", "state", "cpu", "mem")
    ]
    rows = tree_rows(KEY, (10,), Trees(TABLE, frozenset(folded)), COLUMNS, UNICODE)
    return [[row.cells[place].text for place in places] for row in rows]


def key_of(pid: int, below: str = KEY) -> str:
    return process_key(TABLE.processes[pid].id, below)


def test_a_folded_process_stands_for_its_tree_with_the_sums_of_it() -> None:
    assert len(shown()) == 4
    first, folded, last = shown(key_of(11))
    assert first[0].startswith("└─ ")
    assert folded[0].strip().startswith("├─ +1 ")
    assert folded[1:] == ["folded", "6.0%", "23M"]
    assert last[0].strip().startswith("└─ ")
    ((whole, *sums),) = shown(key_of(10), key_of(11))
    assert whole.startswith("└─ +3 ")
    assert sums == ["folded", "15%", "128M"]


def test_below_a_folded_worker_there_is_nothing_and_a_fold_is_of_that_worker_only() -> None:
    assert shown(KEY) == []
    assert shown(key_of(10, "worker:other")) == shown()


def test_what_has_nothing_below_it_or_is_gone_is_not_folded() -> None:
    assert shown(key_of(13), f"process:99:1@{KEY}") == shown()


def test_a_sum_with_an_unread_part_is_unknown() -> None:
    hidden = msgspec.structs.replace(FAMILY[2], rss_bytes=None)
    table = process_table((*FAMILY[:2], hidden, FAMILY[3]))
    (row,) = tree_rows(KEY, (10,), Trees(table, frozenset({key_of(10)})), COLUMNS, UNICODE)
    assert usage(table.tree(10)).rss_bytes is None
    assert row.cells[next(n for n, column in enumerate(COLUMNS) if column.id == "mem")].text == "?"


@pytest.mark.parametrize(
    ("command", "brief"),
    [
        (
            "/tmp/opsconsole-demo/venv/bin/python3.11 /srv/workers/assigner_worker.py --daemon",
            "assigner_worker.py --daemon",
        ),
        ("python3 -m http.server 8000", "http.server 8000"),
        ("/usr/bin/node /opt/claude/cli.js", "cli.js"),
        ("/bin/bash -c sleep 5", "bash -c sleep 5"),
        ("/usr/sbin/nginx: worker /x", "nginx: worker /x"),
        ("[kworker/0:1]", "[kworker/0:1]"),
        ("python3", "python3"),
        ("", ""),
    ],
)
def test_where_there_is_little_room_the_program_or_its_script_is_named_not_its_directory(
    command: str, brief: str
) -> None:
    assert brief_command(command) == brief


def test_a_child_in_a_narrow_column_shows_its_script() -> None:
    table = process_table((process(10, "/tmp/opsconsole-demo-x/venv/bin/python3 workers/assigner_worker.py", ppid=1),))
    (row,) = tree_rows(KEY, (10,), Trees(table), COLUMNS, UNICODE)
    name = row.cells[next(n for n, column in enumerate(COLUMNS) if column.id == "name")]
    assert fit_cell(name, 24).strip() == "└─ assigner_worker.py"
