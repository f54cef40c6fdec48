"""Bounded HTTP: one total deadline, 64 KB of decoded body, redirects to the same host only, no proxies.

Nothing raises for what the other side does: an Answer has a status, or the error in plain words, or, when it broke
off half-way, both. One client and TLS context is kept for each TLS setting; connections are not, so that every
question proves anew that the server still accepts one. All calls of one HttpClient belong to one event loop.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import msgspec

from opsconsole.collect.tls import TlsRefused, check_fingerprint, context_of
from opsconsole.config.types import TlsTable
from opsconsole.model.text import shown, shown_url

if TYPE_CHECKING:
    import asyncio
    from types import ModuleType

    import httpx

BODY_BYTES = 65536
MAX_REDIRECTS = 5

_REDIRECTS = (301, 302, 303, 307, 308)
_GZIP_OR_ZLIB = 15 | 32
"""For zlib: the widest window, and the header tells which of the two it is."""


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


class _NotTaken(Exception):
    """An answer that is not taken, and why."""


class _Progress:
    """What has come so far: all there is to tell when the deadline passes half-way."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.latency_ms: float | None = None
        self.body = bytearray()

    def answer(self, error: str = "", tls_error: bool = False) -> Answer:
        return Answer(
            self.status, self.latency_ms, bytes(self.body[:BODY_BYTES]), len(self.body) > BODY_BYTES, error, tls_error
        )


class HttpClient:
    """Asks URLs from one event loop, see ``new_runner``."""

    def __init__(self) -> None:
        self._clients: dict[tuple[bool, TlsTable | None], httpx.AsyncClient] = {}

    async def ask(
        self,
        url: str,
        timeout_s: float,
        tls: TlsTable | None = None,
        body: bool = True,
        expect: int = 200,
        method: str = "GET",
    ) -> Answer:
        """GET this URL within ``timeout_s`` seconds, body and redirects included.

        Without ``body`` only the headers are waited for. A redirect that is itself ``expect`` is not followed, nor is
        any of another ``method``.
        """
        import asyncio

        _import_httpx()  # before the clock: on a busy machine it takes long, and that is not the server's fault
        _spare_vain_searches()
        progress = _Progress()
        try:
            await asyncio.wait_for(self._follow(progress, url, tls, body, expect, method), timeout_s)
        except TimeoutError:
            where = "" if progress.status is None else ": the body did not end"
            return progress.answer(f"timed out after {timeout_s:g} s{where}")
        except TlsRefused as refused:
            return Answer(error=shown(f"TLS: {refused}", 200), tls_error=True)
        except _NotTaken as refused:
            return progress.answer(shown(str(refused), 200))
        except Exception as error:  # noqa: BLE001  # a URL or an answer can make three libraries raise what they like
            return progress.answer(*_plain_words(error))
        return progress.answer()

    async def close(self) -> None:
        """Close what is open; the next question opens it anew."""
        clients = tuple(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.aclose()

    async def _follow(
        self, progress: _Progress, url: str, tls: TlsTable | None, body: bool, expect: int, method: str
    ) -> None:
        import httpx

        target = httpx.URL(url)
        self._client(target, tls)  # making the first one takes time too
        began = time.monotonic()
        for _ in range(MAX_REDIRECTS + 1):
            client = self._client(target, tls)
            secure = target.scheme == "https"
            # Compared before the request goes out: what a URL may hold is not for a stranger.
            extensions: dict[str, Any] = {"trace": _guard(tls)} if secure and tls is not None else {}
            async with client.stream(method, target, extensions=extensions) as response:
                client.cookies.clear()
                progress.status = response.status_code
                progress.latency_ms = (time.monotonic() - began) * 1000.0
                location = response.headers.get("location", "")
                arrived = response.status_code == expect or response.status_code not in _REDIRECTS or not location
                if arrived or method != "GET":
                    if body:
                        await _read(progress.body, response)
                    return
                target = _next_hop(target, location)
        raise _NotTaken(f"more than {MAX_REDIRECTS} redirects")

    def _client(self, target: httpx.URL, tls: TlsTable | None) -> httpx.AsyncClient:
        import ssl

        import httpx

        if target.scheme not in ("http", "https") or not target.host:
            raise _NotTaken(f"not an http:// or https:// URL: {shown_url(str(target))}")
        secure = target.scheme == "https"
        if not secure and tls is not None and tls.fingerprint:
            raise TlsRefused("a fingerprint is configured, and the URL is plain http://")
        key = (secure, tls if secure else None)
        if key not in self._clients:
            self._clients[key] = httpx.AsyncClient(
                # Plain HTTP never uses its context: an empty one spares loading the authorities.
                verify=context_of(tls) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                trust_env=False,
                follow_redirects=False,
                timeout=None,  # noqa: S113  # the total deadline stands around all hops
                limits=httpx.Limits(max_keepalive_connections=0),
                headers={"user-agent": "opsconsole", "accept-encoding": "identity"},
            )
        return self._clients[key]


def _import_httpx() -> None:
    """httpx without its own command line, which brings a highlighter of source code: 2 MB and 20 ms for nothing."""
    sys.modules.setdefault("httpx._main", cast("ModuleType", None))
    import httpx  # noqa: F401


def _spare_vain_searches() -> None:
    """httpx looks for sniffio at every step of every request; where it is not installed that is a third of the cost."""
    if "sniffio" not in sys.modules and importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]  # the import system's own word for "there is none"


def new_runner() -> asyncio.Runner:
    """An event loop for an HttpClient, kept by the thread that asks.

    Its name look-ups run on daemon threads: a resolver that hangs must not hold up the end of the program.
    """
    import asyncio
    import threading
    from concurrent.futures import Future, ThreadPoolExecutor

    class DaemonThreads(ThreadPoolExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()

            def run() -> None:
                if not future.set_running_or_notify_cancel():
                    return
                try:
                    result = fn(*args, **kwargs)
                except BaseException as error:  # noqa: BLE001  # handed on to whoever awaits it
                    future.set_exception(error)
                else:
                    future.set_result(result)

            threading.Thread(target=run, name="opsconsole-resolver", daemon=True).start()
            return future

    runner = asyncio.Runner()
    runner.get_loop().set_default_executor(DaemonThreads())
    return runner


def _guard(tls: TlsTable) -> Callable[[str, dict[str, Any]], Any]:
    """A trace for httpcore that ends a connection to the wrong certificate as soon as the handshake is done."""

    async def watch(event: str, details: dict[str, Any]) -> None:
        if event == "connection.start_tls.complete":
            stream = details["return_value"]
            try:
                check_fingerprint(tls, stream.get_extra_info("ssl_object"))
            except TlsRefused:
                await stream.aclose()
                raise

    return watch


async def _read(body: bytearray, response: httpx.Response) -> None:
    """Up to one byte over the cap. Unpacked here: httpx would unpack a whole piece of a bomb before we see it."""
    import zlib

    encoding = response.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise _NotTaken(f"the body is encoded as {encoding}, which was not asked for")
    unpacker = None if encoding == "identity" else zlib.decompressobj(_GZIP_OR_ZLIB)
    async for piece in response.aiter_raw():
        room = BODY_BYTES + 1 - len(body)
        try:
            body += piece[:room] if unpacker is None else unpacker.decompress(piece, room)
        except zlib.error:
            raise _NotTaken(f"the body is not the {encoding} that its header names") from None
        if len(body) > BODY_BYTES:
            return


def _next_hop(target: httpx.URL, location: str) -> httpx.URL:
    following = target.join(location)
    if following.host != target.host:
        raise _NotTaken(f"redirects to another host: {following.host or 'nowhere'}")
    if target.scheme == "https" and following.scheme != "https":
        raise _NotTaken(f"redirects from https to {following.scheme}")
    return following


def _plain_words(error: BaseException) -> tuple[str, bool]:
    """What went wrong, for people, and whether it was TLS. The real cause is somewhere in the error's chain."""
    import socket
    import ssl

    import httpx

    chain = tuple(_causes(error))
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return shown(f"TLS: certificate not trusted: {cause.verify_message}", 200), True
        if isinstance(cause, ssl.SSLError):
            reason = (cause.reason or str(cause)).replace("_", " ").lower()
            plain = " (it may speak plain HTTP)" if "wrong version" in reason or "record layer" in reason else ""
            return shown(f"TLS: {reason}{plain}", 200), True
        if isinstance(cause, socket.gaierror):
            return "the host's name is not known", False
    if any(isinstance(cause, ConnectionRefusedError) for cause in chain):
        return "connection refused", False
    if isinstance(error, httpx.RemoteProtocolError):
        return shown(f"no HTTP answer: {error}", 200), False
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return shown(f"not a URL: {error}", 200), False
    for cause in chain:
        if isinstance(cause, OSError) and cause.strerror:
            return shown(f"connection failed: {cause.strerror.lower()}", 200), False
        if isinstance(cause, OverflowError):
            return "not a URL: its port is not 0 to 65535", False
    return shown(f"no answer: {error or type(error).__name__}", 200), False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what caused it and, of a group, its members with their causes."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        waiting.extend(cause for cause in (current.__cause__, current.__context__) if cause is not None)
