"""The Environments pane: one row for each short-lived dev environment, and the use of the port pool."""

from __future__ import annotations

from opsconsole.model.environment import Environment, Environments, PortPool
from opsconsole.model.reading import Reading
from opsconsole.present import humanise
from opsconsole.present.cell import Cell, Column, Row, Status, by_number
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.keys import keyed
from opsconsole.present.pane import PaneContent, StatedRow, cell_by_column, content, without_value
from opsconsole.present.tree import Trees, tree_rows
from opsconsole.present.values import number_cell, plain_cell, state_cell, text_cell

COLUMNS = (
    Column("name", "Environment", 20, flex=3, max_width=32),
    Column("state", "State", 10),
    Column("port", "Port", 5, align="right", priority=2, kind="number"),
    Column("age", "Age/TTL", 11, align="right", priority=3, kind="duration"),
    Column("flags", "Flags", 15, priority=4, kind="words"),
    Column("pids", "Pid", 7, align="right", priority=7, kind="number"),
    Column("owner", "Owner", 12, priority=6, flex=2, max_width=40),
    Column("note", "Note", 12, priority=5, flex=3),
)


def environments_content(reading: Reading[Environments], trees: Trees | None, signs: Glyphs) -> PaneContent:
    """``trees`` is given when the process trees shall be shown."""
    if reading.value is None:
        return without_value(reading)
    read: list[StatedRow] = []
    rows: list[Row] = []
    for key, environment in keyed("env", ((one.id, one) for one in reading.value.items)):
        row = environment_row(environment, signs, key)
        read.append(StatedRow(row, environment_status(environment)))
        rows.append(row)
        if trees is not None and environment.owner_pid is not None:
            rows.extend(tree_rows(key, (environment.owner_pid,), trees, COLUMNS, signs))
    pool = reading.value.pool
    exhausted: Status = "bad" if pool is not None and pool.free <= 0 else ""
    summary = _summary(reading.value, signs)
    return content(read, summary, empty="no environments", note=reading.note, extra=exhausted, tree=rows)


_AT_REST = frozenset({"stopped", "exited", "created", "paused"})
"""States in which nothing is expected to run."""


def environment_status(environment: Environment) -> Status:
    """Stale and duplicate are faults; what cannot be told is unknown; one that does not run is at rest."""
    if environment.stale or environment.duplicate:
        return "warn"
    if environment.alive is None or (environment.stale is None and environment.ttl_s is not None):
        return "unknown"
    return "ok" if environment.alive else "muted"


def environment_row(environment: Environment, signs: Glyphs, key: str) -> Row:
    status = environment_status(environment)
    sign = {"ok": signs.ok, "warn": signs.warn, "unknown": signs.unknown}.get(status, signs.idle)
    cells = {
        "name": text_cell(environment.name),
        "state": state_cell(sign, environment.state, status),
        "port": number_cell(environment.port),
        "age": _age(environment),
        "flags": text_cell(flags(environment), "warn"),
        "pids": number_cell(environment.owner_pid),
        "owner": text_cell(environment.owner_command, "muted"),
        "note": text_cell(_note(environment), "" if status == "ok" else status),
    }
    return Row(key=key, cells=cell_by_column(COLUMNS, cells), fault=status in ("warn", "unknown"))


def _note(environment: Environment) -> str:
    """Why, but for what the flags and the age say already."""
    parts = environment.reason.split("; ")
    return "; ".join(part for part in parts if not part.startswith("older than its TTL"))


def flags(environment: Environment) -> str:
    named = (
        (environment.stale, "stale"),
        (environment.duplicate, "duplicate"),
        (environment.alive is False and environment.state not in _AT_REST, "not alive"),
    )
    return " ".join(word for said, word in named if said)


def _age(environment: Environment) -> Cell:
    age = humanise.duration(environment.age_s)
    ttl = f"/{humanise.duration_short(environment.ttl_s)}" if environment.ttl_s is not None else ""
    status: Status = "unknown" if environment.age_s is None else "warn" if environment.stale else ""
    return plain_cell(age + ttl, by_number(environment.age_s), status)


def pool_text(pool: PortPool) -> str:
    return f"{len(pool.used)}/{pool.size} ports {'used' if pool.listeners_known else 'claimed'}"


def _summary(environments: Environments, signs: Glyphs) -> str:
    parts = []
    if environments.pool is not None:
        parts.append(pool_text(environments.pool))
    stale = sum(1 for one in environments.items if one.stale)
    duplicate = sum(1 for one in environments.items if one.duplicate)
    parts += [f"{number} {word}" for number, word in ((stale, "stale"), (duplicate, "duplicate")) if number]
    return f" {signs.separator} ".join(parts) or f"{len(environments.items)} there"
