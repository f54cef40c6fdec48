"""Bounded HTTP: one total deadline, 64 KB of body, redirects to the same host only, no proxies.

Nothing raises for what the other side does: an Answer has a status, or the error in plain words.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import msgspec

from opsconsole.config.types import TlsTable
from opsconsole.model.text import shown

if TYPE_CHECKING:
    import ssl

    import httpx

BODY_BYTES = 65536
MAX_REDIRECTS = 5


class Answer(msgspec.Struct, frozen=True):
    """What came back: a status with the body's beginning, or why nothing usable did."""

    status: int | None = None
    latency_ms: float | None = None
    """Until the headers had come, redirects included."""
    body: bytes = b""
    """At most BODY_BYTES of it, decoded."""
    cut: bool = False
    """True when the body is longer than that."""
    error: str = ""
    tls_error: bool = False


class HttpClient:
    """Asks URLs from one event loop. One connection pool and TLS context for each TLS setting, made once."""

    def __init__(self) -> None:
        self._clients: dict[TlsTable | None, httpx.AsyncClient] = {}

    async def ask(self, url: str, timeout_s: float, tls: TlsTable | None = None, body: bool = True) -> Answer:
        """GET this URL within ``timeout_s`` seconds, body and redirects included."""
        import httpx

        began = time.monotonic()
        try:
            return await asyncio.wait_for(self._follow(url, tls, body, began), timeout_s)
        except TimeoutError:
            return Answer(error=f"timed out after {timeout_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as error:
            return _failure(error)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _follow(self, url: str, tls: TlsTable | None, body: bool, began: float) -> Answer:
        client = self._client(tls)
        for _ in range(MAX_REDIRECTS + 1):
            async with client.stream("GET", url) as response:
                if tls is not None and tls.fingerprint and (problem := _wrong_certificate(response, tls.fingerprint)):
                    return Answer(error=problem, tls_error=True)
                latency_ms = (time.monotonic() - began) * 1000.0
                location = response.headers.get("location")
                if response.is_redirect and location:
                    target = urljoin(url, location)
                    if urlsplit(target).hostname != urlsplit(url).hostname:
                        host = urlsplit(target).hostname or "nowhere"
                        return Answer(
                            response.status_code, latency_ms, error=shown(f"redirects to another host: {host}", 200)
                        )
                    url = target
                    continue
                content, cut = await _read(response) if body else (b"", False)
                return Answer(response.status_code, latency_ms, content, cut)
        return Answer(error=f"more than {MAX_REDIRECTS} redirects")

    def _client(self, tls: TlsTable | None) -> httpx.AsyncClient:
        import httpx

        if tls not in self._clients:
            self._clients[tls] = httpx.AsyncClient(
                verify=_context(tls),
                trust_env=False,
                follow_redirects=False,
                timeout=None,  # noqa: S113  # the total deadline is the timeout
                headers={"user-agent": "opsconsole"},
            )
        return self._clients[tls]


async def _read(response: httpx.Response) -> tuple[bytes, bool]:
    content = b""
    async for chunk in response.aiter_bytes(16384):
        content += chunk
        if len(content) > BODY_BYTES:
            return content[:BODY_BYTES], True
    return content, False


def _context(tls: TlsTable | None) -> ssl.SSLContext:
    import ssl

    if tls is None or (tls.verify and tls.ca is None and not tls.fingerprint):
        return ssl.create_default_context()
    if tls.ca is not None and tls.verify:
        return ssl.create_default_context(cafile=str(tls.ca))
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _wrong_certificate(response: Any, wanted: str) -> str:
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("ssl_object") if stream is not None else None
    certificate = connection.getpeercert(binary_form=True) if connection is not None else None
    if certificate is None:
        return "no TLS on this connection, though a fingerprint is configured"
    found = hashlib.sha256(certificate).hexdigest()
    if found == wanted.removeprefix("sha256:").replace(":", "").lower():
        return ""
    return f"TLS: the certificate's fingerprint is sha256:{found}, not the configured one"


def _failure(error: Exception) -> Answer:
    """The plain words for what a library raised; the real cause is at the end of its chain."""
    import socket
    import ssl

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "verify_message", "") or cause.reason or str(cause)
            return Answer(error=shown(f"TLS: {reason}", 200), tls_error=True)
        if isinstance(cause, socket.gaierror):
            return Answer(error="the host's name is not known")
        if isinstance(cause, ConnectionRefusedError):
            return Answer(error="connection refused")
        cause = cause.__cause__ or cause.__context__
    text = str(error) or type(error).__name__
    if "All connection attempts failed" in text:
        return Answer(error="connection refused")
    if (
        "disconnected" in text
        or "illegal" in text.lower()
        or type(error).__name__ in ("RemoteProtocolError", "ReadError")
    ):
        return Answer(error=shown(f"no HTTP answer: {text}", 200))
    return Answer(error=shown(text, 200))
