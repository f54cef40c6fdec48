"""Text from outside is inert and keeps no secrets once it is in."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.model.text import MASK, clean, command_line, mask_secrets, shown


@given(st.text(max_size=300))
def test_cleaned_text_is_one_printable_line(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.isprintable()
    assert not any(
        unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for character in cleaned
    )


@given(st.text(max_size=3000), st.integers(min_value=1, max_value=50))
def test_cleaned_text_is_bounded(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("a\x1b[31mred", "a[31mred"),
        ("title\x1b]0;owned\x07", "title]0;owned"),
        ("left\u202eright", "leftright"),
        ("zero\u200bwidth", "zerowidth"),
        ("two\nlines\tand tab", "two lines and tab"),
        ("no\u00a0break \u3000 wide", "no break   wide"),
        ("[/] [@click=app.quit]x", "[/] [@click=app.quit]x"),
    ],
)
def test_escapes_and_bidi_are_gone_and_markup_is_left_as_text(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


@pytest.mark.parametrize(
    "text",
    [
        "run --api-key=hunter22 now",
        "run --token hunter22",
        "DB_PASSWORD=hunter22 ./app",
        "Authorization: Bearer hunter22hunter",
        '{"password": "hunter22"}',
        "postgres://app:hunter22@localhost/db",
        "sk-ant-hunter22hunter22",
        "redis://:hunter22@localhost",
    ],
)
def test_secrets_are_masked(text: str) -> None:
    masked = mask_secrets(text)
    assert "hunter22" not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text", ["python3 workers/assigner_worker.py --daemon", "http://127.0.0.1:8080/health", "keyboard.py"]
)
def test_ordinary_commands_are_left_alone(text: str) -> None:
    assert shown(text) == text


def test_an_argv_is_shown_cleaned_and_masked() -> None:
    assert command_line(("a", "b\x1b[2J", "--password", "hunter22")) == f"a b[2J --password {MASK}"
