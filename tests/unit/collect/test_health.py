"""What a /health body says, and each way in which it says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.collect.health import read_health


def test_a_flat_body_has_its_running_and_stopped_entries_as_components() -> None:
    health = read_health(
        b'{"status":"healthy","environment":"prod","database":"connected","cpu":63.4,'
        b'"orchestrator":"stopped","auto_confirm":"running"}'
    )
    assert (health.status, health.error) == ("healthy", "")
    assert health.components == {"orchestrator": "stopped", "auto_confirm": "running"}


def test_nested_components_may_be_words_or_objects() -> None:
    health = read_health(b'{"components": {"a": "running", "b": {"status": "stopped"}, "c": true, "d": 5}}')
    assert health.components == {"a": "running", "b": "stopped", "c": "running"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  <html></html>", "HTML"),
        (b"OK", "not JSON"),
        (b"[1]", "list"),
        (b"7", "int"),
        (b"[" * 50_000, "not JSON"),
        (b'{"a": "\xff"}', "not JSON"),
    ],
)
def test_what_is_no_health_body_is_said(body: bytes, words: str) -> None:
    health = read_health(body)
    assert health.components is None
    assert words in health.error


@given(st.binary(max_size=300))
def test_no_body_raises(body: bytes) -> None:
    health = read_health(body)
    assert (health.components is None) == bool(health.error)
