"""The table of how far alerts had come: for us alone, seldom written, shared by two consoles, replaced if it is bad."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from opsconsole.diagnose.alerts import GOES_ON_WITHIN_S
from opsconsole.engine.alert_progress import FILE_NAME, LARGEST, AlertProgress
from opsconsole.model.alert import Alert, AlertState, Held

NOW = 10_000.0


def alert(active_s: float | None = 1200.0, state: AlertState = "active", at: float = NOW, name: str = "load") -> Alert:
    """Seen at ``at``; it held for two minutes before it was active."""
    held_s = 0.0 if active_s is None else active_s + 120.0
    return Alert(
        name=name,
        condition="load1 > 6.0",
        state=state,
        since=at - held_s if state in ("active", "pending") else None,
        for_s=120.0,
        measured=(),
        ladder=(),
        held_s=held_s,
        active_s=active_s,
        seen=at if state in ("active", "pending") else None,
    )


def kept(folder: Path, at: float, *alerts: Alert) -> dict[str, Held]:
    """What is in the table once a console has seen these."""
    table = AlertProgress(folder)
    assert table.record(alerts, at, 0.0, at_once=True)
    assert table.save() == ""
    return AlertProgress(folder).read()[0]


def test_what_was_saved_is_there_for_the_next_console(tmp_path: Path) -> None:
    assert AlertProgress(tmp_path / "state").read() == ({}, "")
    found = kept(tmp_path / "state", NOW, alert(), alert(None, "quiet", name="disk"))
    assert found == {"load": Held("load1 > 6.0", NOW - 1320.0, 1320.0, 1200.0, NOW)}
    assert (tmp_path / "state" / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_it_is_written_once_a_minute_at_most_and_never_for_nothing(tmp_path: Path) -> None:
    table = AlertProgress(tmp_path)
    assert [table.record((alert(),), NOW + at, at) for at in (0.0, 2.0, 59.0, 60.0)] == [True, False, False, True]
    assert table.record((), NOW, 200.0) is False
    quiet = AlertProgress(tmp_path)
    quiet.record((alert(None, "quiet"),), NOW, 0.0)
    assert quiet.save() == ""
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b'{"load": 1}', b'{"load": {"condition": 3}}', b"[" * 5000, b" " * (LARGEST + 1)]
)
def test_a_broken_table_is_told_and_replaced_by_the_next_right_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    held, problem = AlertProgress(tmp_path).read()
    assert held == {}
    assert "active alerts begin anew" in problem
    assert list(kept(tmp_path, NOW, alert())) == ["load"]


def test_fields_of_a_later_version_are_no_mistake(tmp_path: Path) -> None:
    entry = {**msgspec.to_builtins(kept(tmp_path, NOW, alert())["load"]), "colour": "red"}
    (tmp_path / FILE_NAME).write_bytes(msgspec.json.encode({"load": entry}))
    assert AlertProgress(tmp_path).read() == ({"load": Held("load1 > 6.0", NOW - 1320.0, 1320.0, 1200.0, NOW)}, "")


def test_of_two_consoles_the_longer_sight_stays_whoever_writes_last(tmp_path: Path) -> None:
    long = kept(tmp_path, NOW, alert())
    for turn in range(1, 4):
        seen = NOW + 10.0 * turn
        both = kept(tmp_path, seen, alert(0.0, at=seen))
        assert both == {"load": msgspec.structs.replace(long["load"], seen=seen)}
        assert kept(tmp_path, seen, alert(None, "pending", at=seen - 1.0)) == both, "who began later may still wait"


def test_an_alert_that_ended_goes_and_one_that_another_console_saw_later_stays(tmp_path: Path) -> None:
    kept(tmp_path, NOW, alert())
    assert list(kept(tmp_path, NOW - 5.0, alert(None, "quiet"))) == ["load"]
    assert list(kept(tmp_path, NOW + 5.0, alert(None, "unknown"))) == ["load"]
    assert kept(tmp_path, NOW + 5.0, alert(None, "quiet")) == {}
    kept(tmp_path, NOW, alert())
    assert kept(tmp_path, NOW + 9.0, alert(None, "pending", at=NOW + 8.0)) == {}, "it came again: another alert"


def test_the_sight_of_another_config_stays_as_long_as_somebody_would_go_on_from_it(tmp_path: Path) -> None:
    kept(tmp_path, NOW, alert(name="of another"))
    assert list(kept(tmp_path, NOW + 60.0, alert(at=NOW + 60.0))) == ["of another", "load"]
    later = NOW + GOES_ON_WITHIN_S + 1.0
    assert list(kept(tmp_path, later, alert(at=later))) == ["load"]
    (tmp_path / FILE_NAME).write_bytes(msgspec.json.encode({"load": Held("load1 > 6.0", NOW, 1e6, 1e6, NOW + 1e6)}))
    assert kept(tmp_path, NOW, alert())["load"].active_s == 1200.0, "what was seen in the future never was"


def test_a_table_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no directory")
    table = AlertProgress(tmp_path / "state")
    table.record((alert(),), NOW, 0.0)
    assert "how far alerts have come is not kept" in table.save()
