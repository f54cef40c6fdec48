"""Real HTTP servers on loopback for the tests of what asks them."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
import time
import zlib
from collections.abc import Iterator


def _bomb() -> bytes:
    """200 MB of zeros in 200 KB, made without ever holding them."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(200)), packer.flush()])


BOMB = _bomb()


class Handler(http.server.BaseHTTPRequestHandler):
    """Each path misbehaves in its own way."""

    def do_GET(self) -> None:
        name = self.path.strip("/").replace("-", "_")
        getattr(self, f"do_{name}", self.do_missing)()

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_healthy(self) -> None:
        self.answer(200, b'{"status": "healthy", "orchestrator": "running", "auto_confirm": "running"}')

    def do_stopped(self) -> None:
        self.answer(200, b'{"status": "healthy", "orchestrator": "stopped"}')

    def do_missing(self) -> None:
        self.answer(404, b"no such page")

    def do_broken(self) -> None:
        self.answer(500, b"<h1>\x1b[31mboom</h1>")

    def do_empty(self) -> None:
        self.answer(200, b"")

    def do_html(self) -> None:
        self.answer(200, b"<!doctype html><title>hello</title>")

    def do_list(self) -> None:
        self.answer(200, b'[{"id": 1, "name": "a", "port": 6001}]')

    def do_near(self) -> None:
        self.answer(302, b"", location="/healthy")

    def do_far(self) -> None:
        self.answer(302, b"", location="http://elsewhere.invalid/healthy")

    def do_round(self) -> None:
        self.answer(302, b"", location="/round")

    def do_bomb(self) -> None:
        self.answer(200, BOMB, content_encoding="gzip")

    def do_large(self) -> None:
        with contextlib.suppress(OSError):
            self.answer(200, b"[" + b" " * 10_000_000 + b"]")

    def do_cookie(self) -> None:
        self.answer(200, (self.headers["Cookie"] or "none").encode(), set_cookie="session=1")

    def do_text(self) -> None:
        self.answer(200, b"OK")

    def do_health(self) -> None:
        self.do_html()

    def do_healthz(self) -> None:
        self.do_text()

    def do_status(self) -> None:
        self.answer(200, b'{"status": "DOWN"}')

    def do_ready(self) -> None:
        self.answer(200, b'{"status": "up", ')

    def do_slow_body(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(100):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)

    def log_message(self, *_arguments: object) -> None:
        pass


@contextlib.contextmanager
def web() -> Iterator[str]:
    """A server's base URL, such as ``http://127.0.0.1:4242``."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def closed_port() -> int:
    """A port that was free a moment ago and that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
