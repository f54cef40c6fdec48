"""Text from outside is inert and keeps no secrets once it is in."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.model.text import MASK, clean, command_line, mask_secrets, masked_argv, shown


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
        'password="correct hunter22 staple"',
        "password='correct hunter22 staple'",
        '{"password": "correct \\"hunter22 staple", "user": "bob"}',
        r"body: {\"token\": \"correct hunter22\", \"a\": 1}",
        'token: ["hunter22"]',
        'password="never closed hunter22',
        "DB_PASS=hunter22",
        "smtp pass: hunter22",
        "dbPass=hunter22",
        "Authorization: Token hunter22",
        "{'Authorization': 'Token hunter22'}",
        "Authorization: Newfangled hunter22hunter22",
        'Authorization: Digest username="bob", realm="a b", response="hunter22", opaque=hunter22',
        "Cookie: a=1; sid=hunter22; b=2",
        "postgres://u:p@ss/hunter22@host/db",
        "postgres://user:hunter22/ss@host/db",
        "postgres://user:pa'hunter22@host/db",
        "https://host/cb?code=4/0hunter22&state=1",
        "https://host/blob?sv=1&sig=hunter22%3D&se=2026",
        "AccountKey=hunter22==;EndpointSuffix=core",
        "https://bucket/x?X-Amz-Signature=hunter22",
        "jwt eyJhbGciOiJIUzI1NiJ9.hunter22.abcdef",
        "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/hunter22",
        "npm_hunter22hunter22hunter22",
        "hf_hunter22hunter22hunter22",
        "AIzahunter22hunter22hunter22",
        "pypi-AgEIhunter22hunter22hunter22",
        "-----BEGIN PRIVATE KEY----- MIIEhunter22 hunter22",
        "-----BEGIN OPENSSH PRIVATE KEY-----hunter22",
        "hunter22" * 7 + "ABCDEFGH",
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
        "http://127.0.0.1:8080/@user/x@y",
        "http://[::1]:8080/a",
        "12 pass, 3 fail; pass: 12",
        "compass=north, password_reset.py, bypass: on",
        "GET /?code=404 HTTP/1.1",
        "huggingface hf_hub_download npm_lifecycle_event",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "-----BEGIN CERTIFICATE----- MIIB",
        "signature of f() does not match",
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


@pytest.mark.parametrize(
    "word",
    [
        *(
            "a",
            "a-",
            "key",
            "token:",
            "://a",
            "sk-",
            "--token ",
            "a.b+",
            "bearer ",
            'pass="',
            "://a:",
            "://a:@",
            "eyJ-",
        ),
        *("eyJaaaaaaaa.", "cookie: a;", 'authorization: a="', "authorization: a, b=c, ", "sig=/", "AKIA ", "?code="),
        *("-----BEGIN PRIVATE KEY-----", "a_pass", "Pass", "password=\\", "npm_", "\"\\'"),
    ],
)
def test_masking_takes_time_in_proportion_to_the_text(word: str) -> None:
    def cost(length: int) -> float:
        text = (word * length)[:length] + " key"
        began = time.process_time()
        mask_secrets(text)
        return time.process_time() - began

    # Eight times the text; squared it would be 64 times the cost. The floor keeps the clock's grain out of it.
    assert min(cost(64_000) for _ in range(3)) < 30 * max(min(cost(8_000) for _ in range(3)), 0.002)


@pytest.mark.parametrize(
    "word", ['password="', "://user:pa", "eyJ-", "Cookie: a=1;", "-----BEGIN PRIVATE KEY-----", "sig="]
)
def test_a_hostile_line_of_64_kilobytes_takes_little(word: str) -> None:
    text = (word * 65_536)[:65_536]
    began = time.process_time()
    mask_secrets(text)
    assert time.process_time() - began < 2.0  # squared, the cheapest of them would take minutes


@pytest.mark.parametrize(
    "argv",
    [
        ("mysql", "-uroot", "-phunter22", "db"),
        ("/usr/bin/mysqldump", "-phunter22", "--all-databases"),
        ("timeout", "5", "mysql", "-phunter22"),
        ("curl", "-u", "bob:hunter22", "http://localhost"),
        ("curl", "-sS", "-ubob:hunter22", "http://localhost"),
        ("curl", "--user", "bob:hunter22"),
        ("sshpass", "-p", "hunter22 with blanks", "ssh", "host"),
        ("sshpass", "-phunter22", "ssh", "-p", "2222", "host"),
        ("redis-cli", "-a", "hunter22", "ping"),
        ("sh", "-c", "mysql -uroot -phunter22 db; curl -u bob:hunter22 http://localhost"),
    ],
)
def test_passwords_behind_options_of_one_letter_are_masked(argv: tuple[str, ...]) -> None:
    for told in (command_line(argv), shown(" ".join(argv)), " ".join(masked_argv(argv))):
        assert "hunter22" not in told
        assert MASK in told


@pytest.mark.parametrize(
    "argv",
    [
        ("mysql", "-P3306", "-p", "db"),
        ("ssh", "-p", "2222", "host"),
        ("psql", "-p", "5432"),
        ("curl", "-u", "bob", "http://localhost"),
        ("grep", "-u", "a:b"),
    ],
)
def test_the_same_letters_of_other_programs_say_no_secret(argv: tuple[str, ...]) -> None:
    assert command_line(argv) == " ".join(argv)


@pytest.mark.parametrize("piece", ["mysql -p ", "curl -u a: ", "curl -u ", "sshpass -p" + " " * 50, "mysql", "-p"])
def test_options_of_one_letter_are_looked_for_in_time_proportional_to_the_text(piece: str) -> None:
    def took(size: int) -> float:
        text = (piece * size)[:size]
        began = time.process_time()
        mask_secrets(text)
        return time.process_time() - began

    assert took(400_000) < 20 * max(took(40_000), 0.02)
