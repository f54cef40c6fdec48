"""Bytes that claim to be JSON: read, or refused in one way, whatever is wrong with them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.collect.agent_transcript import ending
from opsconsole.collect.documents import NotJson, decoded
from opsconsole.collect.environment_forms import WrongShape, read_entries
from opsconsole.config.types import EnvironmentFields

NOT_UTF8 = b'[{"name": "\xff"}]'


@pytest.mark.parametrize("content", [b"", b"{", NOT_UTF8, b"[" * 60_000 + b"]" * 60_000, b'{"a": 1e999}'])
def test_what_is_no_json_is_refused_in_one_way(content: bytes) -> None:
    with pytest.raises(NotJson):
        decoded(content)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(NotJson):
        decoded(content)


def test_bytes_that_are_not_utf8_are_told_as_an_answer_and_not_as_a_bug() -> None:
    with pytest.raises(WrongShape, match="not JSON"):
        read_entries(NOT_UTF8, EnvironmentFields())
    assert ending(NOT_UTF8) == "unknown"
