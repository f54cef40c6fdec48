"""The header: machine, mode, load, memory and freshness."""

from __future__ import annotations

import msgspec

from opsconsole.model.snapshot import Snapshot
from opsconsole.present.glyphs import UNICODE
from opsconsole.present.header import header_content
from tests import makers, samples


def texts(snapshot: Snapshot | None, *, mode: str = "console", demo: bool = False, now: float = makers.AT) -> list[str]:
    return [cell.text for cell in header_content(snapshot, mode=mode, label="", demo=demo, now=now, glyphs=UNICODE)]


def test_says_how_the_machine_fares() -> None:
    assert texts(samples.incident())[:3] == ["studio", "✖ load 8.13/8", "✖ mem 99%"]
    assert texts(samples.healthy())[:3] == ["studio", "load 1.42/8", "mem 38%"]


def test_watch_mode_and_demo_are_said() -> None:
    assert "READ-ONLY" in texts(samples.healthy(), mode="watch")
    assert "READ-ONLY" not in texts(samples.healthy())
    assert "DEMO" in texts(samples.healthy(), demo=True)
    assert "DEMO" not in texts(samples.healthy())


def test_a_stale_picture_is_called_stale() -> None:
    assert texts(samples.healthy(), now=makers.AT + 14)[-1] == "▲ stale: 14s old"
    assert "stale" not in texts(samples.healthy(), now=makers.AT + 3)[-1]


def test_nothing_read_is_unknown_and_not_fresh() -> None:
    assert texts(samples.unknown_everywhere()) == ["studio", "? load", "? mem", "? nothing could be read"]


def test_before_the_first_snapshot() -> None:
    assert texts(None) == ["opsconsole", "reading…"]


def test_a_console_that_slowed_itself_down_says_so_and_why() -> None:
    slowed = msgspec.structs.replace(samples.incident(), slowed="every 4 s: CPU pressure 92 %")
    assert "▲ slowed down, every 4 s: CPU pressure 92 %" in texts(slowed)
    assert not [text for text in texts(samples.incident()) if "slowed" in text]
