"""Text from outside is inert and keeps no secrets once it is in."""

from __future__ import annotations

import time
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
        "https://hunter22hunter22hunter22@github.com/a/b",
    ],
)
def test_secrets_are_masked(text: str) -> None:
    masked = mask_secrets(text)
    assert "hunter22" not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "python3 workers/assigner_worker.py --daemon",
        "http://127.0.0.1:8080/health",
        "keyboard.py",
        "claude --dangerously-skip-permissions",
        "skeleton_of_everything.py",
        "used input_tokens=4096, output_tokens: 12",
        "ssh://git@example.org/a",
    ],
)
def test_ordinary_commands_are_left_alone(text: str) -> None:
    assert shown(text) == text


def test_an_argv_is_shown_cleaned_and_masked() -> None:
    assert command_line(("a", "b\x1b[2J", "--password", "hunter22")) == f"a b[2J --password {MASK}"


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("a", "--password", "hunter 22"), f"a --password {MASK}"),
        (("a", "--token", "-hunter22", "b"), f"a --token {MASK} b"),
        (("a", "--api-key=hunter 22", "b"), f"a --api-key={MASK} b"),
        (("curl", "-H", "X-Api-Key: hunter 22"), f"curl -H X-Api-Key: {MASK}"),
        (("bash", "-c", "TOKEN=hunter22 run it"), f"bash -c TOKEN={MASK} run it"),
    ],
)
def test_a_secret_argument_is_masked_to_its_end(argv: tuple[str, ...], line: str) -> None:
    assert command_line(argv) == line


@pytest.mark.parametrize("secret", ["postgres://app:hunter22hunter22@localhost", "sk-ant-hunter22hunter22"])
def test_a_secret_across_the_cut_is_masked(secret: str) -> None:
    for before in range(360, 400):
        assert "hunt" not in shown("x" * before + " " + secret)


@pytest.mark.parametrize("word", ["a", "a-", "key", "token:", "://a", "sk-", "--token ", "a.b+", "bearer "])
def test_masking_takes_time_in_proportion_to_the_text(word: str) -> None:
    def cost(length: int) -> float:
        text = (word * length)[:length] + " key"
        began = time.process_time()
        mask_secrets(text)
        return time.process_time() - began

    # Eight times the text; squared it would be 64 times the cost. The floor keeps the clock's grain out of it.
    assert min(cost(64_000) for _ in range(3)) < 30 * max(min(cost(8_000) for _ in range(3)), 0.002)
