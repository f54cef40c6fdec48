"""Whatever the other side does, asking it ends in time, in bounds, and in plain words."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator

import pytest

from opsconsole.collect.http import BODY_BYTES, Answer, HttpClient
from tests.unit.collect.web import closed_port, web


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with web() as url:
        yield url


async def ask(url: str, timeout_s: float = 5.0, expect: int = 200) -> Answer:
    client = HttpClient()
    try:
        return await client.ask(url, timeout_s, expect=expect)
    finally:
        await client.close()


async def test_an_answer_has_status_latency_and_body(base: str) -> None:
    answer = await ask(f"{base}/healthy")
    assert (answer.status, answer.error) == (200, "")
    assert answer.latency_ms is not None
    assert answer.body.startswith(b'{"status"')


async def test_an_error_status_is_an_answer(base: str) -> None:
    assert (await ask(f"{base}/broken")).status == 500


async def test_redirects_are_followed_to_the_same_host_only(base: str) -> None:
    assert (await ask(f"{base}/near")).status == 200
    assert "another host: elsewhere.invalid" in (await ask(f"{base}/far")).error
    assert "redirects" in (await ask(f"{base}/round")).error


async def test_a_slow_body_cannot_outlast_the_total_deadline(base: str) -> None:
    began = time.monotonic()
    assert "timed out after 0.5 s" in (await ask(f"{base}/slow-body", 0.5)).error
    assert time.monotonic() - began < 5


async def test_a_gzip_bomb_is_cut_at_the_cap(base: str) -> None:
    await ask(f"{base}/healthy")  # whatever the first question imports is not the bomb's
    tracemalloc.start()
    try:
        answer = await ask(f"{base}/bomb")
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(answer.body), answer.cut) == (BODY_BYTES, True)
    assert most_bytes < 20_000_000


async def test_an_expected_redirect_is_the_answer_and_not_followed(base: str) -> None:
    answer = await ask(f"{base}/far", expect=302)
    assert (answer.status, answer.error) == (302, "")


async def test_cookies_are_not_kept_from_one_question_to_the_next(base: str) -> None:
    client = HttpClient()
    try:
        assert [(await client.ask(f"{base}/cookie", 5.0)).body for _ in range(2)] == [b"none", b"none"]
    finally:
        await client.close()


async def test_a_closed_port_is_refused_in_words() -> None:
    answer = await ask(f"http://127.0.0.1:{closed_port()}/")
    assert (answer.status, answer.error) == (None, "connection refused")


async def test_proxies_of_the_environment_are_not_used(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    assert (await ask(f"{base}/healthy")).status == 200
